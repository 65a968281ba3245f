"""Where programs that write their rules themselves keep what they let in: what to do there, in their own words."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.firewall.lifting import Told
from landiag.firewall.opened import Opening
from landiag.firewall.owners import Manager, Owner
from landiag.firewall.proposal import Proposal

_OWN_SETTINGS: Mapping[Manager, tuple[str, ...]] = {
    Manager.PROXMOX: (
        "In the web interface, under the node's Firewall, add a rule: direction in, action ACCEPT, protocol tcp, port"
        " {port}. pve-firewall writes its chains anew every few seconds, so that a rule of iptables would not stay.",
    ),
    Manager.OPENWRT: (
        "In /etc/config/firewall add a section: config rule, with option src 'wan' (or the clients' zone), option"
        " dest_port '{port}', option proto 'tcp' and option target 'ACCEPT'.",
        "Then load it: /etc/init.d/firewall restart",
    ),
    Manager.CSF: (
        "Add {port} to TCP_IN in /etc/csf/csf.conf (and to TCP6_IN for IPv6).",
        "Then load it: csf -r",
    ),
    Manager.MULLVAD: ("Let it share the local network: mullvad lan set allow",),
    Manager.NORDVPN: (
        "Let the local network in: nordvpn set lan-discovery enable",
        "or this port alone: nordvpn allowlist add port {port} protocol TCP",
    ),
    Manager.TAILSCALE: (
        "Tailscale drops addresses of 100.64.0.0/10 that come in by another interface than its own: give the local"
        " network another range,",
        "or let Tailscale write no such rules: tailscale set --netfilter-mode=nodivert (its page says what to add).",
    ),
}


def by_hand(owner: Owner, opening: Opening) -> Proposal:
    """What to do in the settings of a program that would overwrite rules of others."""
    name = owner.manager.value
    steps = _OWN_SETTINGS.get(owner.manager, ())
    return Proposal(
        f"Allow the port in {name}'s own settings",
        steps=tuple(step.format(port=opening.client_port) for step in steps)
        or (
            f"{name} writes its rules itself, and would overwrite others: allow the local network, or this port, in its"
            " settings.",
        ),
    )


def open_by_setting(owner: Owner, opening: Opening) -> Proposal | None:
    """What opens the port where no rule does: a setting of the owner's that stops everything; None without one."""
    if owner.shuts_ipv6:
        return _with_ipv6(opening)
    if owner.panics:
        return _leave_panic()
    if owner.asks_for_way_back:
        return _mend_way_back(opening)
    if owner.is_strict:
        return _NOT_STRICT
    return KUBERNETES if owner.manager is Manager.KUBERNETES else None


def _with_ipv6(opening: Opening) -> Proposal:
    """ufw writes rules for IPv6 only where it is told to: those that it has already are told it once more."""
    return Proposal(
        "Let ufw handle IPv6",
        steps=(
            "In /etc/default/ufw write IPV6=yes.",
            "Then, as root: ufw reload",
            f"Then, as root: ufw allow from {opening.clients} to any port {opening.client_port} proto tcp",
        ),
    )


def _leave_panic() -> Proposal:
    told = Told(
        ("firewall-cmd", "--panic-off"),
        ("firewall-cmd", "--panic-on"),
        "everything that firewalld's zones let in gets in again, on every port",
    )
    return Proposal("Leave firewalld's panic mode", told=told)


def _mend_way_back(opening: Opening) -> Proposal:
    """The route is what is wrong, unless both ways are meant; then the check itself goes."""
    client = opening.client or opening.clients
    return Proposal(
        "Let answers leave by the interface by which clients come in",
        steps=(
            f"See by which route they leave: ip -6 route get {client}",
            "Take that route away, or give it the interface by which the client comes in.",
            "If both ways are meant: write IPv6_rpfilter=no into /etc/firewalld/firewalld.conf.",
            "Then, as root: firewall-cmd --reload",
        ),
    )


_NOT_STRICT = Proposal(
    "Let firewalld pass what other programs forward",
    steps=(
        "Set StrictForwardPorts=no in /etc/firewalld/firewalld.conf.",
        "Then read it anew: firewall-cmd --reload (the containers' ports are published again).",
    ),
)


KUBERNETES = Proposal(
    "Let Kubernetes pass the port",
    steps=(
        "kubectl get services,endpoints,pods -A shows whether the service has a pod that is ready: without one its port"
        " is rejected.",
        "kubectl get networkpolicies -A shows the policies: one of them has to let other devices in.",
    ),
)
"""It writes its rules itself, from services and policies."""
