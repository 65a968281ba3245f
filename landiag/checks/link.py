"""Can clients find the address on the link, and does its interface take what they send?"""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Case
from landiag.collect.exchanges.arp import parse_arp
from landiag.journey.ways import Way
from landiag.model.facts import Call, Interface, Unknown
from landiag.model.host import Facts
from landiag.model.report import Evidence, Finding, Fix, Outcome

_WITH_ARP = ("ethernet", "wifi", "bond", "vlan", "bridge", "veth")
_TAKING = ("bridge", "bond")
_ANSWERS_NOBODY = "8"
"""The value of arp_ignore with which no address is answered for (ip-sysctl.rst)."""


def plan(facts: Facts, way: Way | None) -> tuple[Call, ...]:
    """Ask the link whether another device has a way's IPv4 address, too; only root may ask."""
    if facts.os != "linux" or not facts.privileged or way is None or way.ip.version != 4:
        return ()
    return (_who_has(way),)


def _who_has(way: Way) -> Call:
    params = (("addresses", str(way.ip)), ("interface", way.interface.name), ("probe", "1"))
    return Call("arp", (*params, ("rounds", "2"), ("wait", "0.02"), ("duplicates", "1")), seconds=1.0)


def check_way_in(case: Case, way: Way, interfaces: tuple[Interface, ...]) -> list[Finding]:
    """Find what keeps clients' packets for the address from ever being taken by its interface."""
    found = _check_other_owner(case, way, interfaces)
    return [*found, *_check_master(case, way, interfaces), *_check_arp(case, way), *_check_size(case, way)]


def _check_other_owner(case: Case, way: Way, interfaces: tuple[Interface, ...]) -> list[Finding]:
    """Find another device that answers ARP for the address that clients use: RFC 5227."""
    answers = case.parse(_who_has(way), parse_arp)
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
                Fix(
                    "Give each device an address of its own",
                    needs="user-action",
                    steps=(
                        "Let the router assign this machine's address (DHCP), or choose one outside of its range.",
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


def _check_arp(case: Case, way: Way) -> list[Finding]:
    """Find what keeps this machine from telling clients its MAC address: they cannot send it anything then."""
    name = way.interface.name
    if way.ip.version != 4 or way.interface.kind not in _WITH_ARP:
        return []
    settings = [f"net.ipv4.conf.{one}.arp_ignore" for one in ("all", name)]
    refusing = [setting for setting in settings if case.facts.sysctls.get(setting) == _ANSWERS_NOBODY]
    if refusing:
        evidence = [
            Evidence(f"/proc/sys/{one.replace('.', '/')}", f"{one} = {_ANSWERS_NOBODY}") for one in refusing
        ]
        commands = tuple(f"sysctl -w {one}=0" for one in refusing)
        undo = tuple(f"sysctl -w {one}={_ANSWERS_NOBODY}" for one in refusing)
    elif not way.interface.arp:
        evidence = [Evidence(words.addresses(case), f"{name}: NOARP")]
        commands, undo = (f"ip link set {name} arp on",), (f"ip link set {name} arp off",)
    else:
        return []
    return [
        Finding(
            code="link-down",
            outcome=Outcome.BLOCKS,
            title=f"{name} answers no ARP requests: clients cannot find {way.ip}",
            detail="A client asks the network who has the address before it sends anything, and hears nothing.",
            evidence=tuple(evidence),
            fixes=(Fix("Let it answer", commands, undo, needs="root"),),
            paths=(way.id,),
        )
    ]


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
                Fix(
                    "Let it take what clients send",
                    (f"ip link set {way.interface.name} mtu 1500",),
                    (f"ip link set {way.interface.name} mtu {mtu}",),
                    needs="root",
                ),
            ),
            paths=(way.id,),
        )
    ]
