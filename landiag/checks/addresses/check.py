"""Which addresses of this machine can clients use?"""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.addresses import behind, elsewhere, link, names
from landiag.checks.addresses.guest import check_guest
from landiag.checks.addresses.inner_link import check_inner_link
from landiag.checks.application.scheme import clients_scheme
from landiag.checks.case import Answer, Case, answer, milder, unread
from landiag.checks.listening.inside import own_host
from landiag.checks.listening.lost_family import check_family
from landiag.checks.routes.check import client_for
from landiag.checks.systems import front_addresses
from landiag.journey.ownership import owner_of
from landiag.journey.rank import rank_kind
from landiag.journey.routing import lookup
from landiag.journey.ways import Way, is_container_side
from landiag.model.facts import Interface, IPAddress, Source, Unknown
from landiag.model.process import Namespace
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom


def plan_after(case: Case) -> tuple[Source, ...]:
    """Ask the link whether somebody else has the address, too; the question was begun with the second round."""
    return (
        *link.plan(case.facts, case.way),
        *elsewhere.plan(case),
        *behind.plan(case),
        *names.plan_after(case),
    )


def plan(case: Case) -> tuple[Source, ...]:
    """Ask for the name that people type, where it is one."""
    return names.plan(case)


def check(case: Case) -> Answer:
    """Check that there is an address for clients, and that the one that they are given is it."""
    interfaces = case.facts.interfaces
    if isinstance(interfaces, Unknown):
        title = "Whether this machine has an address: its addresses could not be read"
        return answer([unread("no-lan-address", title, interfaces)], "")
    findings = _check_given_address(case)
    if not findings and not case.ways:
        findings = [_no_way(case, interfaces)]
    findings += front_addresses(case)
    findings += check_family(case)
    findings += _check_duplicates(case, interfaces)
    if case.way is not None:
        findings += _check_carrier(case, case.way) or link.check_way_in(case, case.way, interfaces)
        findings += check_guest(case, case.way)
        findings += check_inner_link(case, case.way)
    findings += _check_overlap(case, interfaces)
    findings += names.check(case)
    return answer(findings, _summary(case))


def _summary(case: Case) -> str:
    best = case.ways[0] if case.ways else None
    if best is None:
        return "no address"
    more = len(case.ways) - 1
    also = "" if not more else f", and {more} more"
    if best.front is not None and best.client_ip != best.ip:
        whose = "Windows'" if case.machine.info.environment == "wsl2" else "its host's"
        return f"{whose} address{f' {best.client_ip}' if best.client_ip else ''}, port {best.front.port}"
    return f"{best.ip} on {best.interface.name}{also}"


def _check_given_address(case: Case) -> list[Finding]:
    """Check the address of ``--to``: is it one that this machine has, and that the LAN can reach?"""
    if case.target.address is None:
        return []
    ip = ip_address(case.target.address)
    owner = owner_of(case.facts, ip)
    is_inner = owner is not None and case.peer is not None and is_container_side(owner)
    if any(way.client_ip == ip for way in case.ways) and not is_inner:
        return []
    inside, inner = own_host(case), behind.check(case)
    if inner is not None:
        return [inner]
    if inside is not None:
        return [_containers_own(case, ip, inside)]
    if owner is None:
        title = f"This machine does not have the address {ip}"
        detail = (
            "It may have been this machine's address once (a lease that ended), or it is another device's."
        )
    elif ip.is_loopback:
        title = f"{ip} is every machine's own address: on another device it means that device itself"
        detail = "Loopback addresses never leave the machine."
    elif (is_container_side(owner) and case.peer is None) or any(
        way.ip == ip for way in case.ways if way.front is not None and way.front.nat is None
    ):
        title = f"{ip} belongs to {owner.name}, a network inside this machine: no other device reaches it"
        detail = "Containers and virtual machines use it; the LAN does not."
    elif is_container_side(owner):
        return [_inner_address(case, ip, owner)]
    else:
        return []
    return [_wrong_address(case, title, detail)]


