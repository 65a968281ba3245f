"""Attempts that are not concluded yet, in a line that a terminal shows until they are. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.watch.flow import Flow, who

MOMENT = 0.1
"""Seconds after its SYN before an attempt is told to wait: those that succeed are over by then."""


def describe_waiting(flows: Iterable[Flow], now: float, makers: dict[str, str]) -> str:
    """Say what the newest attempt waits for, and how many others wait; empty where none does."""
    waiting = [flow for flow in flows if now - flow.first >= MOMENT]
    if not waiting:
        return ""
    newest = max(waiting, key=lambda flow: flow.first)
    others = f", {len(waiting) - 1} more" if len(waiting) > 1 else ""
    return f"{who(newest, makers.get(newest.syn.mac or '', ''))}{others}: {_stage(newest)} ..."


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
