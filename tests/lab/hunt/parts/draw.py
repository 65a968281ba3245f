"""What a part is drawn from: the seed's random numbers, and what is known of the client already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Draw:
    """``client`` comes by ``interface`` to ``address``; with ``singled`` it is named to landiag (``--peer``)."""

    random: Random
    client: str
    address: str
    interface: str = "eth0"
    singled: bool = False

    @property
    def is_ipv6(self) -> bool:
        """Whether the client is one of IPv6."""
        return ":" in self.address

    @property
    def ip(self) -> str:
        """The family in the words of nft."""
        return "ip6" if self.is_ipv6 else "ip"

    @property
    def subnet(self) -> str:
        """The clients' own subnet."""
        if self.is_ipv6:
            return "fd77::/64"
        return "192.168.77.0/24" if self.address.startswith("192.168.77.") else "10.50.0.0/24"

    def one(self, *choices: Item) -> Item:
        """One of these."""
        return self.random.choice(choices)

    def weighted(self, choices: Sequence[tuple[int, Item]]) -> Item:
        """One of these, by weight."""
        return self.random.choices([item for _, item in choices], [weight for weight, _ in choices])[0]

    def chance(self, share: float) -> bool:
        """True in this share of all draws."""
        return self.random.random() < share

    def some(self, most: int, *choices: Item) -> list[Item]:
        """Up to ``most`` of these, in any order."""
        return self.random.sample(choices, self.random.randint(0, min(most, len(choices))))
