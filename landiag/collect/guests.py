"""The networks that hosts make for their virtual machines, as a guest knows them: knowledge/guests.toml."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, ip_network

from msgspec import Struct, convert

from landiag.collect.makers import is_random
from landiag.knowledge.tables import read_tables
from landiag.model.facts import IPAddress, IPNetwork
from landiag.model.neighbour import Neighbour

_network = lru_cache(ip_network)


class GuestNetwork(Struct, frozen=True):
    """One table of guests.toml; what each field means stands at the head of that file."""

    title: str
    host: str
    gateways: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    virtual: bool = False
    usual: tuple[str, int, int] | None = None
    within: str = "0.0.0.0/0"
    apart: bool = False
    container: bool = False

    def is_gateway(self, mac: str, ip: IPAddress) -> bool:
        """Whether a gateway with this address is its gateway and can be nothing else."""
        packed = [f"{byte:02x}" for byte in ip.packed]
        return _begins(mac, [one.format(ip=":".join(packed), last=packed[-1]) for one in self.gateways])

    def is_card(self, mac: str | None) -> bool:
        """Whether a card may be one of its guests'."""
        return not self.cards or (mac is not None and (_begins(mac, self.cards) or self._is_made_up(mac)))

    def _is_made_up(self, mac: str) -> bool:
        return "local" in self.cards and is_random(mac)

    def is_usual(self, gateway: IPAddress, network: IPNetwork) -> bool:
        """Whether a gateway is the one that it has where nobody sets another."""
        if self.usual is None or network.version != 4:
            return False
        around, length, host = self.usual
        return (
            network.prefixlen == length
            and gateway in _network(around)
            and int(gateway) == int(network.network_address) + host
        )

    def may_lie_in(self, gateway: IPAddress) -> bool:
        """Whether an address of its gateway may be this."""
        return gateway in _network(self.within)


class Nat(Struct, frozen=True):
    """The NAT of a host in front of its guest, by the guest's gateway.

    ``is_certain`` when nothing else has that gateway's hardware address; else the gateway only looks like it.
    """

    network: GuestNetwork
    gateway: Neighbour
    is_certain: bool


def _begins(mac: str, beginnings: list[str] | tuple[str, ...]) -> bool:
    return mac.startswith(tuple(beginnings))


@lru_cache(maxsize=1)
def guest_networks() -> tuple[GuestNetwork, ...]:
    """Every such network that is known, in the order in which they are tried."""
    return tuple(convert(table, GuestNetwork) for table in read_tables("guests.toml").values())


@lru_cache(maxsize=1)
def virtual_cards() -> tuple[str, ...]:
    """Beginnings of hardware addresses that tell which product made a card; none tells whose it is."""
    known = [start for one in guest_networks() for start in (*one.gateways, *one.cards)]
    return tuple(start for start in known if "{" not in start and start != "local")


@lru_cache(maxsize=1)
def usual_networks() -> tuple[tuple[IPv4Network, IPv4Address], ...]:
    """The networks that such a product gives everybody, each with its gateway: they tell the product, nobody's own."""
    usual = [(IPv4Network(one.usual[0]), *one.usual[1:]) for one in guest_networks() if one.usual is not None]
    return tuple((network, network[host]) for network, length, host in usual if network.prefixlen == length)
