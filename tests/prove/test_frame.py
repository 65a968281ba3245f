"""The frames are what a client would send: another implementation takes them apart and finds no fault."""

from __future__ import annotations

import pytest

from landiag.prove.frame import RST, SYN, Ends, make_frame
from landiag.wire.echo import checksum

MAC, OUR_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
IPV4 = Ends("192.168.77.254", 40001, "192.168.77.10", 5000, MAC, OUR_MAC)
IPV6 = Ends("fd77::fe", 40001, "fd77::10", 5000, MAC, OUR_MAC)


@pytest.mark.parametrize("ends", [IPV4, IPV6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("flags", [SYN, RST], ids=["syn", "rst"])
def test_frame_survives_being_taken_apart_and_put_together(ends: Ends, flags: int) -> None:
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether

    frame = make_frame(ends, flags, 1000)
    parsed = Ether(frame)
    assert (parsed[TCP].sport, parsed[TCP].dport, int(parsed[TCP].flags)) == (40001, 5000, flags)
    assert (parsed.src, parsed.dst) == ("02:00:00:00:00:01", "02:00:00:00:00:02")
    layer = parsed[IPv6] if ":" in ends.source else parsed[IP]
    assert (layer.src, layer.dst) == (ends.source, ends.destination)
    del parsed[TCP].chksum
    if IP in parsed:
        del parsed[IP].chksum
    assert bytes(parsed) == frame


def test_syn_is_as_long_as_that_of_a_client() -> None:
    assert len(make_frame(IPV4, SYN, 1)) == 14 + 60
    assert len(make_frame(IPV6, SYN, 1)) == 14 + 80


def test_checksum_of_the_example_in_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF
