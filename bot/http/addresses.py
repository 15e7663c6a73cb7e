"""Where a callback may go: checked when it is registered, when it is posted, and when it is connected.

A registration is a list of entries, each `HOST`, `HOST:PORT` or either with `+private`. A host is spelled
one way only: lower case, IDNA's ASCII, no trailing dot, an IP address as its RFC writes it. A name that
is public may not turn out to be inside our own network (DNS rebinding), unless its entry says `+private`;
names that exist inside networks only, such as `localhost`, `agent` or `agent.internal`, say so by themselves.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.http.networks import Address, kind_of

#: How long a registration waits for DNS: it is a courtesy there, the check at connect is what counts.
PATIENCE_SECONDS = 5.0
#: Longer ones are refused by servers (RFC 9110, section 4.1, asks for 8000 at least).
LONGEST_URL = 8_000

_MARK = "+private"
_SCHEMES = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[0-9]{1,5}")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff]")
#: RFC 6761, 6762, 8375, ICANN's `internal`, and what RFC 6762's appendix G finds in use inside networks.
_INSIDE_SUFFIXES = frozenset(
    {"localhost", "local", "internal", "test", "home", "lan", "corp", "intranet", "private", "home.arpa"}
)

#: What a `+private` name may turn out to be. Link-local is not among it: cloud metadata lives there.
_INSIDE = frozenset({"loopback", "private", "shared"})
#: What nobody can be called at, whoever names it.
_NOBODY = frozenset({"unspecified", "multicast", "broadcast"})


class BadAddress(ValueError):
    """It cannot be called, or may not be; the message says why, and is safe to tell the agent."""


@dataclass(frozen=True, slots=True)
class Callee:
    """A callback's address, in its one spelling."""

    url: URL
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One host of a registration."""

    host: str
    #: None: any
    port: int | None
    #: whether it may turn out to be inside our own network
    inside: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return host + port + (_MARK if self.inside and not _inside_by_itself(self.host) else "")

    def names(self, callee: Callee) -> bool:
        """True when `callee` is at this host, and at this port."""
        return self.host == callee.host and self.port in (None, callee.port)


def parse_url(text: str) -> Callee:
    """The address in `text`. Raises `BadAddress`."""
    if len(text) > LONGEST_URL:
        raise BadAddress(f"it is longer than {LONGEST_URL} characters")
    if _UNSAFE.search(text):
        raise BadAddress("it has a space, a control character or a backslash in it")
    if "://" not in text:
        raise BadAddress("it must start with https:// or http://")
    url = _yarl(text)
    if url.scheme not in _SCHEMES:
        raise BadAddress("it must start with https:// or http://")
    if "@" in re.split("[/?#]", text.partition("://")[2], maxsplit=1)[0]:
        raise BadAddress("it must not hold a user name or a password")
    host = _host(url.raw_host)
    port = url.port if url.port is not None else _SCHEMES[url.scheme]
    if port == 0:
        raise BadAddress("port 0 cannot be called")
    return Callee(url.with_host(host).with_fragment(None), host, port)


def parse_entry(text: str) -> Entry:
    """One entry of a registration, in any spelling of its host. Raises `BadAddress`."""
    name = text.strip()
    inside = name.endswith(_MARK)
    name = name.removesuffix(_MARK)
    if name.count(":") > 1 and not name.startswith("["):
        name = f"[{name}]"
    if not name or _UNSAFE.search(name) or any(mark in name for mark in "/?#@"):
        raise BadAddress(f"{text!r} is no host: write example.com or example.com:8443")
    _, colon, port = name.rpartition("]")[2].partition(":")
    if colon and not _PORT.fullmatch(port):
        raise BadAddress(f"{text!r} has no number behind its colon")
    try:
        callee = parse_url(f"https://{name}/")
    except BadAddress as bad:
        raise BadAddress(f"{text!r} cannot be registered: {bad}") from bad
    return Entry(callee.host, callee.port if colon else None, inside or _inside_by_itself(callee.host))


def flaw_of(url: str, hosts: Iterable[str]) -> str | None:
    """Why an agent with the registration `hosts` may not be called at `url`; None when it may."""
    try:
        callee = parse_url(url)
    except BadAddress as bad:
        return str(bad)
    if any(parse_entry(entry).names(callee) for entry in hosts):
        return None
    return f"its host, {_spelled(callee)}, is not registered for this agent"


async def registration(
    hosts: Sequence[str], url: str | None, resolver: AbstractResolver | None = None
) -> tuple[str, ...]:
    """The entries to keep for an agent: `hosts` and the host of `url`, each in its one spelling, none twice.

    A name that is inside our own network today gets `+private`, because whoever registers it means that;
    one that is public today, or unknown, does not. Raises `BadAddress`.
    """
    entries = [parse_entry(text) for text in hosts]
    if url is not None:
        callee = parse_url(url)
        if not any(entry.names(callee) for entry in entries):
            entries.append(Entry(callee.host, callee.port, _inside_by_itself(callee.host)))
    resolving = resolver or ThreadedResolver()
    try:
        return tuple(dict.fromkeys([str(await _as_it_is_today(entry, resolving)) for entry in entries]))
    finally:
        if resolver is None:
            await resolving.close()


async def checked(callee: Callee, hosts: Iterable[str], resolver: AbstractResolver) -> Pinned:
    """The addresses `callee` has now, all of them allowed by the registration `hosts`.

    Raises `BadAddress` when its host is not registered or any of its addresses is refused, and `OSError`
    when its name cannot be resolved.
    """
    entries = [parse_entry(entry) for entry in hosts]
    named = [entry for entry in entries if entry.names(callee)]
    if not named:
        raise BadAddress(f"{_spelled(callee)} is not registered for this agent any more")
    answers = await _answers(callee, resolver)
    if not answers:
        raise BadAddress(f"{callee.host} has no address")
    inside = any(entry.inside for entry in named)
    literals = {address for entry in entries if (address := _literal(entry.host)) is not None}
    for answer in answers:
        _check(callee.host, ip_address(answer["host"]), inside, literals)
    return Pinned(callee.host, answers)


class Pinned(AbstractResolver):
    """Answers with the addresses that were checked: between check and connection DNS is not asked again."""

    def __init__(self, host: str, answers: Sequence[ResolveResult]) -> None:
        self._host = host
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See `AbstractResolver`. Raises `OSError` for any other host than the one that was checked."""
        if host != self._host:
            raise OSError(f"{host} was not checked")
        return self._answers

    async def close(self) -> None:
        """See `AbstractResolver`."""


