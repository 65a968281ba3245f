"""Does what leaves by an interface get through its queue, tc(8)? Every packet of an answer passes it, ARP's too.

Sources: net/sched/sch_fifo.c, sch_tbf.c, sch_netem.c, sch_blackhole.c, sch_htb.c in the Linux kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from landiag.model.facts import Interface, Unknown
from landiag.model.host import Facts
from landiag.model.limits import PATIENCE
from landiag.model.queue import WITH_CLASSES, WITH_FILTERS, Queue

ARP_SIZE, SYN_ACK_SIZE = 42, 74
"""Bytes of an ARP answer and of a SYN-ACK, with the header of Ethernet."""

_HEADER, _VISIT = 14, 1000
"""Bytes of Ethernet's header; those of the smallest visit: its handshake, and a short answer."""

_TRIES_TO_OPEN, _TRIES_TO_ANSWER = 7, 4
"""How many packets of each kind are sent while a client is patient: both sides send theirs again."""

_SURE_TO_PASS = 0.99
_WIRES = ("ethernet", "wifi", "bond", "vlan", "tunnel")
_SINGLE = ("tbf", "netem", "red", "sfb", "choke", "skbprio")
"""Kinds with at most one queue below them, through which everything goes."""

_PER_CORE = ("mq", "mqprio")
"""Kinds with one queue for each of the device's own; any of them may be chosen."""

_HARMLESS = frozenset(
    ("noqueue", "pfifo_fast", "pfifo", "bfifo", "pfifo_head_drop", "tbf", "netem", "blackhole", "noop")
    + ("fq", "fq_codel", "fq_pie", "codel", "pie", "cake", "sfq", "red", "sfb", "choke", "hhf", "skbprio")
    + (*_PER_CORE, "dualpi2", "cake_mq", *WITH_CLASSES, *WITH_FILTERS)
)
"""Kinds that lose no packet but by what is told of them; any other one may."""

_WITH_SETTINGS = ("pfifo", "bfifo", "tbf", "netem", *WITH_CLASSES)
"""Those of which the settings decide."""


class Effect(str, Enum):
    """What becomes of a packet in a queue."""

    PASSES = "passes"
    LOST = "lost"
    PARTLY = "partly"  # a part of the connections succeeds
    SLOW = "slow"  # it passes late, or when it is sent again
    UNKNOWN = "unknown"


class Passage(Struct, frozen=True):
    """What an interface's queues do, which of them (None: nobody knows), and the part of connections that succeed."""

    effect: Effect
    queue: Queue | None = None
    served: float | None = None
    reason: str = ""


_FREE = Passage(Effect.PASSES)


def pass_queues(facts: Facts, device: Interface, size: int = SYN_ACK_SIZE) -> Passage:
    """Say what becomes of packets of that size that leave by an interface, and by those that carry it."""
    worst = _FREE
    for one in _stack(facts, device):
        found = _through(facts, one, size)
        if found.effect is Effect.LOST:
            return found
        worst = worst if found.effect is Effect.PASSES else found
    below = [pass_queues(facts, port, size) for port in _ports(facts, device)]
    bad = [one for one in below if one.effect is not Effect.PASSES]
    if not bad:
        return worst
    if len(bad) == len(below) and all(one.effect is Effect.LOST for one in bad):
        return bad[0]
    return Passage(
        Effect.UNKNOWN, bad[0].queue, reason=bad[0].reason or "which port it leaves by is not known"
    )


def carriers(facts: Facts, device: Interface) -> tuple[Interface, ...]:
    """All interfaces that what leaves by one passes, or what comes in by it: those that carry it, too."""
    ports = (one for port in _ports(facts, device) for one in carriers(facts, port))
    return (*_stack(facts, device), *ports)


def _stack(facts: Facts, device: Interface) -> Iterator[Interface]:
    """The interface, and the one of which it is a part (VLAN, macvlan)."""
    yield device
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    yield from (one for one in known if one.name == device.lower)


