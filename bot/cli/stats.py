"""`hitl stats`: the gate review's figures, and what they suggest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import click

from approvals.gate_advice import Advice, RuleToday, Suggestion
from approvals.gate_review import Figures, GateReview, Members
from approvals.policy import Policy, PolicyError, UserGroup
from approvals.words import GroupName, UserId
from blocks.review_words import advice
from bot import policies
from bot.cli.common import asynchronous, opened_store, read_settings, table
from bot.desk import reviewing
from bot.desk.view import moment
from bot.runtime import SystemRuntime
from bot.settings import Settings
from store import muted, people
from store.engine import Store

_HEAD = (
    "requests", "approved", "modified", "rejected", "timed out", "median", "p90", "pings/day", "hasty",
)  # fmt: skip


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, reviewing.LONGEST.days),
    default=7,
    show_default=True,
    help="How far to look back.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything, as one JSON object.")
@asynchronous
async def stats(days: int, as_json: bool) -> None:
    """How each rule and each agent fares, and what to do about it; times in seconds."""
    settings = read_settings()
    policy = _policy(settings)
    until = SystemRuntime().now()
    async with opened_store(settings.database_url) as store:
        members = await _members(store, policy)
        rules: Mapping[str, RuleToday] = reviewing.today(policy) if policy is not None else {}
        review = await reviewing.reviewed(store, until - timedelta(days=days), until, members, rules)
        quiet = await store.read(lambda unit: muted.muted(unit, until))
    if as_json:
        click.echo(json.dumps(_told(review, quiet), ensure_ascii=False, indent=2))
        return
    for heading, several in (("rule", review.rules), ("agent", review.agents)):
        lines = [(name, *_cells(figures)) for name, figures in (*several, ("all", review.total))]
        click.echo(table((heading, *_HEAD), lines) + "\n")
    for each in review.suggestions:
        if (each.rule, each.advice) not in quiet:
            click.echo(_sentence(each))


def _policy(settings: Settings) -> Policy | None:
    try:
        return policies.read(settings.config)
    except (PolicyError, OSError) as wrong:
        # The figures are the database's; only what they suggest, and whom they reached, is the policy's.
        click.echo(f"without the policy: {wrong}", err=True)
        return None


async def _members(store: Store, policy: Policy | None) -> Members:
    """Who is in the policy's groups: Slack's own as the bot last heard of them."""
    heard = await store.read(people.groups)
    known: dict[GroupName, frozenset[UserId]] = {}
    for name, group in (policy.groups if policy is not None else {}).items():
        if isinstance(group, UserGroup):
            known[name] = frozenset(heard[group.id][0]) if group.id in heard else frozenset()
        else:
            known[name] = frozenset(group.users)
    return lambda groups: frozenset().union(*(known.get(name, frozenset()) for name in groups))


def _cells(figures: Figures) -> tuple[str, ...]:
    hasty, pings = figures.hasty_share, figures.pings_per_person_day
    return (
        str(figures.requests),
        str(figures.approved),
        str(figures.modified),
        str(figures.rejected),
        str(figures.timed_out),
        _span(figures.median),
        _span(figures.p90),
        "-" if pings is None else f"{pings:.1f}",
        "-" if hasty is None else f"{hasty:.0%}",
    )


def _span(span: timedelta | None) -> str:
    return "-" if span is None else f"{span.total_seconds():.0f} s"


def _sentence(suggestion: Suggestion) -> str:
    return str(advice(suggestion))


def _told(review: GateReview, quiet: frozenset[tuple[str, Advice]]) -> dict[str, Any]:
    return {
        "since": moment(review.since),
        "until": moment(review.until),
        "total": _figures(review.total),
        "rules": [{"rule": name, **_figures(figures)} for name, figures in review.rules],
        "agents": [{"agent": name, **_figures(figures)} for name, figures in review.agents],
        "suggestions": [
            _suggestion(each) | {"quiet": (each.rule, each.advice) in quiet} for each in review.suggestions
        ],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "requests": figures.requests,
        "decided_by_people": figures.decided,
        "approved_unchanged": figures.approved,
        "modified": figures.modified,
        "rejected": figures.rejected,
        "answered": figures.answered,
        "timed_out": figures.timed_out,
        "cancelled": figures.cancelled,
        "approved_by_policy": figures.by_policy,
        "approved_by_grant": figures.by_grant,
        "approved_by_silence": figures.by_silence,
        "parked": figures.parked,
        "shown": figures.shown,
        "median_seconds": _seconds(figures.median),
        "p90_seconds": _seconds(figures.p90),
        "pings_per_approver_day": figures.pings_per_person_day,
        "approvals": figures.approvals,
        "hasty": figures.hasty,
        "hasty_share": figures.hasty_share,
        "reviewed": figures.reviewed,
        "flagged": figures.flagged,
    }


def _suggestion(told: Suggestion) -> dict[str, Any]:
    saving = told.saving
    return {
        "rule": told.rule,
        "advice": str(told.advice),
        "count": told.count,
        "among": told.among,
        "gentler": None if told.gentler is None else str(told.gentler),
        "would_have_saved": None
        if saving is None
        else {
            "cards": saving.cards,
            "answers": saving.answers,
            "waited_seconds": _seconds(saving.waited),
        },
        "hasty": told.hasty,
        "fields": [
            {"agent": each.agent, "path": each.place, "times": each.times} for each in told.corrections
        ],
        "fields_gone": told.changes_gone,
        "text": _sentence(told),
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 3)
