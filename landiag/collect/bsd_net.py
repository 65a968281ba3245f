"""What ifconfig, netstat, lsof, sockstat, arp and route say on macOS, FreeBSD, OpenBSD and NetBSD."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_interface, ip_network

from msgspec.structs import replace

from landiag.collect.tunnels import tunnel_named
from landiag.firewall.pf.syntax import Name
from landiag.model.addresses import gateway_or_none, ip_or_none, mac_or_none
from landiag.model.facts import Address, Interface, IPNetwork, ParseError
from landiag.model.neighbour import Neighbour
from landiag.model.regex import regex
from landiag.model.route import Route

_HEAD = regex(r"^([A-Za-z][\w.-]*):\s+flags=[0-9a-fx]+<([^>]*)>.*?(?:\bmtu (\d+))?\s*$")
_LIKE_HEAD = regex(r"^\w+:\s+\w+=|<[A-Z]+,|\bmtu \d|\bflags=")
_INET = regex(r"^\s+inet (\d[\d.]+)(?:/(\d+))?(?: --> (\S+))?(?:.*?netmask (0x[0-9a-f]+|[\d.]+))?")
_INET6 = regex(r"^\s+inet6 ([0-9a-fA-F:.]+)(?:%\w+)?(?:/(\d+))?(?:.*?prefixlen (\d+))?(.*)$")
_MAC = regex(r"^\s+(?:ether|lladdr|address:)\s+([0-9a-f:]{11,17})")
_STATUS = regex(r"^\s+status: (.*?)\s*$")

_KINDS: tuple[tuple[str, str], ...] = (
    ("lo", "loopback"), ("utun", "vpn"), ("ipsec", "vpn"), ("ppp", "vpn"), ("wg", "vpn"), ("tun", "vpn"), ("tap",
    "vpn"),
    ("gif", "tunnel"), ("stf", "tunnel"), ("gre", "tunnel"), ("bridge", "bridge"), ("vlan", "vlan"), ("lagg", "bond"),
    ("trunk", "bond"), ("bond", "bond"), ("vmnet", "vm"), ("vmenet", "vm"), ("vboxnet", "vm"), ("vnic", "vm"),
    ("feth", "vpn"),
    ("epair", "veth"), ("vether", "veth"), ("awdl", "other"), ("llw", "other"), ("anpi", "other"), ("ap", "other"),
    ("pflog", "other"), ("pfsync", "other"), ("enc", "other"), ("p2p", "other"), ("XHC", "other"), ("fw", "other"),
    ("wlan", "wifi"), ("iwm", "wifi"), ("iwn", "wifi"), ("iwx", "wifi"), ("athn", "wifi"), ("ath", "wifi"), ("urtwn",
    "wifi"),
    ("run", "wifi"), ("bwfm", "wifi"), ("wpi", "wifi"), ("docker", "container"),
)  # fmt: skip
"""What an interface is by the beginning of its name; a tunnel of another maker has its own, else it is Ethernet."""
_CARD = regex(r"(?:en|em|igb|ix|re|bge|vtnet|vmx|xn|hn|iwm|rl|fxp|ue|axe)\d")


def parse_ifconfig(text: str, wifi: frozenset[str] = frozenset()) -> tuple[Interface, ...]:
    """`ifconfig -a`. ``wifi`` are the names of Wi-Fi interfaces where ifconfig does not tell. Raises ParseError."""
    try:
        found = tuple(_interface(at, block, wifi) for at, block in enumerate(_blocks(text), 1))
    except ValueError as error:
        raise ParseError(str(error)) from error
    if not found:
        raise ParseError("no interface in it")
    return found


def parse_groups(text: str) -> Mapping[str, frozenset[str]]:
    """The groups that `ifconfig -a` shows, and the interfaces in each."""
    found: dict[str, set[str]] = {}
    for one in parse_ifconfig(text):
        for group in (one.group or "").split():
            found.setdefault(group, set()).add(one.name)
    return {group: frozenset(names) for group, names in found.items()}


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in text.splitlines():
        if _HEAD.match(line):
            if block:
                yield block
            block = [line]
        elif block and line[:1].isspace():
            if re.match(r"\s+inet6?\b", line) and not (_INET.match(line) or _INET6.match(line)):
                raise ParseError(f"not an address of ifconfig: {line.strip()[:60]!r}")
            block.append(line)
        elif _LIKE_HEAD.search(line):
            raise ParseError(f"not an interface of ifconfig: {line[:60]!r}")
    if block:
        yield block


def _interface(index: int, block: Sequence[str], wifi: frozenset[str]) -> Interface:
    head = _HEAD.match(block[0])
    assert head is not None
    flags = head[2].split(",")
    status = next((found[1] for line in block if (found := _STATUS.match(line))), None)
    mac = next((mac_or_none(found[1]) for line in block if (found := _MAC.match(line))), None)
    is_wifi = head[1] in wifi or any("802.11" in line for line in block)
    number = next(
        (int(found[1]) for line in block if (found := re.search(r"\bindex (\d+) priority", line))), index
    )
    groups = next((found[1] for line in block if (found := re.match(r"\s+groups: (.*)", line))), None)
    return Interface(
        name=head[1],
        index=number,
        kind="wifi" if is_wifi else "vm" if _joins_machines(block) else kind_of(head[1]),
        up="UP" in flags,
        carrier=None if status is None else status in ("active", "associated"),
        addresses=tuple(_addresses(block)),
        mac=mac,
        mtu=int(head[3]) if head[3] else None,
        group=groups,
    )


def _joins_machines(block: Sequence[str]) -> bool:
    """Whether a bridge has members, and all of them are ends of virtual machines: no card leads out of it."""
    members = [found[1] for line in block if (found := re.match(r"\s+member: (\S+)", line))]
    return bool(members) and all(re.match(r"(?:vmenet|tap|epair|vnet)\d", name) for name in members)


def kind_of(name: str) -> str:
    """What an interface is to a person, by its name; see ``Interface.kind``."""
    known = next((kind for prefix, kind in _KINDS if re.match(rf"{prefix}\d", name)), None)
    if known is not None:
        return known
    return "ethernet" if _CARD.match(name) or tunnel_named(name) is None else "vpn"


def _addresses(block: Sequence[str]) -> Iterator[Address]:
    for line in block:
        four, six = _INET.match(line), _INET6.match(line)
        if four:
            if not (four[2] or four[4]):
                raise ParseError(f"an address without a mask: {line.strip()[:60]!r}")
            peer = four[3] if four[3] and ip_or_none(four[3]) else None
            length = four[2] or str(_mask_length(four[4]))
            yield Address(
                ip_interface(f"{four[1]}/{length}"),
                scope=_scope(four[1]),
                peer=None if peer is None else ip_interface(f"{peer}/{length}"),
            )
        elif six:
            if not (six[2] or six[3]):
                raise ParseError(f"an address without the length of its network: {line.strip()[:60]!r}")
            words = six[4].split()
            yield Address(
                ip_interface(f"{six[1]}/{six[2] or six[3]}"),
                scope=_scope(six[1]),
                tentative="tentative" in words,
                deprecated="deprecated" in words,
                temporary="temporary" in words or "autoconfprivacy" in words,
                duplicate="duplicated" in words,
            )


def _mask_length(mask: str) -> int:
    number = int(mask, 16) if mask.startswith("0x") else int(ip_address(mask))
    length = bin(number & 0xFFFFFFFF).count("1")
    if number != (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF:
        raise ParseError(f"not a mask: {mask}")
    return length


def _scope(text: str) -> str:
    address = ip_address(text)
    if address.is_loopback:
        return "host"
    return "link" if address.is_link_local else "global"


def parse_hardware_ports(text: str) -> frozenset[str]:
    """`networksetup -listallhardwareports`: the devices whose port is called Wi-Fi (AirPort before)."""
    found = re.findall(r"Hardware Port: ([^\n]*)\nDevice: (\S+)", text)
    return frozenset(device for port, device in found if port.strip() in ("Wi-Fi", "AirPort"))


def parse_routes(text: str) -> tuple[Route, ...]:
    """`netstat -rn`, both families. Raises ParseError when no table is in it, or a row is none of the table's."""
    routes: list[Route] = []
    column: int | None = None
    width = 0
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["Destination"]:
            width = len(words)
            column = next(
                (at for at, word in enumerate(words) if word in ("Netif", "Iface", "Interface")), None
            )
        elif column is not None and words and not _HEADING.match(line):
            network = parse_destination(words[0], words[2]) if column < len(words) <= width else None
            if network is None or not _FLAGS.fullmatch(words[2]) or not _DEVICE.fullmatch(words[column]):
                raise ParseError(f"not a route of netstat: {line[:60]!r}")
            try:
                routes.append(_route(network, words, words[column]))
            except ValueError as error:
                raise ParseError(f"not a route of netstat: {line[:60]!r}") from error
    if column is None:
        raise ParseError("no routing table in it")
    return tuple(routes)


