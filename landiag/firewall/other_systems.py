"""Saved rulesets of other systems than Linux: one row a kind, how a file of it is told, and what its files make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from msgspec import Struct

from landiag.firewall.alf import Alf, is_alf, lower_alf, parse_alf
from landiag.firewall.pf import PfSystem, PfText, is_pf, parse_pf_file
from landiag.firewall.saved_file import SavedFile
from landiag.firewall.windows import Policy, decode, is_windows, parse_policy
from landiag.model.facts import ParseError
from landiag.model.ruleset import Chain, Ruleset, TableKey


class Kind(Struct, frozen=True):
    """One kind of saved rules.

    ``saved_by`` says in the list of what can be read how a person saves them. ``system``: files of several systems
    are never of one machine. ``parse`` reads one file and raises ParseError; ``lower`` makes the ruleset of all that
    was read of one machine.
    """

    name: str
    saved_by: str
    system: str
    is_it: Callable[[bytes], bool]
    parse: Callable[[bytes], Any]
    lower: Callable[[Sequence[Any]], Ruleset]


def _lower_windows(policies: Sequence[Policy]) -> Ruleset:
    whole = Policy()
    for one in policies:
        whole.add(one)
    return whole.lower()


def _lower_pf(texts: Sequence[PfText]) -> Ruleset:
    return PfSystem(list(texts)).lower()


def _lower_alf(parts: Sequence[Alf]) -> Ruleset:
    return lower_alf(reduce(Alf.under, parts, Alf()))


KINDS = (
    Kind(
        *("windows", "rules of Windows Firewall (registry, PowerShell, netsh)", "Windows"),
        *(is_windows, parse_policy, _lower_windows),
    ),
    Kind(
        *("alf", "socketfilterfw", "BSD"),
        *(lambda data: is_alf(decode(data)), lambda data: parse_alf(decode(data)), _lower_alf),
    ),
    Kind(
        *("pf", "pfctl -sr", "BSD"),
        *(lambda data: is_pf(decode(data)), lambda data: parse_pf_file(decode(data)), _lower_pf),
    ),
)
"""Every kind. A file is of the first that takes it for its own."""


def find_other_kind(data: bytes) -> str | None:
    """The name of the kind that a file is of; None where it is of none of them."""
    kind = _find(data)
    return None if kind is None else kind.name


def _find(data: bytes) -> Kind | None:
    return next((kind for kind in KINDS if kind.is_it(data)), None)


def parse_other(files: Sequence[SavedFile]) -> Ruleset:
    """The ruleset that files of one machine make. Raises ParseError naming the file."""
    read: dict[str, list[Any]] = {}
    for file in files:
        kind = _find(file.data)
        try:
            if kind is None:
                raise ParseError("no ruleset was found in it")
            read.setdefault(kind.name, []).append(kind.parse(file.data))
        except ParseError as error:
            raise ParseError(f"{file.name}: {error}") from error
    kinds = [kind for kind in KINDS if kind.name in read]
    if len({kind.system for kind in kinds}) > 1:
        raise ParseError("the files are of different systems: give those of one machine")
    return join_rulesets([kind.lower(read[kind.name]) for kind in kinds])


def join_rulesets(parts: Sequence[Ruleset]) -> Ruleset:
    """Several firewalls of one host as one ruleset: a packet must pass all of them."""
    tables: dict[TableKey, dict[str, Chain]] = {}
    for part in parts:
        for key, chains in part.tables.items():
            tables[key] = dict(chains)
    gaps = tuple(gap for part in parts for gap in part.gaps)
    notes = {name: value for part in parts for name, value in part.notes.items()}
    return Ruleset(tables, gaps, notes=notes)
