"""From twenty to ten until one: what time does, a pause, an hour without Slack, and a restart."""

from __future__ import annotations

from tests.harness.house import DECIDING, buttons
from tests.stories.a_day.day import Day
from tests.stories.a_day.morning import draft, refund
from tests.stories.a_day.policy import ADMIN, ALICE, BOB, CAROL, DAN


async def reminded(day: Day) -> None:
    """Those who could decide are called, in the thread; then silence lets the draft through."""
    await day.at(9, 27)
    for name in ("escalates", "expires"):
        await day.in_thread(await day.card(name), "<@U0ALICE>", "<@U0BOB>", "this waits for you")
    await day.until_due("silent")
    await day.ended("silent", "approved", via="timeout")
    await day.card("silent", "because nobody objected")


async def escalated(day: Day) -> None:
    """Dan is asked after an hour, and he and Bob decide: Bob from the list that `/hitl` shows him."""
    hands = day.hands
    await day.at(10, 12)
    for name in ("escalates", "expires"):
        await day.hears(name, "request.escalated")
        await day.in_thread(await day.card(name), "<@U0DAN>")
    card = await day.card("escalates")
    await hands.command(ALICE, "/hitl oncall")
    await day.told(ALICE, "on-call", "<@U0DAN>")
    await hands.moment("escalated", DAN, card)
    await hands.click(DAN, card, "Approve")
    await day.card("escalates", "1 of 2")
    await hands.command(BOB, "/hitl")
    mine = await day.told(BOB, "Soylent", "Tyrell")
    await hands.moment("queue", BOB, mine)
    await hands.click(BOB, mine, "Approve", row=f"item:{day.ids['escalates']}:queue|mine|0||")
    await day.ended("escalates", "approved", DAN, BOB)
    await day.at(10, 18)
    deletion = await day.in_thread(await day.card("deletion"), "this waits for you")
    assert ("<@U0BOB>" in deletion.text, "<@U0ALICE>" in deletion.text) == (True, False)
    put_off = await day.in_thread(await day.card("put off"), "this waits for you")
    assert ("<@U0BOB>" in put_off.text, "<@U0CAROL>" in put_off.text) == (True, False)


async def paused(day: Day) -> None:
    """An operator pauses an agent: what nobody had to see waits, until she lets it go on in her home tab."""
    hands = day.hands
    await day.at(10, 20)
    await hands.command(ADMIN, "/hitl pause ops-agent")
    await day.told(ADMIN, "is paused")
    held = await day.ask("lookup 3", "ops", action="search_orders", payload={"order": 8823})
    assert (held["status"], held["proceed"]) == ("pending", False)
    await hands.home(ADMIN)
    await day.at_home(ADMIN, "ops-agent", "paused")
    await hands.moment("home-of-an-operator", ADMIN)
    await hands.click_home(ADMIN, "agent:ops-agent", "Resume")
    await day.ended("lookup 3", "approved", via="policy")
    await day.at(10, 50)
    assert (await day.ended("guess", "timed_out", via="timeout"))["answer"] == "A4"


async def an_hour_without_slack(day: Day) -> None:
    """Agents are served, clicks count, a park happens in silence; then all of it is there, once."""
    hands = day.hands
    await day.at(11)
    card = await day.card("deletion")
    day.slack.page.switchboard.flip("down", on=True)
    for name, amount in (("late", 60), ("later", 70)):
        await day.ask(name, **refund(amount, name.title()))
    await day.ask("held up", "press", **draft("Sold out", "shop"))
    await day.slack.until(lambda: sum(not call.ok for call in day.slack.calls("chat.postMessage")) >= 3)
    await hands.moment("outage", BOB, card)
    await hands.click(BOB, card, "Approve")
    await day.ended("deletion", "approved", BOB)
    await day.at(11, 20)
    await day.hears("parks", "request.parked")
    assert [(await day.look(name))["slack"] for name in ("late", "later", "held up")] == [None] * 3
    await day.at(12)
    day.slack.page.switchboard.all_off()
    await day.at(12, 2)
    for name in ("late", "later", "held up"):
        await day.card(name)
    await day.card("deletion", "pproved by bob")
    await day.card("parks", "parked")
    await hands.moment("after-the-outage", ALICE, await day.card("late"))
    await hands.click(ALICE, await day.card("late"), "Approve")
    await day.ended("late", "approved", ALICE)
    # Its half hour began when its card could be seen.
    told = await day.look("held up")
    assert told["due_at"] > f"{day.midnight:%Y-%m-%d}T12:30"
    await hands.click(CAROL, await day.card("held up"), "Approve")
    await day.ended("held up", "approved", CAROL)


async def from_the_list_of_what_is_parked(day: Day) -> None:
    """Bob finds the deploy there, and types the service's name."""
    hands = day.hands
    await day.at(12, 5)
    await hands.command(BOB, "/hitl queue parked")
    parked = await day.told(BOB, "Deploy order-web 3.0")
    await hands.click(BOB, parked, "Approve", row=f"item:{day.ids['parks']}:queue|parked|0||")
    await hands.fill(BOB, "Approve", {"To approve, type order-web": "order-web"})
    await day.ended("parks", "approved", BOB)


async def a_restart(day: Day) -> None:
    """Whoever clicks while it is down is told so by Slack, and clicks again; nothing comes twice."""
    hands = day.hands
    await day.at(12, 20)
    card = await day.card("later")
    await day.stop()
    assert "trouble" in await hands.in_vain(BOB, card, "Reject")
    await day.start()
    await hands.click(BOB, card, "Reject")
    await hands.fill(BOB, "Reject", {"Why?": "They were paid on Monday."})
    await day.ended("later", "rejected", BOB)
    await day.ask("withdrawn", **refund(110, "Vandelay"))
    card = await day.card("withdrawn")
    path = f"/v1/requests/{day.ids['withdrawn']}/cancel"
    status, _ = await day.agent_of("withdrawn").call("POST", path, {"reason": "The customer kept it."})
    assert status == 200
    await day.ended("withdrawn", "cancelled", via="agent")
    await day.card("withdrawn", "The customer kept it.")
    assert not buttons(card) & DECIDING
