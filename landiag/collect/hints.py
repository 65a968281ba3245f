"""What anybody may read about the firewall: settings that say what is probably loaded, never what certainly is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from landiag.model.facts import Command, File, Reading, ReadStatus, Source
from landiag.model.regex import regex

UFW_CONF = File("/etc/ufw/ufw.conf")
UFW_DEFAULTS = File("/etc/default/ufw")
FIREWALLD_CONF = File("/etc/firewalld/firewalld.conf")
UNITS = Command(
    "firewall-units",
    ("systemctl", "is-active", "firewalld", "nftables", "iptables", "netfilter-persistent"),
    ok_statuses=(0, 1, 3, 4),
)
MODULES = File("/proc/modules")

SOURCES: tuple[Source, ...] = (UFW_CONF, UFW_DEFAULTS, FIREWALLD_CONF, UNITS, MODULES)

_ASSIGNMENT = regex(r"^\s*([A-Z_a-z]\w*)\s*=\s*[\"']?([^\"'#\s]*)", re.MULTILINE)


class Hint(Struct, frozen=True):
    """What the firewall probably does with LAN clients. ``code`` is the finding that would be made of it."""

    code: str
    text: str
    source: str


def parse_hints(readings: Mapping[str, Reading]) -> tuple[Hint, ...]:
    """Make hints of what could be read; empty when nothing points anywhere."""
    found = (_ufw(readings), _firewalld(readings), _units(readings))
    return tuple(hint for hint in found if hint is not None)


def _settings(readings: Mapping[str, Reading], source: Source) -> Mapping[str, str]:
    reading = readings.get(source.name)
    if reading is None or reading.status is not ReadStatus.OK:
        return {}
    return dict(_ASSIGNMENT.findall(reading.text))


def _ufw(readings: Mapping[str, Reading]) -> Hint | None:
    if _settings(readings, UFW_CONF).get("ENABLED", "").lower() != "yes":
        return None
    policy = _settings(readings, UFW_DEFAULTS).get("DEFAULT_INPUT_POLICY", "DROP").upper()
    if policy == "ACCEPT":
        return None
    code = "firewall-rejects" if policy == "REJECT" else "firewall-drops"
    word = "rejects" if policy == "REJECT" else "denies"
    return Hint(code, f"ufw: it is on and {word} incoming connections by default", UFW_CONF.path)


def shuts_ipv6(readings: Mapping[str, Reading]) -> bool:
    """Whether ufw is on and was told to leave IPv6 alone: it then drops all of it (ufw(8))."""
    is_on = _settings(readings, UFW_CONF).get("ENABLED", "").lower() == "yes"
    return is_on and _settings(readings, UFW_DEFAULTS).get("IPV6", "").lower() == "no"


def _firewalld(readings: Mapping[str, Reading]) -> Hint | None:
    """Hint at firewalld only where its service runs: its settings are there without it, too."""
    if _active_units(readings).get("firewalld") != "active":
        return None
    zone = _settings(readings, FIREWALLD_CONF).get("DefaultZone", "")
    named = f"firewalld: it is on, and its zone is {zone}" if zone else "firewalld: it is on"
    return None if zone == "trusted" else Hint("firewall-rejects", named, FIREWALLD_CONF.path)


def _units(readings: Mapping[str, Reading]) -> Hint | None:
    for unit in ("nftables", "iptables", "netfilter-persistent"):
        if _active_units(readings).get(unit) == "active":
            return Hint(
                "firewall-drops", f"{unit}: its rules were loaded at the start", "systemctl is-active"
            )
    return None


def _active_units(readings: Mapping[str, Reading]) -> Mapping[str, str]:
    reading = readings.get(UNITS.name)
    if reading is None or reading.status is not ReadStatus.OK:
        return {}
    return dict(zip(UNITS.argv[2:], reading.text.split(), strict=False))
