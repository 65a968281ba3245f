"""What a rule does when all of its matches hold."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from landiag.model.operands import Operand
from landiag.model.sets import ElementSet


class Verdict(str, Enum):
    """What a firewall does with a packet."""

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"
    UNKNOWN = "unknown"


class Action:
    """Something that a rule does."""

    __slots__ = ()


RESET = "tcp reset"
"""A rejection by a RST; the others are ``icmp``, ``icmpv6`` or ``icmpx`` and the name of the code."""


def refuses(reject_with: str | None) -> bool:
    """Whether a client program takes a rejection for a refusal (ECONNREFUSED): a RST, or port unreachable."""
    return reject_with is None or reject_with == RESET or reject_with.endswith("port-unreachable")


_ALIKE = {"no-route": "net-unreachable", "addr-unreachable": "host-unreachable"}
"""Codes of ICMPv6 (and of nft's icmpx) that are those of ICMP under another name."""


def answer_of(reject_with: str | None) -> str:
    """What a rejection sends, under one name however its rule says it; empty where nobody knows."""
    if reject_with is None or reject_with == RESET:
        return reject_with or ""
    code = reject_with.rpartition(" ")[2]
    return _ALIKE.get(code, code)


class Stop(Action, Struct, frozen=True):
    """End the walk of this hook's chain. ``reject_with`` says what answers (``tcp reset``, ``icmp 3/3``...).

    An UNKNOWN verdict is an end that nobody can foresee (a program that reads a queue).
    """

    verdict: Verdict
    reject_with: str | None = None


class Return(Action, Struct, frozen=True):
    """Go on behind the rule that jumped here; in a base chain, apply the policy."""


class Jump(Action, Struct, frozen=True):
    """Go on in another chain of the same table; ``goto`` does not come back to this one."""

    chain: str
    goto: bool = False


class Dispatch(Action, Struct, frozen=True):
    """Do the action that a map holds for the key; nothing when the key is not in it."""

    operands: tuple[Operand, ...]
    elements: ElementSet


class Assign(Action, Struct, frozen=True):
    """Set a field (``meta mark``, ``ct mark``, ``ip dscp``...) to a value."""

    field: str
    operand: Operand


class Break(Action, Struct, frozen=True):
    """Stop this rule where it stands and go on with the next."""


class NatKind(str, Enum):
    """Which address a translation changes, and how it is chosen."""

    DNAT = "dnat"
    REDIRECT = "redirect"
    SNAT = "snat"
    MASQUERADE = "masquerade"


class Target(Struct, frozen=True):
    """Where a translation goes: ranges of addresses and ports; None where it changes nothing.

    ``base`` is the port that becomes the first of ``ports``, the next one becomes the second (``80-90/5000``).
    """

    addresses: tuple[int, int] | None = None
    ports: tuple[int, int] | None = None
    base: int | None = None


class Translate(Action, Struct, frozen=True):
    """Translate the connection; ends the walk of the chain.

    ``choose`` gives the target: a fixed one, or a map from the packet's values to targets. ``version`` is the
    IP version of the addresses, None for the packet's own. ``netmap`` keeps the host part of the address.
    ``persistent``: of several addresses each client gets the same one, whichever address it asked for.
    ``random``: of several ports each connection gets one by lot.
    """

    kind: NatKind
    target: Target | Chosen
    version: int | None = None
    netmap: bool = False
    persistent: bool = False
    random: bool = False


class Chosen(Struct, frozen=True):
    """A target that depends on the packet: operands for address and port, or a map of targets."""

    address: Operand | None = None
    port: Operand | None = None
    operands: tuple[Operand, ...] = ()
    elements: ElementSet | None = None


class Divert(Action, Struct, frozen=True):
    """Hand the packet to another listening socket than its destination's, if that is transparent (TPROXY).

    ``address`` and ``port`` choose the socket: None for an address of the interface, and for the packet's own port.
    Where no such socket takes it, ``else_drop`` (iptables) drops the packet, and the rule ends (nftables).
    """

    address: Operand | None = None
    port: Operand | None = None
    version: int | None = None
    else_drop: bool = False


class Untrack(Action, Struct, frozen=True):
    """Keep the packet out of connection tracking."""


class Remember(Action, Struct, frozen=True):
    """Add the key to a set, or take it out (``delete``)."""

    operands: tuple[Operand, ...]
    elements: ElementSet
    delete: bool = False


class Proxy(Action, Struct, frozen=True):
    """Answer clients in the server's place, and open the connection to it when they have answered (SYNPROXY)."""

    text: str


class Queued(Action, Struct, frozen=True):
    """Hand the packet to a program that reads one of the queues ``first`` to ``last`` (NFQUEUE, nft's queue).

    Where no program reads it the kernel drops the packet, or with ``bypass`` takes it for accepted (nf_queue.c).
    """

    first: int
    last: int
    bypass: bool = False


class Opaque(Action, Struct, frozen=True):
    """Does something that is not modelled: the packet may end here or go on."""

    text: str
