"""What this client sees of a server: the judge is what a client program gets."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.collect.exchanges.http import Attempt, End
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.model.report import ClientSees
from landiag.model.terms import Symptom
from landiag.probe.judge_silence import eats_large_packets
from landiag.probe.look import Look, NeighbourState
from landiag.verdict.symptom import describe_symptom

_CONNECTS: Mapping[TcpOutcome, Symptom] = {
    TcpOutcome.REFUSED: Symptom.REFUSED,
    TcpOutcome.NO_ANSWER: Symptom.TIMEOUT,
    TcpOutcome.UNREACHABLE: Symptom.UNREACHABLE,
    TcpOutcome.REJECTED: Symptom.UNREACHABLE,
    TcpOutcome.FAILED: Symptom.UNKNOWN,
}
_ENDS: Mapping[End, Symptom] = {
    End.COMPLETE: Symptom.ANSWERED,
    End.CUT_OFF: Symptom.ANSWERED,
    End.TOO_LARGE: Symptom.ANSWERED,
    End.STALLED: Symptom.STALLED,
    End.SILENT: Symptom.SILENT,
    End.CLOSED_EMPTY: Symptom.RESET,
    End.RESET: Symptom.RESET,
    End.TLS_FAILED: Symptom.RESET,
    End.NOT_CONNECTED: Symptom.TIMEOUT,
}
_PORT_UNREACHABLE = {(4, 3, 3), (6, 1, 4)}
"""ICMP errors that a program gets as a refusal: IP version, type, code (RFC 792, RFC 4443)."""


def what_this_client_sees(look: Look | None) -> ClientSees:
    """Say what this machine gets from one address; without any, the name leads nowhere."""
    if look is None:
        return _said(Symptom.UNRESOLVED)
    if look.connect is None:
        return _said(Symptom.UNKNOWN)
    if not look.connected and look.neighbour_state is NeighbourState.SILENT:
        return _said(Symptom.UNREACHABLE)  # what connect(2) says once nobody has answered ARP or ND
    if not look.connected:
        return _said(_of_connect(look.connect, look.ip.version))
    attempt = look.attempt
    if attempt is None or look.case.request.scheme == "tcp":
        return _said(Symptom.ANSWERED)
    if attempt.answer is not None and attempt.scheme == "http" and look.case.request.scheme == "https":
        return _said(Symptom.RESET)  # what a browser gets that begins TLS there
    if attempt.answer is not None:
        return _said(_of_answer(look, attempt), attempt.answer.status)
    if attempt.end is End.SILENT and not attempt.first.data:
        return _of_silence(look, attempt)
    return _said(Symptom.ANSWERED if attempt.first.data else _ENDS[attempt.end])


def _of_answer(look: Look, attempt: Attempt) -> Symptom:
    """An answer that pauses may be slow, and one that does not say where it ends is a stream."""
    if attempt.end is End.STALLED and eats_large_packets(look):
        return Symptom.STALLED
    if not attempt.breaks_off:
        return Symptom.ANSWERED
    is_over = attempt.end is not End.STALLED or attempt.seconds >= _FOR_GOOD
    return Symptom.STALLED if is_over else Symptom.UNKNOWN


def _of_silence(look: Look, attempt: Attempt) -> ClientSees:
    """A server that has said nothing yet may be slow: that nothing comes is known where the request is lost."""
    again = look.case.exchange(look.http_source(again="1"))
    answer = None if again is None else again.best.answer
    if answer is not None:
        return _said(Symptom.ANSWERED, answer.status)
    is_lost = attempt.confirmed is False or eats_large_packets(look) or attempt.seconds >= _FOR_GOOD
    return _said(Symptom.SILENT if is_lost else Symptom.UNKNOWN)


_FOR_GOOD = 30.0
"""Seconds after which a program waits no more."""


def _of_connect(connect: Connect, version: int) -> Symptom:
    icmp = connect.icmp
    if icmp is not None and (version, icmp.type, icmp.code) in _PORT_UNREACHABLE:
        return Symptom.REFUSED
    return _CONNECTS.get(connect.outcome, Symptom.UNKNOWN)


def _said(symptom: Symptom, status: int | None = None) -> ClientSees:
    return describe_symptom(symptom, status, is_client=True)
