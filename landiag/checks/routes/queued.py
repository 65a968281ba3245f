"""Findings about queues of traffic control: what leaves is lost there, behind every rule."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.checks.case import Case
from landiag.collect.queues import QUEUES
from landiag.journey.ends import LinkFault
from landiag.journey.journey import Journey
from landiag.journey.link import interface_of
from landiag.journey.queues import Effect, Passage, pass_queues
from landiag.journey.ways import Way
from landiag.model.causes.network import QUEUE_DROPS
from landiag.model.queue import Queue
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import StageName, Symptom

_OUTCOMES = {
    Effect.LOST: Outcome.BLOCKS,
    Effect.PARTLY: Outcome.BLOCKS,
    Effect.UNKNOWN: Outcome.UNKNOWN,
    Effect.SLOW: Outcome.WARNS,
}
_DETAIL = "Traffic control (tc) sees every packet that leaves, behind every firewall rule."
_TOOLS = "Tools that simulate bad networks leave such queues behind."


def check_queues(case: Case, way: Way, whom: str, journey: Journey) -> Iterator[Finding]:
    """Say what the queue does by which answers leave; that of the way in, where clients are not even found by it."""
    is_unfound = journey.link is LinkFault.QUEUE
    out = None if journey.way_back is None else journey.way_back.device
    device = interface_of(case.facts, journey.packet.in_interface if is_unfound else out)
    if device is None or case.facts.os != "linux":
        return
    passage = pass_queues(case.facts, device)
    if passage.effect is Effect.PASSES:
        return
    name = device.name if passage.queue is None else passage.queue.device
    is_lost = passage.effect is Effect.LOST
    yield Finding(
        code=QUEUE_DROPS.code,
        outcome=_OUTCOMES[passage.effect],
        title=_title(passage, name, whom),
        detail=f"{_DETAIL} {_TOOLS}"
        if passage.queue is not None and passage.queue.kind == "netem"
        else _DETAIL,
        evidence=(_evidence(passage),),
        fixes=() if passage.queue is None else _fixes(passage.queue, verified=is_lost or None),
        paths=(way.id,),
        stage=StageName.LINK if is_unfound else StageName.REPLY,
        symptom=_symptom(passage, is_unfound=is_unfound),
    )


def _symptom(passage: Passage, *, is_unfound: bool) -> Symptom | None:
    if passage.effect is Effect.LOST:
        return Symptom.UNREACHABLE if is_unfound else Symptom.TIMEOUT
    return {Effect.PARTLY: Symptom.VARIES, Effect.UNKNOWN: Symptom.UNKNOWN}.get(passage.effect)


def _title(passage: Passage, name: str, whom: str) -> str:
    if passage.effect is Effect.UNKNOWN:
        return f"Whether answers to {whom} leave {name}: {passage.reason}"
    if passage.effect is Effect.SLOW:
        return f"Answers to {whom} are slow: the queue of {name} delays or loses packets"
    part = "" if passage.effect is Effect.LOST else "a part of "
    return f"The queue of {name} loses {part}the answers to {whom}"


def _evidence(passage: Passage) -> Evidence:
    if passage.queue is None:
        return Evidence(QUEUES.name, passage.reason)
    return Evidence(" ".join(QUEUES.argv), passage.queue.text)


def _fixes(queue: Queue, *, verified: bool | None) -> tuple[Fix, ...]:
    """Remove the queue, so that the interface gets the kernel's own; one below another is left to its owner."""
    if queue.is_class or queue.parent is not None or not queue.is_told:
        step = f"Change what sets the queues of {queue.device}: {' '.join(QUEUES.argv)} shows them."
        return (Fix("Change the queue", needs="user-action", steps=(step,)),)
    settings = _settings(queue)
    undo = () if settings is None else (f"tc qdisc add dev {queue.device} root {settings}",)
    return (
        Fix(
            f"Remove the queue of {queue.device}",
            (f"tc qdisc del dev {queue.device} root",),
            undo,
            needs="root",
            verified=verified,
            opens=(),
            risk="what it was set for is gone with it"
            if undo
            else "what it was set for is gone with it, for good",
        ),
    )


def _settings(queue: Queue) -> str | None:
    """The queue as it is typed; None where what is shown of it cannot be typed again."""
    if queue.kind == "blackhole":
        return queue.kind
    limit = queue.packets if queue.kind == "pfifo" else queue.size if queue.kind == "bfifo" else None
    return None if limit is None else f"{queue.kind} limit {limit:.0f}"