def _yarl(text: str) -> URL:
    try:
        return URL(text)
    except ValueError as error:
        raise BadAddress("it is no URL") from error


def _host(raw: str | None) -> str:
    """The one spelling of a host that yarl has put into ASCII."""
    if not raw:
        raise BadAddress("it names no host")
    address = _literal(raw.removesuffix(".") if ":" not in raw else raw)
    if address is not None:
        return str(address)
    name = raw.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddress("its host is no name that DNS knows")
    if _NUMBER.fullmatch(labels[-1]):
        # WHATWG's URL standard, "ends in a number": C libraries read such names as IPv4 addresses.
        raise BadAddress("its host is an IP address in an unusual spelling")
    return name


def _literal(host: str) -> Address | None:
    if "%" in host:
        raise BadAddress("its host names a network interface or holds an escape")
    try:
        return ip_address(host)
    except ValueError:
        return None


def _inside_by_itself(host: str) -> bool:
    """True for names that cannot be public. An IP address needs no leave but its own name."""
    if _literal(host) is not None:
        return False
    return "." not in host or any(host.endswith(f".{suffix}") for suffix in _INSIDE_SUFFIXES)


def _check(host: str, address: Address, inside: bool, literals: set[Address]) -> None:
    kind = kind_of(address)
    if kind is None or (inside and kind in _INSIDE):
        return
    if address in literals and kind not in _NOBODY:
        return
    what = f"{address} ({kind})" if str(address) == host else f"{host}, which is {address} ({kind}),"
    raise BadAddress(f"{what} is not called: the agent's registration does not name it as private")


async def _answers(callee: Callee, resolver: AbstractResolver) -> list[ResolveResult]:
    address = _literal(callee.host)
    if address is None:
        return await resolver.resolve(callee.host, callee.port, socket.AF_UNSPEC)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    answer = ResolveResult(
        hostname=callee.host, host=callee.host, port=callee.port, family=family, proto=0, flags=0
    )
    return [answer]


async def _as_it_is_today(entry: Entry, resolver: AbstractResolver) -> Entry:
    address = _literal(entry.host)
    if address is not None and kind_of(address) in _NOBODY:
        raise BadAddress(f"nobody can be called at {address} ({kind_of(address)})")
    if address is not None or entry.inside:
        return entry
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            answers = await resolver.resolve(entry.host, entry.port or 443, socket.AF_UNSPEC)
    except OSError:  # TimeoutError is one
        # Not in DNS yet: it may become public, and must not become private behind the operator's back.
        return entry
    inside = any(kind_of(ip_address(answer["host"])) in _INSIDE for answer in answers)
    return Entry(entry.host, entry.port, inside)


def _spelled(callee: Callee) -> str:
    host = f"[{callee.host}]" if ":" in callee.host else callee.host
    return host if callee.port == _SCHEMES[callee.url.scheme] else f"{host}:{callee.port}"
