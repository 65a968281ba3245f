"""What a Python program asks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

import landiag
import landiag.firewall.saved
import landiag.probe.target

RULES = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 5000 -j ACCEPT\nCOMMIT\n"


@pytest.mark.parametrize(
    "ask", [landiag.check, landiag.firewall, lambda port: landiag.probe("192.0.2.1", port)]
)
@pytest.mark.parametrize(
    ("port", "error"),
    [(99999, ValueError), (-1, ValueError), (0, ValueError), ("5000", TypeError), (True, TypeError)],
)
def test_what_is_no_port_is_refused(ask: Callable[..., object], port: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="port"):
        ask(port=port)


@pytest.mark.parametrize(
    ("port", "error", "says"),
    [
        ("5000", TypeError, r"port is str \('5000'\)"),
        (b"5000", TypeError, "port is bytes"),
        (5000.0, TypeError, "port is float"),
        ({}, TypeError, "port is dict"),
        ([], ValueError, "port is empty"),
        ([80, "443"], TypeError, r"port is str \('443'\)"),
    ],
)
def test_what_are_no_ports_is_refused(port: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        landiag.probe("192.0.2.1", port)


@pytest.mark.parametrize("value", [5, b"192.0.2.1", ip_address("192.0.2.1"), ["192.0.2.1"]])
def test_what_is_no_text_is_refused(value: Any) -> None:
    for name in ("peer", "address"):
        with pytest.raises(TypeError, match=name):
            landiag.check(**{name: value})
    for name in ("source", "destination", "in_interface"):
        with pytest.raises(TypeError, match=name):
            landiag.firewall(**{name: value})


@pytest.mark.parametrize("rulesets", ["rules.txt", b"rules.txt", Path("rules.txt")])
def test_one_file_is_no_sequence_of_files(rulesets: Any) -> None:
    with pytest.raises(TypeError, match="rulesets"):
        landiag.firewall(rulesets=rulesets)


@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        (0, ValueError),
        (-1.5, ValueError),
        ("2", TypeError),
        (float("inf"), ValueError),
        (1e300, ValueError),
    ],
)
def test_what_is_no_time_is_refused(timeout: object, error: type[Exception]) -> None:
    asked: tuple[Callable[..., object], ...] = (landiag.check, landiag.firewall, landiag.list)
    for ask in (*asked, lambda **rest: landiag.probe("192.0.2.1", **rest)):
        with pytest.raises(error, match="timeout"):
            ask(timeout=timeout)


def test_saved_rules_are_judged(tmp_path: Path) -> None:
    file = tmp_path / "rules"
    file.write_text(RULES, encoding="ascii")
    verdicts = [landiag.firewall(port, rulesets=[file]).told.verdict.value for port in (5000, 5001)]
    assert verdicts == ["accept", "drop"]
    file.write_text("nothing", encoding="ascii")
    with pytest.raises(ValueError, match="no ruleset"):
        landiag.firewall(rulesets=[file])


def test_listeners_and_own_targets() -> None:
    assert all(one.reached in ("yes", "no", "unknown") for one in landiag.list())
    with pytest.raises(ValueError, match="this machine"):
        landiag.probe("127.0.0.1", 5000)


@pytest.mark.parametrize("first", ["", "import landiag.firewall.saved, landiag.probe.target; "])
def test_functions_stay_functions_whatever_is_imported(first: str) -> None:
    asked = "landiag.check, landiag.probe, landiag.firewall, landiag.list"
    code = f"{first}import landiag; print(all(map(callable, ({asked}))))"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
