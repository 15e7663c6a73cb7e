"""The story: what people and agents do, and what has to be so after each step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from demo.checking import StepFailed, expect
from demo.reading import Names, buttons_of, mrkdwn, read
from demo.stage import Json, Stage
from demo.telling import Transcript
from sandbox.people import Answer
from sandbox.words import words_of_message
from sandbox.workspace import Message, View

CHANNEL = "C0APPROVALS"
#: Seconds that a step may take until it shows in Slack.
WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What every chapter is told with: the stage, the transcript, and the names of those who act."""

    stage: Stage
    tell: Transcript
    names: Names

    async def card(self, request: str, *words: str) -> Message:
        """The card of a request, as soon as all these words stand on it. Raises `StepFailed`."""

        def shown() -> Message | None:
            card = next(iter(self.cards(request)), None)
            return card if card is not None and all(each in self.page(card) for each in words) else None

        found = await self.stage.slack.until(shown, within=WITHIN)
        expect(found is not None and len(self.cards(request)) == 1, "exactly one card", self.cards(request))
        if found is None:
            raise StepFailed("a card", None)
        return found

    def cards(self, request: str | None = None) -> list[Message]:
        """The messages of the channel that are no replies, of one request or all, oldest first."""
        every = [each for each in self.stage.slack.messages(CHANNEL) if each.thread_ts in (None, each.ts)]
        return [each for each in every if request is None or request in str(each.metadata)]

    def page(self, message: Message) -> str:
        """Everything that stands on a message, and the sentence that a phone shows."""
        return "\n".join([self.phone(message), *read(message, self.names)])

    def phone(self, message: Message) -> str:
        """What a phone shows of a message."""
        return mrkdwn(message.text, self.names)

    async def click(self, user: str, card: Message, words: str) -> Answer:
        """Somebody clicks, and the bot acknowledges it. Raises `StepFailed`."""
        answer = await self.stage.slack.click(user, card.channel, card.ts, words)
        expect(answer.acknowledged, f"the click on {words} to be answered", answer.error)
        return answer

    async def modal(self, user: str, card: Message, words: str) -> View:
        """Somebody clicks, and a modal opens. Raises `StepFailed`."""
        slack = self.stage.slack
        heard = len(slack.ephemerals(user))
        await self.click(user, card, words)
        # Opening takes a moment; so does the sentence that says why nothing opens.
        await slack.until(lambda: slack.views(user) or slack.ephemerals(user)[heard:], within=WITHIN)
        told = [self.phone(each) for each in slack.ephemerals(user)[heard:]]
        expect(not told, f"a modal after {user} clicked {words}", " ".join(told))
        return await slack.view_of(user, words, within=WITHIN)

    async def submit(self, user: str, view: View, values: dict[str, str]) -> None:
        """Somebody fills a modal in and sends it, and it closes. Raises `StepFailed`."""
        answer = await self.stage.slack.submit(user, values, view=view)
        expect(
            answer.acknowledged and not answer.errors and not answer.view, "the modal to close", answer.errors
        )

    async def decided(self, agent: str, request: str, verdict: str, by: str) -> Json:
        """The request, once it is decided as it should be. Raises `StepFailed`."""
        told = await self.stage.request(agent, request)
        decision = told["decision"] or {}
        seen = (decision.get("verdict"), [person["id"] for person in decision.get("by", ())])
        expect(seen == (verdict, [by]), f"{verdict} by {by}", seen)
        return told


async def refund(scene: Scene) -> None:
    """Alice edits the amount; the agent pays what she said."""
    stage, tell, agent = scene.stage, scene.tell, "refund-agent"
    tell.chapter("A customer wants money back, and Alice finds it too much")
    says = "Order 8821 arrived broken. Photo attached."
    tell.say(f"ACME GmbH writes to the refund-agent: “{says}” The agent would pay 750 EUR, and has to ask.")
    asked = await stage.happens(
        agent, "/complaints", order="8821", customer="ACME GmbH", amount=750, says=says, since=2023
    )
    card = await scene.card(asked["id"], "Refund 750 EUR to ACME GmbH", "FIN-7")
    tell.say("In #approvals:")
    tell.card(read(card, scene.names))
    await _nothing_yet(scene, agent, asked, {"ledger": []})
    tell.check("the agent was told to wait, and has paid nothing")
    await _edit(scene, card)
    card = await scene.card(asked["id"], "tx 5521")
    tell.say("The same card, a moment later:")
    tell.card(read(card, scene.names), most=7)
    for words in ("Approved with changes by @alice", "750 → 500"):
        expect(words in scene.page(card), f"“{words}” on the card", scene.page(card))
    expect(buttons_of(card) == ["⋯"], "no button that decides", buttons_of(card))
    tell.check("it says who decided what and why, and what came of it; its buttons are gone")
    told = await scene.decided(agent, asked["id"], "modified", "U0ALICE")
    changes = [{"op": "replace", "path": "/amount", "value": 500}]
    expect(told["decision"]["changes"] == changes, "750 changed to 500", told["decision"]["changes"])
    paid = await stage.world(agent)
    expect(paid == {"ledger": [{"tx": 5521, "amount": 500, "to": "ACME GmbH"}]}, "500 paid, once", paid)
    tell.check("the agent's ledger: 500 EUR to ACME GmbH, paid once; the 750 it asked for was never paid")


