"""From twenty to nine until half past: what waits, what comes, and the first digest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from tests.stories.a_day.day import Day
from tests.stories.a_day.policy import ALICE, BOB, CAROL, DAN
from tests.stories.digests import digest_in

SMALL: Final = (18, 24, 31, 35, 42, 50)
CITIES: Final = ["Leeds", "Lyon", "Lviv"]
WAREHOUSES: Final = [f"Warehouse {number}" for number in range(1, 8)]


def refund(amount: int, customer: str, reason: str = "goodwill", **more: Any) -> dict[str, Any]:
    """What an agent posts for a refund."""
    payload = {"amount": amount, "currency": "EUR", "customer": customer, "reason": reason}
    return {"action": "issue_refund", "payload": payload, **more}


def draft(page_: str, site: str = "blog") -> dict[str, Any]:
    """What an agent posts to publish something."""
    return {"action": "publish_draft", "payload": {"site": site, "page": page_}, "reversible": True}


def hidden(comment: int) -> dict[str, Any]:
    """What an agent posts when it has hidden a comment."""
    payload = {"comment": comment, "label": "spam"}
    return {
        "kind": "review",
        "action": "hide_comment",
        "payload": payload,
        "reasoning": "A link to a shop, from an account that is a day old.",
        "effects": {"rollback": "The comment is shown again."},
    }


async def before_work(day: Day) -> None:
    """What needs nobody now is silent: lookups go through, small refunds wait for nine o'clock."""
    await day.at(8, 40)
    await day.start()
    for number in (1, 2):
        await day.ask(f"lookup {number}", "ops", action="search_orders", payload={"order": 8820 + number})
        await day.ended(f"lookup {number}", "approved", via="policy")
    for amount in SMALL:
        await day.ask(f"small {amount}", **refund(amount, f"Customer {amount}", "return"))
    assert day.every_message() == []


async def refunds(day: Day) -> None:
    """One click, an edit with a slip, a no with a reason, the same asked again, and words in a thread."""
    await day.at(8, 50)
    hands = day.hands
    await day.ask("plain", **refund(120, "ACME GmbH", reasoning="Arrived broken, photo attached."))
    card = await day.card("plain")
    await hands.moment("card", ALICE, card)
    await hands.click(ALICE, card, "Approve")
    await day.ended("plain", "approved", ALICE)
    await day.ask("too much", **refund(300, "Umbrella Ltd"))
    card = await day.card("too much")
    await hands.click(BOB, card, "Edit")
    assert "500" in await hands.mistake(BOB, "Edit", {"Amount": "6000"})
    await hands.moment("edit", BOB, modal="Edit")
    await hands.fill(BOB, "Edit", {"Amount": "250", "Why?": "The rest was used."})
    decision = await day.ended("too much", "modified", BOB)
    assert decision["payload"]["amount"] == 250
    await day.card("too much", "300 → 250", "The rest was used.")
    await _no_and_again(day)
    await day.ask("in words", **refund(90, "Wayne AG"))
    card = await day.card("in words")
    await hands.say(BOB, card, "@hitl edit amount=70 he keeps the case")
    decision = await day.ended("in words", "modified", BOB)
    assert (decision["payload"]["amount"], decision["reason"]) == (70, "he keeps the case")
    await day.in_thread(card, "90 → 70")


async def _no_and_again(day: Day) -> None:
    await day.ask("no receipt", **refund(480, "Globex"))
    await day.hands.click(CAROL, await day.card("no receipt"), "Reject")
    await day.hands.fill(CAROL, "Reject", {"Why?": "Where is the receipt?"})
    await day.ended("no receipt", "rejected", CAROL)
    receipt = [{"label": "Receipt", "value": "R-4711", "url": "https://files.example/r-4711"}]
    again = refund(480, "Globex", "return", supersedes=day.ids["no receipt"], context=receipt)
    await day.ask("with receipt", **again)
    card = await day.card("with receipt", "Where is the receipt?", "R-4711")
    await day.hands.moment("asked-again", CAROL, card)
    await day.hands.say(CAROL, card, "@hitl approve the receipt is there")
    decision = await day.ended("with receipt", "approved", CAROL)
    assert decision["reason"] == "the receipt is there"


