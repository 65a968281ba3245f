"""``landiag firewall --all`` of a machine of which something could not be read."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.cli.files.outputs import Stop
from landiag.cli.firewall_all import Wanted, answer_all
from landiag.host import RecordedHost, Recorder
from landiag.host.recording import undamaged
from landiag.model.packet import Packet
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
