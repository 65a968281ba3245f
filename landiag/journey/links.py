"""What a packet filter asks its host about interfaces: their numbers, types, ports, addresses and settings."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.firewall.engine.surroundings import Carrier, Surroundings, Way
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet

ETHERNET_TYPE = 1
_DEVICE_TYPES: Mapping[str, int] = {
    "loopback": 772,
    **dict.fromkeys(
        ("ethernet", "wifi", "bridge", "veth", "vlan", "container", "vm", "bond", "dummy"), ETHERNET_TYPE
    ),
}


def life_setting(version: int, device: str | None) -> str:
    """Name the setting that says how many routers an answer may pass; routers set that of IPv6, too."""
    return "net.ipv4.ip_default_ttl" if version == 4 else f"net.ipv6.conf.{device}.hop_limit"


class HostLinks(Surroundings):
    """The interfaces of a host, as its facts give them."""

    def __init__(self, facts: Facts, packet: Packet) -> None:
        super().__init__(packet.destination, packet.in_interface)
        self._facts = facts
        known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
        self._interfaces = {interface.name: interface for interface in known}

    def setting(self, name: str, device: str | None, version: int = 4) -> tuple[int, int]:
        """The values of a per-interface setting: that for ``all``, and the device's own; 0 where not told."""
        values = [
            self._facts.sysctls.get(f"net.ipv{version}.conf.{one}.{name}", "") for one in ("all", device)
        ]
        first, second = (int(value) if value.isdigit() else 0 for value in values)
        return first, second

    def is_read(self, name: str, device: str) -> bool:
        """Whether a setting of IPv4 is known, for all interfaces and for this one; Linux alone has such."""
        return self._facts.os != "linux" or all(
            f"net.ipv4.conf.{one}.{name}" in self._facts.sysctls for one in ("all", device)
        )

    def time_to_live(self, version: int, back: Way | None) -> int | None:
        """That of the route of the answer, else that of the setting (ip4_dst_hoplimit, ip6_dst_hoplimit)."""
        if back is not None and back.route is not None and back.route.hop_limit:
            return back.route.hop_limit
        told = self._facts.sysctls.get(life_setting(version, None if back is None else back.device), "")
        return int(told) if told.isdigit() and int(told) else 64

    def utc_offset(self) -> int | None:
        """That of the machine when it was read."""
        return self._facts.utc_offset

    def interface_index(self, name: str) -> int | None:
        """The index of an interface."""
        found = self._interfaces.get(name)
        return None if found is None else found.index

    def interface_group(self, name: str) -> int | None:
        """The group of an interface: a number, or ``default``."""
        group = self._interfaces[name].group if name in self._interfaces else None
        if group in (None, "default"):
            return None if name not in self._interfaces else 0
        return int(group) if group is not None and group.isdigit() else None

    def interface_type(self, name: str) -> int | None:
        """The ARPHRD number of an interface, as far as its kind tells."""
        found = self._interfaces.get(name)
        return None if found is None else _DEVICE_TYPES.get(found.kind)

    def bridge_ports(self, name: str | None) -> tuple[str, ...] | None:
        """The ports of a bridge, as far as the interfaces are known."""
        found = self._interfaces.get(name or "")
        if found is None:
            return super().bridge_ports(name)
        if found.kind in ("bond", "vrf"):
            return ()
        ports = tuple(one.name for one in self._interfaces.values() if one.master == name)
        return ports or (None if found.kind == "bridge" else ())

    def carrier(self, name: str | None) -> Carrier | None:
        """What carries an interface that is a part of another one."""
        found = self._interfaces.get(name or "")
        return None if found is None or found.lower is None else Carrier(found.lower, found.kind == "vlan")

    def bridge_calls_iptables(self, version: int) -> bool | None:
        """What br_netfilter is told to do; there is no such setting where it is not loaded."""
        name = f"net.bridge.bridge-nf-call-{'iptables' if version == 4 else 'ip6tables'}"
        value = self._facts.sysctls.get(name)
        return None if value is None else value != "0"

    def first_address(self, name: str | None, old: IPAddress) -> IPAddress | None:
        """The first address of an interface with the scope of the old one (nf_nat_redirect.c)."""
        found = self._interfaces.get(name or "")
        if found is None:
            return None
        usable = [one.ip for one in found.addresses if not (one.tentative or one.duplicate)]
        alike = [ip for ip in usable if ip.version == old.version and ip.is_link_local == old.is_link_local]
        return alike[0] if alike else None

    def _owner(self, address: IPAddress) -> Interface | None:
        return next((one for one in self._interfaces.values() if self._has(address, one.name)), None)

    def _has(self, address: IPAddress, device: str) -> bool:
        interface = self._interfaces.get(device)
        return interface is not None and any(one.ip == address for one in interface.addresses)

    def _vrf(self, device: str | None) -> str | None:
        """The VRF of what came in by a device: answers leave by its table (inet_request_bound_dev_if)."""
        found = self._interfaces.get(device or "")
        return None if found is None else found.vrf

    def _master(self, device: str) -> str | None:
        found = self._interfaces.get(device)
        return None if found is None else found.master

    def _is_loopback(self, name: str) -> bool:
        found = self._interfaces.get(name)
        return name == "lo" if found is None else found.kind == "loopback"
