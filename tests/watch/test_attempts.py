"""From events to attempts: when they are concluded, and what is seen of each."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable

from landiag.watch.attempts import Watcher
from landiag.watch.counters import parse_half_open, parse_netstat
from landiag.watch.events import Counters, Drop, End, Event, Facts, HalfOpen, Reading, Refusal, Segment
from landiag.watch.flow import FACTS_PATIENCE, KEPT_SECONDS, NO_ANSWER, SILENCE, Observed, Seen
from landiag.watch.packets import ACK, FIN, PSH, RST, SYN
from landiag.watch.tracefs import parse_trace

CLIENT, SERVER = "192.168.77.20", "192.168.77.10"


def incoming(
    at: float, flags: int, port: int = 40000, *, data: int = 0, sequence: int = 7, on: str = "eth0"
) -> Segment:
    return Segment(
        at, on, False, CLIENT, port, SERVER, 5000, flags, sequence, data=data, mac="52:54:00:0a:0b:0c"
    )


def outgoing(
    at: float, flags: int, port: int = 40000, *, data: int = 0, ack: int = 0, on: str = "eth0", head: str = ""
) -> Segment:
    return Segment(at, on, True, SERVER, 5000, CLIENT, port, flags, 70, ack, data, head)


HANDSHAKE = (incoming(1.0, SYN), outgoing(1.001, SYN | ACK), incoming(1.002, ACK))
REQUEST = incoming(1.003, ACK | PSH, data=80, sequence=8)


def watch(events: Iterable[Event], until: float | None = None) -> list[Seen]:
    watcher = Watcher(5000)
    found = [seen for event in events for seen in watcher.feed(event)]
    return found + (list(watcher.advance(until)) if until is not None else [])


def observed(events: Iterable[Event], until: float | None = None) -> list[Observed]:
    return [seen.observed for seen in watch(events, until)]


def test_an_answer_is_concluded_at_once() -> None:
    answer = outgoing(1.01, ACK | PSH, data=200, head="HTTP/1.1 200")
    (seen,) = watch([*HANDSHAKE, REQUEST, answer])
    assert (seen.observed, seen.at, seen.flow.head) == (Observed.CONNECTED, 1.01, "HTTP/1.1 200")


def test_refusals_are_concluded_at_once() -> None:
    refusal = Refusal(1.001, "eth0", True, SERVER, 3, 3, CLIENT, 40000, SERVER, 5000)
    assert observed([incoming(1.0, SYN), outgoing(1.001, RST | ACK)]) == [Observed.REFUSED]
    assert observed([incoming(1.0, SYN), refusal]) == [Observed.REJECTED]


def test_silence_takes_its_wait_and_no_longer() -> None:
    assert observed([incoming(1.0, SYN)], 1.0 + NO_ANSWER - 0.01) == []
    assert observed([incoming(1.0, SYN)], 1.0 + NO_ANSWER) == [Observed.NO_ANSWER]


def test_a_reason_of_the_kernel_shortens_the_wait() -> None:
    drop = Drop(1.0002, "NETFILTER_DROP", "nf_hook_slow+0x1", 4)
    (seen,) = watch([incoming(1.0, SYN), drop], 1.25)
    assert (seen.observed, seen.drops) == (Observed.NO_ANSWER, (drop,))


def test_drops_of_other_packets_are_not_taken() -> None:
    others: list[Event] = [Drop(1.3, "NETFILTER_DROP", "x", 4), Drop(1.0001, "NETFILTER_DROP", "x", 6)]
    (seen,) = watch([incoming(1.0, SYN), *others], 1.6)
    assert seen.drops == ()


def test_retries_belong_to_one_attempt() -> None:
    (seen,) = watch([incoming(1.0, SYN), incoming(1.2, SYN), incoming(1.4, SYN)], 2.0)
    assert len(seen.flow.arrivals) == 3


def test_a_bridge_shows_a_packet_twice() -> None:
    (seen,) = watch([incoming(1.0, SYN), incoming(1.00002, SYN, on="br0")], 2.0)
    assert (seen.flow.interface, len(seen.flow.arrivals)) == ("br0", 1)


def test_the_answer_that_leaves_elsewhere() -> None:
    (seen,) = watch([incoming(1.0, SYN), outgoing(1.001, SYN | ACK, on="tun0")], 2.0)
    assert (seen.observed, seen.flow.answered_by) == (Observed.ANSWER_UNTAKEN, ["tun0"])


def test_a_server_that_says_nothing() -> None:
    assert observed([*HANDSHAKE, REQUEST], 1.0 + SILENCE - 0.1) == []
    (seen,) = watch([*HANDSHAKE, REQUEST, outgoing(1.004, ACK, ack=88)], 1.1 + SILENCE)
    assert (seen.observed, seen.flow.taken) == (Observed.SILENT, True)


def test_a_client_that_only_connects() -> None:
    assert observed([*HANDSHAKE, incoming(1.01, FIN | ACK)]) == [Observed.CONNECTED]
    assert observed([incoming(1.0, SYN), outgoing(1.001, SYN | ACK), incoming(1.002, RST)]) == [
        Observed.CONNECTED
    ]


def test_a_late_answer_corrects_the_conclusion() -> None:
    late = outgoing(5.0, ACK | PSH, data=200, head="HTTP/1.1 200")
    first, second = watch([*HANDSHAKE, REQUEST, late])
    assert (first.observed, second.observed, second.is_late) == (Observed.SILENT, Observed.CONNECTED, True)


def test_other_ports_other_hosts_and_this_machine_itself_are_left_out() -> None:
    watcher = Watcher(5000)
    watcher.own = frozenset((SERVER,))
    strange = Segment(1.0, "eth0", False, CLIENT, 1, "192.168.77.99", 5000, SYN, 7)
    loop = Segment(1.0, "lo", False, SERVER, 1, SERVER, 5000, SYN, 7)
    found = [seen for event in (strange, loop, End(9.0)) for seen in watcher.feed(event)]
    assert (found, watcher.local_attempts) == ([], 1)


def test_a_conclusion_waits_a_moment_for_fresh_facts() -> None:
    assert observed([incoming(1.0, SYN), Reading(1.01), outgoing(1.02, RST | ACK)]) == []
    assert observed([incoming(1.0, SYN), Reading(1.01), outgoing(1.02, RST | ACK), Facts(1.3)]) == [
        Observed.REFUSED
    ]
    assert observed(
        [incoming(1.0, SYN), Reading(1.01), outgoing(1.02, RST | ACK)], 1.05 + FACTS_PATIENCE
    ) == [Observed.REFUSED]


def test_counters_and_half_open_connections_are_told() -> None:
    events: list[Event] = [
        Counters(0.5, {"TcpExtListenOverflows": 4}),
        incoming(1.0, SYN),
        Counters(1.1, {"TcpExtListenOverflows": 5}),
        HalfOpen(1.1, (f"{CLIENT} 40000",)),
    ]
    (seen,) = watch(events, 2.0)
    assert (seen.rises, seen.flow.half_open) == ({"TcpExtListenOverflows": 1}, True)


def test_an_end_concludes_what_is_open() -> None:
    assert observed([incoming(1.0, SYN), End(1.1)]) == [Observed.NO_ANSWER]


def test_memory_stays_flat_over_an_hour_of_attempts() -> None:
    """Three attempts a second for an hour, replayed fast: what is kept does not grow after the first minutes."""
    watcher = Watcher(5000)
    sizes = []
    tracemalloc.start()
    try:
        for second in range(3600):
            for number in range(3):
                at = second + number / 3
                port = 1024 + (second * 3 + number) % 60000
                for event in (incoming(at, SYN, port), outgoing(at, RST | ACK, port)):
                    assert len(list(watcher.feed(event))) in (0, 1)
            if second in (600, 3599):
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(watcher.flows) <= 3 * (KEPT_SECONDS + 2)
    assert sizes[1] < sizes[0] * 1.2


NETSTAT = (
    "TcpExt: SyncookiesSent ListenOverflows IPReversePathFilter\nTcpExt: 0 3 4\nIpExt: InOctets\nIpExt: 9\n"
)


def test_netstat() -> None:
    assert parse_netstat(NETSTAT) == {"TcpExtListenOverflows": 3, "TcpExtIPReversePathFilter": 4}
    assert parse_netstat("nonsense") == {}


HALF_OPEN = """\
0 0 192.168.77.10:5000 192.168.77.20:40000
0 0 [::ffff:10.0.0.1]:5000 [::ffff:10.0.0.2]:9
0 0 [fd77::10]:5000 [fd77::20]:8
x
"""


def test_half_open() -> None:
    assert parse_half_open(HALF_OPEN) == ("192.168.77.20 40000", "10.0.0.2 9", "fd77::20 8")


TRACE = """\
# tracer: nop
 x-4 [1] ..s. 100.5: kfree_skb: skbaddr=0 rx_sk=0 protocol=2048 location=nf_hook_slow+0xa reason: NETFILTER_DROP
 x-4 [1] ..s. 101.5: kfree_skb: skbaddr=0 rx_sk=0 protocol=34525 location=ip6_rcv+0xa reason: NO_SOCKET
 x-4 [1] ..s. 99.5: kfree_skb: skbaddr=0 protocol=2048 location=x reason: IP_RPFILTER
"""


def test_trace_lines() -> None:
    assert list(parse_trace(TRACE, 1000.0, 1100.0)) == [Drop(1100.5, "NETFILTER_DROP", "nf_hook_slow+0xa", 4)]
