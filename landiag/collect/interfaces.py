"""Network interfaces and their addresses, from ``ip -j -d addr`` (ip-address(8))."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any

from landiag.collect.jsontext import mac_at, number_at, parse_objects, text_at
from landiag.model.facts import Address, Command, Interface, ParseError
from landiag.model.strict import only_keys, only_words

INTERFACES = Command("ip-addresses", ("ip", "-j", "-d", "addr", "show"))

_FLAGS = frozenset(
    (
        "LOOPBACK",
        "BROADCAST",
        "POINTOPOINT",
        "MULTICAST",
        "NOARP",
        "ALLMULTI",
        "PROMISC",
        "MASTER",
        "SLAVE",
        "DEBUG",
    )
    + ("DYNAMIC", "AUTOMEDIA", "PORTSEL", "NOTRAILERS", "UP", "LOWER_UP", "DORMANT", "ECHO", "RUNNING")
    + ("NO-CARRIER", "M-DOWN")
)
"""Every flag of a link, ip-link(8): print_link_flags() of iproute2."""

_ADDRESS_KEYS = frozenset(
    (
        "family",
        "local",
        "address",
        "prefixlen",
        "broadcast",
        "anycast",
        "scope",
        "label",
        "metric",
        "protocol",
        "flags",
    )
    + (
        "secondary",
        "temporary",
        "tentative",
        "deprecated",
        "home",
        "nodad",
        "permanent",
        "dynamic",
        "dadfailed",
    )
    + ("mngtmpaddr", "noprefixroute", "autojoin", "optimistic", "stable-privacy", "index")
    + ("valid_life_time", "preferred_life_time")
)
"""Every key of an address: print_addrinfo() of iproute2."""

_OBJECTS = frozenset(
    (
        "linkinfo",
        "addr_info",
        "flags",
        "altnames",
        "vfinfo_list",
        "stats",
        "stats64",
        "af_spec",
        "vlan_tunnel",
    )
    + ("proto_down_reason", "protinfo", "qdisc", "inet6")
)
"""The keys of an interface that hold more than one value; another one is something attached that is not known."""

_KINDS = {
    "bridge": "bridge",
    "veth": "veth",
    "vlan": "vlan",
    "bond": "bond",
    "team": "bond",
    "vrf": "vrf",
    "dummy": "dummy",
    "tun": "vpn",
    "wireguard": "vpn",
    "ppp": "vpn",
    "ipip": "tunnel",
    "gre": "tunnel",
    "gretap": "tunnel",
    "sit": "tunnel",
    "vti": "tunnel",
    "xfrm": "tunnel",
    "vxlan": "tunnel",
    "macvlan": "ethernet",
    "ipvlan": "ethernet",
}
"""What iproute2 calls a device (``linkinfo.info_kind``) -> what it is to a person."""

_PARTS = ("vlan", "macvlan", "ipvlan")
"""Devices that another one carries, whose queue their packets pass as well."""

_NAMES = (
    (
        ("docker", "br-", "podman", "cni", "flannel", "lxcbr", "lxdbr", "incusbr", "cali", "cilium"),
        "container",
    ),
    (("virbr", "vnet", "vboxnet", "vmnet"), "vm"),
    (("tun", "tap", "wg", "tailscale", "ts0", "zt", "ppp", "nordlynx", "proton", "mullvad", "utun"), "vpn"),
    (("wl",), "wifi"),
    (("wwan", "wwp", "rmnet"), "mobile"),
    (("dummy",), "dummy"),
    (("bond",), "bond"),
)
"""Prefixes of names that tell more than the device's kind does."""


def namespace_interfaces(pid: int, name: str) -> Command:
    """Name the source of the interfaces of another network namespace, in which process ``pid`` lives."""
    argv = ("nsenter", "-t", str(pid), "-n", *INTERFACES.argv)
    return Command(f"ip-addresses netns={name}", argv, needs_root=True)


def parse_interfaces(text: str) -> tuple[Interface, ...]:
    """Parse ``ip -j -d addr show``. Raises ParseError when it is not that."""
    try:
        return tuple(_parse_interface(item) for item in parse_objects(text) if item)
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(f"not the output of ip -j addr: {type(error).__name__} {error}") from error


def _parse_interface(item: dict[str, Any]) -> Interface:
    flags = item["flags"]
    only_words((flag for flag in flags if not _is_number(flag)), _FLAGS, "a link's flags")
    name, link = str(item["ifname"]), item.get("linkinfo", {})
    kind, master = text_at(link, "info_kind"), text_at(item, "master")
    return Interface(
        name=name,
        index=int(item["ifindex"]),
        kind=classify_interface(name, kind or "", text_at(item, "link_type") or ""),
        up="UP" in flags,
        carrier="LOWER_UP" in flags,
        addresses=tuple(_parse_address(entry) for entry in item["addr_info"] if entry),
        mac=mac_at(item, "address"),
        mtu=number_at(item, "mtu"),
        master=master,
        group=text_at(item, "group"),
        xdp=any(isinstance(held, dict | list) and key not in _OBJECTS for key, held in item.items()),
        arp="NOARP" not in flags,
        vrf=name if kind == "vrf" else master if link.get("info_slave_kind") == "vrf" else None,
        vrf_table=str(link["info_data"]["table"]) if kind == "vrf" else None,
        lower=text_at(item, "link") if kind in _PARTS else None,
        queue=text_at(item, "qdisc"),
    )


def _is_number(flag: object) -> bool:
    """Whether a flag is one that this iproute2 knows by its bit only."""
    return isinstance(flag, int) or (isinstance(flag, str) and flag.isalnum() and flag[:1].isdigit())


def _parse_address(entry: dict[str, Any]) -> Address:
    only_keys(entry, _ADDRESS_KEYS, "an address of ip -j addr")
    length = entry["prefixlen"]
    peer = entry.get("address")
    return Address(
        interface=ip_interface(f"{entry['local']}/{length}"),
        scope=str(entry.get("scope", "global")),
        tentative=bool(entry.get("tentative", False)),
        deprecated=bool(entry.get("deprecated", False)),
        temporary=bool(entry.get("temporary", False)),
        duplicate=bool(entry.get("dadfailed", False)),
        peer=ip_interface(f"{peer}/{length}") if peer else None,
    )


def classify_interface(name: str, info_kind: str = "", link_type: str = "ether") -> str:
    """Say what an interface is to a person, by its name first, then by what the system calls it.

    ``info_kind`` and ``link_type`` are iproute2's words; both may be empty.
    """
    if link_type == "loopback" or name == "lo":
        return "loopback"
    lowered = name.lower()
    for prefixes, kind in _NAMES:
        if lowered.startswith(prefixes):
            return kind
    # Inside a container the way out is one end of a veth pair: to the machine it is its wire.
    if info_kind == "veth" and lowered.startswith(("eth", "en")):
        return "ethernet"
    if info_kind:
        return _KINDS.get(info_kind, "other")
    return "ethernet" if link_type == "ether" else "tunnel"
