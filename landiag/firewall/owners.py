"""Who wrote a rule, as the person at the machine knows it: ufw, a zone of firewalld, docker, a jail of fail2ban.

Recognised by the names that each of them gives to its tables, chains and comments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.zones import asks_for_way_back, find_zone, zone_reason
from landiag.model.direct import DirectRule
from landiag.model.regex import regex
from landiag.model.ruleset import Chain, Ruleset, TraceLine


class Manager(str, Enum):
    """A program that writes rules of its own; raw rules beside them would be overwritten."""

    UFW = "ufw"
    FIREWALLD = "firewalld"
    DOCKER = "docker"
    FAIL2BAN = "fail2ban"
    CROWDSEC = "crowdsec"
    SSHGUARD = "sshguard"
    LIBVIRT = "libvirt"
    TAILSCALE = "Tailscale"
    MULLVAD = "Mullvad"
    NORDVPN = "NordVPN"
    KUBERNETES = "Kubernetes"
    NETAVARK = "podman"
    CSF = "csf"
    PROXMOX = "Proxmox"
    OPENWRT = "OpenWrt"
    NFTABLES = "nftables"
    IPTABLES = "iptables"
    WINDOWS = "Windows Firewall"
    PF = "pf"
    ALF = "macOS application firewall"


class Owner(Struct, frozen=True):
    """The owner of a rule. ``place`` is its zone or jail; empty when there is none.

    ``text`` is how a person says it: ``ufw rule 3 (deny 5000/tcp)``, ``firewalld zone public``. ``because`` says
    more, where more is known: ``firewalld: zone public has no port 5000/tcp``. ``subject`` is who stops something
    and ``reason`` why: ``ufw``, ``its default: deny incoming``. ``panics``: it stops everything (firewall-cmd(1)).
    ``is_strict``: it stops whatever other programs translate (StrictForwardPorts, firewalld.conf(5)). ``direct`` is the
    direct rule of firewalld that decides, ``direct_index`` the place in its chain of the first of the same priority.
    ``shuts_ipv6``: it drops all of IPv6 because it was told to leave it alone (IPV6=no, ufw(8)). ``is_stored``: what it
    has stored lets the port in, and is not loaded yet. ``asks_for_way_back``: it drops what would be answered by
    another interface (IPv6_rpfilter, firewalld.conf(5)).
    """

    manager: Manager
    text: str
    place: str = ""
    because: str = ""
    subject: str = ""
    reason: str = ""
    panics: bool = False
    is_strict: bool = False
    direct: DirectRule | None = None
    direct_index: int = 0
    shuts_ipv6: bool = False
    is_stored: bool = False
    asks_for_way_back: bool = False

    @property
    def title(self) -> str:
        """What says most, for titles."""
        return self.because or self.text

    @property
    def named(self) -> str:
        """Who it is and why it decides, as both stand in a sentence: ``ufw (its default: deny incoming)``."""
        return f"{self.subject} ({self.reason})" if self.reason else self.title


_CHAINS: tuple[tuple[re.Pattern[str], Manager], ...] = (
    (regex(r"ufw6?-"), Manager.UFW),
    (regex(r"DOCKER(-|$)"), Manager.DOCKER),
    (regex(r"f2b-|fail2ban-"), Manager.FAIL2BAN),
    (regex(r"(CROWDSEC|crowdsec)"), Manager.CROWDSEC),
    (regex(r"sshguard"), Manager.SSHGUARD),
    (regex(r"LIBVIRT_|guest_(input|output|cross|nat)$"), Manager.LIBVIRT),
    (regex(r"ts-(input|forward|postrouting)"), Manager.TAILSCALE),
    (regex(r"(KUBE|CNI|cali|CILIUM)[-_]"), Manager.KUBERNETES),
    (regex(r"NETAVARK"), Manager.NETAVARK),
    (regex(r"PVEFW-"), Manager.PROXMOX),
    (regex(r"(LOCALINPUT|LOCALOUTPUT|DENYIN|DENYOUT|LOGDROPIN)$"), Manager.CSF),
)

_OTHER_SYSTEMS = {"windows": Manager.WINDOWS, "pf": Manager.PF, "alf": Manager.ALF}

_TABLES: Mapping[str, Manager] = {
    "firewalld": Manager.FIREWALLD,
    "firewalld_policy_drop": Manager.FIREWALLD,
    "docker-bridges": Manager.DOCKER,
    "f2b-table": Manager.FAIL2BAN,
    "crowdsec": Manager.CROWDSEC,
    "crowdsec6": Manager.CROWDSEC,
    "sshguard": Manager.SSHGUARD,
    "libvirt_network": Manager.LIBVIRT,
    "mullvad": Manager.MULLVAD,
    "nordvpn": Manager.NORDVPN,
    "netavark": Manager.NETAVARK,
    "fw4": Manager.OPENWRT,
    "kube-proxy": Manager.KUBERNETES,
    "calico": Manager.KUBERNETES,
    "cni_hostport": Manager.KUBERNETES,
}

_DOCKER_USER = "DOCKER-USER"
_PANIC_TABLE, _PANIC_CHAINS = "firewalld_policy_drop", "raw_"
"""What panic mode stops everything by; while firewalld reloads, the same table holds other chains."""

_FIREWALLD_IPTABLES = regex(
    r"(IN|FWD|FWDI|FWDO|PRE|POST)_[A-Za-z0-9_-]+$|INPUT_(direct|ZONES)|FORWARD_(direct|IN_ZONES)"
)
_JAIL = regex(r"(?:f2b-|fail2ban-|addr6?-set-)([A-Za-z0-9_.-]+)")


def find_owner(
    ruleset: Ruleset, decided_by: TraceLine, lines: tuple[TraceLine, ...] = (), port: int | None = None
) -> Owner:
    """Find who wrote the rule or policy that decided. ``lines`` is the trace that led there.

    ``port`` is the port that clients ask for, where it is to be named.
    """
    owner = _find_owner(ruleset, decided_by, lines, port)
    return owner if owner.subject else replace(owner, subject=owner.text)


def _find_owner(
    ruleset: Ruleset, decided_by: TraceLine, lines: tuple[TraceLine, ...], port: int | None
) -> Owner:
    chain = decided_by.chain
    if chain is None:
        return Owner(Manager.NFTABLES, "the kernel")
    if chain.backend in _OTHER_SYSTEMS:
        return Owner(_OTHER_SYSTEMS[chain.backend], _OTHER_SYSTEMS[chain.backend].value)
    manager = find_manager(ruleset, chain, decided_by)
    if manager is Manager.UFW:
        default = _ufw_default(decided_by)
        if default:
            return Owner(manager, f"ufw default ({default})", "", "", "ufw", f"its default: {default}")
        return Owner(manager, _ufw_text(ruleset, decided_by, lines))
    if chain.table == _PANIC_TABLE and chain.name.startswith(_PANIC_CHAINS):
        why = "its panic mode is on"
        return Owner(manager, "firewalld (panic mode)", subject="firewalld", reason=why, panics=True)
    if chain.table == "firewalld" and chain.name.endswith("_dnat"):
        why = "it is strict: only ports that it forwards itself pass"
        return Owner(
            manager, "firewalld (StrictForwardPorts)", subject="firewalld", reason=why, is_strict=True
        )
    if manager is Manager.FIREWALLD and asks_for_way_back(decided_by):
        why = "IPv6_rpfilter: the answer would leave by another interface"
        return Owner(
            manager, "firewalld (IPv6_rpfilter)", subject="firewalld", reason=why, asks_for_way_back=True
        )
    if manager is Manager.FIREWALLD:
        zone = find_zone(lines) or ""
        because = zone_reason(decided_by, zone, port)
        text = f"firewalld zone {zone}" if zone else "firewalld"
        return Owner(
            manager, text, zone, because and f"firewalld: {because}", because and "firewalld", because
        )
    if manager is Manager.DOCKER and chain.name == _DOCKER_USER:
        return Owner(
            manager, manager.value, reason=f"a rule in {_DOCKER_USER}, its chain for rules of your own"
        )
    if manager is Manager.FAIL2BAN:
        jail = _find_jail(chain, decided_by.rule_text)
        return Owner(manager, f"fail2ban jail {jail}" if jail else "fail2ban", jail)
    if manager in (Manager.NORDVPN, Manager.MULLVAD):
        return Owner(manager, f"kill switch of {manager.value}")
    return Owner(manager, manager.value)


def find_manager(ruleset: Ruleset, chain: Chain, line: TraceLine | None = None) -> Manager:
    """Say which program writes a chain, or the rule of a line in it."""
    by_table = _TABLES.get(chain.table)
    if by_table is not None:
        return by_table
    for pattern, manager in _CHAINS:
        if pattern.match(chain.name):
            return manager
    by_rule = None if line is None else _manager_of_rule(line)
    if by_rule is not None:
        return by_rule
    if _is_policy(line) and chain.hook is not None:
        by_policy = _manager_of_policy(ruleset, chain)
        if by_policy is not None:
            return by_policy
    if chain.backend.startswith("iptables"):
        names = ruleset.tables.get(chain.key, {})
        if _FIREWALLD_IPTABLES.match(chain.name) and any(name.startswith("IN_") for name in names):
            return Manager.FIREWALLD
        return Manager.IPTABLES
    return Manager.NFTABLES


def is_managed_by(ruleset: Ruleset, manager: Manager) -> bool:
    """Whether some table is written by a program."""
    return any(
        find_manager(ruleset, chain) is manager
        for chains in ruleset.tables.values()
        for chain in chains.values()
    )


def _is_policy(line: TraceLine | None) -> bool:
    return line is not None and line.rule is None


def _manager_of_rule(line: TraceLine) -> Manager | None:
    """Recognise rules that a program puts into chains that are not its own, by their comment or their sets."""
    text = f"{line.rule.comment or ''} {line.rule_text}" if line.rule is not None else ""
    if "nordvpn" in text:
        return Manager.NORDVPN
    if "crowdsec" in text:
        return Manager.CROWDSEC
    return Manager.FAIL2BAN if _JAIL.search(text) else None


def _manager_of_policy(ruleset: Ruleset, chain: Chain) -> Manager | None:
    """Say who set the policy of a built-in chain: ufw and docker do, where their chains stand beside it."""
    names = ruleset.tables.get(chain.key, {})
    if any(name.startswith(("ufw-", "ufw6-")) for name in names):
        return Manager.UFW
    if chain.name == "FORWARD" and "DOCKER-USER" in names:
        return Manager.DOCKER
    return None


def _ufw_default(line: TraceLine) -> str:
    """The default of ufw that decided, ``deny incoming``; empty where a rule did."""
    name = line.chain.name.replace("ufw6-", "ufw-") if line.chain is not None else ""
    if _is_policy(line):
        direction = _DIRECTIONS.get(name.lower(), "")
        return f"deny {direction}" if direction else ""
    if not name.startswith(("ufw-reject-", "ufw-skip-to-policy-")):
        return ""
    word = "reject" if "REJECT" in line.rule_text or "reject" in line.rule_text else "deny"
    return f"{word} {_DIRECTIONS.get(name.rpartition('-')[2], 'incoming')}"


def _ufw_text(ruleset: Ruleset, line: TraceLine, lines: tuple[TraceLine, ...]) -> str:
    name = line.chain.name.replace("ufw6-", "ufw-") if line.chain is not None else ""
    if _is_policy(line):
        return "ufw default"
    if name.startswith(("ufw-before-", "ufw-not-local", "ufw-logging-deny")):
        return "ufw (before.rules)"
    if name.startswith("ufw-after-"):
        return "ufw (after.rules)"
    return _numbered(ruleset, (*lines, line)) or "ufw"


_DIRECTIONS = {"input": "incoming", "output": "outgoing", "forward": "routed"}


def _numbered(ruleset: Ruleset, lines: tuple[TraceLine, ...]) -> str | None:
    """What ufw calls the last of its own rules on the way; None where its files say other than the kernel."""
    for line in reversed(lines):
        if line.chain is None or line.rule is None:
            continue
        labels = ruleset.origins.get(line.chain.name)
        loaded = ruleset.tables.get(line.chain.key, {}).get(line.chain.name)
        # A model with a fix in it has one rule more; the others keep their positions.
        if labels and loaded is not None and len(loaded.rules) - len(labels) in (0, 1):
            position = line.rule.position
            return labels[position - 1] if 0 < position <= len(labels) else None
    return None


def _find_jail(chain: Chain, text: str) -> str:
    for candidate in (chain.name, text):
        found = _JAIL.search(candidate)
        if found and found[1] not in ("chain", "table"):
            return found[1]
    return ""
