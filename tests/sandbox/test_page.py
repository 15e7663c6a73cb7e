"""The stand-in's page without a browser: what it draws, for whom, and that nobody's text becomes markup."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import given
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from approvals.fields import fields
from blocks.card import card
from blocks.everything import everything_modal
from blocks.modals import edit_modal, reject_modal
from sandbox.changes import Json
from sandbox.form import state_of
from sandbox.page.drawing import environment
from sandbox.page.moments import worded
from sandbox.page.mrkdwn import mrkdwn
from sandbox.page.reader import Reader
from sandbox.page.rich_text import rich_text
from sandbox.page.writing import as_commanded, as_sent, values_of
from sandbox.server import SlackStandIn
from sandbox.workspace import View
from tests.blocks.hostile import WORDS
from tests.blocks.states import STATES, a_whole_life
from tests.sandbox.conftest import actions, asking, button, plain, section

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=BERLIN)
STANDIN = SlackStandIn()
READER = Reader(STANDIN.workspace.users["U0ALICE"], STANDIN.workspace, NOON, "U0HITL")
TEMPLATES = environment()
#: All that a block may become; nothing here runs, loads or is framed.
TAGS = frozenset(
    {
        "h2",
        "h3",
        "div",
        "p",
        "span",
        "b",
        "i",
        "s",
        "u",
        "mark",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
    }
    | {
        "br",
        "hr",
        "a",
        "time",
        "button",
        "details",
        "summary",
        "small",
        "figure",
        "figcaption",
        "svg",
        "rect",
    }
    | {"table", "tr", "td", "label", "input", "textarea", "select", "option", "optgroup", "template"}
)


class Tags(HTMLParser):
    """What a browser would make of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.found.append((tag, dict(attrs)))
        self.words += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.words += data


def drawn(blocks: list[Json], view: View | None = None) -> str:
    """Blocks as the page shows them."""
    source = "{% from 'blocks.html.j2' import blocks with context %}{{ blocks(list, view) }}"
    return TEMPLATES.from_string(source).render(reader=READER, list=blocks, view=view)


def offences(html: str) -> Iterator[str]:
    """What could run, load or mislead."""
    for tag, attributes in Tags(html).found:
        if tag not in TAGS:
            yield f"<{tag}>"
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "src", "srcset", "srcdoc", "action", "formaction"):
                yield f"{tag} {name}"
            if name == "href" and not str(value).startswith(("http://", "https://", "mailto:", "/?")):
                yield f"{tag} {name}={value}"


def a_view(payload: Json) -> View:
    """A modal that Alice has open."""
    return View("V1", "U0ALICE", payload, "1", "A1", "B1", "V1")


@pytest.mark.parametrize("name", STATES)
def test_every_state_of_a_card_is_drawn_whole(name: str) -> None:
    """Header, buttons and every line of rich text stand there, and nothing but the page's own tags."""
    message = card(STATES[name]())
    html = drawn(message.blocks)
    assert list(offences(html)) == []
    assert "not-drawn" not in html
    words = Tags(html).words
    assert message.blocks[0]["text"]["text"] in words
    assert [text for text in _rich_words(message.blocks) if text not in words] == []


def _rich_words(content: object) -> Iterator[str]:
    """Every text of rich text, wherever it is."""
    if isinstance(content, dict) and content.get("type") == "text":
        yield content["text"]
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    for each in inner:
        yield from _rich_words(each)


@pytest.mark.parametrize("name", STATES)
def test_every_modal_is_drawn_with_its_inputs(name: str) -> None:
    """Edit, reject and everything: each input has a label, and an error stands at its field."""
    case = STATES[name]().case
    for payload in (edit_modal(case, fields(case)), reject_modal(case), everything_modal(*a_whole_life())):
        inputs = [block["block_id"] for block in payload["blocks"] if block["type"] == "input"]
        view = a_view(payload)
        view.errors = {block_id: f"wrong <{block_id}>" for block_id in inputs}
        html = drawn(payload["blocks"], view)
        assert list(offences(html)) == []
        assert "not-drawn" not in html
        assert [f"wrong <{block_id}>" in Tags(html).words for block_id in inputs] == [True] * len(inputs)
        assert html.count('role="alert"') == len(inputs)


