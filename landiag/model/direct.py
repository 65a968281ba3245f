"""A direct rule of firewalld (firewalld.direct(5)): a rule of iptables that firewalld itself puts into a chain."""

from __future__ import annotations

from msgspec import Struct


class DirectRule(Struct, frozen=True):
    """``words`` are the rule's own, as iptables is told them; ``version`` is the IP version."""

    version: int
    table: str
    chain: str
    priority: int
    words: tuple[str, ...]

    @property
    def place(self) -> str:
        """The chain as firewalld is told it."""
        return f"ipv{self.version} {self.table} {self.chain}"

    def is_in(self, family: str, table: str, chain: str) -> bool:
        """Whether it stands in a chain of iptables; with firewalld's older backend in a chain of its own."""
        version = {"ip": 4, "ip6": 6}.get(family)
        return (version, table) == (self.version, self.table) and chain in (
            self.chain,
            f"{self.chain}_direct",
        )