def _inner_address(case: Case, ip: IPAddress, owner: Interface) -> Finding:
    """The address of an inner network reaches a client that has a route to it by this machine, and nobody else."""
    return Finding(
        code="wrong-address",
        outcome=Outcome.UNKNOWN,
        title=f"Whether {case.peer} finds {ip}, an address of {owner.name} inside this machine",
        detail="Only a device that has a route to it by this machine's own address does: ip route get, there.",
        evidence=(Evidence(words.addresses(case), _describe(owner)),),
    )


def _containers_own(case: Case, ip: IPAddress, inside: Namespace) -> Finding:
    """A container with an address of the clients' network (macvlan, a bridge) is a host of its own there."""
    line = f"nsenter --net=/proc/{inside.pid}/ns/net {case.machine.landiag} check --port {case.port}"
    return Finding(
        code="wrong-address",
        outcome=Outcome.UNKNOWN,
        title=f"Whether other devices get through to {ip}, a container's own address on their network",
        detail="Their packets go to the container past this machine's addresses and rules; its own were not followed.",
        evidence=(Evidence(f"ip addr in network namespace {inside.name} (pid {inside.pid})", str(ip)),),
        fixes=(Fix("Ask inside the container", (line,), needs="root"),),
        symptom=Symptom.UNKNOWN,
    )


def _wrong_address(case: Case, title: str, detail: str) -> Finding:
    usable = [way for way in case.ways if str(way.ip) != case.target.address and way.client_ip]
    steps = (f"Give clients {usable[0].place(case.port, clients_scheme(case))} instead.",) if usable else ()
    evidence = tuple(
        Evidence(words.addresses(case), f"{way.interface.name}: {way.address.interface}") for way in usable
    )
    fix = Fix("Use the address that this machine has now", needs="user-action", steps=steps)
    is_own = ip_address(str(case.target.address)).is_loopback
    symptom = None if is_own else Symptom.UNREACHABLE  # nobody on the client's link answers for it
    found = Finding(
        "wrong-address", Outcome.BLOCKS, title, detail, evidence, (fix,) if steps else (), symptom=symptom
    )
    return elsewhere.with_other_owner(case, found)


def _no_way(case: Case, interfaces: tuple[Interface, ...]) -> Finding:
    """Say why no address is usable: the link is down, or there is none at all."""
    outside = [
        interface
        for interface in interfaces
        if interface.kind in ("ethernet", "wifi", "bond", "vlan", "bridge")
    ]
    outside.sort(key=lambda interface: (not interface.addresses, rank_kind(interface.kind)))
    down = [interface for interface in outside if not interface.up or interface.carrier is False]
    shown = [*outside, *(interface for interface in interfaces if interface not in outside)]
    evidence = tuple(Evidence(words.addresses(case), _describe(interface)) for interface in shown)
    wanted = case.target.interface
    if wanted is not None:
        down = [interface for interface in interfaces if interface.name == wanted and interface in down]
    # Where another card has its link, what is missing is an address, not a link.
    is_linked = wanted is None and len(down) < len(outside)
    if down and not is_linked:
        return _link_down(case, down[0], evidence)
    return Finding(
        code="no-lan-address",
        outcome=Outcome.BLOCKS,
        symptom=Symptom.UNREACHABLE,
        title="This machine has no address on a network that other devices could use",
        detail="Loopback, link-local (169.254.x.x, fe80::) and container addresses do not count.",
        evidence=evidence,
        fixes=(
            Fix(
                "Connect this machine to the network",
                needs="user-action",
                steps=("Join the Wi-Fi or plug in the cable, and wait for an address (DHCP).",),
            ),
        ),
    )


def _check_carrier(case: Case, way: Way) -> list[Finding]:
    """The way that was asked for leads over an interface that is off, or without a link."""
    if way.interface.up and way.interface.carrier is not False:
        return []
    evidence = (Evidence(words.addresses(case), _describe(way.interface)),)
    return [replace(_link_down(case, way.interface, evidence), paths=(way.id,))]


