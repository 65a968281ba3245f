"""ICMP error messages: which one ended an exchange, and who sent it."""

from __future__ import annotations

from msgspec import Struct


class IcmpError(Struct, frozen=True):
    """An ICMP error message. ``version`` is 4 or 6; ``sender`` is None where the kernel does not tell.

    ``mtu`` is the next hop's, in bytes, of "fragmentation needed" and "packet too big"; else None.
    """

    version: int
    type: int
    code: int
    sender: str | None = None
    mtu: int | None = None

    @property
    def word(self) -> str:
        """What the message says, in nmap's words where it has one."""
        return _WORDS.get((self.version, self.type, self.code)) or f"icmp-{self.type}-{self.code}"


_WORDS = {
    (4, 3, 0): "net-unreach",
    (4, 3, 1): "host-unreach",
    (4, 3, 2): "proto-unreach",
    (4, 3, 3): "port-unreach",
    (4, 3, 4): "fragmentation-needed",
    (4, 3, 6): "net-unknown",
    (4, 3, 7): "host-unknown",
    (4, 3, 9): "net-prohibited",
    (4, 3, 10): "host-prohibited",
    (4, 3, 11): "net-unreach-tos",
    (4, 3, 12): "host-unreach-tos",
    (4, 3, 13): "admin-prohibited",
    (4, 5, 0): "redirect",
    (4, 5, 1): "redirect",
    (4, 11, 0): "time-exceeded",
    (6, 1, 0): "no-route",
    (6, 1, 1): "admin-prohibited",
    (6, 1, 2): "beyond-scope",
    (6, 1, 3): "addr-unreach",
    (6, 1, 4): "port-unreach",
    (6, 1, 5): "policy-failed",
    (6, 1, 6): "reject-route",
    (6, 2, 0): "packet-too-big",
    (6, 3, 0): "time-exceeded",
}
