"""What the store raises of its own."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

#: What asyncpg raises as it is when it cannot reach the server, or waited too long for it.
CONNECTION_ERRORS: Final = (OSError, TimeoutError)

#: PostgreSQL's codes for "as things stand, not now" (appendix A of its manual): serialization failure,
#: deadlock, lock not available, and an operator who stops or has not finished starting the server.
_PASSING = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"})


class Conflict(Exception):
    """Somebody else changed the row since it was read. `Store.write` runs the work again by itself."""


class KeyTaken(Exception):
    """This idempotency key was remembered meanwhile, by another call."""


class Unavailable(Exception):
    """The database cannot be asked now, or was late. Nobody knows whether the work was committed."""


class SchemaBehind(Exception):
    """The database's tables are not those this program needs; `hitl db upgrade` makes them so."""

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(f"the database is at revision {found or 'none'}, this program needs {wanted}")
        self.found = found
        self.wanted = wanted


def passing(error: BaseException) -> bool:
    """True when `error` concerns the whole transaction, and another try may go well."""
    if isinstance(error, CONNECTION_ERRORS):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlstate", None)
    if code is not None:
        return code in _PASSING or code.startswith("08")
    # SQLite has no such codes: locked, disk full and unreadable file are all this class.
    return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
