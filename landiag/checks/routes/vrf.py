"""A way in that lies in a VRF: what comes in there reaches no socket outside of it, unless the kernel is told so."""

from __future__ import annotations

from landiag.checks.fixes.fix import fix_by
from landiag.model.changes import Sysctl
from landiag.model.facts import Interface, Socket
from landiag.model.report import Evidence, Fix

SETTING = "net.ipv4.tcp_l3mdev_accept"


def is_outside(socket: Socket, interface: Interface) -> bool:
    """Whether a socket takes nothing from an interface only because that one lies in a VRF."""
    return interface.tied_only is True and socket.device is None and not socket.address.is_loopback


def title(who: str, interface: Interface) -> str:
    """Say it in the first line of a finding."""
    return (
        f"{who} is listening outside the VRF {interface.vrf}, but other devices come in by {interface.name}, "
        "which is inside it"
    )


def open_title(who: str, interface: Interface) -> str:
    """Say that nobody knows it."""
    return f"Whether {who} takes what comes in by the VRF {interface.vrf}: {SETTING} could not be read"


def evidence(interface: Interface) -> tuple[Evidence, ...]:
    """Where that was read."""
    return (
        Evidence("ip -d address", f"{interface.name} master {interface.vrf} (vrf)"),
        Evidence("sysctl", f"{SETTING} = 0"),
    )


def accept_fix() -> Fix:
    """Let sockets outside VRFs take what comes in inside them (vrf.rst)."""
    return fix_by(
        "Let servers take connections that come in by a VRF",
        Sysctl(SETTING, "0", "1"),
        risk="every TCP server that is tied to no interface then takes connections from all VRFs",
    )
