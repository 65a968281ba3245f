"""Which damages make another machine instead of a damaged text: no reader can tell, so the property leaves them out."""

from __future__ import annotations

import re
import subprocess

from tests.damage.damage import Damage

_TOKEN = re.compile(rb"[0-9A-Za-z_]+|\s+|[^0-9A-Za-z_\s]")
_OCTET = rb"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_VALUE = re.compile(
    rb'"(?:Service": \[|name": )"[A-Za-z0-9 _.-]+"\]?|"InterfaceAlias": \["[ !#-)+-.0-9;=@-\[\]-{}~]+"\]'
    rb'|"[A-Za-z]:(?:\\\\[^\x00-\x1f"*/:<>?\\|\x7f-\xff]+)+"'
    rb"|[ \t]*(?<![\w.:])" + _OCTET + rb"(?:\." + _OCTET + rb"){3}(?:/(?:3[0-2]|[12]?\d))?(?![\w.:/])"
)
"""What names a service, an interface, a program's path, or a network: another of its form is another machine."""
_NUMBER = re.compile(rb"(?:0x)?[0-9a-fA-F]*")


def is_another_machine(data: bytes, damage: Damage, names: frozenset[bytes]) -> bool:
    """Whether the damage took out or repeated whole lines, or put another number or name of the same form in."""
    damaged = damage.apply(data)
    if (_lines(damaged) <= _lines(data) and damaged.strip()) or _is_still_a_value(data, damage):
        return True
    old, new = _differing(_TOKEN.findall(data), _TOKEN.findall(damaged))
    return _is_value(old, names) and _is_value(new, names | frozenset(new))


def _is_still_a_value(data: bytes, damage: Damage) -> bool:
    grown = len(damage.new) - (damage.end - damage.start)
    return any(
        found.start() <= damage.start and damage.end <= found.end()
        and _VALUE.fullmatch(damage.apply(data), found.start(), found.end() + grown)
        for found in _VALUE.finditer(data)
    )  # fmt: skip


def _lines(data: bytes) -> set[bytes]:
    return {line.strip() for line in data.splitlines()} - {b""}


def _differing(old: list[bytes], new: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """What is left of two lists of words without what they have in common at both ends."""
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    return old[start : len(old) - end], new[start : len(new) - end]


def _is_value(tokens: list[bytes], names: frozenset[bytes]) -> bool:
    """Whether this is one number, or one name that a person gave."""
    if len(tokens) != 1:
        return False
    (token,) = tokens
    return _NUMBER.fullmatch(token) is not None or token in names


def is_accepted(text: bytes) -> bool:
    """Whether iptables-restore or nft itself takes a text, in a network namespace of its own."""
    tools = (
        ("iptables-restore", "--test"),
        ("ip6tables-restore", "--test"),
        ("nft", "-c", "-f", "/dev/stdin"),
    )
    return any(
        subprocess.run(
            ("unshare", "-Urn", *tool), input=text, capture_output=True, check=False, timeout=30
        ).returncode
        == 0
        for tool in tools
    )
