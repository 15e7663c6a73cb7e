"""The one book of Slack's rules: what Slack would refuse, said before it is sent.

Plain dictionaries in, problems out. What is unknown (a field, a type of block or element) is a problem too:
Slack refuses it as well, and a misspelt field would otherwise be noticed by nobody. Each number stands in
`blocks.limits_numbers` with its source, and is reachable from here: `limits.BUTTON_TEXT`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from blocks import limits_numbers as most
from blocks.limits_blocks import IN_MESSAGE, IN_VIEW, characters_of
from blocks.limits_elements import plain_text
from blocks.limits_numbers import *  # noqa: F403 -- the numbers are read as limits.BUTTON_TEXT
from blocks.limits_shapes import (
    Check,
    Shape,
    anything,
    boolean,
    is_list,
    list_of,
    one_of,
    string,
    whole_number,
)
from blocks.limits_shapes import Problem as Problem  # noqa: PLC0414 -- callers import it from here

_ATTACHMENT: Final = Shape(
    {},
    {
        "blocks": list_of(IN_MESSAGE, most.MESSAGE_BLOCKS),
        "color": string(pattern=r"good|warning|danger|#?[A-Fa-f0-9]{6}|#?[A-Fa-f0-9]{3}"),
        "id": whole_number(1),
        "ts": anything,
        "short": boolean,
        "mrkdwn_in": list_of(one_of("pretext", "text", "fields"), least=0),
        "fields": list_of(
            Shape({}, {"title": string(shortest=0), "value": string(shortest=0), "short": boolean})
        ),
        **{
            name: string(shortest=0)
            for name in (
                *("fallback", "pretext", "text", "title", "title_link", "footer", "footer_icon", "image_url"),
                *("thumb_url", "author_name", "author_link", "author_icon", "callback_id", "attachment_type"),
            )
        },
    },
)
_METADATA: Final = Shape(
    {"event_type": string(most.METADATA_EVENT_TYPE, pattern=r"[\w.:-]+"), "event_payload": anything}
)
_VIEW_FIELDS: Final[dict[str, Check]] = {
    "private_metadata": string(most.PRIVATE_METADATA, shortest=0),
    "callback_id": string(most.CALLBACK_ID, shortest=0),
    "external_id": string(most.EXTERNAL_ID, shortest=0),
}
_VIEW_BLOCKS: Final = list_of(IN_VIEW, most.VIEW_BLOCKS)
_MODAL: Final = Shape(
    {"type": one_of("modal"), "title": plain_text(most.VIEW_TITLE), "blocks": _VIEW_BLOCKS},
    {
        **_VIEW_FIELDS,
        "submit": plain_text(most.VIEW_TITLE),
        "close": plain_text(most.VIEW_TITLE),
        **dict.fromkeys(("clear_on_close", "notify_on_close", "submit_disabled"), boolean),
    },
)
_HOME: Final = Shape({"type": one_of("home"), "blocks": _VIEW_BLOCKS}, _VIEW_FIELDS)


def problems_of_message(message: Mapping[str, object], *, updating: bool = False) -> list[Problem]:
    """What Slack would refuse in a message, in the order it stands there; empty when it may be sent.

    Looks at `text`, `blocks`, `attachments` and `metadata`, each absent or as in `chat.postMessage`; other
    arguments are not its business. With `updating`, as `chat.update` sees it: it takes a much shorter `text`.
    """
    return list(_problems_of_message(message, updating))


def problems_of_view(view: Mapping[str, object]) -> list[Problem]:
    """What Slack would refuse in a modal or in a home tab; empty when it may be shown."""
    if view.get("type") not in ("modal", "home"):
        return [Problem("/type", f"unsupported type: {view.get('type')}", "invalid_arguments")]
    shape = _MODAL if view["type"] == "modal" else _HOME
    blocks = _objects(view.get("blocks"))
    found = [*shape(view, ""), *_duplicate_ids([("/blocks", blocks)]), *_focused_twice(blocks)]
    asks = any(block.get("type") == "input" for block in blocks)
    if view["type"] == "modal" and asks and view.get("submit") is None:
        found.append(Problem("", "missing required field: submit (the view has an input block)"))
    return [Problem(each.path, each.rule, "invalid_arguments") for each in found]


def problems_of_blocks(blocks: Sequence[Mapping[str, object]]) -> list[Problem]:
    """What Slack would refuse in the blocks of a message."""
    return problems_of_message({"text": "-", "blocks": blocks})


def characters_of_blocks(blocks: Iterable[object]) -> int:
    """What blocks weigh against `MESSAGE_CHARACTERS`: their characters, and an allowance for each block."""
    return sum(characters_of(block) + most.BLOCK_CONTAINER for block in blocks)


def bytes_of_text(text: str) -> int:
    """How long Slack finds a message's `text` when it is updated: UTF-8, with bare ampersands escaped."""
    escaped = re.sub(r"&(?!amp;|lt;|gt;)", "&amp;", text)
    return len(escaped.encode("utf-8", "surrogatepass"))


