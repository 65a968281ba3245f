"""What a rule does when all of its matches hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from landiag.model.match import Operand
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


@dataclass(frozen=True, slots=True)
class Stop(Action):
    """End the walk of this hook's chain. ``reject_with`` says what answers (``tcp reset``, ``icmp 3/3``...).

    An UNKNOWN verdict is an end that nobody can foresee (a queue to a program).
    """

    verdict: Verdict
    reject_with: str | None = None


@dataclass(frozen=True, slots=True)
class Return(Action):
    """Go on behind the rule that jumped here; in a base chain, apply the policy."""


@dataclass(frozen=True, slots=True)
class Jump(Action):
    """Go on in another chain of the same table; ``goto`` does not come back to this one."""

    chain: str
    goto: bool = False


@dataclass(frozen=True, slots=True)
class Dispatch(Action):
    """Do the action that a map holds for the key; nothing when the key is not in it."""

    operands: tuple[Operand, ...]
    elements: ElementSet


@dataclass(frozen=True, slots=True)
class Assign(Action):
    """Set a field (``meta mark``, ``ct mark``, ``ip dscp``...) to a value."""

    field: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Break(Action):
    """Stop this rule where it stands and go on with the next."""


class NatKind(str, Enum):
    """Which address a translation changes, and how it is chosen."""

    DNAT = "dnat"
    REDIRECT = "redirect"
    SNAT = "snat"
    MASQUERADE = "masquerade"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a translation goes: ranges of addresses and ports; None where it changes nothing."""

    addresses: tuple[int, int] | None = None
    ports: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Translate(Action):
    """Translate the connection; ends the walk of the chain.

    ``choose`` gives the target: a fixed one, or a map from the packet's values to targets. ``version`` is the
    IP version of the addresses, None for the packet's own. ``netmap`` keeps the host part of the address.
    """

    kind: NatKind
    target: Target | Chosen
    version: int | None = None
    netmap: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """A target that depends on the packet: operands for address and port, or a map of targets."""

    address: Operand | None = None
    port: Operand | None = None
    operands: tuple[Operand, ...] = ()
    elements: ElementSet | None = None


@dataclass(frozen=True, slots=True)
class Untrack(Action):
    """Keep the packet out of connection tracking."""


@dataclass(frozen=True, slots=True)
class Remember(Action):
    """Add the key to a set, or take it out (``delete``)."""

    operands: tuple[Operand, ...]
    elements: ElementSet
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Opaque(Action):
    """Does something that is not modelled: the packet may end here or go on."""

    text: str
