"""Where a packet is among the hooks, and what is known of its connection: what its fields are worked out from."""

from __future__ import annotations

from msgspec import Struct, field

from landiag.firewall.engine.surroundings import Surroundings, Tuple
from landiag.model.packet import Packet, Value

DYING, DNAT, SNAT = 512, 32, 16


class Tracking(Struct):
    """What connection tracking knows of the packet's connection.

    ``state`` is ``new established related untracked invalid``, None when unknown. ``status`` are nft's
    ``ct status`` bits, ``direction`` is 0 for original, 1 for reply; then the two tuples.
    """

    state: str | None
    original: Tuple
    reply: Tuple
    direction: int = 0
    status: int | None = 0
    mark: int | None = 0
    zone: int | None = 0

    @property
    def known(self) -> bool:
        """Whether the packet belongs to a connection at all."""
        return self.state not in ("untracked", "invalid")


NO_SOCKET = -1
"""The owner of a packet that the kernel makes itself."""

REWRITTEN = "rewritten"
"""Set where a rule has written another address or port into the packet, which is no translation."""

PROXIED, TAKEN, SENT_BY_PROXY = "proxied", 1, 2
"""Where SYNPROXY has taken the packet, no chain behind it sees it; where it has sent it, its translation is settled."""

ZONE = "zone"
"""Set where a rule has put the packet into a zone before its connection is looked up."""

OUTWARD = ("output", "postrouting", "egress")


class Context(Struct):
    """Where the packet is: the hook's family, its surroundings, its connection (None: not looked up yet).

    ``visit`` is how many packets each connection of an ordinary visit has sent by then (landiag.model.limits); None
    where a single packet is judged.
    """

    family: str
    surroundings: Surroundings
    hook: str = "input"
    tracking: Tracking | None = None
    now: float | None = None
    remembered: dict[int, list[tuple[bool, tuple[Value, ...]]]] = field(default_factory=dict)
    visit: int | None = None


class Asked(dict[str, Value]):
    """The fields of one packet by their names, those that were asked for already."""

    __slots__ = ("context", "packet")

    def __init__(self, packet: Packet, context: Context) -> None:
        super().__init__()
        self.packet = packet
        self.context = context