async def first_digest(day: Day) -> None:
    """Six at nine: one pulled out, two decided one by one in Review, the rest at once."""
    await day.at(9)
    hands = day.hands
    digest = await digest_in(day.one, "C0APPROVALS", "200.00 EUR")
    await hands.moment("digest", CAROL, digest)
    await hands.click(DAN, digest, "Approve all")
    await day.told(DAN, "not asked")
    rows = {amount: f"item:{day.ids[f'small {amount}']}" for amount in SMALL}
    await hands.click(CAROL, digest, "Review")
    await day.slack.view_of(CAROL, "Review")
    await hands.pick(CAROL, rows[18], "Pull out")
    for amount in (31, 35, 42):
        await hands.pick(CAROL, rows[amount], "Leave")
    await hands.pick(CAROL, rows[24], "Reject")
    await hands.pick(CAROL, rows[50], "View everything")
    await day.slack.until(lambda: len(day.slack.views(CAROL)) == 2)
    await hands.back(CAROL)
    await hands.moment("review", CAROL, modal="Review")
    await hands.fill(CAROL, "Review", {"Why, for those that you reject?": "That customer was paid."})
    await day.ended("small 24", "rejected", CAROL)
    await day.ended("small 50", "approved", CAROL)
    await day.told(CAROL, "Done")
    digest = await digest_in(day.one, "C0APPROVALS", "3 of 6", "Approve all")
    await hands.click(BOB, digest, "Approve all")
    for amount in (31, 35, 42):
        await day.ended(f"small {amount}", "approved", BOB)
    await day.told(BOB, "Done: 3 approved.")
    pulled = await day.card("small 18")
    await hands.click(ALICE, pulled, "Approve")
    await day.ended("small 18", "approved", ALICE)
    await digest_in(day.one, "C0APPROVALS", "Nothing waits here any more")
    await hands.moment("digest-cleared", CAROL, digest)


async def two_of_two(day: Day) -> None:
    """Directors: both approve; an edit voids what was said before; who is not asked is told so."""
    await day.at(9, 10)
    hands = day.hands
    await day.ask("both", **refund(900, "Initech"))
    card = await day.card("both")
    await hands.click(CAROL, card, "Approve")
    await day.told(CAROL, "not asked")
    await hands.click(ALICE, card, "Approve")
    await day.card("both", "1 of 2")
    await hands.moment("one-of-two", BOB, card)
    await hands.click(BOB, card, "Approve")
    await day.ended("both", "approved", ALICE, BOB)
    await day.ask("less", **refund(1200, "Hooli"))
    card = await day.card("less")
    await hands.click(BOB, card, "Approve")
    await day.card("less", "1 of 2")
    await hands.click(ALICE, card, "Edit")
    await hands.fill(ALICE, "Edit", {"Amount": "1000", "Why?": "Without the shipping."}, shows="Counted")
    card = await day.card("less", "1200 → 1000", "1 of 2")
    await hands.click(BOB, card, "Approve")
    await day.ended("less", "modified", ALICE, BOB)
    for name, amount, customer in (("escalates", 2000, "Soylent"), ("expires", 3000, "Tyrell")):
        await day.ask(name, **refund(amount, customer))
        await day.card(name)


async def drafts(day: Day) -> None:
    """Silence lets one through later; one is stopped; one opens the way for what is like it."""
    hands = day.hands
    await day.ask("silent", "press", **draft("Opening hours"))
    await day.card("silent", "unless somebody objects")
    await day.ask("stopped", "press", **draft("Price list", "shop"))
    await hands.click(CAROL, await day.card("stopped"), "Reject")
    await hands.fill(CAROL, "Reject", {"Why?": "Last year's prices."})
    await day.ended("stopped", "rejected", CAROL)
    await day.ask("allowed", "press", **draft("Recipe of the week"))
    card = await day.card("allowed")
    await hands.click(ALICE, card, "Approve and allow similar")
    await hands.moment("allow-similar", ALICE, modal="Allow similar")
    await hands.fill(ALICE, "Allow similar", {"For how long?": "8 hours"})
    await day.ended("allowed", "approved", ALICE)
    await day.card("allowed", "Similar requests go through until")
    await day.ask("alike", "press", **draft("Recipe of next week"))
    await day.ended("alike", "approved", ALICE, via="grant")


async def reviews(day: Day) -> None:
    """It was right, it was wrong and is undone, it should have been something else; one nobody looks at."""
    hands = day.hands
    for name, comment in (("right", 5521), ("wrong", 5522), ("otherwise", 5523), ("unreviewed", 5524)):
        asked = await day.ask(name, "press", **hidden(comment))
        assert asked["proceed"]
    await hands.click(BOB, await day.card("right"), "Looks right")
    await day.ended("right", "approved", BOB)
    await hands.click(CAROL, await day.card("wrong"), "Flag")
    await hands.fill(CAROL, "Flag", {"Why?": "A regular customer."})
    await day.ended("wrong", "rejected", CAROL)
    await day.hears("wrong", "request.flagged")
    body = {"status": "rolled_back", "detail": "Comment 5522 is shown again."}
    status, _ = await day.agent_of("wrong").call("POST", f"/v1/requests/{day.ids['wrong']}/outcome", body)
    assert status == 200
    await day.card("wrong", "Comment 5522 is shown again.")
    await hands.click(ALICE, await day.card("otherwise"), "Correct")
    await hands.fill(ALICE, "Correct", {"Label": "advert", "What was wrong?": "It is no spam."})
    await day.ended("otherwise", "modified", ALICE)
    labelled = await day.ask(
        "labelled",
        "press",
        kind="review",
        action="label_comment",
        payload={"comment": 5530, "label": "praise"},
    )
    if labelled["status"] == "pending":
        # One in ten is shown, by its id.
        await hands.click(ALICE, await day.card("labelled"), "Looks right")
        await day.ended("labelled", "approved", ALICE)
    else:
        await day.ended("labelled", "approved", via="policy")