def _ports(facts: Facts, device: Interface) -> tuple[Interface, ...]:
    """The ports of a bridge or bond: the wires, where it has any, as containers and machines hang on the others."""
    if device.kind not in ("bridge", "bond", "container", "vm") or isinstance(facts.interfaces, Unknown):
        return ()
    ports = tuple(one for one in facts.interfaces if one.master == device.name and one.up)
    return tuple(one for one in ports if one.kind in _WIRES) or ports


def _through(facts: Facts, device: Interface, size: int) -> Passage:
    """What the queues of one interface do."""
    if isinstance(facts.queues, Unknown):
        return Passage(Effect.UNKNOWN, reason=facts.queues.reason)
    if facts.queues is None:
        return _FREE
    mine = [one for one in facts.queues if one.device == device.name]
    roots = [one for one in mine if one.parent is None and one.kind not in WITH_FILTERS]
    if not roots:
        return Passage(Effect.UNKNOWN, reason=f"tc tells no queue of {device.name}")
    return _descend(roots[0], mine, size, device.mtu or 1500)


def _descend(queue: Queue, all_of_it: list[Queue], size: int, mtu: int) -> Passage:
    """What a queue and those below it do."""
    own = _own_effect(queue, size, mtu)
    if own.effect is not Effect.PASSES:
        return own
    below = [one for one in all_of_it if _is_below(one, queue)]
    found = [
        _own_effect(one, size, mtu) if one.is_class else _descend(one, all_of_it, size, mtu) for one in below
    ]
    bad = [one for one in found if one.effect is not Effect.PASSES]
    if not bad:
        return _FREE
    is_only_one = queue.kind in _SINGLE and len(found) == 1
    is_every_one = queue.kind in _PER_CORE and len(bad) == len(found)
    if is_only_one or is_every_one:
        return bad[0]
    return Passage(
        Effect.UNKNOWN, bad[0].queue, reason="filters and priorities decide what is put into this queue"
    )


def _is_below(one: Queue, queue: Queue) -> bool:
    """Whether it is a class of a queue, or a queue below one of its classes; tc leaves the number 0 out."""
    if one is queue or one.kind in WITH_FILTERS or queue.kind not in (*_SINGLE, *_PER_CORE, *WITH_CLASSES):
        return False
    number = queue.handle.partition(":")[0]
    if one.is_class:
        return (one.handle.partition(":")[0] or "0") == number
    return one.parent is not None and (one.parent.partition(":")[0] or "0") == number


def _own_effect(queue: Queue, size: int, mtu: int) -> Passage:
    """What a queue does by itself."""
    is_open = queue.kind not in _HARMLESS or (not queue.is_told and queue.kind in _WITH_SETTINGS)
    if is_open:
        return Passage(
            Effect.UNKNOWN, queue, reason=f"what a queue of the kind {queue.kind} loses is not known"
        )
    if _takes_nothing(queue, size):
        return Passage(Effect.LOST, queue, 0.0)
    if _takes_less(queue, mtu + _HEADER):
        return Passage(Effect.UNKNOWN, queue, reason="packets of full size are lost in it")
    if queue.rate is not None and queue.rate * PATIENCE < _VISIT:
        return Passage(Effect.PARTLY, queue)
    served = (1 - queue.lost**_TRIES_TO_OPEN) * (1 - queue.lost**_TRIES_TO_ANSWER)
    if served < _SURE_TO_PASS:
        return Passage(Effect.PARTLY, queue, round(served, 3))
    is_slow = queue.lost > 0.01 or queue.delay > 1 or (queue.rate is not None and queue.rate < _VISIT)
    return Passage(Effect.SLOW, queue) if is_slow else _FREE


def _takes_nothing(queue: Queue, size: int) -> bool:
    """Whether a packet of that size never gets through, or comes when the client has given up."""
    is_closed = queue.kind == "blackhole" or queue.packets == 0 or queue.lost >= 1
    return is_closed or _takes_less(queue, size) or queue.delay >= PATIENCE


def _takes_less(queue: Queue, size: int) -> bool:
    limits = (queue.size, queue.burst)
    return any(one is not None and one < size for one in limits)
