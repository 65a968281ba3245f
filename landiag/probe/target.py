"""What the user asked: a host, a URL or a network, and ports; every misunderstanding is a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from landiag.collect.exchanges.port_ranges import parse_ports
from landiag.model.facts import Family, IPAddress, IPNetwork
from landiag.model.numbers import parse_port
from landiag.model.regex import regex

DEFAULT_PORT = 5000
MOST_ADDRESSES = 1024
"""The largest network that is swept without being asked twice."""

SCHEMES = ("auto", "http", "https", "tcp")
_SCHEME_PORTS = {"http": 80, "https": 443}
_LABEL = regex(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


class UsageError(ValueError):
    """The command line asks for something that cannot be done; the message says what to type instead."""


class Request(Struct, frozen=True):
    """What to look at. Exactly one of ``name``, ``address`` and ``network`` is given.

    ``ports`` is empty when the user named none. ``zone`` is the interface of a link-local address. ``host``
    is the Host header, None for the one a browser would send.
    """

    text: str
    name: str | None = None
    address: IPAddress | None = None
    network: IPNetwork | None = None
    zone: str | None = None
    ports: tuple[int, ...] = ()
    default_port: int = DEFAULT_PORT
    scheme: str = "auto"
    path: str = "/"
    host: str | None = None
    interface: str | None = None
    family: Family | None = None
    icmp: bool = True

    @property
    def port(self) -> int:
        """The port that the verdict speaks of."""
        return self.ports[0] if self.ports else self.default_port

    @property
    def shown(self) -> str:
        """The target as the user thinks of it: its name or its address."""
        return self.name or (self.with_zone(self.address) if self.address else str(self.network))

    def with_zone(self, address: IPAddress) -> str:
        """An address as text, with the zone where it needs one."""
        text = str(address)
        zone = self.zone or self.interface
        return f"{text}%{zone}" if zone and address.is_link_local and "%" not in text else text


def parse_request(text: str, ports: tuple[str, ...] = (), *, yes: bool = False) -> Request:
    """Understand ``HOST``, ``HOST:PORT``, a URL or a network, and ``--port``'s words. Raises UsageError."""
    text = text.strip()
    if not text:
        raise UsageError("name a host, an address, a URL or a network: landiag probe 192.168.1.20")
    request = _parse_url(text) if "://" in text else _parse_place(text, text)
    if ports:
        request = replace(request, ports=_ports(ports))
    _refuse_this_machine(request)
    if request.network is not None:
        _refuse_size(request.network, yes)
    return request


def options_of(request: Request) -> dict[str, str]:
    """What was asked, as a recording keeps it."""
    asked = {
        "command": "probe",
        "target": request.shown,
        "ports": ",".join(map(str, request.ports)),
        "default_port": str(request.default_port),
        "scheme": request.scheme,
        "path": request.path,
        "host": request.host or "",
        "interface": request.interface or "",
        "family": "" if request.family is None else str(int(request.family)),
        "icmp": "yes" if request.icmp else "",
    }
    return {name: value for name, value in asked.items() if value}


def request_of(options: Mapping[str, str]) -> Request:
    """What a recording says that was asked. Raises UsageError where that cannot be understood."""
    family = options.get("family", "")
    default_port = parse_port(options.get("default_port", ""))
    if family not in ("", "4", "6") or default_port is None:
        raise UsageError("the recording does not say what was asked")
    ports = (options["ports"],) if options.get("ports") else ()
    return replace(
        parse_request(options.get("target", ""), ports, yes=True),
        default_port=default_port,
        scheme=options.get("scheme", "auto"),
        path=options.get("path", "/"),
        host=options.get("host"),
        interface=options.get("interface"),
        family=Family(int(family)) if family else None,
        icmp="icmp" in options,
    )


