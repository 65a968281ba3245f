"""What people are told to type into PowerShell is PowerShell: every line of every report about Windows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from landiag.checks import words
from landiag.model.report import Fix, Report
from tests.cases import report_of
from tests.machines.made import MADE
from tests.powershell import syntax_errors

CHANGES = re.compile(
    r"(New|Set|Enable|Disable|Remove|Restart|Stop)-(Net|Service)|net (stop|start) |netsh .* (set|add|delete) "
)
"""Lines that Windows takes from administrators alone."""


def lines(name: str, report: Report) -> Iterator[str]:
    """The lines that are typed on Windows: all on Windows itself, inside WSL2 those that say so."""
    for finding in report.findings:
        for fix in finding.fixes:
            if name.startswith("windows") or _is_for_windows(fix):
                yield from (*fix.commands, *fix.undo)


def _is_for_windows(fix: Fix) -> bool:
    return "Windows" in fix.title or "PowerShell" in fix.title


@pytest.mark.parametrize("name", [name for name in MADE if name.startswith(("windows", "wsl2"))])
def test_lines_for_powershell_have_its_syntax(name: str) -> None:
    for line in lines(name, report_of(name)):
        assert syntax_errors(line) == [], line


@pytest.mark.parametrize("name", [name for name in MADE if name.startswith(("windows", "wsl2"))])
def test_what_an_administrator_must_type_says_how_to_become_one(name: str) -> None:
    for fix in (fix for finding in report_of(name).findings for fix in finding.fixes):
        if "as administrator" in fix.title or any(CHANGES.match(line) for line in fix.commands):
            assert words.ELEVATE in fix.steps, fix.title


def test_the_grammar_finds_what_is_no_powershell() -> None:
    assert syntax_errors("Get-NetFirewallRule | Where-Object { $_.Name -eq 'x'")
    assert syntax_errors("Disable-NetFirewallRule -Name 'it's'")
    assert not syntax_errors("Disable-NetFirewallRule -Name 'it''s'")