_HEADING = regex(r"(?:Routing tables.*|Internet6?:|Internet.*:)\s*$")
_FLAGS = regex(r"[A-Za-z0-9]+")
_DEVICE = regex(r"[A-Za-z][\w.-]*\*?")


def _route(network: IPNetwork, words: Sequence[str], device: str) -> Route:
    flags = words[2]
    kind = "unreachable" if "R" in flags else "blackhole" if "B" in flags else "unicast"
    gateway = gateway_or_none(words[1]) if "G" in flags else None
    return Route(network, kind=kind, device=device, gateway=gateway, metric=1 if "I" in flags else 0)


def parse_destination(text: str, flags: str = "") -> IPNetwork | None:
    """``default``, ``127``, ``192.168.1``, ``10.0.2/24``, ``fe80::%en0/64``; None for names."""
    if text == "default":
        return ip_network("0.0.0.0/0")
    base, slash, length = text.partition("/")
    base = base.partition("%")[0]
    octets = re.fullmatch(r"\d+(?:\.\d+){0,3}", base)
    if octets:
        count = base.count(".") + 1
        length = length or str(32 if "H" in flags or count == 4 else 8 * count)
        base += ".0" * (4 - count)
    elif not slash:
        length = "128"
    try:
        return ip_network(f"{base}/{length}", strict=False)
    except ValueError:
        return None


