"""scapy may be missing: every command does what it does with it, and the exchange that needs it says so."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from landiag.cli.app import COMMANDS
from landiag.host import LiveHost
from landiag.model.facts import Call, ReadStatus

ROOT = Path(__file__).parents[1]
RUN = "import runpy, sys; {}runpy.run_module('landiag', run_name='__main__', alter_sys=True)"
BLOCK = "sys.modules['scapy'] = None; "
# A network of its own with nothing but lo: every command may be root, and finds the same each time.
ALONE = ("unshare", "-U", "-r", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")
RULES = """table inet filter {
\tchain input {
\t\ttype filter hook input priority 0; policy drop;
\t}
}
"""
ENDS = ("--from", "192.168.77.20", "--to", "192.168.77.10", "--in", "eth0")
LINES: dict[str, tuple[tuple[str, ...], int]] = {
    "check": (("--port", "5000", "--json"), 1),
    "probe": (("127.0.0.2", "--port", "5000"), 2),
    "firewall": (("--ruleset", "{rules}", "--port", "5000", *ENDS), 1),
    "list": ((), 0),
    "watch": (("--port", "5000", "--duration", "0.5"), 1),
    "serve": (("--port", "5000", "--duration", "1"), 1),
    "record": (("--output", "{saved}", "--force"), 0),
    "fleet": (("matrix", "{fleet}"), 0),
    "report": (("{case}",), 1),
    "explain": (("nothing-listening",), 0),
    "undo": (("--yes",), 2),
}


def test_every_command_has_its_line() -> None:
    assert tuple(LINES) == tuple(COMMANDS)


@pytest.mark.parametrize("name", LINES)
def test_command_works_as_with_scapy(name: str, tmp_path: Path) -> None:
    rules, case = tmp_path / "rules.nft", tmp_path / "case.json"
    saved, fleet = tmp_path / "saved.json", tmp_path / "fleet"
    rules.write_text(RULES, encoding="utf-8")
    if name == "report":
        assert _run("", "check", "--port", "5000", "--save", str(case)).returncode == 1
    if name == "fleet":
        fleet.mkdir()
        _run("", "record", "--output", str(fleet / "a.json"))
    words, status = LINES[name]
    line = tuple(word.format(rules=rules, case=case, saved=saved, fleet=fleet) for word in words)
    blocked, whole = _run(BLOCK, name, *line), _run("", name, *line)
    assert blocked.returncode == status, blocked.stdout + blocked.stderr
    assert whole.returncode == status, whole.stdout + whole.stderr
    assert "scapy" not in blocked.stdout + blocked.stderr


def test_exchange_that_needs_scapy_says_that_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where raw sockets hand no TCP up, a SYN of our own is what is lost: it is unread, not silent."""
    loaded = [name for name in sys.modules if name.startswith("scapy.")]  # by tests of before
    for name in ("scapy", *loaded):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(sys, "platform", "darwin")
    source = Call("syn", (("address", "127.0.0.1"), ("port", "9")), seconds=1.0)
    reading = LiveHost(time.monotonic() + 5).read(source)
    assert reading.status is ReadStatus.MISSING
    assert reading.detail == "syn: scapy is not installed"


def _run(block: str, *words: str) -> subprocess.CompletedProcess[str]:
    argv = (*ALONE, sys.executable, "-c", RUN.format(block), *words)
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)
