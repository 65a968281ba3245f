"""What came back for a SYN of our own, as evidence."""

from __future__ import annotations

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.syn import SynAnswer


def test_an_answer_shows_its_flags_and_an_error_who_sent_it() -> None:
    answer = SynAnswer("192.168.77.10", 5000, True, "SA", 64, 65160, "192.168.77.10")
    assert answer.describe() == "flags SA from 192.168.77.10, hop limit 64, window 65160"
    error = SynAnswer("192.168.77.10", 5000, True, sender="192.168.77.1", icmp=IcmpError(4, 3, 13))
    assert error.describe() == "ICMP 3/13 admin-prohibited from 192.168.77.1"