def _problems_of_message(message: Mapping[str, object], updating: bool) -> Iterator[Problem]:
    text, blocks, attachments = (message.get(name) for name in ("text", "blocks", "attachments"))
    if text is not None:
        yield from string(shortest=0)(text, "/text")
    if updating and isinstance(text, str) and bytes_of_text(text) > most.UPDATED_TEXT_BYTES:
        yield Problem("/text", f"must be less than {most.UPDATED_TEXT_BYTES + 1} bytes", "msg_too_long")
    if blocks is not None:
        yield from list_of(IN_MESSAGE, most.MESSAGE_BLOCKS, least=0)(blocks, "/blocks")
    if attachments is not None:
        for problem in list_of(_ATTACHMENT, most.MESSAGE_ATTACHMENTS, least=0)(attachments, "/attachments"):
            in_blocks = "/blocks/" in problem.path
            yield problem if in_blocks else Problem(problem.path, problem.rule, "invalid_attachments")
    if not text and not blocks and not attachments:
        yield Problem("", "must define at least one of: text, blocks, attachments", "no_text")
    yield from _problems_of_metadata(message.get("metadata"))
    yield from _problems_of_the_whole(_block_lists(message))


def _problems_of_metadata(metadata: object) -> Iterator[Problem]:
    if metadata is None or metadata == {}:
        return  # an empty object removes it: reference/methods/chat.update
    for problem in _METADATA(metadata, "/metadata"):
        yield Problem(problem.path, problem.rule, "invalid_metadata_format")
    payload = metadata.get("event_payload") if isinstance(metadata, Mapping) else None
    if payload is not None and not isinstance(payload, Mapping):
        yield Problem("/metadata/event_payload", "must be an object", "invalid_metadata_format")
    if isinstance(metadata, Mapping) and len(json.dumps(metadata).encode()) > most.METADATA_BYTES:
        yield Problem("/metadata", f"must be less than {most.METADATA_BYTES + 1} bytes", "metadata_too_large")


def _problems_of_the_whole(lists: list[tuple[str, list[Mapping[str, object]]]]) -> Iterator[Problem]:
    yield from _duplicate_ids(lists)
    every = [block for _, blocks in lists for block in blocks]
    kinds = Counter(block.get("type") for block in every if isinstance(block.get("type"), str))
    if kinds["table"] > most.TABLES_IN_MESSAGE:
        yield Problem("", "only one table allowed", "only_one_table_allowed")
    if sum(characters_of(block) for block in every if block.get("type") == "markdown") > most.MARKDOWN_TEXT:
        yield Problem("", f"must be less than {most.MARKDOWN_TEXT + 1} characters in all markdown blocks")
    if characters_of_blocks(every) > most.MESSAGE_CHARACTERS_REFUSED:
        rule = f"must be less than {most.MESSAGE_CHARACTERS_REFUSED} characters in all blocks together"
        yield Problem("/blocks", rule, "msg_blocks_too_long")


def _block_lists(message: Mapping[str, object]) -> list[tuple[str, list[Mapping[str, object]]]]:
    found = [("/blocks", _objects(message.get("blocks")))]
    for index, attachment in enumerate(_objects(message.get("attachments"))):
        found.append((f"/attachments/{index}/blocks", _objects(attachment.get("blocks"))))
    return found


def _objects(value: object) -> list[Mapping[str, object]]:
    """The objects in an array; whatever else is in it has its own problem already."""
    if not is_list(value):
        return []
    return [each for each in value if isinstance(each, Mapping)]


def _duplicate_ids(lists: list[tuple[str, list[Mapping[str, object]]]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, blocks in lists:
        for index, block in enumerate(blocks):
            block_id = block.get("block_id")
            if isinstance(block_id, str) and block_id in seen:
                rule = f'`block_id` "{block_id}" already exists for another block'
                yield Problem(f"{path}/{index}/block_id", rule)
            if isinstance(block_id, str):
                seen.add(block_id)


def _focused_twice(blocks: list[Mapping[str, object]]) -> Iterator[Problem]:
    """Only one element of a view may ask for the focus (block-elements, `focus_on_load`)."""
    elements = [block.get(name) for block in blocks for name in ("element", "accessory")]
    elements += [element for block in blocks for element in _objects(block.get("elements"))]
    focused = [each for each in elements if isinstance(each, Mapping) and each.get("focus_on_load") is True]
    if len(focused) > 1:
        yield Problem("/blocks", "only one element may set focus_on_load")
