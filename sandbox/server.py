"""The stand-in Slack as a server: start it, point a bot at it, be its people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from sandbox import payloads
from sandbox.answers import Answers
from sandbox.app import App, Times, secret
from sandbox.beside import Beside
from sandbox.calls import Call, Site
from sandbox.changes import Json
from sandbox.control import Control, refuse_strangers
from sandbox.delivery import EVENT, Courier, Delivery
from sandbox.faults import Faults
from sandbox.page.door import Page
from sandbox.people import People
from sandbox.rates import Rates
from sandbox.sample import furnish
from sandbox.socket_mode import SocketMode
from sandbox.web_api import WebApi
from sandbox.words import words_of_message
from sandbox.workspace import Message, User, UserGroup, View, Workspace

Found = TypeVar("Found")


class SlackStandIn:
    """A Slack workspace on loopback: `async with SlackStandIn() as slack: …`.

    Be its people with `click`, `submit`, `command`, `say`, … (see `sandbox.people.People`); make it misbehave
    with `faults`; read its state from `workspace`; see what went over the wire in `calls()`, `deliveries()`.
    The app's secrets are `bot_token`, `app_token`, `signing_secret`. Payloads go where `deliver_to` says, or
    by Socket Mode while no URL is given.
    """

    def __init__(
        self,
        *,
        app: App | None = None,
        times: Times | None = None,
        rates: Rates | None = None,
        furnished: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.app = app or App()
        self.workspace = Workspace()
        self.changes = self.workspace.changes
        self.site = Site(self.workspace, self.app, times or Times())
        self.faults = Faults(self.changes)
        self.rates = rates or Rates()
        self.sockets = SocketMode(self.app, self.changes)
        self.courier = Courier(self.app, self.site.times, self.changes, self.sockets)
        self.api = WebApi(self.site, self.faults, self.rates)
        self.answers = Answers(self.site)
        self.people = People(self.site, self.courier, self.answers)
        self.click, self.click_in_view = self.people.click, self.people.click_in_view
        self.click_in_home, self.open_home = self.people.click_in_home, self.people.open_home
        self.submit, self.close, self.command = self.people.submit, self.people.close, self.people.command
        self.say, self.mention = self.people.say, self.people.mention
        self.beside = Beside(self.changes)
        self.control = Control(self)
        self.page = Page(self, refuse_strangers)
        self.site.tell = self._tell
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        if furnished:
            furnish(self.workspace, self.app)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        app = web.Application(client_max_size=4 * 1024**2)
        app.router.add_route("*", "/api/{method}", self.api.handle)
        app.router.add_post(r"/actions/{team}/{name}", self.answers.handle)
        app.router.add_get("/link/", self.sockets.handle)
        self.control.add_routes(app)
        self.page.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        self.site.url = f"http://{self._host}:{self._port}"
        self.site.new_socket_url = lambda: self.sockets.new_url(self.site.url)
        await self.courier.start()

    async def stop(self) -> None:
        """Stop listening, and let go of whoever is held."""
        self.faults.clear()
        await self.courier.stop()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # Where it is, and who the app is

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.site.url

    @property
    def api_url(self) -> str:
        """The base URL for `slack_sdk`: it ends with `/api/`."""
        return f"{self.site.url}/api/"

    @property
    def bot_token(self) -> str:
        """The bot's token."""
        return self.app.bot_token

    @property
    def app_token(self) -> str:
        """The app-level token, for Socket Mode."""
        return self.app.app_token

    @property
    def signing_secret(self) -> str:
        """What payloads are signed with."""
        return self.app.signing_secret

    def deliver_to(self, url: str | None) -> None:
        """Where payloads go from now on: a URL, or None for Socket Mode."""
        self.app.request_url = url

    async def verify_url(self) -> bool:
        """Ask the URL for its challenge, as Slack does when one is entered; whether it answered right."""
        challenge = secret("challenge")
        asked = {"token": self.app.verification_token, "challenge": challenge, "type": "url_verification"}
        delivery = await self.courier.carry(EVENT, asked)
        said = delivery.body.get("challenge") if isinstance(delivery.body, dict) else delivery.body
        return delivery.acknowledged and said == challenge

    # What happens to the app

    def revoke_token(self, error: str = "token_revoked") -> None:
        """From now on the bot's token is refused."""
        self.app.refused = error
        self.changes.note("token", refused=error)

    def give_back_token(self) -> None:
        """The same token holds again."""
        self.app.refused = None
        self.changes.note("token", refused=None)

    def reinstall(self, bot_user: str = "U0HITL2") -> str:
        """Install the app again, with another bot user and token; the new token."""
        before, self.app.bot_user, self.app.bot_token = self.app.bot_user, bot_user, secret("xoxb")
        self.workspace.add_user(User(bot_user, self.app.name, self.app.name, is_bot=True))
        for channel in self.workspace.channels.values():
            if before in channel.members:
                channel.members = (channel.members - {before}) | {bot_user}
        self.workspace.users[before].deleted = True
        return self.app.bot_token

    def deactivate(self, user: str) -> None:
        """Somebody leaves; the app hears `user_change`."""
        self.workspace.deactivate(user)
        person = self.workspace.users[user].as_json(with_email="users:read.email" in self.app.scopes)
        self._tell(
            {"type": "user_change", "user": person, "event_ts": self.workspace.new_ts(), "cache_ts": 0}
        )

    def set_usergroup(self, group: str, users: Iterable[str]) -> None:
        """Say who is in a user group now; the app hears `subteam_members_changed`."""
        known = self.workspace.usergroups.get(group) or UserGroup(group, group.lower(), group)
        before, known.users = known.users, list(users)
        self.workspace.add_usergroup(known)
        self._tell(payloads.members_event(group, before, known.users))

    def _tell(self, event: Json) -> None:
        own = event.get("user") == self.app.bot_user and event["type"] == "message"
        if event["type"] in self.app.events and not (own and not self.app.hears_itself):
            self.courier.announce(payloads.event(self.app, event))

    # What is there

    def messages(self, channel: str) -> list[Message]:
        """What was said in a channel and its threads, oldest first."""
        return list(self.workspace.channels[channel].messages.values())

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The replies to a message, oldest first."""
        return self.workspace.replies(channel, ts)

    def ephemerals(self, user: str, channel: str | None = None) -> list[Message]:
        """What only this person sees, oldest first."""
        return [e for e in self.workspace.ephemerals if e.only_for == user and channel in (None, e.channel)]

    def direct_messages(self, user: str) -> list[Message]:
        """What the app and this person wrote to each other, oldest first."""
        channel = self.workspace.direct_message({user, self.app.bot_user})
        return list(channel.messages.values())

    def views(self, user: str) -> list[View]:
        """The modals this person has open, the topmost last."""
        return list(self.workspace.stacks.get(user, []))

    def home(self, user: str) -> View | None:
        """This person's home tab."""
        return self.workspace.homes.get(user)

    def calls(self, method: str | None = None) -> list[Call]:
        """What the app asked of the Web API, oldest first."""
        return [call for call in self.api if method in (None, call.method)]

    def deliveries(self) -> list[Delivery]:
        """What was carried to the app, each try, oldest first."""
        return list(self.courier.deliveries)

    # Waiting

    async def until(self, happened: Callable[[], Found], *, within: float = 5.0) -> Found:
        """What `happened` returns, as soon as it is true; asked after each change, never by polling.

        Raises NeverHappenedError (an AssertionError) after `within` seconds, saying what there was instead.
        """
        return await self.changes.until(happened, within, self.describe)

    async def message_in(
        self, channel: str, containing: str = "", *, thread_ts: str | None = None, within: float = 5.0
    ) -> Message:
        """The youngest message of a channel, or of a thread, in whose text or blocks these words stand."""

        def found() -> Message | None:
            place = self.thread(channel, thread_ts) if thread_ts else self.messages(channel)
            fitting = [each for each in place if containing in f"{each.text}\n{words_of_message(each)}"]
            return fitting[-1] if fitting else None

        return await self._awaited(found, within)

    async def ephemeral_to(self, user: str, containing: str = "", *, within: float = 5.0) -> Message:
        """The youngest message only this person sees, with these words."""

        def found() -> Message | None:
            fitting = [e for e in self.ephemerals(user) if containing in f"{e.text}\n{words_of_message(e)}"]
            return fitting[-1] if fitting else None

        return await self._awaited(found, within)

    async def view_of(self, user: str, titled: str = "", *, within: float = 5.0) -> View:
        """The topmost modal of this person, once there is one with these words in its title."""

        def found() -> View | None:
            stack = self.views(user)
            return stack[-1] if stack and titled in stack[-1].title else None

        return await self._awaited(found, within)

    async def call_of(self, method: str, *, after: int = 0, within: float = 5.0) -> Call:
        """The first call of a method whose number is above `after`, once it is answered or lost."""

        def found() -> Call | None:
            return next((call for call in self.calls(method) if call.seq > after), None)

        return await self._awaited(found, within)

    async def connected(self, connections: int = 1, *, within: float = 5.0) -> None:
        """Wait until the app has so many Socket Mode connections."""
        await self.until(lambda: len(self.sockets.open) >= connections, within=within)

    async def _awaited(self, found: Callable[[], Found | None], within: float) -> Found:
        result = await self.until(found, within=within)
        if result is None:
            raise RuntimeError("until() returned nothing")
        return result

    def describe(self) -> str:
        """What there is, for whoever waited for something else."""
        channels = self.workspace.channels.values()
        recent = [each for channel in channels for each in list(channel.messages.values())[-5:]]
        lines = [f"{each.channel} {each.ts} {each.user}: {each.text[:120]!r}" for each in recent]
        lines += [f"only for {each.only_for}: {each.text[:120]!r}" for each in self.workspace.ephemerals[-5:]]
        lines += [
            f"{user} has open {view.title!r}" for user in self.workspace.stacks for view in self.views(user)
        ]
        lines += [f"call {call.method}: {call.error or call.fault or 'ok'}" for call in list(self.api)[-5:]]
        return "There is:\n" + "\n".join(lines or ["nothing"])
