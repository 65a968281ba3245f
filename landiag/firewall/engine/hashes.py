"""The kernel's own hash of addresses, by which rules and translations choose one of several numbers for a client.

Sources: include/linux/jhash.h, find_best_ips_proto in net/netfilter/nf_nat_core.c, nft_jhash_eval in nft_hash.c.
"""

from __future__ import annotations

from collections.abc import Sequence

_MASK = 0xFFFFFFFF
_GOLDEN = 0xDEADBEEF
Words = tuple[int, int, int]


def choose(number: int, amount: int) -> int:
    """One of so many numbers, from a hash of 32 bits (reciprocal_scale)."""
    return (number * amount) >> 32


def hash_bytes(data: bytes, seed: int) -> int:
    """``jhash`` of bytes on a machine of little endian, which almost all are."""
    words = [int.from_bytes(data[at : at + 4].ljust(4, b"\0"), "little") for at in range(0, len(data), 4)]
    return _hash(words, len(data), seed)


def hash_words(words: Sequence[int], seed: int) -> int:
    """``jhash2`` of numbers of 32 bits."""
    return _hash(words, len(words) * 4, seed)


def _hash(words: Sequence[int], length: int, seed: int) -> int:
    start = (_GOLDEN + length + seed) & _MASK
    state: Words = (start, start, start)
    left = list(words)
    while len(left) > 3:
        state = _mix(_add(state, left[:3]))
        del left[:3]
    return _final(_add(state, [*left, 0, 0][:3])) if left else state[2]


def _add(state: Words, words: Sequence[int]) -> Words:
    a, b, c = ((one + other) & _MASK for one, other in zip(state, words, strict=True))
    return a, b, c


def _turn(word: int, by: int) -> int:
    return ((word << by) | (word >> (32 - by))) & _MASK


def _mix(state: Words) -> Words:
    a, b, c = state
    for by in (4, 6, 8, 16, 19, 4):
        a = ((a - c) ^ _turn(c, by)) & _MASK
        c = (c + b) & _MASK
        a, b, c = b, c, a
    return a, b, c


def _final(state: Words) -> int:
    a, b, c = state
    for by in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _turn(b, by)) & _MASK
        a, b, c = b, c, a
    return b
