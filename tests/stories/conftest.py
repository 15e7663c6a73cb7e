"""What stories start from: a database in which an agent is registered, by the command an operator uses."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import pytest

from sandbox.server import SlackStandIn
from tests.harness.databases import PostgresServer, finish, postgres_server
from tests.harness.house import House, house
from tests.harness.process import environment, registered

__all__ = ["postgres_server"]


@dataclass(frozen=True, slots=True)
class Home:
    """A database, and the credentials of the agent that is registered in it."""

    url: str
    agent: dict[str, str]


#: Makes a fresh one, under a name that no other has in this test.
NewHome: TypeAlias = Callable[[str], Home]


@pytest.fixture(scope="session")
def sqlite_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A SQLite file to copy."""
    path = tmp_path_factory.mktemp("home") / "template.db"
    env = environment(None, f"sqlite+aiosqlite:///{path}")
    return path, finish(registered(env, "billing-agent", "--callback-host", "127.0.0.1"))


class Build(Protocol):
    """Builds a house on a SQLite file of its own."""

    def __call__(
        self, policy: str, *, slack: SlackStandIn | None = None, started: bool = True
    ) -> AbstractAsyncContextManager[House]:
        """With this `hitl.yml`; an agent is registered."""
        ...


@pytest.fixture(scope="session")
def build(sqlite_home: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Houses with a policy as it stands in the story; one may serve every story of a file."""
    template, credentials = sqlite_home

    @asynccontextmanager
    async def built(
        policy: str, *, slack: SlackStandIn | None = None, started: bool = True
    ) -> AsyncIterator[House]:
        place = tmp_path_factory.mktemp("house")
        shutil.copy(template, place / "hitl.db")
        (place / "hitl.yml").write_text(policy)
        url = f"sqlite+aiosqlite:///{place / 'hitl.db'}"
        async with house(url, credentials, place / "hitl.yml", slack=slack, started=started) as one:
            yield one

    return built


@pytest.fixture
def new_home(sqlite_home: tuple[Path, dict[str, str]], tmp_path: Path) -> NewHome:
    """SQLite files with an agent."""
    template, credentials = sqlite_home

    def make(name: str) -> Home:
        shutil.copy(template, tmp_path / f"{name}.db")
        return Home(f"sqlite+aiosqlite:///{tmp_path / name}.db", credentials)

    return make


@pytest.fixture
def home(new_home: NewHome) -> Home:
    """One SQLite file with an agent."""
    return new_home("hitl")


@pytest.fixture(scope="session")
def postgres_home(postgres_server: PostgresServer) -> Callable[[], Home]:
    """Databases on PostgreSQL with an agent: `postgres_home()` makes one."""

    def make() -> Home:
        url = postgres_server.fresh()
        env = environment(None, url)
        return Home(url, finish(registered(env, "billing-agent", "--callback-host", "127.0.0.1")))

    return make
