"""The kernel's filter for the capture: classic BPF, so that other traffic never wakes this process.

Sees what a cooked packet socket sees, from the network header on. Sources: socket(7) (SO_ATTACH_FILTER),
linux/filter.h for the ancillary loads.
"""

from __future__ import annotations

from msgspec import Struct

SNAP = 240
"""Bytes kept of each packet: the largest headers, and the first line of an HTTP answer."""

LDH_ABS, LDB_ABS, LDH_IND, LDB_IND, LDX_MSH = 0x28, 0x30, 0x48, 0x50, 0xB1
JEQ, JSET, JA, RET = 0x15, 0x45, 0x05, 0x06
_PROTOCOL = 0xFFFFF000  # SKF_AD_OFF + SKF_AD_PROTOCOL

ICMP_ERRORS = (3, 11, 12)
ICMP6_KINDS = (1, 2, 3, 4, 135, 136)


class Instruction(Struct, frozen=True):
    """One instruction; ``true`` and ``false`` are labels to jump to, None is the next one."""

    code: int
    value: int = 0
    true: str | None = None
    false: str | None = None
    label: str | None = None


def _jump(code: int, value: int, true: str | None = None, false: str | None = None) -> Instruction:
    return Instruction(code, value, true, false)


def port_filter(port: int) -> tuple[Instruction, ...]:
    """Pass TCP from and to the port, ICMP errors, ARP and neighbour discovery; nothing else."""
    return (
        Instruction(LDH_ABS, _PROTOCOL),
        _jump(JEQ, 0x0806, "keep"),
        _jump(JEQ, 0x86DD, "ipv6"),
        _jump(JEQ, 0x0800, None, "drop"),
        Instruction(LDB_ABS, 9),
        _jump(JEQ, 1, "icmp"),
        _jump(JEQ, 6, None, "drop"),
        Instruction(LDH_ABS, 6),
        _jump(JSET, 0x1FFF, "drop"),
        Instruction(LDX_MSH, 0),
        Instruction(LDH_IND, 0),
        _jump(JEQ, port, "keep"),
        Instruction(LDH_IND, 2),
        _jump(JEQ, port, "keep", "drop"),
        Instruction(LDX_MSH, 0, label="icmp"),
        Instruction(LDB_IND, 0),
        *(_jump(JEQ, kind, "keep") for kind in ICMP_ERRORS[:-1]),
        _jump(JEQ, ICMP_ERRORS[-1], "keep", "drop"),
        Instruction(LDB_ABS, 6, label="ipv6"),
        _jump(JEQ, 58, "icmp6"),
        _jump(JEQ, 6, None, "drop"),
        Instruction(LDH_ABS, 40),
        _jump(JEQ, port, "keep"),
        Instruction(LDH_ABS, 42),
        _jump(JEQ, port, "keep", "drop"),
        Instruction(LDB_ABS, 40, label="icmp6"),
        *(_jump(JEQ, kind, "keep") for kind in ICMP6_KINDS[:-1]),
        _jump(JEQ, ICMP6_KINDS[-1], "keep", "drop"),
        Instruction(RET, 0, label="drop"),
        Instruction(RET, SNAP, label="keep"),
    )


def assemble(program: tuple[Instruction, ...]) -> tuple[tuple[int, int, int, int], ...]:
    """Turn labels into distances: tuples (code, jump if true, jump if false, value) of struct sock_filter."""
    places = {one.label: place for place, one in enumerate(program) if one.label}

    def distance(place: int, label: str | None) -> int:
        return 0 if label is None else places[label] - place - 1

    return tuple(
        (one.code, distance(place, one.true), distance(place, one.false), one.value)
        for place, one in enumerate(program)
    )
