"""The tables of every backend put together as one ruleset, as the kernel is asked to load them.

`nft -j` shows the rules of iptables-nft too, but their extensions by name only. Where iptables-save shows the
same chain with the same number of rules, its text is taken for those rules: each rule once, each whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from landiag.firewall.ipt.ebtables import BridgeRule, Lines
from landiag.firewall.ipt.options import Setting
from landiag.firewall.ipt.table import HOOKS, NFT_BACKEND, IptTable
from landiag.firewall.nft.parse import NftTable
from landiag.firewall.nft.rules import Changes, NftRules, SavedRule
from landiag.model.facts import Unknown
from landiag.model.ruleset import LEGACY_BACKEND, Chain, Ruleset, TableKey
from landiag.model.sets import ElementSet


def build_ruleset(
    nft: Sequence[NftTable],
    nft_iptables: Mapping[tuple[str, str], IptTable],
    legacy: Sequence[IptTable],
    sets: Mapping[str, ElementSet] | None,
    gaps: tuple[Unknown, ...] = (),
    texts: tuple[bytes, ...] = (),
    frames: Lines | None = None,
) -> Ruleset:
    """Put the parts together, legacy tables before those of nft, as the kernel is asked to load them."""
    tables: dict[TableKey, Mapping[str, Chain]] = {}
    for old in legacy:
        tables[LEGACY_BACKEND, old.family, old.name] = old.chains(LEGACY_BACKEND, sets)
    shown = {(table.family, table.name) for table in nft}
    for table in nft:
        saved = _saved_of(table, nft_iptables)
        backend = NFT_BACKEND if saved is not None or _looks_like_iptables(table) else "nftables"
        if table.dormant:
            continue
        known = saved.lines if saved is not None else _frames_of(table, frames or {})
        tables[backend, table.family, table.name] = _nft_chains(table, backend, known, sets)
    for key, saved in nft_iptables.items():
        if key not in shown:
            tables[NFT_BACKEND, saved.family, saved.name] = saved.chains(NFT_BACKEND, sets)
    return Ruleset(tables, gaps, texts)


def _saved_of(table: NftTable, saved: Mapping[tuple[str, str], IptTable]) -> IptTable | None:
    """A table as iptables-save shows it; None where it shows its own empty one of that name for a table of nft's."""
    found = saved.get((table.family, table.name))
    return None if found is None or not table.chains.keys() <= found.policies.keys() else found


def _looks_like_iptables(table: NftTable) -> bool:
    places = HOOKS.get(table.name) if table.family in ("ip", "ip6") else None
    hooked = [chain for chain in table.chains.values() if chain.hook is not None]
    return places is not None and bool(hooked) and all(chain.name in places for chain in hooked)


def _frames_of(table: NftTable, frames: Lines) -> Mapping[str, Sequence[str]] | None:
    """The lines of ebtables-save for the chains of a bridge's table; None where it is no table of ebtables."""
    own = {chain: lines for (name, chain), lines in frames.items() if name == table.name}
    return own if own and table.family == "bridge" else None


def _nft_chains(
    table: NftTable,
    backend: str,
    saved: Mapping[str, Sequence[str]] | None,
    sets: Mapping[str, ElementSet] | None,
) -> dict[str, Chain]:
    chains = {}
    changes = Changes(table)
    setting = Setting(4 if table.family == "ip" else 6, None, sets)
    make = BridgeRule if table.family == "bridge" else partial(SavedRule, setting=setting)
    for name in {**table.chains, **table.rules}:
        chain = table.chains.get(name) or Chain(backend, table.family, table.name, name)
        sources = table.rules.get(name, [])
        lines = None if saved is None else saved.get(name, [])
        known = lines if lines is not None and len(lines) == len(sources) else None
        rules = NftRules(sources, table.sets, changes, known, make)
        in_force = None if table.dormant is None else True
        chains[name] = replace(chain, backend=backend, rules=rules, in_force=in_force)
    return chains
