"""Saved rulesets of Windows, pf and the application firewall of macOS: what kind a file is, and what they make."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.firewall.alf import Alf, is_alf, lower_alf, parse_alf
from landiag.firewall.pf import PfSystem, is_pf, parse_pf
from landiag.firewall.saved_file import SavedFile
from landiag.firewall.windows import Policy, decode, is_windows, parse_policy
from landiag.model.facts import ParseError
from landiag.model.ruleset import Chain, Ruleset, TableKey


def find_other_kind(data: bytes) -> str | None:
    """``windows``, ``pf`` or ``alf``; None for a file that is none of them."""
    if is_windows(data):
        return "windows"
    text = decode(data)
    if is_alf(text):
        return "alf"
    return "pf" if is_pf(text) else None


def parse_other(files: Sequence[SavedFile]) -> Ruleset:
    """The ruleset that files of one machine make. Raises ParseError naming the file."""
    policy: Policy | None = None
    pf: PfSystem | None = None
    alf: Alf | None = None
    for file in files:
        kind = find_other_kind(file.data)
        try:
            if kind == "windows":
                policy = policy or Policy()
                policy.add(parse_policy(file.data))
            elif kind == "pf":
                pf = pf or PfSystem()
                pf.texts.append(parse_pf(decode(file.data)))
            elif kind == "alf":
                alf = (alf or Alf()).under(parse_alf(decode(file.data)))
            else:
                raise ParseError("no ruleset was found in it")
        except ParseError as error:
            raise ParseError(f"{file.name}: {error}") from error
    if policy is not None and (pf is not None or alf is not None):
        raise ParseError("the files are of different systems: give those of one machine")
    parts = [policy.lower()] if policy else []
    parts += [pf.lower()] if pf else []
    parts += [lower_alf(alf)] if alf else []
    return join_rulesets(parts, tuple(file.data for file in files) if pf else ())


def join_rulesets(parts: Sequence[Ruleset], texts: tuple[bytes, ...] = ()) -> Ruleset:
    """Several firewalls of one host as one ruleset: a packet must pass all of them."""
    tables: dict[TableKey, dict[str, Chain]] = {}
    for part in parts:
        for key, chains in part.tables.items():
            tables[key] = dict(chains)
    gaps = tuple(gap for part in parts for gap in part.gaps)
    notes = {name: value for part in parts for name, value in part.notes.items()}
    return Ruleset(tables, gaps, texts, notes=notes)
