"""``landiag firewall``, with ``--all`` and without, of a machine of which something could not be read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from ipaddress import ip_address

import pytest

from landiag.cli.files.outputs import Stop
from landiag.cli.firewall_all import Wanted, answer_all
from landiag.cli.firewall_answer import Shown, answer
from landiag.host import RecordedHost, Recorder
from landiag.host.recording import undamaged
from landiag.model.packet import Packet
from landiag.render.style import Style
from tests.cases import load


@pytest.mark.parametrize("to", [None, "192.168.77.10"])
def test_addresses_that_could_not_be_read_are_not_none(to: str | None) -> None:
    recorded = load("linux-clear").recording.readings
    readings = {source: undamaged(one) for source, one in recorded.items() if source != "ip-addresses"}
    packet = Packet(destination_port=5000, destination=None if to is None else ip_address(to))
    wanted = Wanted(packet, ("tcp",), None, None)
    with pytest.raises(Stop, match="addresses could not be read: ") as stopped:
        answer_all(wanted, Recorder(RecordedHost(readings)), (), float("inf"))
    assert stopped.value.status == 3


def _denied() -> Recorder:
    """A machine whose rules only root may read, looked at by somebody else."""
    return Recorder(RecordedHost(load("linux-firewall-unreadable-user").recording.readings))


def _one_packet(*, quiet: bool = False) -> None:
    answer(Packet(destination_port=5000), _denied(), (), float("inf"), Shown(Style(), quiet=quiet))


def _all_packets(*, quiet: bool = False) -> None:
    wanted = Wanted(Packet(destination_port=5000), ("tcp",), None, None, quiet=quiet)
    answer_all(wanted, _denied(), (), float("inf"))


@pytest.mark.parametrize(
    ("ask", "words"), [(_one_packet, "firewall --port 5000"), (_all_packets, "firewall --all")]
)
def test_the_command_that_reads_the_rules_is_named(
    ask: Callable[[], None],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["landiag", *words.split()])
    with pytest.raises(SystemExit):
        ask()
    said = capsys.readouterr().out
    assert said.endswith(f"\n\nFind out: sudo /usr/bin/python3 -m landiag {words}\n")
    assert "Decided by" not in said


@pytest.mark.parametrize("ask", [_one_packet, _all_packets])
def test_quiet_is_one_sentence(ask: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ask(quiet=True)
    said = capsys.readouterr().out
    assert said.startswith(("Blocked: ", "Can't tell: "))
    assert said.count("\n") == 1
