"""The text of nft list ruleset, for what its JSON leaves out: flags of tables, devices of chains."""

from __future__ import annotations

import re

from msgspec import Struct, field

from landiag.model.facts import ParseError
from landiag.model.regex import regex


class Listing(Struct):
    """What `nft list ruleset` (text) says beyond its JSON: tables, the dormant ones, devices of chains."""

    tables: set[tuple[str, str]] = field(default_factory=set)
    dormant: set[tuple[str, str]] = field(default_factory=set)
    devices: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)


_TABLE_LINE = regex(r"^table (\S+) (\S+) \{")
_CHAIN_LINE = regex(r"^\s+chain (\S+) \{")
_FLAGS_LINE = regex(r"^\s+flags [a-z, ]*dormant")
_HOOK_LINE = regex(r"^\s+type \S+ hook (?:in|e)gress devices? (.*?) priority")

_DEVICE = r'(?:"[A-Za-z0-9_.@+~-]+"|[A-Za-z0-9_.@+~-]+)'
_DEVICES = regex(rf"{_DEVICE}|= \{{ {_DEVICE}(?:, {_DEVICE})*,? \}}")
"""``"eth0"``, or several: ``= { eth0, eth1 }``, each in quotes since nftables 1.1 (chain_print_declaration())."""


def parse_listing(text: str) -> Listing:
    """Read `nft list ruleset` (text), as far as its JSON hides things. Raises ParseError for a damaged device."""
    listing = Listing()
    table, chain = ("", ""), ""
    for line in text.splitlines():
        if found := _TABLE_LINE.match(line):
            table, chain = (found[1], found[2]), ""
            listing.tables.add(table)
        elif found := _CHAIN_LINE.match(line):
            chain = found[1]
        elif not chain and _FLAGS_LINE.match(line):
            listing.dormant.add(table)
        elif found := _HOOK_LINE.match(line):
            key = (*table, chain)
            if _DEVICES.fullmatch(found[1]) is None:
                raise ParseError(f"not the devices of a chain: {found[1][:40]!r}")
            listing.devices[key] = tuple(re.findall(r'[^\s"{},=]+', found[1]))
    return listing
