"""Queues of traffic control, tc(8): what an interface does with each packet that leaves by it."""

from __future__ import annotations

from msgspec import Struct

WITH_CLASSES = ("cbq", "drr", "ets", "hfsc", "htb", "multiq", "prio", "qfq")
"""Kinds that choose one of several queues below them, by filters or by the packet's priority."""

WITH_FILTERS = ("clsact", "ingress")
"""Kinds that hold no packets: filters hang on them."""


class Queue(Struct, frozen=True):
    """One queue of an interface; ``parent`` is the handle of the class above it, None for the root.

    ``packets`` and ``size`` (bytes) are how much it holds at most, ``burst`` how many bytes may leave at once,
    ``rate`` how many leave in a second, ``delay`` is how many seconds each packet waits, ``lost`` the part that it
    throws away, 0 to 1. None where it has no such limit. ``text`` is how tc writes it. ``is_class``: it is a class of
    another queue, whose packets wait in a queue below it. ``is_told``: not only its kind is known.
    """

    device: str
    kind: str
    handle: str
    parent: str | None
    text: str
    packets: float | None = None
    size: float | None = None
    burst: float | None = None
    rate: float | None = None
    delay: float = 0.0
    lost: float = 0.0
    is_class: bool = False
    is_told: bool = True
