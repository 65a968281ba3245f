"""The kernel's hash, held against what it gave real clients in the lab."""

from __future__ import annotations

from ipaddress import ip_address

from landiag.firewall.engine.hashes import choose, hash_bytes, hash_words

CLIENT, SERVER = ip_address("192.168.77.20"), ip_address("192.168.77.10")


def test_vectors_of_the_kernels_header() -> None:
    """Values of lookup3.c, of which the kernel's is a copy, where both agree on the length and the start."""
    assert hash_bytes(b"", 0) == 0xDEADBEEF
    assert hash_bytes(b"", 0xDEADBEEF) == 0xBD5B7DDE
    assert hash_bytes(b"Four score and seven years ago", 0) == 0x17770551
    assert hash_bytes(b"Four score and seven years ago", 1) == 0xCD628161


def test_which_of_two_a_client_was_given() -> None:
    words = (int.from_bytes(CLIENT.packed, "little"), 0, 0, 0)
    seed = int.from_bytes(SERVER.packed, "little")
    assert choose(hash_words(words, seed), 2) == 0
    assert choose(hash_words(words, 0), 2) == 0
    assert choose(hash_bytes(CLIENT.packed, 0x2A), 2) == 1
    assert choose(hash_bytes(CLIENT.packed + b"\x13\x88\0\0", 0x2A), 2) == 1
