"""Which tables of nft are iptables': those whose chains iptables-save shows, whatever the others are called."""

from __future__ import annotations

import json

import pytest

from landiag.firewall.build import build_ruleset
from landiag.firewall.ipt.parse import parse_iptables_save
from landiag.firewall.ipt.table import HOOKS
from landiag.firewall.nft.parse import parse_nft_json

EMPTY = "\n".join(("*nat", *(f":{name} ACCEPT [0:0]" for name in HOOKS["nat"]), "COMMIT", ""))
"""What iptables-nft-save prints beside a table of that name whose chains are not its own ("use 'nft' tool")."""


@pytest.mark.parametrize(("chain", "backend"), [("input", "nftables"), ("PREROUTING", "iptables-nft")])
def test_a_table_of_iptables_name_is_its_own_where_it_shows_the_chains(chain: str, backend: str) -> None:
    hook = "input" if chain == "input" else "prerouting"
    lines = [
        {"table": {"family": "ip", "name": "nat", "handle": 1}},
        {"chain": {"family": "ip", "table": "nat", "name": chain, "handle": 1, "type": "filter",
                   "hook": hook, "prio": 0, "policy": "drop"}},
    ]  # fmt: skip
    tables = parse_nft_json(json.dumps({"nftables": lines}).encode())
    saved = {(one.family, one.name): one for one in parse_iptables_save(EMPTY, 4)}
    assert list(build_ruleset(tables, saved, [], None).tables) == [(backend, "ip", "nat")]