async def _edit(scene: Scene, card: Message) -> None:
    """Alice tries 1500, is told at the field, and sends 500."""
    tell, slack = scene.tell, scene.stage.slack
    view = await scene.modal("U0ALICE", card, "Edit")
    inputs = {
        str(each["label"]["text"]): str(each["block_id"]) for each in view.blocks if each["type"] == "input"
    }
    amount = next((label for label in inputs if label.lower() == "amount"), None)
    if amount is None:
        raise StepFailed("a field for the amount", list(inputs))
    asked = ", ".join(label.rstrip("?") for label in inputs)
    tell.say(f"Alice clicks Edit. The modal has a field for each: {asked}. She slips, and types 1500:")
    wrong = await slack.submit("U0ALICE", {amount: "1500"}, view=view)
    expect(inputs[amount] in wrong.errors, "an error at the amount", wrong.errors)
    tell.quote(f"{amount}: 1500", f"⚠ {wrong.errors[inputs[amount]]}")
    tell.check("the modal stayed open, and says at the field what is wrong")
    why = "Goodwill ends at 500 without a receipt."
    tell.say(f"So she types 500, and why: “{why}”")
    await scene.submit("U0ALICE", view, {amount: "500", "Why?": why})


async def mails(scene: Scene) -> None:
    """Bob says no and why; the agent reads it, and asks for less."""
    stage, tell, agent = scene.stage, scene.tell, "mail-agent"
    tell.chapter("A mail to everybody, and Bob says no")
    asked = await stage.happens(
        agent,
        "/campaigns",
        campaign="late-parcels",
        subject="Parcels are late this week",
        body="The strike at the depot delays parcels by two days. We are sorry.",
        why="Support gets 40 calls a day about late parcels; one mail answers them all.",
    )
    card = await scene.card(asked["id"], "to all customers (1240)")
    tell.say("The mail-agent wants to write to 1,240 people. Bob's phone buzzes:")
    tell.quote(scene.phone(card))
    view = await scene.modal("U0BOB", card, "Reject")
    why = "Only those whose parcel is late. The others would wonder what we are talking about."
    tell.say(f"Bob clicks Reject, which wants a reason: “{why}”")
    await scene.submit("U0BOB", view, {"Why?": why})
    card = await scene.card(asked["id"], "Rejected", why)
    await scene.decided(agent, asked["id"], "rejected", "U0BOB")
    again = await _asked_again(scene, asked["id"], why)
    await _nothing_yet(scene, agent, again, {"sent": []})
    tell.check("nothing was sent")
    card = await scene.card(again["id"], "Asked again", "38")
    tell.say("It looked for fewer people, and asked again by itself. The new card says what was said then:")
    tell.card(read(card, scene.names), most=8)
    tell.say("Bob clicks Approve.")
    await scene.click("U0BOB", card, "Approve")
    card = await scene.card(again["id"], "Sent to 38")
    await scene.decided(agent, again["id"], "approved", "U0BOB")
    tell.quote(scene.phone(card))
    sent = (await stage.world(agent))["sent"]
    expect([each["recipients"] for each in sent] == [38], "one mail, to 38", sent)
    tell.check("one mail left, to 38 customers")


async def _asked_again(scene: Scene, first: str, why: str) -> Json:
    """The request that the agent made of what it was told."""

    def found() -> Message | None:
        youngest = scene.cards()[-1]
        return youngest if first not in str(youngest.metadata) else None

    card = await scene.stage.slack.until(found, within=WITHIN)
    if card is None or card.metadata is None:
        raise StepFailed("a card with its request's id", card)
    again = await scene.stage.request("mail-agent", card.metadata["event_payload"]["request"])
    expect(again["supersedes"] == first, f"a request instead of {first}", again["supersedes"])
    heard = (await scene.stage.world("mail-agent"))["heard"]
    expect(len(heard) == 1 and why in heard[0], "Bob's words, heard once", heard)
    scene.tell.say("What the agent's model is given to read:")
    scene.tell.quote(heard[0])
    return again


