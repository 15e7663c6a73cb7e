"""What people do on the page, carried out by `sandbox.people` as the tests' people are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sandbox.changes import Json
from sandbox.page.switches import Switchboard
from sandbox.page.writing import as_commanded, as_sent, value_of, values_of
from sandbox.people import Answer
from sandbox.words import elements_of
from sandbox.workspace import NotThereError, View

if TYPE_CHECKING:
    from sandbox.server import SlackStandIn

Does = Callable[[Json], Awaitable[Json | None]]


class Doing:
    """One method for each thing; each takes the page's arguments and says what the person is told."""

    def __init__(self, slack: SlackStandIn, switchboard: Switchboard) -> None:
        self._slack = slack
        self._switchboard = switchboard
        self.actions: dict[str, Does] = {
            "click": self._click,
            "submit": self._submit,
            "close": self._close,
            "send": self._send,
            "open_home": self._open_home,
            "open_app": self._open_app,
            "dismiss": self._dismiss,
            "switch": self._switch,
            "all_off": self._all_off,
            "lever": self._lever,
        }

    async def _click(self, args: Json) -> Json:
        """In a message (`channel`, `ts`), the topmost modal (`view`) or the home tab (neither)."""
        user, action, block = args["user"], args["action"], args["block"]
        people, zone = self._slack.people, self._zone(user)
        if args.get("view"):
            view = self._view(user, args["view"])
            value = self._chosen(view.blocks, block, action, args.get("value"), zone)
            values = values_of(view.blocks, args.get("values") or {}, zone)
            answer = await people.click_in_view(user, action, values=values, value=value, block_id=block)
        elif args.get("ts"):
            message = self._slack.workspace.message(args["channel"], args["ts"])
            value = self._chosen(message.all_blocks(), block, action, args.get("value"), zone)
            answer = await people.click(
                user, args["channel"], args["ts"], action, value=value, block_id=block
            )
        else:
            home = self._slack.workspace.homes.get(user)
            value = self._chosen(home.blocks if home else [], block, action, args.get("value"), zone)
            answer = await people.click_in_home(user, action, value=value, block_id=block)
        return _told(answer)

    def _chosen(
        self, blocks: list[Json], block_id: str, action: str, value: object, zone: ZoneInfo
    ) -> object:
        for block in blocks:
            for element in elements_of(block):
                if block.get("block_id") == block_id and element.get("action_id") == action:
                    return None if element["type"] == "button" else value_of(element, value, zone)
        raise NotThereError(f"{action} in {block_id}")

    async def _submit(self, args: Json) -> Json:
        view = self._view(args["user"], args["view"])
        values = values_of(view.blocks, args["values"], self._zone(args["user"]))
        return _told(await self._slack.people.submit(args["user"], values, view=view))

    async def _close(self, args: Json) -> Json:
        """Go back from the topmost modal, or leave them all (`every`)."""
        self._view(args["user"], args["view"])
        return _told(await self._slack.people.close(args["user"], every=bool(args.get("every"))))

    def _view(self, user: str, view_id: str) -> View:
        top = self._slack.people.top_view(user)
        if top.id != view_id:
            raise NotThereError("another modal is in front of it")
        return top

    async def _send(self, args: Json) -> Json:
        """A message, a reply in a thread, or a slash command."""
        user, channel, text = args["user"], args["channel"], str(args["text"]).strip()
        thread_ts = args.get("thread") or None
        if not text:
            return {}
        if text.startswith("/"):
            if thread_ts:
                return {"error": f"{text.split()[0]} is not supported in threads. Sorry!"}
            if (name := text.split()[0]) not in self._slack.app.commands:
                return {"error": f"{name} is not a valid command. In Slack, commands start with “/”."}
            sent = as_commanded(text, self._slack.workspace)
            return _told(await self._slack.people.command(user, sent, channel=channel))
        sent = as_sent(text, self._slack.workspace)
        self._slack.people.say(user, channel, sent, thread_ts=thread_ts)
        return {}

    async def _open_home(self, args: Json) -> None:
        self._slack.people.open_home(args["user"])

    async def _open_app(self, args: Json) -> Json:
        """Begin the direct message with the app."""
        people = {args["user"], self._slack.app.bot_user}
        return {"at": self._slack.workspace.direct_message(people).id}

    async def _dismiss(self, args: Json) -> None:
        """Take a message away that only this person sees."""
        message = self._slack.workspace.message(args["channel"], args["ts"])
        if message.only_for != args["user"]:
            raise NotThereError("a message of one's own")
        self._slack.workspace.delete(message)

    async def _switch(self, args: Json) -> None:
        self._switchboard.flip(args["name"], on=bool(args["on"]))

    async def _all_off(self, _args: Json) -> None:
        self._switchboard.all_off()

    async def _lever(self, args: Json) -> None:
        """Something happens to an agent."""
        await self._slack.beside.worlds[args["agent"]].levers[args["words"]]()

    def _zone(self, user: str) -> ZoneInfo:
        person = self._slack.workspace.users.get(user)
        if person is None:
            raise NotThereError(f"nobody is {user}")
        return ZoneInfo(person.timezone)


def _told(answer: Answer) -> Json:
    """What Slack's client shows after something was done."""
    return {"error": answer.error, "errors": answer.errors}