@given(WORDS)
def test_nobodys_text_becomes_markup(words: str) -> None:
    """Whatever is said: in mrkdwn only Slack's own tags come out, in rich and plain text not even those."""
    assert list(offences(mrkdwn(words, READER))) == []
    rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": words}]}
    bare = {"type": "plain_text", "text": words, "emoji": False}
    html = drawn(
        [
            {"type": "rich_text", "elements": [rich]},
            {"type": "section", "text": bare, "accessory": {**button(words, words), "value": words}},
            asking(words, words, {"type": "plain_text_input", "initial_value": words, "multiline": True}),
            {"type": "image", "image_url": words, "alt_text": words},
        ],
    )
    assert list(offences(html)) == []
    assert Tags(str(rich_text([rich], READER))).words == words


@pytest.mark.parametrize(
    ("said", "html"),
    [
        ("*bold* _it_ ~no~ `a*b*`", "<b>bold</b> <i>it</i> <s>no</s> <code>a*b*</code>"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("&lt;b&gt; &amp;lt;", "&lt;b&gt; &amp;lt;"),
        ("<@U0ALICE>", '<span class="mention me">@Alice Adler</span>'),
        ("<@U0BOB>", '<span class="mention">@Bob Brandt</span>'),
        ("<!subteam^S0DIRECTORS>", '<span class="mention me">@directors</span>'),
        ("<!here>", '<span class="mention me">@here</span>'),
        ("&gt; one\n&gt; two\nthree", "<blockquote>one<br>two</blockquote>three"),
        ("```a <b>```", "<pre>a &lt;b&gt;</pre>"),
        (":tada: :nobody:", "🎉 :nobody:"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        ("\ue0000\ue001 &#xE000;0&#xE001;", "\ufffd0\ufffd &amp;#xE000;0&amp;#xE001;"),
    ],
)
def test_slacks_markup_reads_as_in_slack(said: str, html: str) -> None:
    """Each of Slack's signs, and what only looks like one."""
    assert str(mrkdwn(said, READER)) == html


def test_links_show_where_they_lead_and_bare_ones_only_where_slack_links_them() -> None:
    """A named link keeps its name; with `verbatim` an address in the text stays text."""
    named = Tags(str(mrkdwn("<https://a.example/?b=1&amp;c=2|this>", READER)))
    assert (named.found[0][1]["href"], named.words) == ("https://a.example/?b=1&c=2", "this")
    assert Tags(str(mrkdwn("see https://a.example/x.", READER))).found[0][1]["href"] == "https://a.example/x"
    assert Tags(str(mrkdwn("see https://a.example/x.", READER, verbatim=True))).found == []


@pytest.mark.parametrize(
    ("form", "zone", "words"),
    [
        ("{date_short_pretty} {time}", "Europe/Berlin", "today 13:20"),
        ("{date_short_pretty} {time}", "Asia/Tokyo", "today 21:20"),
        ("{date} at {time_secs}", "America/New_York", "November 20th, 2026 at 07:20:00"),
        ("{date_long}", "Pacific/Auckland", "Saturday, November 21st, 2026"),
        ("{date_num} {ago} {nothing}", "UTC", "2026-11-20 in 1 hour {nothing}"),
        ("{date_pretty}", "Pacific/Kiritimati", "today"),
    ],
)
def test_moments_are_in_the_readers_zone(form: str, zone: str, words: str) -> None:
    """12:20 UTC, as people around the world read it."""
    at = int(datetime(2026, 11, 20, 12, 20, tzinfo=ZoneInfo("UTC")).timestamp())
    now = NOON.astimezone(ZoneInfo(zone))
    assert worded(at, form, now) == words


def test_what_is_typed_is_sent_as_slacks_client_sends_it() -> None:
    """Three characters are escaped, known names become mentions, unknown ones stay."""
    typed = "@alice & @nobody: <b> #refunds #nowhere @directors bob@example.com"
    sent = "<@U0ALICE> &amp; @nobody: &lt;b&gt; <#C0REFUNDS> #nowhere <!subteam^S0DIRECTORS> bob@example.com"
    assert as_sent(typed, STANDIN.workspace) == sent


def test_a_typed_command_names_people_as_slack_does() -> None:
    """With `should_escape`, people, groups and channels come as id and name, and nothing else is changed."""
    typed = "/hitl oncall support @bob for 4h in #refunds, not @nobody & {}"
    sent = "/hitl oncall support <@U0BOB|bob> for 4h in <#C0REFUNDS|refunds>, not @nobody & {}"
    assert as_commanded(typed, STANDIN.workspace) == sent


def test_values_of_a_modal_are_exact() -> None:
    """An option is meant by its value even where another's words are the same; a moment is in one's zone."""
    options = [{"text": plain("1"), "value": "0"}, {"text": plain("0"), "value": "1"}]
    blocks = [
        asking("Pick", "pick", {"type": "static_select", "options": options}),
        asking("When", "when", {"type": "datetimepicker"}),
        asking("Nothing", "none", {"type": "plain_text_input"}),
    ]
    typed = {"pick": "1", "when": "2026-11-20T12:00", "none": None, "gone": "x"}
    found = values_of(blocks, typed, BERLIN)
    assert found == {"pick": options[1], "when": int(NOON.timestamp()), "none": None}


def test_menus_of_a_list_keep_apart_though_they_share_an_action_id() -> None:
    """Each row's select is what was chosen in that row: the block it stands in tells them apart."""
    options = [{"text": plain(words), "value": words} for words in ("yes", "no")]
    menu = {"type": "static_select", "action_id": "pick", "options": options}
    rows: list[Json] = [{"type": "actions", "block_id": row, "elements": [menu]} for row in ("one", "two")]
    keys = [about["data-key"] for _, about in Tags(drawn(rows)).found if "data-key" in about]
    typed = {str(key): chosen for key, chosen in zip(keys, ("no", "yes"), strict=True)}
    held = state_of(rows, values_of(rows, typed, BERLIN))
    assert [held[row]["pick"]["selected_option"]["value"] for row in ("one", "two")] == ["no", "yes"]


# Through the server


async def page_of(slack: SlackStandIn, user: str, more: str = "") -> str:
    """The page as somebody gets it."""
    url = f"{slack.url}/?as={user}&at=C0APPROVALS{more}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
        return await answer.text()


async def test_the_page_has_no_script_or_style_of_its_own(slack: SlackStandIn) -> None:
    """One script and one stylesheet, both files of this server; nothing inline, no other host anywhere."""
    html = await page_of(slack, "U0ALICE", "&panel=wire")
    tags = Tags(html).found
    assert [attrs for tag, attrs in tags if tag == "script"] == [{"src": "/static/page.js", "defer": None}]
    assert [attrs["href"] for tag, attrs in tags if tag == "link"] == ["/static/icon.svg", "/static/page.css"]
    assert [tag for tag, attrs in tags if tag == "style" or "style" in attrs] == []
    assert "//" not in html.replace("<!doctype", "").replace(slack.url, "")


async def test_each_sees_only_what_is_theirs(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A whisper is in one person's page; a guest's page names no channel that they are not in."""
    await client.chat_postEphemeral(channel="C0APPROVALS", user="U0CAROL", text="between us")
    assert "between us" in await page_of(slack, "U0CAROL")
    assert "between us" not in await page_of(slack, "U0ALICE")
    slack.say("U0ALICE", "C0SECRET", "the plan")
    guest = await page_of(slack, "U0GUEST", "&at=C0SECRET")
    assert "C0SECRET" not in guest
    assert "the plan" not in guest


async def test_a_button_for_some_is_not_drawn_for_others(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """`visible_to_user_ids` hides a button from everybody else."""
    row = actions(button("For Bob", "b", visible_to_user_ids=["U0BOB"]))
    await client.chat_postMessage(channel="C0APPROVALS", text="x", blocks=[row])
    assert "For Bob" in await page_of(slack, "U0BOB")
    assert "For Bob" not in await page_of(slack, "U0ALICE")


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("path", ["/", "/page/live", "/static/page.js"])
async def test_pages_from_elsewhere_are_refused(
    slack: SlackStandIn, headers: dict[str, str], path: str
) -> None:
    """Another host's name, as after DNS rebinding, or another page's origin gets nothing."""
    async with aiohttp.ClientSession(headers=headers) as http, http.get(slack.url + path) as answer:
        assert answer.status == 403


async def test_a_foreign_page_cannot_click(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A form on another page reaches no button: nothing is delivered."""
    posted = await client.chat_postMessage(
        channel="C0APPROVALS", text="x", blocks=[actions(button("Go", "go"))]
    )
    body = {
        "user": "U0ALICE",
        "channel": "C0APPROVALS",
        "ts": posted["ts"],
        "action": "go",
        "block": "buttons",
    }
    headers = {"Origin": "https://evil.example"}
    async with aiohttp.ClientSession(headers=headers) as http:
        answer = await http.post(f"{slack.url}/page/do/click", json=body)
    assert (answer.status, slack.deliveries()) == (403, [])


async def test_the_page_is_told_of_changes_and_only_of_changes(slack: SlackStandIn) -> None:
    """A question with the current number waits for the next change and brings the regions then."""
    async with aiohttp.ClientSession() as http:
        url = f"{slack.url}/page/live?as=U0ALICE&at=C0APPROVALS"
        async with http.get(url) as answer:
            first = await answer.json()

        async def asked() -> Json:
            async with http.get(f"{url}&after={first['last']}&run={first['run']}") as answer:
                told: Json = await answer.json()
                return told

        waiting = asyncio.create_task(asked())
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
        slack.say("U0BOB", "C0APPROVALS", "news")
        told = await waiting
    assert told["last"] > first["last"]
    assert "news" in told["regions"]["main"]
    assert "news" not in first["regions"]["main"]


async def test_a_refused_update_is_shown_at_its_message(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """What `chat.update` was refused stands in red below the message it was meant for."""
    posted = await client.chat_postMessage(channel="C0APPROVALS", text="still the old one")
    with pytest.raises(SlackApiError):
        await client.chat_update(
            channel="C0APPROVALS", ts=posted["ts"], text="new", blocks=[section("x" * 3001)]
        )
    html = await page_of(slack, "U0ALICE")
    assert "must be less than 3001 characters [json-pointer:/blocks/0/text/text]" in html
    assert html.index("still the old one") < html.index("Slack would refuse this")


async def test_what_only_slack_ignores_is_said_on_the_wire(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """An argument that Slack does not know is named in the panel, with the call."""
    await client.api_call("chat.postMessage", json={"channel": "C0APPROVALS", "text": "x", "colour": "red"})
    html = await page_of(slack, "U0ALICE", "&panel=wire")
    assert "Slack knows no argument colour" in html


async def test_switches_give_slack_a_bad_day_and_a_good_one(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """Each switch is felt by the next call; all of them go off at once."""
    board = slack.page.switchboard
    for name, status in (("down", 503), ("limited", 429)):
        board.flip(name, on=True)
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel="C0APPROVALS", text="x")
        assert refused.value.response.status_code == status
        board.flip(name, on=False)
    board.flip("token", on=True)
    board.flip("slow", on=True)
    assert [each.name for each in board.on()] == ["slow", "token"]
    board.all_off()
    assert board.on() == []
    assert (await client.chat_postMessage(channel="C0APPROVALS", text="x"))["ok"]
