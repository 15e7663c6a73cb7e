"""Where a database is, as its URL says, before anything connects."""

from __future__ import annotations

import sqlalchemy as sa

_KNOWN = ("sqlite+aiosqlite:///", "postgresql+asyncpg://")


def flaw(url: str) -> str | None:
    """What is wrong with a database's URL; None for nothing. It may hold a password: it is not repeated."""
    if not url.startswith(_KNOWN):
        return f"must begin with {' or '.join(_KNOWN)}"
    try:
        parsed = sa.make_url(url)
    except (ValueError, sa.exc.ArgumentError):
        return "must be a URL whose port, if it has one, is a number"
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        return "must name a file after its three slashes, such as hitl.db"
    return None
