"""``landiag report --compare`` of two saved rulesets: what changed in what they do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from landiag.cli.files.inputs import MOST_RULES, read_input
from landiag.cli.files.outputs import Stop
from landiag.firewall.saved import find_kind, parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.firewall.scope import Scope
from landiag.host.nft_text import read_nft_text
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset
from landiag.verdict.change import Change
from landiag.verdict.compare_reach import compare_rulesets


def compare_saved(files: Sequence[Path], deadline: float | None = None) -> tuple[Change, ...] | None:
    """What changed from the first ruleset to the second; None where the files are no two saved rulesets.

    Stops where one is a ruleset that cannot be read.
    """
    if len(files) != 2 or any(file.is_dir() for file in files):
        return None
    rules: list[Ruleset] = []
    for file in files:
        data = read_input(file, MOST_RULES, deadline)
        if b'"landiag.' in data[:4096]:
            return None
        try:
            rules.append(parse_saved([SavedFile(str(file), data)], read_nft_text))
        except ParseError as error:
            if _is_ruleset(data):
                raise Stop(str(error)) from error
            return None
    scope = Scope.of_saved(rules[1], Packet())
    return tuple(Change("reach", text) for text in compare_rulesets(rules[0], rules[1], scope))


def _is_ruleset(data: bytes) -> bool:
    """Whether a file that could not be read is a ruleset by its look."""
    try:
        return bool(find_kind(data))
    except ParseError:
        return False