_ARP = regex(r"^\S+ \(([\d.]+)\) at (\S+)(?: on (\S+))?")
_ARP_TABLE = regex(r"^([\d.]{7,15})\s+((?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}|\(incomplete\))\s+(\S+)")


def parse_arp(text: str) -> tuple[Neighbour, ...]:
    """`arp -an`: the IPv4 neighbours; empty where there is none."""
    found: list[Neighbour] = []
    for line in text.splitlines():
        row = _ARP.match(line) or _ARP_TABLE.match(line)
        address = ip_or_none(row[1]) if row else None
        if row and address is not None and not address.is_multicast:
            mac = mac_or_none(row[2])
            found.append(Neighbour(address, row[3] or "", mac, ("REACHABLE",) if mac else ("INCOMPLETE",)))
    return tuple(found)


def parse_skipped(text: str) -> list[Name]:
    """`pfctl -v -s Interfaces`: the interfaces, and groups of them, on which pf passes everything."""
    found = (re.match(r"^(\S+) \(skip\)", line) for line in text.splitlines())
    return [Name(one[1]) for one in found if one]


def join_families(routes: Sequence[Route], text: str) -> tuple[Route, ...]:
    """Give the default route of the IPv6 table its family: netstat calls both ``default``."""
    place = text.find("Internet6:")
    if place < 0:
        return tuple(routes)
    four = parse_routes(text[:place]) if "Destination" in text[:place] else ()
    six = [
        replace(route, destination=ip_network("::/0"))
        if route.destination == ip_network("0.0.0.0/0")
        else route
        for route in parse_routes(text[place:])
    ]
    return (*four, *six)


def parse_sysctl(text: str) -> Mapping[str, str]:
    """`sysctl a b c`: values by name; names are told from values by ``:`` or ``=``."""
    pairs = (re.match(r"^([\w.]+)\s*[:=]\s*(.*)$", line) for line in text.splitlines())
    return {pair[1]: pair[2].strip() for pair in pairs if pair}
