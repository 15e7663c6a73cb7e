"""Where a callback may go: odd spellings, registrations, and what DNS says at connect."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import ip_address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.http.addresses import (
    BadAddress,
    checked,
    flaw_of,
    parse_entry,
    parse_url,
    registration,
)
from bot.http.networks import kind_of


class Dns(AbstractResolver):
    """A name server that knows what a test tells it, and nothing else."""

    def __init__(self, **names: str | list[str]) -> None:
        self.names: Mapping[str, str | list[str]] = names
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`, with dots in its name written as underscores."""
        self.asked.append(host)
        found = self.names.get(host.replace(".", "_"))
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown name")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in ([found] if isinstance(found, str) else found)
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(
    ("text", "url", "host", "port"),
    [
        ("https://example.com/hook", "https://example.com/hook", "example.com", 443),
        ("http://EXAMPLE.com", "http://example.com", "example.com", 80),
        ("HTTPS://example.com.:8443/a?b=c", "https://example.com:8443/a?b=c", "example.com", 8443),
        ("http://bücher.example/", "http://xn--bcher-kva.example/", "xn--bcher-kva.example", 80),
        ("http://ⓛocalhost/", "http://localhost/", "localhost", 80),
        ("http://\uff11\uff12\uff17.0.0.1/", "http://127.0.0.1/", "127.0.0.1", 80),
        ("http://127。0。0。1/", "http://127.0.0.1/", "127.0.0.1", 80),
        ("http://127.0.0.1./", "http://127.0.0.1/", "127.0.0.1", 80),
        ("http://[0:0::1]:9/", "http://[::1]:9/", "::1", 9),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/", "::ffff:7f00:1", 80),
        ("http://my_agent:9000/", "http://my_agent:9000/", "my_agent", 9000),
        ("http://example.com/a#b", "http://example.com/a", "example.com", 80),
    ],
)
def test_a_host_has_one_spelling(text: str, url: str, host: str, port: int) -> None:
    """Every legal way to write an address comes to the one spelling that is compared and connected."""
    callee = parse_url(text)
    assert (str(callee.url), ip_or_name(callee.host), callee.port) == (url, ip_or_name(host), port)


def ip_or_name(host: str) -> object:
    """The address `host` is, else the name itself: Python versions spell mapped addresses differently."""
    try:
        return ip_address(host)
    except ValueError:
        return host


@pytest.mark.parametrize(
    "text",
    [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://example.0x/",
        "http://user:secret@example.com/",
        "http://example.com@127.0.0.1/",
        "http://@example.com/",
        "http://good.example\\@evil.example/",
        "http://good.example\\.evil.example/",
        "http://loc%61lhost/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://exa mple.com/",
        "http://example.com\n/",
        "http://exam\tple.com/",
        "http://exa\u200bmple..com/",
        "http://\u202eexample.com/",
        "http://example.com/\ud800",
        "http://a..b/",
        "http://-a.example/",
        "http://example.com../",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 127 + "example/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:http/",
        "http:///hook",
        "http:example.com",
        "//example.com/",
        "example.com/hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
        "https://example.com/" + "a" * 8_000,
    ],
)
def test_odd_spellings_are_no_addresses(text: str) -> None:
    """What one program reads as this host and another as that one is refused outright."""
    with pytest.raises(BadAddress):
        parse_url(text)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", None),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.1", None),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "shared"),
        ("100.127.255.255", "shared"),
        ("100.128.0.1", None),
        ("169.254.169.254", "link-local"),
        ("168.63.129.16", "cloud platform"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "reserved"),
        ("192.0.0.192", "reserved"),
        ("198.18.0.1", "reserved"),
        ("224.0.0.1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("2606:4700:4700::1111", None),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::127.0.0.1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:8.8.8.8", None),
        ("::ffff:0:10.0.0.1", "private"),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b::169.254.169.254", "link-local"),
        ("64:ff9b::8.8.8.8", None),
        ("64:ff9b:1::1", "reserved"),
        ("2002:7f00:1::", "loopback"),
        ("2002:a00:1::1", "private"),
        ("2002:808:808::1", None),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "reserved"),
        ("2001:db8::1", "reserved"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "reserved"),
        ("fc00::1", "private"),
        ("fd12:3456::1", "private"),
        ("fd00:ec2::254", "cloud platform"),
        ("ff02::1", "multicast"),
        ("100::1", "reserved"),
    ],
)
def test_every_address_that_is_not_public_is_known_as_such(address: str, kind: str | None) -> None:
    """Special networks are told from public ones, also where IPv6 carries the address of IPv4."""
    assert kind_of(ip_address(address)) == kind


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Example.COM.", "example.com"),
        ("example.com:8443", "example.com:8443"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("127.0.0.1:9000", "127.0.0.1:9000"),
        ("::1", "[::1]"),
        ("[::1]:9000", "[::1]:9000"),
        ("localhost", "localhost"),
        ("agent+private", "agent"),
        ("hooks.example.com+private", "hooks.example.com+private"),
    ],
)
def test_an_entry_is_kept_in_one_spelling(text: str, entry: str) -> None:
    """What an operator types comes to one spelling, and reading that again changes nothing."""
    assert str(parse_entry(text)) == entry
    assert str(parse_entry(entry)) == entry


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "*.example.com",
        "https://example.com",
        "example.com/x",
        "a@b",
        "example.com:",
        "h:\uff18\uff10",
        "127.1",
    ],
)
def test_an_entry_is_a_host_and_nothing_else(text: str) -> None:
    """Addresses, wildcards and odd spellings cannot be registered."""
    with pytest.raises(BadAddress):
        parse_entry(text)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example.com/x", True),
        ("http://EXAMPLE.com.:81/x", True),
        ("https://hooks.example.com:8443/", True),
        ("https://hooks.example.com/", False),
        ("http://127.0.0.1:9000/", True),
        ("http://127.0.0.1:9001/", False),
        ("http://localhost:9000/", False),
        ("http://[::ffff:127.0.0.1]:9000/", False),
        ("http://2130706433:9000/", False),
        ("https://evil.example/?example.com", False),
        ("https://example.com.evil.example/", False),
        ("https://sub.example.com/", False),
    ],
)
def test_a_posted_address_is_at_a_registered_host(url: str, allowed: bool) -> None:
    """Only a host that is registered by this very name, and at its port where one is named, may be posted."""
    hosts = ("example.com", "hooks.example.com:8443", "127.0.0.1:9000")
    assert (flaw_of(url, hosts) is None) is allowed


async def test_registering_notes_which_names_are_inside() -> None:
    """A name that is inside our network when it is registered may be there later; others may not."""
    dns = Dns(hooks_example_com="93.184.216.34", agents_example_com="10.1.2.3")
    hosts = [
        "hooks.example.com",
        "agents.example.com",
        "unknown.example.com",
        "agent:9000",
        "Hooks.example.com",
    ]
    assert await registration(hosts, "http://127.0.0.1:8080/hook", dns) == (
        "hooks.example.com",
        "agents.example.com+private",
        "unknown.example.com",
        "agent:9000",
        "127.0.0.1:8080",
    )


async def test_a_registered_address_keeps_the_entry_that_names_it() -> None:
    """The host of `--callback-url` is not written down twice."""
    assert await registration(["localhost"], "http://localhost:8080/hook", Dns()) == ("localhost",)


@pytest.mark.parametrize("host", ["0.0.0.0", "224.0.0.1", "[::]", "255.255.255.255", "[::ffff:0.0.0.0]"])
async def test_nobody_is_registered_where_nobody_can_be_called(host: str) -> None:
    """Unspecified, multicast and broadcast addresses are refused whoever names them."""
    with pytest.raises(BadAddress):
        await registration([host], None, Dns())


