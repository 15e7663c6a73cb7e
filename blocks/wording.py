"""Sentences with structure: Jinja2 templates in `blocks/templates`, in which forgetting to escape is safe."""

from __future__ import annotations

from functools import cache
from typing import Final

from jinja2 import PackageLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from blocks.text import Mrkdwn, escape, listed, mention, when

_LONGEST: Final = 300


def _safe(value: object) -> object:
    """What a template prints: markup of ours as it is, everything else escaped for mrkdwn, on one line."""
    return value if isinstance(value, (Mrkdwn, int)) else escape(str(value), _LONGEST)


def _all(words: list[object], last: str = "and") -> Mrkdwn:
    """A list in words, each item escaped unless it is markup of ours."""
    return Mrkdwn(listed([str(_safe(each)) for each in words], last))


def environment() -> SandboxedEnvironment:
    """Templates of ours: sandboxed, strict about what is missing, escaping by default."""
    made = SandboxedEnvironment(
        loader=PackageLoader("blocks"),
        undefined=StrictUndefined,
        # Autoescaping would be HTML's; this is Slack's, and it cannot be forgotten in a template.
        autoescape=False,
        finalize=_safe,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update({"when": when, "mention": mention, "all": _all, "short": escape})
    return made


@cache
def _template(name: str) -> Template:
    return environment().get_template(f"{name}.j2")


def say(name: str, **values: object) -> Mrkdwn:
    """The sentence of `templates/<name>.j2` as mrkdwn. Raises `UndefinedError` if a value is missing."""
    return Mrkdwn(" ".join(_template(name).render(**values).split()))
