"""The state of a port in words."""

from __future__ import annotations

import pytest

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.probe.evidence import nmap_state


@pytest.mark.parametrize(
    ("connect", "state"),
    [
        (Connect(TcpOutcome.CONNECTED, 0.1), "open (syn-ack)"),
        (Connect(TcpOutcome.REFUSED, 0.1), "closed (reset)"),
        (Connect(TcpOutcome.NO_ANSWER, 0.1), "filtered (no-response)"),
        (
            Connect(TcpOutcome.REJECTED, 0.1, "EHOSTUNREACH", IcmpError(4, 3, 13, "10.0.0.1")),
            "filtered (admin-prohibited from 10.0.0.1)",
        ),
    ],
)
def test_states_are_the_words_of_nmap(connect: Connect, state: str) -> None:
    assert nmap_state(connect) == state
