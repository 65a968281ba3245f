"""Attempts that are not concluded yet, in a line that a terminal shows until they are. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.watch.flow import Flow

MOMENT = 0.1
"""Seconds after its SYN before an attempt is told to wait: those that succeed are over by then."""


def describe_waiting(flows: Iterable[Flow], now: float, makers: dict[str, str]) -> str:
    """Say what the newest attempt waits for, and how many others wait; empty where none does."""
    waiting = sorted((flow for flow in flows if now - flow.first >= MOMENT), key=lambda flow: flow.first)
    if not waiting:
        return ""
    newest = waiting[-1]
    maker = makers.get(newest.syn.mac or "", "")
    who = f"{newest.syn.source} ({maker})" if maker else newest.syn.source
    others = f", {len(waiting) - 1} more" if len(waiting) > 1 else ""
    return f"{who}{others}: {_stage(newest)} ..."


def _stage(flow: Flow) -> str:
    if flow.replied_at is not None:
        return "the server has begun its answer"
    if flow.asked_at is not None:
        return "it has asked, and the server has not answered yet"
    if flow.completed_at is not None:
        return "it is connected"
    if flow.answered_at is not None:
        return "this machine has answered, and it has not confirmed yet"
    return "its packet has arrived, and nothing has answered yet"
