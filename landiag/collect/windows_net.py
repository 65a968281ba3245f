"""What Windows' console tools say of the network: sockets, interfaces, routes, neighbours, proxies of ports.

Every word may be translated; addresses, numbers and their order are not. Texts are decoded already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network

from msgspec.structs import replace

from landiag.collect.adapters import Adapter, kind_of
from landiag.model.addresses import gateway_or_none, ip_or_none, mac_or_none, parse_ip
from landiag.model.facts import Address, Interface, IPAddress, ParseError, Socket
from landiag.model.neighbour import Neighbour
from landiag.model.regex import regex
from landiag.model.route import Route

_MAC = regex(r"\b(?:[0-9A-Fa-f]{2}[-: ]){5}[0-9A-Fa-f]{2}\b")


def parse_endpoint(text: str) -> tuple[IPAddress, int] | None:
    """``0.0.0.0:80``, ``[::]:80``, ``[fe80::1%5]:80``; None for names."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        return None
    try:
        return parse_ip(host.strip("[]")), int(port)
    except ValueError:
        return None


def parse_netstat(text: str) -> tuple[Socket, ...]:
    """`netstat -ano`: the listening TCP sockets. Raises ParseError when it shows no TCP line at all.

    A socket listens when its remote end has port 0, whatever the state is called. Windows lists both halves of
    a dual-stack socket, so that an IPv6 row never serves IPv4.
    """
    found: list[Socket] = []
    rows = 0
    for line in text.splitlines():
        words = line.split()
        if len(words) < 3 or not words[0].upper().startswith("TCP"):
            continue
        rows += 1
        local = parse_endpoint(words[1])
        remote_port = words[2].rpartition(":")[2]
        if local is None or not (remote_port == "0" or words[2] == "*:*"):
            continue
        pid = next((int(word) for word in reversed(words[3:]) if word.isdecimal()), None)
        v6only = True if local[0].version == 6 else None
        found.append(Socket(local[0], local[1], pids=() if pid is None else (pid,), v6only=v6only))
    if not rows:
        raise ParseError("no TCP line in it")
    return tuple(found)


_TITLE = regex(r"^(\S.*?)\s*[:：]\s*$")
_FIELD = regex(r"^\s+(\S.*?)(?:\s*\.)*\s*[:：]\s?(.*)$")
_ADDRESS4 = regex(r"^(\d{1,3}(?:\.\d{1,3}){3})\b")
_ADDRESS6 = regex(r"^([0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(?:%(\w+))?(?:\(|$|\s)")
_KIND_OF_TITLE = regex(
    r"(?i)^(?:(?P<wifi>wireless lan adapter|adaptador de lan inal[aá]mbrica|carte réseau sans fil"
    r"|drahtlos-lan-adapter|adaptador de rede sem fio|адаптер беспроводной локальной сети|无线局域网适配器"
    r"|無線區域網路介面卡|scheda lan wireless|무선 lan 어댑터|draadloze lan-adapter)"
    r"|(?P<tunnel>tunnel adapter|adaptador de túnel|carte tunnel|tunneladapter|adaptador de túnel"
    r"|туннельный адаптер|隧道适配器|通道介面卡|scheda tunnel)"
    r"|(?P<ppp>ppp adapter|carte ppp|адаптер ppp|adaptador ppp|ppp-adapter|ppp 适配器)"
    r"|(?P<ethernet>ethernet adapter|adaptador de ethernet|adaptador ethernet|carte ethernet|ethernet-adapter"
    r"|адаптер ethernet|以太网适配器|乙太網路卡|イーサネット アダプター|scheda ethernet|이더넷 어댑터"
    r"|ethernetadapter)"
    r"|(?P<other>unknown adapter|carte inconnue|unbekannter adapter|неизвестный адаптер|未知适配器"
    r"|adaptador desconhecido|adaptador desconocido|不明なアダプター))\s+(?P<name>.+)$"
)


