"""From a seed to a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.lab.hunt.machine import Client, Machine, Part
from tests.lab.hunt.parts import filters, held, links, managers, routes, servers, translations
from tests.lab.hunt.parts.draw import Draw
from tests.lab.network import CLIENT, CLIENT6, NEIGHBOUR, SERVER, SERVER6, STRANGER
from tests.lab.scenario import Wire, sh

USERS = 8  # every eighth machine is asked as an ordinary user
SECOND_ADDRESS, SECOND_CLIENT = "10.50.0.10", "10.50.0.20"
SERVICE = "192.168.77.50"
SECOND_NETWORK = Part(
    "a second network",
    wires=(Wire("server", "eth1"), Wire("client", "eth1")),
    before=(
        sh(
            "ip link add lan1 type bridge mcast_snooping 0 forward_delay 0; ip link set lan1 up\n"
            "ip link set server-eth1 master lan1; ip link set client-eth1 master lan1",
            "switch",
        ),
        sh(f"ip addr add {SECOND_ADDRESS}/24 brd + dev eth1"),
        sh(f"ip addr add {SECOND_CLIENT}/24 brd + dev eth1", "client"),
    ),
)
Kind = Callable[[Draw], Part]

LAYERS: tuple[tuple[int, Kind], ...] = (
    (40, filters.nft_layer),
    (30, filters.iptables_layer),
    (16, managers.ufw_layer),
    (5, managers.firewalld_layer),
)
SURROUNDINGS: tuple[tuple[int, Kind], ...] = (
    (20, routes.vpn),
    (10, routes.elsewhere),
    (22, links.settings),
    (8, links.second_interface),
    (8, links.without_carrier),
    (10, links.addresses),
    (6, links.neighbours),
    (10, translations.redirect),
    (6, translations.masquerade),
)
SURROUNDINGS6: tuple[tuple[int, Kind], ...] = ((10, routes.elsewhere_ipv6), (4, links.settings))
WIRED = (links.second_interface, links.without_carrier)
MOVES = (
    "addresses",
    "a second interface",
    "an interface without carrier",
    "a second network",
    "routes",
    "a tunnel",
)
"""Parts that give the machine other addresses or ways in: then landiag is told which address is meant."""


def generate(seed: int) -> Machine:
    """The machine of a seed; the same today and tomorrow."""
    random = Random(f"hunt {seed}")
    draw, who = _client(random)
    parts = [SECOND_NETWORK] if draw.interface == "eth1" else []
    parts += [links.service_address(draw)] if draw.address == SERVICE else []
    parts += _surroundings(draw)
    if draw.chance(0.05) and not any(part.name.startswith(MOVES) for part in parts):
        parts += [links.bridge(draw), filters.bridge_layer(draw)]
    for _ in range(draw.weighted(((25, 0), (40, 1), (25, 2), (10, 3)))):
        layer = draw.weighted(LAYERS)(draw)
        if layer.name not in {part.name for part in parts}:
            parts.append(layer)
    parts.insert(1 if draw.interface == "eth1" else 0, _serving(draw))
    parts = _losing_later(_in_order(parts))
    moved = any(part.name.startswith(MOVES) for part in parts)
    options = [f"--to {draw.address}"] if moved or draw.is_ipv6 or draw.chance(0.5) else []
    options += [f"--peer {draw.client}"] if draw.singled else []
    if draw.chance(0.15):
        parts.append(held.held(draw))
    return Machine(
        seed, tuple(parts), Client(who, draw.address, " ".join(options)), as_user=seed % USERS == USERS - 1
    )


def _client(random: Random) -> tuple[Draw, str]:
    """The client, and the host that it is: unnamed clients are the neighbour, whom no rule singles out."""
    kinds = {"ordinary": 44, "named": 18, "ipv6": 8, "ipv6 named": 6, "router": 11, "second": 9, "service": 4}
    kind = random.choices(list(kinds), list(kinds.values()))[0]
    if kind == "ordinary":
        return Draw(random, NEIGHBOUR, SERVER), "neighbour"
    if kind == "service":
        return Draw(random, NEIGHBOUR, SERVICE), "neighbour"
    if kind == "named":
        return Draw(random, CLIENT, SERVER, singled=True), "client"
    if kind == "ipv6":
        return Draw(random, "fd77::21", SERVER6), "neighbour"
    if kind == "ipv6 named":
        return Draw(random, CLIENT6, SERVER6, singled=True), "client"
    if kind == "router":
        return Draw(random, STRANGER, SERVER, singled=True), "stranger"
    return Draw(random, SECOND_CLIENT, SECOND_ADDRESS, "eth1", singled=True), "client"


def _serving(draw: Draw) -> Part:
    if draw.is_ipv6:
        return servers.server(draw)
    return draw.weighted(((80, servers.server), (13, translations.published), (7, translations.two_ends)))(
        draw
    )


def _surroundings(draw: Draw) -> list[Part]:
    """What else the machine has: routes, links, settings, a translation; at most one of each."""
    parts: list[Part] = []
    for _ in range(draw.weighted(((33, 0), (42, 1), (25, 2)))):
        kind = draw.weighted(SURROUNDINGS6 if draw.is_ipv6 else SURROUNDINGS)
        if kind in WIRED and (draw.interface == "eth1" or any(part.wires for part in parts)):
            continue
        part = kind(draw)
        if part.name.split(":")[0] not in {other.name.split(":")[0] for other in parts}:
            parts.append(part)
    return parts


def _in_order(parts: list[Part]) -> list[Part]:
    """Addresses before routes; settings last, because tools set some of their own."""
    return sorted(parts, key=lambda part: (part.name == "settings", not part.name.startswith(MOVES[:4])))


def _losing_later(parts: list[Part]) -> list[Part]:
    """An address that a server holds is taken away only when the server listens."""
    held = {part.binds for part in parts if part.binds}
    return [replace(one, before=(), after=one.before) if one.removes in held else one for one in parts]