async def questions(day: Day) -> None:
    """Answered by a button, from a menu and in words; one whose best guess will have to do."""
    hands = day.hands
    await day.ask("city", "ops", **_question("Which ACME did you mean?", options=CITIES))
    card = await day.card("city")
    await hands.moment("question", BOB, card)
    await hands.click(BOB, card, CITIES[1])
    assert (await day.ended("city", "answered", BOB))["answer"] == CITIES[1]
    await day.ask("warehouse", "ops", **_question("Where from?", options=WAREHOUSES))
    await hands.click(ALICE, await day.card("warehouse"), WAREHOUSES[4])
    assert (await day.ended("warehouse", "answered", ALICE))["answer"] == WAREHOUSES[4]
    await day.ask("wording", "ops", **_question("How do we greet them?"))
    await hands.click(CAROL, await day.card("wording"), "Answer")
    await hands.fill(CAROL, "Answer", {"Your answer": "Dear neighbours"})
    assert (await day.ended("wording", "answered", CAROL))["answer"] == "Dear neighbours"
    await day.ask("guess", "ops", **_question("Which paper?", options=["A4", "A5"], default_answer="A4"))
    await day.card("guess")


def _question(title: str, **more: Any) -> dict[str, Any]:
    return {"kind": "question", "action": "ask", "payload": {}, "title": title, **more}


async def by_hand(day: Day) -> None:
    """A deploy takes the service's name, typed; another one will have to wait."""
    hands = day.hands
    await day.at(9, 16)
    await day.ask(
        "deploy", "ops", action="deploy_service", payload={"service": "order-api", "version": "2.1"}
    )
    await hands.click(ALICE, await day.card("deploy", "types order-api"), "Approve")
    typed = "To approve, type order-api"
    assert "exactly" in await hands.mistake(ALICE, "Approve", {typed: "CONFIRM"})
    await hands.moment("confirm", ALICE, modal="Approve")
    await hands.fill(ALICE, "Approve", {typed: "order-api"})
    await day.ended("deploy", "approved", ALICE)
    await day.ask("parks", "ops", action="deploy_service", payload={"service": "order-web", "version": "3.0"})
    await day.card("parks")


async def attention(day: Day) -> None:
    """Handed over, its agent asked and answering, a remark; another one put off until after lunch."""
    hands = day.hands
    asked = await day.ask(
        "deletion",
        "ops",
        action="delete_record",
        payload={"record": "C-17"},
        reasoning="A duplicate of C-12.",
    )
    assert asked["gate"] == "hard"
    card = await day.card("deletion")
    await hands.click(ALICE, card, "Hand over")
    await hands.moment("hand-over", ALICE, modal="Hand over")
    await hands.fill(ALICE, "Hand over", {"Who takes it?": "bob", "Why?": "You know the record."})
    await day.in_thread(card, "<@U0BOB>", "You know the record.")
    await hands.click(BOB, card, "Ask the agent")
    await hands.fill(BOB, "Ask the agent", {"Your question": "Who made C-17?"})
    heard = await day.hears("deletion", "request.commented")
    assert heard.data["comments"][-1]["text"] == "Who made C-17?"
    path = f"/v1/requests/{day.ids['deletion']}/comments"
    status, _ = await day.agent_of("deletion").call("POST", path, {"text": "An import, last night."})
    assert status in (200, 201)
    await day.in_thread(card, "An import, last night.")
    await hands.say(CAROL, card, "There is a backup of it.")
    await day.agent_of("deletion").until(lambda: _commented(day, 2))
    await hands.moment("thread", BOB, card, thread=True)
    await day.ask("put off", "ops", action="repaint_office", payload={"colour": "green"})
    card = await day.card("put off")
    await hands.click(CAROL, card, "Snooze")
    after_lunch = day.midnight + timedelta(hours=13, minutes=25)
    await hands.moment("snooze", CAROL, modal="Snooze")
    await hands.fill(CAROL, "Snooze", {"Or until when?": after_lunch}, shows="Snoozed")


def _commented(day: Day, many: int) -> bool:
    heard = day.agent_of("deletion").heard_of(day.ids["deletion"], "request.commented")
    return len(heard) >= many
