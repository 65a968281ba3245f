"""Findings of an attempt that nobody predicted."""

from __future__ import annotations

from landiag.model.causes.cause import Cause
from landiag.model.report import Finding, Outcome
from landiag.watch.flow import Flow, Seen


def server_of(flow: Flow) -> str:
    """The address and port that a client asked for."""
    address = flow.syn.destination
    return f"{f'[{address}]' if ':' in address else address}:{flow.syn.destination_port}"


def bare_finding(cause: Cause, seen: Seen, who: str) -> Finding:
    """Name what the kernel did, where nothing more is known."""
    title = f"The kernel drops connections to {server_of(seen.flow)}: {who}"
    return Finding(
        cause.code, Outcome.BLOCKS, title, "Nothing in the rules and settings that were read explains it."
    )


def queue_finding(seen: Seen) -> Finding:
    """Name the accept queue that is full."""
    title = f"The accept queue of port {seen.flow.syn.destination_port} is full: the server does not accept"
    return Finding(
        "accept-queue-full",
        Outcome.BLOCKS,
        title,
        "The kernel drops new connections until the server takes some.",
    )
