"""Can clients find the address on the link, and does its interface take what they send?"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.fixes.fix import fix_by
from landiag.collect.exchanges.arp import parse_arp
from landiag.journey.ends import LinkFault
from landiag.journey.journey import follow
from landiag.journey.link import find_twin
from landiag.journey.ownership import owner_of
from landiag.journey.routing import lookup
from landiag.journey.ways import Way
from landiag.model.actions import Lasts
from landiag.model.changes import LinkSetting, Sysctl
from landiag.model.facts import Call, Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.settings import setting_path
from landiag.model.terms import StageName, Symptom

_TAKING = ("bridge", "bond")


OWN_ADDRESSES = Fix(
    "Give each device an address of its own",
    needs="user-action",
    steps=("Let the router assign this machine's address (DHCP), or choose one outside of its range.",),
)


def plan(facts: Facts, way: Way | None) -> tuple[Call, ...]:
    """Ask the link whether another device has a way's IPv4 address, too; only root may ask."""
    if facts.os != "linux" or not facts.privileged or way is None or way.ip.version != 4:
        return ()
    return (_who_has(way),)


def _who_has(way: Way) -> Call:
    return who_has(way.ip, way.interface)


def who_has(ip: IPAddress, interface: Interface) -> Call:
    """The question on a link who has an IPv4 address."""
    params = (("addresses", str(ip)), ("interface", interface.name), ("probe", "1"))
    return Call("arp", (*params, ("rounds", "2"), ("wait", "0.02"), ("duplicates", "1")), seconds=1.0)


def check_way_in(case: Case, way: Way, interfaces: tuple[Interface, ...]) -> list[Finding]:
    """Find what keeps clients' packets for the address from ever being taken by its interface."""
    classes = case.classes.get(way.id, ())
    fault = classes[0].journey.link if classes else None
    found = _check_other_owner(case, way, interfaces)
    return [
        *found,
        *_check_master(case, way, interfaces),
        *_check_arp(case, way, fault),
        *_check_twin(case, way, fault),
        *_check_size(case, way),
    ]


def _check_other_owner(case: Case, way: Way, interfaces: tuple[Interface, ...]) -> list[Finding]:
    """Find another device that answers ARP for the address that clients use: RFC 5227."""
    answers = case.parse(_who_has(way), parse_arp)
    misread = case.misread(_who_has(way), parse_arp)
    if misread is not None:
        title = f"Whether another device has the address {way.ip} too: the answers were not understood"
        evidence = (Evidence("ARP", misread.reason),)
        return [Finding("duplicate-address", Outcome.UNKNOWN, title, evidence=evidence, paths=(way.id,))]
    if answers is None or isinstance(answers, Unknown):
        return []
    # On a link with two of our own cards, the other one answers, too.
    own = {interface.mac for interface in interfaces}
    others = [mac for owner in answers.owners for mac in owner.macs if mac not in own]
    if not others:
        return []
    return [
        Finding(
            code="duplicate-address",
            outcome=Outcome.BLOCKS,
            title=f"Another device has the address {way.ip} too: {', '.join(others)}",
            detail="Clients reach whichever of the two answered last: sometimes this machine, sometimes the other.",
            evidence=(Evidence("ARP", f"who has {way.ip}? {', '.join(others)} on {way.interface.name}"),),
            fixes=(
                replace(
                    OWN_ADDRESSES,
                    steps=(
                        *OWN_ADDRESSES.steps,
                        f"Or find the device with {others[0]} in the router's list, and change its address.",
                    ),
                ),
            ),
            paths=(way.id,),
        )
    ]


def _check_master(case: Case, way: Way, interfaces: tuple[Interface, ...]) -> list[Finding]:
    """Find an address on a bridge's or bond's port: the master takes every packet first (rx_handler)."""
    port = way.interface
    master = next((one for one in interfaces if one.name == port.master and one.kind in _TAKING), None)
    if master is None:
        return []
    address = next(one for one in port.addresses if one.ip == way.ip).interface
    return [
        Finding(
            code="wrong-address",
            outcome=Outcome.BLOCKS,
            title=f"{port.name} belongs to {master.name}, which takes its packets: {way.ip} is on the wrong one",
            detail=f"The address has to be on the {master.kind} {master.name} itself; on its port it hears nothing.",
            evidence=(Evidence(words.addresses(case), f"{port.name}: {address}, master {master.name}"),),
            fixes=(
                Fix(
                    f"Move the address to {master.name}",
                    (
                        f"ip link set {master.name} up",
                        f"ip addr del {address} dev {port.name}",
                        f"ip addr add {address} dev {master.name}",
                    ),
                    (f"ip addr del {address} dev {master.name}", f"ip addr add {address} dev {port.name}"),
                    needs="root",
                    risk=f"routes by {port.name} go with the address: a default gateway has to be set again",
                ),
            ),
            paths=(way.id,),
        )
    ]


def _check_arp(case: Case, way: Way, fault: LinkFault | None) -> list[Finding]:
    """Explain what keeps this machine from telling clients its MAC address: they cannot send it anything then."""
    if fault is LinkFault.ARP_IGNORE:
        return [_settings(case, way, "arp_ignore", "answers no ARP questions for it (arp_ignore)")]
    if fault is LinkFault.ARP_FILTER:
        return [
            _settings(
                case, way, "arp_filter", "answers ARP only where it would send to the client (arp_filter)"
            )
        ]
    name = way.interface.name
    if fault is LinkFault.NO_ARP:
        evidence = (Evidence(words.addresses(case), f"{name}: NOARP"),)
        return [
            _unheard(
                way,
                f"{name} answers no ARP requests",
                evidence,
                fix_by("Let it answer", LinkSetting(name, "arp", "off", "on")),
            )
        ]
    if fault is LinkFault.LED_AWAY:
        return [_led_away(case, way)]
    if fault is LinkFault.NOT_HERE:
        return [_not_here(case, way)]
    return [_same_mac(case, way)] if fault is LinkFault.SAME_MAC else []


