"""The courier's way to Slack: one sender for each kind of parcel that goes there."""

from __future__ import annotations

from collections.abc import Mapping

from bot.slack.board_notes import BoardNoteSender
from bot.slack.boards import BoardSender
from bot.slack.cards import CardSender
from bot.slack.clearing_job import ClearingSender
from bot.slack.home import Homes
from bot.slack.home_sender import HomeSender
from bot.slack.outgoing import Outgoing
from bot.slack.private import NoticeSender, ReplySender
from bot.slack.review_post import ReviewSender
from bot.slack.threads import ThreadSender
from scheduler.results import Sender
from store.outbox import ParcelKind


def senders(out: Outgoing, homes: Homes) -> Mapping[ParcelKind, Sender]:
    """All but `CALLBACK`, which goes to agents."""
    return {
        ParcelKind.CARD: CardSender(out).send,
        ParcelKind.CLEARING: ClearingSender(out).send,
        ParcelKind.THREAD: ThreadSender(out).send,
        ParcelKind.REPLY: ReplySender(out).send,
        ParcelKind.NOTICE: NoticeSender(out).send,
        ParcelKind.REVIEW: ReviewSender(out).send,
        ParcelKind.BOARD: BoardSender(out).send,
        ParcelKind.NOTE: BoardNoteSender(out).send,
        ParcelKind.HOME: HomeSender(out, homes).send,
    }
