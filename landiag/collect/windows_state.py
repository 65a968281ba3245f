"""What only PowerShell tells of a Windows host: profiles of interfaces, registered firewalls, the Hyper-V firewall."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from landiag.firewall.windows.text import decode_console
from landiag.model.facts import Command, ParseError, Reading, ReadStatus, Source, Unknown, parse_reading

Readings = Mapping[str, Reading]
REGISTRY_KEYS = (
    r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy",
    r"SOFTWARE\Policies\Microsoft\WindowsFirewall",
    r"SYSTEM\CurrentControlSet\Services\PortProxy",
    r"SYSTEM\CurrentControlSet\Services\iphlpsvc",
    r"SYSTEM\CurrentControlSet\Services\WslService",
    r"SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}",
)
"""What is read, with everything below it, under HKEY_LOCAL_MACHINE."""

T = TypeVar("T")

_SCRIPT = (
    "$ErrorActionPreference='SilentlyContinue';"
    "[Console]::OutputEncoding=[Text.Encoding]::UTF8;"
    "$r=@{};"
    "$r.profiles=@(Get-NetConnectionProfile|%{@{alias=$_.InterfaceAlias;index=$_.InterfaceIndex;"
    'network=$_.Name;category="$($_.NetworkCategory)"}});'
    "$r.products=@(Get-CimInstance -Namespace root/SecurityCenter2 -ClassName FirewallProduct|"
    "%{@{name=$_.displayName;state=$_.productState}});"
    '$r.hyperv=@(Get-NetFirewallHyperVVMSetting -PolicyStore ActiveStore|%{@{name="$($_.Name)";'
    'enabled="$($_.Enabled)";inbound="$($_.DefaultInboundAction)";merge="$($_.AllowHostPolicyMerge)"}});'
    "$r.hypervrules=@(Get-NetFirewallHyperVRule -PolicyStore ActiveStore|?{\"$($_.Direction)\" -eq 'Inbound' -and"
    ' "$($_.Enabled)" -eq \'True\'}|%{@{name=$_.Name;action="$($_.Action)";protocol="$($_.Protocol)";'
    "ports=@($_.LocalPorts);remote=@($_.RemoteAddresses)}});"
    '$r.iphlpsvc="$((Get-Service iphlpsvc).Status)";'
    "$r.services=@(Get-CimInstance Win32_Service -Filter 'ProcessId<>0'|%{@{name=$_.Name;pid=$_.ProcessId}});"
    '$w=Select-String -Path "$env:USERPROFILE\\.wslconfig" -Pattern "^\\s*networkingMode\\s*=\\s*(\\w+)";'
    '$r.wslmode="$($w.Matches.Groups[1].Value)";'
    "$r.wslruns=[bool](Get-Process vmmemWSL,vmmem);"
    "$r|ConvertTo-Json -Compress -Depth 4"
)
STATE = Command("windows-state", ("powershell", "-NoProfile", "-NonInteractive", "-Command", _SCRIPT))
"""Profiles of the interfaces, registered firewalls, the Hyper-V firewall: what only PowerShell tells."""


class ConnectionProfile(Struct, frozen=True):
    """The network that an interface is in. ``category`` is ``public``, ``private`` or ``domain``."""

    alias: str
    network: str
    category: str


class Product(Struct, frozen=True):
    """A firewall that registered itself. ``on`` is None where its state is not understood."""

    name: str
    on: bool | None


class HyperVRule(Struct, frozen=True):
    """An enabled inbound rule of the Hyper-V firewall; empty ``ports`` mean all."""

    name: str
    action: str
    protocol: str
    ports: tuple[str, ...]
    remote: tuple[str, ...]


class WindowsState(Struct, frozen=True):
    """What PowerShell tells. ``hyperv_inbound`` is the default action for WSL's machines; None where there is none.

    ``hyperv_enabled`` is False where that firewall is off, ``hyperv_merges`` tells whether rules of Windows
    count for it too. ``services`` are the services by the process that runs them; None where that was not told.
    ``wsl_mode`` is WSL's networkingMode as its user wrote it, in small letters; empty for the default.
    """

    profiles: tuple[ConnectionProfile, ...]
    products: tuple[Product, ...]
    hyperv_inbound: str | None
    hyperv_merges: bool | None
    hyperv_rules: tuple[HyperVRule, ...]
    ip_helper: str
    hyperv_enabled: bool | None = None
    services: Mapping[int, tuple[str, ...]] | None = None
    wsl_mode: str = ""
    wsl_runs: bool | None = None


def decoded(readings: Readings, source: Source, parse: Callable[[str], T]) -> T | Unknown:
    """Parse what a console program wrote in whatever code page. Nothing at all is not an answer."""
    reading = readings.get(source.name)
    if reading is None:
        return Unknown("it was not read", source.name)
    if reading.status is ReadStatus.OK and not reading.data.strip():
        return Unknown("it ended well and said nothing", reading.source, reading.remedy)
    return parse_reading(reading, lambda _: parse(decode_console(reading.data)))


def parse_state(readings: Readings) -> WindowsState | Unknown:
    """What PowerShell told, or why it did not."""
    return decoded(readings, STATE, _state)


def _state(text: str) -> WindowsState:
    try:
        found = json.loads(text[text.index("{") :])
        hyperv = next(iter(_list(found.get("hyperv"))), None)
        return WindowsState(
            profiles=tuple(
                ConnectionProfile(str(one["alias"]), str(one.get("network", "")), category(one["category"]))
                for one in _list(found.get("profiles"))
            ),
            products=tuple(
                Product(str(one["name"]), _product_state(one.get("state")))
                for one in _list(found.get("products"))
            ),
            hyperv_inbound=None if hyperv is None else str(hyperv["inbound"]),
            hyperv_merges=None if hyperv is None else str(hyperv.get("merge")) == "True",
            hyperv_rules=tuple(_hyperv_rule(one) for one in _list(found.get("hypervrules"))),
            ip_helper=str(found.get("iphlpsvc") or ""),
            hyperv_enabled=None if hyperv is None else _SWITCH.get(str(hyperv.get("enabled")).lower()),
            services=_services(found.get("services")),
            wsl_mode=str(found.get("wslmode") or "").strip().lower(),
            wsl_runs=found.get("wslruns") if isinstance(found.get("wslruns"), bool) else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError(f"not what the script prints: {type(error).__name__} {error}") from error


_SWITCH = {"true": True, "1": True, "false": False, "2": False}


def _services(value: object) -> Mapping[int, tuple[str, ...]] | None:
    """The services by process; nothing at all is no answer, for Windows always runs some."""
    found: dict[int, tuple[str, ...]] = {}
    for row in _list(value):
        pid, name = row.get("pid"), row.get("name")
        if isinstance(pid, int) and isinstance(name, str):
            found[pid] = (*found.get(pid, ()), name)
    return found or None


def _list(value: object) -> list[dict[str, object]]:
    rows = value if isinstance(value, list) else [] if value is None else [value]
    return [row for row in rows if isinstance(row, dict)]


def _hyperv_rule(row: Mapping[str, object]) -> HyperVRule:
    ports, remote = row.get("ports"), row.get("remote")
    return HyperVRule(
        str(row.get("name")),
        str(row.get("action")),
        str(row.get("protocol")),
        tuple(map(str, ports)) if isinstance(ports, list) else (),
        tuple(map(str, remote)) if isinstance(remote, list) else (),
    )


def category(value: object) -> str:
    """The profile of a network category, by name or number (Public 0, Private 1, DomainAuthenticated 2)."""
    word = str(value).lower()
    known = {"0": "public", "1": "private", "2": "domain", "domainauthenticated": "domain"}
    return known.get(word, word)


def _product_state(value: object) -> bool | None:
    """The second byte of productState: 0x10 and 0x11 are on, 0x00 and 0x01 off; the rest is not documented."""
    if not isinstance(value, int):
        return None
    return {0x10: True, 0x11: True, 0x00: False, 0x01: False}.get(value >> 8 & 0xFF)
