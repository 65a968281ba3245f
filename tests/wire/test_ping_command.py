"""The system's own ping."""

from __future__ import annotations

import pytest

from landiag.wire.ping_command import parse_ping_output


@pytest.mark.parametrize(
    "line",
    [
        "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.512 ms",
        "Antwort von 10.0.0.1: Bytes=32 Zeit=0,512ms TTL=64",
        "16 bytes from fe80::1%en0, icmp_seq=0 hlim=64 time=0.512 ms",
    ],
)
def test_round_trip_times_in_any_language(line: str) -> None:
    assert parse_ping_output(line) == (0.000512,)