@pytest.mark.parametrize(
    "answer",
    [
        "127.0.0.1",
        "10.0.0.5",
        "169.254.169.254",
        "100.64.0.7",
        "0.0.0.0",
        "::1",
        "::ffff:10.0.0.5",
        "64:ff9b::7f00:1",
        "2002:a00:5::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "224.0.0.1",
    ],
)
async def test_a_public_name_cannot_lead_inside(answer: str) -> None:
    """A registered name whose DNS answer turns inward is refused at connect, also among public answers."""
    callee = parse_url("https://hooks.example.com/")
    dns = Dns(hooks_example_com=["93.184.216.34", answer])
    with pytest.raises(BadAddress, match=r"hooks\.example\.com, which is"):
        await checked(callee, ["hooks.example.com"], dns)


@pytest.mark.parametrize(
    ("url", "hosts", "answer"),
    [
        ("https://hooks.example.com/", ["hooks.example.com"], "93.184.216.34"),
        ("https://agents.example.com/", ["agents.example.com+private"], "10.0.0.5"),
        ("https://agents.example.com/", ["agents.example.com", "10.0.0.5"], "10.0.0.5"),
        ("http://agent:9000/", ["agent"], "172.18.0.4"),
        ("http://localhost:9000/", ["localhost:9000"], "::1"),
        ("http://agent.default.svc.cluster.local/", ["agent.default.svc.cluster.local"], "10.96.0.9"),
        ("http://127.0.0.1:9000/", ["127.0.0.1"], "127.0.0.1"),
        ("http://169.254.10.2/", ["169.254.10.2"], "169.254.10.2"),
        ("http://[fd12::5]/", ["fd12::5"], "fd12::5"),
    ],
)
async def test_what_the_registration_names_is_called(url: str, hosts: list[str], answer: str) -> None:
    """Inside addresses are called where the registration names the host, by name or by address."""
    callee = parse_url(url)
    dns = Dns(**{callee.host.replace(".", "_"): answer})
    pinned = await checked(callee, hosts, dns)
    assert [found["host"] for found in await pinned.resolve(callee.host, callee.port)] == [answer]


async def test_cloud_metadata_is_never_reached_by_name() -> None:
    """Even a name registered as private does not lead to a link-local address."""
    with pytest.raises(BadAddress, match="link-local"):
        await checked(parse_url("http://agent/"), ["agent"], Dns(agent="169.254.169.254"))


async def test_a_registration_that_changed_holds_at_connect() -> None:
    """A host that was taken off the registration after the post is not called, nor even looked up."""
    dns = Dns(hooks_example_com="93.184.216.34")
    with pytest.raises(BadAddress, match="not registered"):
        await checked(parse_url("https://hooks.example.com/"), ["other.example.com"], dns)
    assert dns.asked == []


async def test_an_address_written_as_such_needs_its_own_entry() -> None:
    """An IP address in the URL is judged without DNS, by the same rules."""
    dns = Dns()
    callee = parse_url("http://[::ffff:127.0.0.1]:9000/")
    with pytest.raises(BadAddress):
        await checked(callee, ["127.0.0.1", "localhost"], dns)
    assert dns.asked == []


async def test_between_check_and_connection_dns_is_not_asked_again() -> None:
    """The connection goes to the address that was checked, and no other name is answered."""
    dns = Dns(hooks_example_com="93.184.216.34")
    pinned = await checked(parse_url("https://hooks.example.com/"), ["hooks.example.com"], dns)
    dns.names = {"hooks_example_com": "127.0.0.1"}
    assert [found["host"] for found in await pinned.resolve("hooks.example.com", 443)] == ["93.184.216.34"]
    with pytest.raises(OSError, match="not checked"):
        await pinned.resolve("evil.example", 443)


async def test_a_name_dns_does_not_know_is_an_error_of_the_network() -> None:
    """An unknown name is told apart from a refused one: it may be known later."""
    with pytest.raises(socket.gaierror):
        await checked(parse_url("https://hooks.example.com/"), ["hooks.example.com"], Dns())