def _led_away(case: Case, way: Way) -> Finding:
    """The rule that looks up the own addresses comes too late: the kernel's own is the first of all."""
    decision = lookup(case.facts, way.ip, in_interface=way.interface.name)
    led = None if isinstance(decision, Unknown) else decision.rule
    what = "" if led is None else led.action if led.table is None else f"table {led.table}"
    which = "" if led is None else f" (rule {led.priority}, {what})"
    words_of = "lookup local pref 0"
    fix = Fix(
        "Look up this machine's own addresses first",
        (f"ip rule add {words_of}",),
        (f"ip rule del {words_of}",),
        needs="root",
        risk=f"every port of {way.ip} becomes reachable again, as rules of the firewall let it",
        lasts=Lasts.UNTIL_RESTART,
    )
    evidence = (Evidence("ip rule", f"{way.ip}{which}"),)
    title = f"The routing policy{which} leads packets for {way.ip} away from this machine"
    return _unheard(way, title, evidence, fix)


def _settings(case: Case, way: Way, setting: str, what: str) -> Finding:
    names = [f"net.ipv4.conf.{one}.{setting}" for one in ("all", way.interface.name)]
    values = {name: case.facts.sysctls.get(name, "0") for name in names}
    refusing = {name: value for name, value in values.items() if value != "0"}
    evidence = [Evidence(setting_path(one), f"{one} = {value}") for one, value in refusing.items()]
    changes = [Sysctl(name, value, "0") for name, value in refusing.items()]
    fix = fix_by("Let it answer", *changes, verified=_is_heard(case, way, {one.name: "0" for one in changes}))
    return _unheard(way, f"{way.interface.name} {what}", tuple(evidence), replace(fix, opens=()))


def _is_heard(case: Case, way: Way, settings: dict[str, str]) -> bool | None:
    """Whether clients find the address once these settings are as given, by the same journey."""
    facts = replace(case.facts, sysctls={**case.facts.sysctls, **settings})
    journey = follow(facts, case.classes[way.id][0].journey.packet)
    return None if isinstance(journey, Unknown) else journey.link is None or None


def _unheard(way: Way, title: str, evidence: tuple[Evidence, ...], fix: Fix) -> Finding:
    return Finding(
        code="link-down",
        outcome=Outcome.BLOCKS,
        title=f"{title}: clients cannot find {way.ip}",
        detail="A client asks the network who has the address before it sends anything, and hears nothing.",
        evidence=evidence,
        fixes=(fix,),
        paths=(way.id,),
        stage=StageName.LINK,
        symptom=Symptom.UNREACHABLE,
    )


def _not_here(case: Case, way: Way) -> Finding:
    """IPv6 answers for an address on its own interface alone."""
    owner = owner_of(case.facts, way.ip)
    where = owner.name if owner is not None else "another interface"
    step = f"Use an address of {way.interface.name}, or move {way.ip} to it."
    fix = Fix("Use an address of the interface by which clients come", needs="user-action", steps=(step,))
    evidence = (Evidence(words.addresses(case), f"{where}: {way.address.interface}"),)
    return replace(
        _unheard(way, f"{way.ip} is on {where}, not on {way.interface.name}", evidence, fix),
        code="wrong-address",
    )


def _same_mac(case: Case, way: Way) -> Finding:
    """The client, or the router in front of it, has this interface's own hardware address."""
    mac = way.interface.mac or ""
    evidence = (Evidence(words.neighbours(case), f"another device on {way.interface.name} has {mac}, too"),)
    step = (
        f"Give {way.interface.name} or the other device another MAC address: cloned machines often share one."
    )
    fix = Fix("Give each device a MAC address of its own", needs="user-action", steps=(step,))
    title = f"Another device on {way.interface.name} has this machine's MAC address {mac}"
    return replace(_unheard(way, title, evidence, fix), code="duplicate-address")


def _check_twin(case: Case, way: Way, fault: LinkFault | None) -> list[Finding]:
    twin = find_twin(case.facts, way.interface)
    if twin is None or fault is LinkFault.SAME_MAC:
        return []
    title = f"{twin.address} on {way.interface.name} has this machine's MAC address {twin.mac}"
    detail = (
        "The network delivers to whichever of the two sent last: sometimes this machine, sometimes the other."
    )
    evidence = (Evidence(words.neighbours(case), f"{twin.address} lladdr {twin.mac}"),)
    found = replace(_same_mac(case, way), title=title, detail=detail, evidence=evidence)
    return [replace(found, symptom=None)]


def _check_size(case: Case, way: Way) -> list[Finding]:
    """An MTU below what every host must be able to take (RFC 791: 576 octets, RFC 8200: 1280)."""
    mtu, least = way.interface.mtu, 576 if way.ip.version == 4 else 1280
    if mtu is None or mtu >= least:
        return []
    return [
        Finding(
            code="path-mtu",
            outcome=Outcome.UNKNOWN,
            title=f"{way.interface.name} takes packets of at most {mtu} bytes: what clients send may be lost",
            detail=f"Every host may send packets of {least} bytes; an Ethernet or Wi-Fi takes 1500.",
            evidence=(Evidence(words.addresses(case), f"{way.interface.name}: mtu {mtu}"),),
            fixes=(
                fix_by(
                    "Let it take what clients send",
                    LinkSetting(way.interface.name, "mtu", str(mtu), "1500"),
                ),
            ),
            paths=(way.id,),
        )
    ]
