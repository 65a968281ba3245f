"""Packets that rules hand to a program (NFQUEUE, nft's queue): without one the kernel decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from landiag.firewall.linux import parse_ruleset
from landiag.firewall.sources import ALWAYS_THERE, QUEUES
from landiag.model.facts import Reading, ReadStatus
from tests.firewall.rules import chain, nft, rule, verdict

PROC = Reading(ALWAYS_THERE.name, ReadStatus.OK, b"1\n")
READ = b"    7  21342     0 2 65531     0     0        0  1\n"
BYPASS = ("drop", "accept")
"""What becomes of a packet without and with bypass, where no program reads its queue."""


def queues(status: ReadStatus, text: bytes = b"") -> Reading:
    return Reading(QUEUES.name, status, text)


def answers(target: str, listed: Reading | None, proc: Reading = PROC) -> tuple[str, ...]:
    """The verdicts for a rule of iptables without bypass and with it."""
    return tuple(_answer(f"{target}{more}", listed, proc) for more in ("", " --queue-bypass"))


def _answer(target: str, listed: Reading | None, proc: Reading) -> str:
    text = f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j {target}\n-A INPUT -j DROP\nCOMMIT\n"
    rules = Reading("iptables-save", ReadStatus.OK, text.encode())
    known = [one for one in (rules, proc, listed) if one is not None]
    return verdict(parse_ruleset({one.source: one for one in known}))


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (queues(ReadStatus.OK), BYPASS),
        (queues(ReadStatus.MISSING), BYPASS),
        (queues(ReadStatus.OK, READ.replace(b"7", b"8", 1)), BYPASS),
        (queues(ReadStatus.OK, READ), ("unknown", "unknown")),
        (queues(ReadStatus.DENIED), ("unknown", "unknown")),
        (queues(ReadStatus.OK, READ[:20]), ("unknown", "unknown")),
        (None, ("unknown", "unknown")),
    ],
)
def test_a_queue_that_no_program_reads_drops_or_is_passed_by(
    listed: Reading | None, found: tuple[str, ...]
) -> None:
    assert answers("NFQUEUE --queue-num 7", listed) == found


def test_without_proc_nobody_knows_who_reads() -> None:
    proc = Reading(ALWAYS_THERE.name, ReadStatus.FAILED)
    assert answers("NFQUEUE --queue-num 7", queues(ReadStatus.MISSING), proc) == ("unknown", "unknown")


def test_one_queue_of_those_shared_out_is_read() -> None:
    read = queues(ReadStatus.OK, READ)
    assert answers("NFQUEUE --queue-balance 5:9", read) == ("unknown", "unknown")
    assert answers("NFQUEUE --queue-balance 8:9", read) == BYPASS
    assert answers("NFQUEUE", read) == BYPASS  # that is queue 0
    assert _answer("QUEUE", read, PROC) == "drop"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"num": 7}, "drop"),
        ({"num": 7, "flags": "bypass"}, "accept"),
        ({"num": {"range": [3, 5]}, "flags": ["bypass", "fanout"]}, "accept"),
        ({"num": {"jhash": {"mod": 4}}}, "drop"),
        (None, "drop"),
    ],
)
def test_what_nft_writes(said: object, found: str) -> None:
    ruleset = nft(chain("input", "input"), rule("input", {"queue": said}))
    assert verdict(ruleset) == "unknown"
    assert verdict(replace(ruleset, queue_readers=frozenset())) == found