def parse_ipconfig(text: str) -> tuple[Interface, ...]:
    """`ipconfig` and `ipconfig /all` in any language. Raises ParseError when it shows no adapter."""
    try:
        found = [_adapter(title, fields) for title, fields in _sections(text)]
    except ValueError as error:
        raise ParseError(str(error)) from error
    if not found:
        raise ParseError("no adapter in it")
    return tuple(replace(one, index=at) for at, one in enumerate(found, 1))


def _sections(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each adapter with its labelled values; a value that goes on in the next line has an empty label."""
    title, fields = "", list[tuple[str, str]]()
    for line in text.splitlines():
        head = _TITLE.match(line)
        if head and not line[0].isspace():
            if title:
                yield title, fields
            title, fields = head[1], []
            continue
        pair = _FIELD.match(line)
        if pair and (" ." in line or ". " in line) and _ADDRESS6.match(line.strip()) is None:
            fields.append((pair[1], pair[2].strip()))
        elif line.strip() and title:
            fields.append(("", line.strip()))
    if title:
        yield title, fields


def _adapter(title: str, fields: Sequence[tuple[str, str]]) -> Interface:
    found = _KIND_OF_TITLE.match(title)
    name = found["name"] if found else title
    described = (
        fields[1][1] if len(fields) > 1 and _MAC.search(" ".join(value for _, value in fields)) else ""
    )
    mac = next((one[0] for _, value in fields if (one := _MAC.fullmatch(value))), None)
    said = next((key for key, value in found.groupdict().items() if value), "") if found else ""
    kind = kind_of(name, described, said, mac)
    addresses = tuple(_addresses(fields))
    return Interface(
        name=name,
        index=0,
        kind=kind,
        up=bool(addresses),
        carrier=bool(addresses),
        addresses=addresses,
        mac=None if mac is None else mac_or_none(mac),
    )


def _addresses(fields: Sequence[tuple[str, str]]) -> Iterator[Address]:
    """An IPv4 address stands before its mask; the IPv6 ones have a scope or a state in parentheses."""
    for at, (label, value) in enumerate(fields):
        four = _ADDRESS4.match(value)
        following = fields[at + 1][1] if at + 1 < len(fields) else ""
        if (
            four
            and following.startswith(("255.", "128.", "192.0.0.0", "0.0.0.0"))
            and not value.startswith("255.")
        ):
            yield Address(ip_interface(f"{four[1]}/{following.split()[0]}"), scope=_scope(four[1]))
        elif "ipv6" in label.lower().replace("-", "") and (six := _ADDRESS6.match(value)):
            length = 64 if "temp" not in label.lower() else 128
            yield Address(ip_interface(f"{six[1]}/{length}"), scope=_scope(six[1]))


def _scope(text: str) -> str:
    address = ip_address(text)
    if address.is_loopback:
        return "host"
    return "link" if address.is_link_local else "global"


_ADAPTER = regex(r"^\s*(\d+)\.\.\.((?:[0-9a-f]{2} )*)[ .]*(.*?)\s*$", re.IGNORECASE)
_ROUTE4 = regex(r"^\s*([\d.]+)\s+([\d.]+)\s+(\S.*?)\s+([\d.]+)\s+(\d+)\s*$")
_ROUTE6 = regex(r"^\s*(\d+)\s+(\d+)\s+([0-9a-fA-F:.]+/\d+)(?:\s+(\S.*))?$")


def parse_adapters(text: str) -> tuple[Adapter, ...]:
    """The list of interfaces of `route print`."""
    found = (_ADAPTER.match(line) for line in text.splitlines())
    return tuple(
        Adapter(int(one[1]), one[2].strip().replace(" ", ":").lower() or None, one[3]) for one in found if one
    )


def parse_routes4(text: str, interfaces: Sequence[Interface]) -> tuple[Route, ...]:
    """`route print -4`: the active routes. Raises ParseError when there is no such table."""
    owners = {address.ip: one.name for one in interfaces for address in one.addresses}
    routes: list[Route] = []
    for line in text.splitlines():
        found = _ROUTE4.match(line)
        if found is None:
            _hold_to_route(line)
            continue
        try:
            network = ip_network(f"{found[1]}/{found[2]}", strict=False)
            source = IPv4Address(found[4])
            gateway = gateway_or_none(found[3])
        except ValueError as error:
            raise ParseError(f"not a route: {line.strip()[:60]!r}") from error
        kind = "unicast"
        if network.prefixlen == 32 and network.network_address == source and not source.is_loopback:
            kind = "local"
        routes.append(
            Route(
                network,
                kind=kind,
                device=owners.get(source),
                gateway=gateway,
                source=source,
                metric=int(found[5]),
            )
        )
    if not routes:
        raise ParseError("no IPv4 route in it")
    return tuple(routes)


_NUMERIC = regex(r"^\s+\d+\.\d")
_PERSISTENT = regex(r"^\s*(?:\d{1,3}(?:\.\d{1,3}){3}\s+){3}(?:\d+|\D+)\s*$")
"""Its metric is a number, or the word for "default" in the language of Windows."""


def _hold_to_route(line: str) -> None:
    """A line that begins with an address is a route, or a persistent one without its interface."""
    if _NUMERIC.match(line) and not _PERSISTENT.match(line):
        raise ParseError(f"not a route: {line.strip()[:60]!r}")


def parse_routes6(text: str, names: dict[int, str]) -> tuple[Route, ...]:
    """`route print -6`; ``names`` are interfaces by index. Without IPv6 it shows none: that is no error."""
    routes: list[Route] = []
    lines = text.splitlines()
    for at, line in enumerate(lines):
        found = _ROUTE6.match(line)
        if found is None:
            continue
        target = (found[4] or (lines[at + 1].strip() if at + 1 < len(lines) else "")).split(" ")[0]
        try:
            network, gateway = ip_network(found[3], strict=False), gateway_or_none(target)
        except ValueError as error:
            raise ParseError(f"not a route: {line.strip()[:60]!r}") from error
        routes.append(Route(network, device=names.get(int(found[1])), gateway=gateway, metric=int(found[2])))
    return tuple(routes)


def parse_indexes(*texts: str) -> dict[str, int]:
    """Which index has which address: the heads of `arp -a`, and the host routes of `route print -6`."""
    found: dict[str, int] = {}
    for text in texts:
        for line in text.splitlines():
            head, six = _ARP_HEAD.match(line), _ROUTE6.match(line)
            if head:
                found[head[1]] = int(head[2], 16)
            elif six and six[3].endswith("/128") and not six[3].startswith(("ff", "::1/")):
                found[six[3].removesuffix("/128").lower()] = int(six[1])
    return found


_ARP_HEAD = regex(r"^\S.*?(\d{1,3}(?:\.\d{1,3}){3})\s+---\s+0x([0-9a-fA-F]+)")
_ARP_ROW = regex(r"^\s+(\d{1,3}(?:\.\d{1,3}){3})\s+([0-9a-f]{2}(?:-[0-9a-f]{2}){5})?\s*(\S*)", re.IGNORECASE)


def parse_arp(text: str, interfaces: Sequence[Interface]) -> tuple[Neighbour, ...]:
    """`arp -a`: the IPv4 neighbours of every interface; broadcast and multicast entries are left out."""
    owners = {str(address.ip): one.name for one in interfaces for address in one.addresses}
    device = ""
    found: list[Neighbour] = []
    for line in text.splitlines():
        head = _ARP_HEAD.match(line)
        if head:
            device = owners.get(head[1], f"interface {int(head[2], 16)}")
            continue
        row = _ARP_ROW.match(line)
        if row and device:
            address = ip_or_none(row[1])
            if (
                address is not None
                and not address.is_multicast
                and (row[2] or "").lower() != "ff-ff-ff-ff-ff-ff"
            ):
                mac = mac_or_none(row[2] or "")
                found.append(Neighbour(address, device, mac, ("REACHABLE",) if mac else ("INCOMPLETE",)))
    return tuple(found)