async def cleanup(scene: Scene) -> None:
    """The bot is killed while the card waits, and goes on where it was."""
    stage, tell, agent = scene.stage, scene.tell, "cleanup-agent"
    tell.chapter("Something that cannot be undone, and the power fails")
    told = await stage.happens(agent, "/sweeps", table="carts_2023")
    looked, asked = told["looked"], told["asked"]
    expect(
        (looked["status"], looked["proceed"]) == ("approved", True),
        "a look approved at once",
        looked["status"],
    )
    expect(looked["decision"]["via"] == "policy", "approved by policy", looked["decision"]["via"])
    tell.check("the cleanup-agent counted records: the policy lets anybody look, and no card was shown")
    card = await scene.card(asked["id"], "Delete 18,420 records of carts_2023", "cannot be undone")
    expect(not scene.cards(looked["id"]), "no card for the look", scene.cards(looked["id"]))
    tell.say("Then it would delete what it found:")
    tell.quote(scene.phone(card))
    before = await stage.world(agent)
    tell.say("Now the bot is killed (kill -9), with the card open. Carol clicks Approve all the same:")
    await stage.kill_bot()
    failed = await stage.slack.click("U0CAROL", card.channel, card.ts, "Approve")
    expect(not failed.acknowledged and failed.error is not None, "Slack to say that it failed", failed)
    tell.quote(f"⚠ {failed.error}")
    await stage.start_bot()
    tell.say("The bot is started again. Carol clicks the same button on the same card.")
    await _nothing_yet(scene, agent, asked, before)
    tell.check("nothing was deleted meanwhile, and the request still waits")
    await scene.click("U0CAROL", card, "Approve")
    card = await scene.card(asked["id"], "Deleted 18,420")
    await scene.decided(agent, asked["id"], "approved", "U0CAROL")
    tell.quote(scene.phone(card))
    await _deleted_once(scene)


async def _deleted_once(scene: Scene) -> None:
    world = await scene.stage.world("cleanup-agent")
    done = ["Counted 18,420 records of carts_2023", "Deleted 18,420 records of carts_2023"]
    expect(world["done"] == done, "one look and one deletion", world["done"])
    expect(
        "carts_2023" not in world["records"] and len(world["records"]) == 2,
        "two tables left",
        world["records"],
    )
    scene.tell.check(
        "the records were deleted once; the other tables are untouched; there is one card, not two"
    )


async def books(scene: Scene) -> None:
    """What is left when everybody goes home: a log that holds together, and nothing that runs."""
    stage, tell = scene.stage, scene.tell
    tell.chapter("The books")
    cards = [words_of_message(each).split("\n")[0] for each in scene.cards()]
    expect(len(cards) == 4, "four cards in the channel", cards)
    tell.check("#approvals holds four cards, one for each request that people were asked about")
    await _outbox_empty(scene)
    letters = await stage.hitl("outbox", "list")
    tell.check(f"the outbox is empty; hitl outbox list: {letters}")
    verified = await stage.hitl("audit", "verify")
    expect(verified.startswith("whole"), "whole chains", verified)
    tell.check(f"hitl audit verify: {verified}")
    code = await stage.bot.end() if stage.bot else None
    expect(code == 0, "the bot to end with 0 when asked to (SIGTERM)", code)
    ended = await stage.children.end()
    expect(set(ended.values()) == {0}, "the agents to end with 0", ended)
    tell.check("the bot and the agents ended when they were asked to; nothing of this demo runs any more")


async def _outbox_empty(scene: Scene) -> None:
    """A result is written down a moment after Slack has it, so this may take a moment too."""
    left = -1.0
    for _ in range(100):
        left = await scene.stage.waiting()
        if left == 0:
            return
        await asyncio.sleep(0.05)
    expect(left == 0, "nothing left in the outbox", left)


async def _nothing_yet(scene: Scene, agent: str, asked: Json, world: Json) -> None:
    """The request waits, and the agent's world (of it, what is named) is as it was."""
    told = await scene.stage.request(agent, asked["id"])
    seen = (told["status"], told["proceed"], told["gate"])
    expect(seen == ("pending", False, "hard"), "a request that waits", seen)
    now = await scene.stage.world(agent)
    expect({name: now[name] for name in world} == world, f"the world unchanged: {world}", now)


#: The chapters, in their order.
CHAPTERS = (refund, mails, cleanup, books)
