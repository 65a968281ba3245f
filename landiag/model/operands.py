"""What a rule compares: a field of the packet, a constant, and what is computed of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from landiag.model.packet import ABSENT, Value

Fields = Mapping[str, Value]
Ranges = tuple[tuple[int, int], ...]
Cuts = Mapping[str, Sequence[int]]
"""For fields that are numbers: the values at which an answer may change; between them it is the same.

``packet source`` and ``packet destination`` are the addresses of the packet itself, for matches that look at it.
"""


class Operand:
    """Something that has a value for a packet."""

    __slots__ = ()

    def value(self, fields: Fields) -> Value:
        """Its value; None when unknown, ABSENT when this packet has none."""
        raise NotImplementedError

    def cuts(self, fields: Fields) -> Cuts | None:  # noqa: ARG002
        """Where its value may change; None when that can be anywhere."""
        return None


class Field(Operand, Struct, frozen=True):
    """A field of the packet by its name."""

    name: str

    def value(self, fields: Fields) -> Value:
        """The field's value."""
        return fields[self.name]


class Constant(Operand, Struct, frozen=True):
    """A value that is the same for every packet; None for one that is never known."""

    constant: Value

    def value(self, fields: Fields) -> Value:  # noqa: ARG002
        """The constant."""
        return self.constant

    def cuts(self, fields: Fields) -> Cuts:  # noqa: ARG002
        """Nowhere."""
        return {}


class Draw(Operand, Struct, frozen=True):
    """A number drawn by chance, in turns or by a hash, from ``offset`` on; ``modulus`` of them are possible.

    ``hashed`` are the operands, and the bytes of each, of which a hash is taken, with ``seed`` (None: the kernel keeps
    it to itself).
    """

    kind: str
    modulus: int
    offset: int = 0
    hashed: tuple[tuple[Operand, int], ...] = ()
    seed: int | None = None

    @property
    def field(self) -> str:
        """The field that holds the number once it is drawn."""
        return f"draw {self.kind} {self.modulus} {self.offset}"

    @property
    def numbers(self) -> range:
        """Every number that may be drawn."""
        return range(self.offset, self.offset + self.modulus)

    def value(self, fields: Fields) -> Value:
        """The number that was drawn, where the walk follows one; else unknown. What has no such part draws none."""
        if any(operand.value(fields) is ABSENT for operand, _ in self.hashed):
            return ABSENT
        return fields[self.field]


class Bits(Operand, Struct, frozen=True):
    """``((operand << shift) & mask) ^ xor``; a negative shift goes to the right."""

    operand: Operand
    mask: int
    xor: int = 0
    shift: int = 0

    def value(self, fields: Fields) -> Value:
        """The computed integer."""
        value = self.operand.value(fields)
        if value is None and self.mask == 0:
            return self.xor
        if not isinstance(value, int):
            return None if value is not ABSENT else ABSENT
        shifted = value << self.shift if self.shift >= 0 else value >> -self.shift
        return (shifted & self.mask) ^ self.xor


class Or(Operand, Struct, frozen=True):
    """The bitwise or, xor, and of two operands; ``operator`` is ``|``, ``^`` or ``&``."""

    left: Operand
    right: Operand
    operator: str = "|"

    def value(self, fields: Fields) -> Value:
        """The combined integer."""
        left, right = self.left.value(fields), self.right.value(fields)
        if left is ABSENT or right is ABSENT:
            return ABSENT
        if not isinstance(left, int) or not isinstance(right, int):
            return None
        if self.operator == "|":
            return left | right
        return left & right if self.operator == "&" else left ^ right