def _ports(words: tuple[str, ...]) -> tuple[int, ...]:
    try:
        return parse_ports(",".join(words))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _parse_url(text: str) -> Request:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise UsageError(f"{text} is not a URL: {error}") from None
    if url.scheme not in _SCHEME_PORTS:
        raise UsageError(
            f"{url.scheme}:// is not asked here: write http:// or https://, or give a host and --port"
        )
    if not url.hostname:
        raise UsageError(f"{text} names no host: write http://192.168.1.20:5000/")
    place = _parse_host(url.netloc.rpartition("@")[2].removesuffix(f":{port}").strip("[]"), text)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return replace(place, ports=(port or _SCHEME_PORTS[url.scheme],), scheme=url.scheme, path=path)


def _parse_place(place: str, text: str) -> Request:
    """``HOST``, ``HOST:PORT``, ``[v6]:PORT`` or a network."""
    if "/" in place:
        return _parse_network(place, text)
    bracketed = re.fullmatch(r"\[([^]]+)](?::(\S*))?", place)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
    elif place.count(":") == 1:
        host, _, port = place.partition(":")
    else:
        host, port = place, None
    request = _parse_host(host, text)
    return request if port is None else replace(request, ports=_ports((port,)))


def _parse_network(place: str, text: str) -> Request:
    bare, _, rest = place.partition("%")
    zone, slash, length = rest.partition("/")
    try:
        network = ip_network(bare + slash + length if rest else place, strict=False)
    except ValueError:
        raise UsageError(
            f"{text} is neither a host nor a network: write 192.168.1.20, 192.168.1.0/24 or a whole URL"
        ) from None
    if network.num_addresses == 1:
        return Request(text, address=network.network_address, zone=zone or None)
    return Request(text, network=network, zone=zone or None)


def _parse_host(host: str, text: str) -> Request:
    bare, _, zone = host.partition("%")
    try:
        address = ip_address(bare)
    except ValueError:
        return _parse_name(host, text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return Request(text, address=mapped or address, zone=zone.removeprefix("25") or None)


def _parse_name(host: str, text: str) -> Request:
    if re.fullmatch(r"[\d.]+", host):
        raise UsageError(f"{host} is not an address: an IPv4 address has four numbers from 0 to 255")
    name = host.rstrip(".")
    try:
        encoded = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        encoded = ""
    if not encoded or len(encoded) > 253 or not all(_LABEL.fullmatch(label) for label in encoded.split(".")):
        raise UsageError(f"{host!r} is neither a name nor an address")
    return Request(text, name=encoded.lower())


def _refuse_this_machine(request: Request) -> None:
    """Addresses that are no other machine: this one, everybody, a group."""
    if request.name == "localhost" or (request.name or "").endswith(".localhost"):
        raise UsageError(f"{request.name} is this machine; use the server's address")
    address = request.address
    if address is None:
        return
    if address.is_loopback or address.is_unspecified:
        raise UsageError(f"{address} is this machine; use the server's address")
    if address.is_multicast or str(address) == "255.255.255.255":
        raise UsageError(f"{address} is a group address, not one machine; use the server's own address")


def _refuse_size(network: IPNetwork, yes: bool) -> None:
    if network.is_loopback or network.is_multicast or network.is_unspecified:
        raise UsageError(f"{network} holds no other machine")
    if isinstance(network, IPv4Network):
        if network.prefixlen < 16:
            raise UsageError(
                f"{network} has {network.num_addresses} addresses; at most a /16 can be searched"
            )
        if network.num_addresses > MOST_ADDRESSES and not yes:
            raise UsageError(f"{network} has {network.num_addresses} addresses; add --yes to search them all")


def refuse_broadcast(request: Request, networks: tuple[IPNetwork, ...]) -> None:
    """Refuse the broadcast address of one of this machine's own networks. Raises UsageError."""
    for network in networks:
        if isinstance(network, IPv4Network) and network.prefixlen < 31:
            if request.address == network.broadcast_address:
                raise UsageError(f"{request.address} is the broadcast address of {network}, not one machine")
            if request.address == network.network_address:
                raise UsageError(f"{request.address} is the network {network} itself, not one machine")