def _link_down(case: Case, interface: Interface, evidence: tuple[Evidence, ...]) -> Finding:
    if not interface.up and case.facts.os == "windows":
        # Windows tells that it is down, not why.
        step = "Plug in the cable, or join the Wi-Fi network again; where it is switched off, switch it on."
        fix = words.switch_on(case, interface.name)
        fix = replace(fix, steps=(step, *fix.steps))
        title = (
            f"{interface.name} has no link: it is switched off, the cable is out, or the Wi-Fi is not joined"
        )
    elif not interface.up:
        fix = words.switch_on(case, interface.name)
        title = f"{interface.name} is switched off"
    else:
        step = "Plug in the cable, or join the Wi-Fi network again."
        fix = Fix(f"Connect {interface.name}", needs="user-action", steps=(step,))
        title = f"{interface.name} has no link: the cable is out, or the Wi-Fi is not joined"
    return Finding("link-down", Outcome.BLOCKS, title, "", evidence, (fix,), symptom=Symptom.UNREACHABLE)


def _describe(interface: Interface) -> str:
    state = "up" if interface.up else "down"
    link = "" if interface.carrier is not False else ", no carrier"
    addresses = " ".join(str(address.interface) for address in interface.addresses) or "no address"
    return f"{interface.name} ({interface.kind}, {state}{link}): {addresses}"


def _check_duplicates(case: Case, interfaces: tuple[Interface, ...]) -> list[Finding]:
    """Find addresses that IPv6 duplicate address detection gave up (RFC 4862, 5.4)."""
    return [
        Finding(
            code="duplicate-address",
            outcome=Outcome.BLOCKS if case.way is not None and case.way.ip == address.ip else Outcome.WARNS,
            title=f"Another device already has {address.ip}: {interface.name} does not use it",
            detail="Clients get whatever that device answers.",
            evidence=(Evidence(words.addresses(case), f"{interface.name}: {address.interface} dadfailed"),),
            fixes=(link.OWN_ADDRESSES,),
            symptom=Symptom.UNKNOWN,  # that of the other device's
        )
        for interface in interfaces
        for address in interface.addresses
        if address.duplicate
    ]


def _check_overlap(case: Case, interfaces: tuple[Interface, ...]) -> list[Finding]:
    """Find a container network that covers the clients' subnet, or a part of it: answers go to the containers."""
    way = case.way
    if way is None:
        return []
    containers = [one for one in interfaces if one.up and one.addresses and is_container_side(one)]
    taken = _taken_by(case, way, client_for(case, way), containers)
    if taken is not None:
        return [_overlap(case, way, taken)]
    for one in case.classes.get(way.id, ())[1:]:
        source = one.journey.packet.source
        taken = None if source is None else _taken_by(case, way, source, containers)
        if taken is not None:
            return [milder(_overlap(case, way, taken), one.addresses)]
    return []


def _taken_by(case: Case, way: Way, client: IPAddress, containers: list[Interface]) -> Interface | None:
    """Name the containers' interface into which the route to this client leads; None when it leads elsewhere."""
    route = lookup(case.facts, client, source=way.ip)
    device = None if isinstance(route, Unknown) else route.device
    return next((interface for interface in containers if interface.name == device), None)


def _overlap(case: Case, way: Way, interface: Interface) -> Finding:
    networks = [address.network for address in interface.addresses]
    network = next((one for one in networks if one.version == way.ip.version), networks[0])
    place = (
        "/etc/docker/daemon.json" if case.facts.os == "linux" else "Docker Desktop > Settings > Docker Engine"
    )
    return Finding(
        code="subnet-overlap",
        outcome=Outcome.BLOCKS,
        title=f"The container network {network} on {interface.name} covers that of other devices, {way.network}",
        detail="Packets from clients arrive, but the answers go to the containers.",
        evidence=tuple(Evidence(words.addresses(case), _describe(one)) for one in (interface, way.interface)),
        fixes=(
            Fix(
                "Give the containers another subnet",
                needs="user-action",
                steps=(
                    f"Docker: set default-address-pools (and bip) in {place}, or ipam in the compose file, to a"
                    " range that the LAN does not use; then create the network again.",
                ),
            ),
        ),
    )
