"""Recorded outputs of many machines: what a person counts in them is what the parser counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from landiag.collect import bsd_net, bsd_sockets, portproxy, windows_net
from landiag.firewall.alf import parse_alf
from landiag.firewall.windows.text import decode_console
from landiag.model.facts import ParseError

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
OWN = r"\d{1,3}(?:\.\d{1,3}){3}"


def lines(pattern: str) -> Callable[[str], int]:
    """How many lines look like this."""
    return lambda text: sum(bool(re.search(pattern, line)) for line in text.splitlines())


def addresses4(text: str) -> int:
    """IPv4 addresses of `ipconfig`: each has its mask below it."""
    return len(re.findall(r"[:：] *255\.\d+\.\d+\.\d+\s*$", text, re.MULTILINE))


def of_adapters(text: str) -> int:
    found = windows_net.parse_ipconfig(text)
    return sum(one.version == 4 for adapter in found for one in (address.ip for address in adapter.addresses))


def arp_rows(text: str) -> int:
    """Neighbours of Windows' `arp -a`: not the broadcast, not multicast (224 to 239)."""
    rows = re.findall(rf"^\s+({OWN})\s+(?:([0-9a-f-]{{17}})\s)", text, re.MULTILINE | re.IGNORECASE)
    return sum(
        mac.lower() != "ff-ff-ff-ff-ff-ff" and not 224 <= int(ip.split(".")[0]) < 240 for ip, mac in rows
    )


def active_routes(text: str) -> int:
    return len(re.findall(rf"^\s+{OWN}\s+{OWN}\s+\S.*\s{OWN}\s+\d+\s*$", text, re.MULTILINE))


_DESTINATION = re.compile(r"default$|\d+(\.\d+)*(/\d+)?$|[0-9a-f]*:[0-9a-f:]*(%\w+)?(/\d+)?$")


def table_rows(text: str) -> int:
    """Routes of a BSD: rows of a table that begin with an address or `default`."""
    rows = [line.split() for line in text.splitlines()]
    return sum(len(row) > 3 and bool(_DESTINATION.match(row[0])) for row in rows)


READERS: list[tuple[str, Callable[[str], int], Callable[[str], int]]] = [
    (r"windows_net/.*netstat", lines(r"^\s*TCP\s+\S+:\d+\s+(\S+:0|\*:\*)(\s|$)"),
     lambda text: len(windows_net.parse_netstat(text))),
    (r"windows_net/.*ipconfig", addresses4, of_adapters),
    (r"windows_net/.*arp_a", arp_rows, lambda text: len(windows_net.parse_arp(text, ()))),
    (r"windows_net/route_print_4", active_routes, lambda text: len(windows_net.parse_routes4(text, ()))),
    (r"windows_net/route_print_6", lines(r"^\s*\d+\s+\d+\s+[0-9a-f:]+/\d+"),
     lambda text: len(windows_net.parse_routes6(text, {}))),
    (r"windows_net/excluded", lines(r"^\s*\d+\s+\d+\s*\*?\s*$"),
     lambda text: len(portproxy.parse_excluded_ranges(text))),
    (r"windows_net/portproxy", lines(r"^\S+\s+\d+\s+\S+\s+\d+\s*$"),
     lambda text: len(portproxy.parse_portproxy(text))),
    (r"(macos|bsd_net)/.*ifconfig", lines(r"^\S+: flags="), lambda text: len(bsd_net.parse_ifconfig(text))),
    (r"(macos|bsd_net)/.*ifconfig", lines(r"^\s+inet6? [0-9a-fA-F:]"),
     lambda text: sum(len(one.addresses) for one in bsd_net.parse_ifconfig(text))),
    (r"(macos|bsd_net)/.*(arp_-a|arp-a)", lines(rf"^\S+ \({OWN}\) at |^{OWN}\s+[0-9a-f:]{{11,}}\s"),
     lambda text: len(bsd_net.parse_arp(text)) + multicast(text)),
    (r"macos/lsof", lines(r"TCP \S+ \(LISTEN\)"), lambda text: len(bsd_sockets.parse_lsof(text))),
    (r"macos/.*netstat(-An|_an_p_tcp|-Abn)", lines(r"\btcp\d*\s.*\bLISTEN\b"),
     lambda text: len(bsd_sockets.parse_netstat(text))),
    (r"(macos|bsd_net)/.*netstat(_-rn|-rnl)\b", table_rows, lambda text: len(bsd_net.parse_routes(text))),
    (r"(macos|bsd_net)/.*sockstat", lines(r"\btcp[46]+\s"), lambda text: len(bsd_sockets.parse_sockstat(text))),
    (r"macos/socketfilterfw_listapps", lines(r"\(\s*(Allow|Block) incoming"),
     lambda text: len(parse_alf(text).apps or ())),
]  # fmt: skip
"""Which files, what a person counts in them, and what the parser counts."""


def multicast(text: str) -> int:
    """Entries for multicast groups, which are no neighbours."""
    return lines(r"\((22[4-9]|23\d)\.")(text)


def files() -> Iterator[object]:
    for folder in ("windows_net", "macos", "bsd_net"):
        for path in sorted((CORPUS / folder).glob("*")) if CORPUS.is_dir() else ():
            name = f"{folder}/{path.name}"
            for at, (pattern, counted, parsed) in enumerate(READERS):
                if re.match(pattern, name):
                    yield pytest.param(path, counted, parsed, id=f"{name}-{at}")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout")
@pytest.mark.parametrize(("path", "counted", "parsed"), [*files()])
def test_the_parser_counts_what_a_person_counts(
    path: Path, counted: Callable[[str], int], parsed: Callable[[str], int]
) -> None:
    text = decode_console(path.read_bytes())
    wanted = counted(text)
    try:
        found = parsed(text)
    except ParseError:
        found = 0
    assert found == wanted


FOLDERS = ("windows_net", "windows_netsh", "windows_powershell", "windows_registry", "macos", "bsd_net", "pf")
EVERY = [path for name in FOLDERS for path in sorted((CORPUS / name).rglob("*")) if path.is_file()]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout")
@pytest.mark.parametrize("path", EVERY, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_whatever_is_read_in_place_of_another_text_is_refused_with_a_sentence(path: Path) -> None:
    text = decode_console(path.read_bytes())
    for _, _, parsed in READERS:
        with suppress(ParseError):
            assert parsed(text) >= 0
