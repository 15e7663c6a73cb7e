"""In a card's thread: people talk, take words back, and decide by name; the agent hears all of it."""

from __future__ import annotations

from sandbox.workspace import Message
from tests.harness.house import DECIDING, House, buttons, house
from tests.stories.conftest import Home


async def heard(one: House, request: str, many: int) -> list[str]:
    """What stands in the latest callback about comments, once there were so many."""
    await one.agent.until(lambda: len(one.agent.heard_of(request, "request.commented")) >= many)
    latest = one.agent.heard_of(request, "request.commented")[-1]
    return [comment["text"] for comment in latest.data["comments"]]


async def in_thread(one: House, card: Message, words: str) -> Message:
    """What the bot says in the card's thread, once it does."""

    def said() -> Message | None:
        replies = one.slack.workspace.replies(card.channel, card.ts)
        return next((each for each in replies if each.bot_id and words in each.text), None)

    found = await one.slack.until(said)
    assert found is not None
    return found


async def test_a_thread_is_a_desk_too(home: Home) -> None:
    """A question with a secret in it, taken back; a slip of the pen; then an edit in words that decides."""
    async with house(home.url, home.agent) as one:
        asked = await one.agent.ask()
        request = asked["id"]
        card = await one.settled_card(request)
        question = one.slack.say("U0BOB", card.channel, "Is 4111 their card?", thread_ts=card.ts)
        assert await heard(one, request, 1) == ["Is 4111 their card?"]
        one.slack.people.edit("U0BOB", question, "Is it their card?")
        assert await heard(one, request, 2) == ["Is it their card?"]
        one.slack.people.delete("U0BOB", question)
        assert await heard(one, request, 3) == [""]
        one.slack.mention("U0ALICE", card.channel, "edit amount=1500 receipt", thread_ts=card.ts)
        await one.slack.ephemeral_to("U0ALICE", "at most 1,000")
        one.slack.mention(
            "U0ALICE", card.channel, "edit amount=500 the receipt covers 500", thread_ts=card.ts
        )
        told = await in_thread(one, card, "750 → 500")
        assert "the receipt covers 500" in told.text
        decision = (await one.agent.hears(request)).data["decision"]
        assert (decision["verdict"], decision["payload"]["amount"]) == ("modified", 500)
        assert decision["by"] == [{"id": "U0ALICE", "name": "alice"}]
        assert decision["reason"] == "the receipt covers 500"
        assert not buttons(await one.card(request, "Approved with changes by alice")) & DECIDING
        one.slack.mention("U0BOB", card.channel, "reject too late", thread_ts=card.ts)
        await one.slack.ephemeral_to("U0BOB", "Too late")
        assert [kind for kind in await one.facts(request) if kind.startswith(("comment.", "payload."))] == [
            "comment.edited",
            "comment.deleted",
            "payload.edited",
        ]
        assert (await one.hitl("audit", "verify")).strip()
