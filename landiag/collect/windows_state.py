"""What only PowerShell tells of a Windows host: profiles of interfaces, registered firewalls, the Hyper-V firewall."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_interface
from typing import TypeVar

from msgspec import Struct

from landiag.firewall.windows import hyperv_settings
from landiag.firewall.windows.hyperv_settings import HyperVRule, HyperVSetting
from landiag.firewall.windows.registry_text import Entry, parse_entries
from landiag.firewall.windows.text import decode_console
from landiag.model.addresses import mac_or_none, parse_ip
from landiag.model.facts import (
    Command,
    IPAddress,
    ParseError,
    Reading,
    Source,
    Unknown,
    parse_reading,
)
from landiag.model.strict import load_json, only_keys, only_print

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

RULES_KEY = rf"HKLM\{REGISTRY_KEYS[0]}\FirewallRules"
"""Where the rules of Windows Firewall that are set on the computer stand, as reg is told it."""

T = TypeVar("T")


def parse_entries_below(keys: Sequence[str], text: str) -> list[Entry]:
    """The values below the keys that were asked for; what stands under another one is none of it. Raises ParseError."""
    entries = parse_entries(text)
    asked = tuple(f"{hive}\\{key.lower()}\\" for key in keys for hive in ("hkey_local_machine", "hklm"))
    strange = next((one.key for one in entries if not f"{one.key.lower()}\\".startswith(asked)), None)
    if strange is not None:
        raise ParseError(f"the registry was not asked for {strange[:80]!r}")
    return entries


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
    '$r.hypervprofiles=@(Get-NetFirewallHyperVProfile -PolicyStore ActiveStore|%{@{creator="$($_.VMCreatorId)";'
    'profile="$($_.Name)";enabled="$($_.Enabled)";inbound="$($_.DefaultInboundAction)"}});'
    "$r.hypervrules=@(Get-NetFirewallHyperVRule -PolicyStore ActiveStore|?{\"$($_.Direction)\" -eq 'Inbound' -and"
    ' "$($_.Enabled)" -eq \'True\'}|%{@{name=$_.Name;action="$($_.Action)";protocol="$($_.Protocol)";'
    'ports=@($_.LocalPorts);remote=@($_.RemoteAddresses);creator="$($_.VMCreatorId)";profiles="$($_.Profiles)";'
    'remoteports=@($_.RemotePorts);local=@($_.LocalAddresses);priority="$($_.RulePriority)"}});'
    '$r.adapters=@(Get-NetAdapter -IncludeHidden|%{@{name=$_.Name;index=$_.ifIndex;guid="$($_.InterfaceGuid)";'
    'description="$($_.InterfaceDescription)";mac="$($_.MacAddress)";up="$($_.Status)" -eq \'Up\'}});'
    '$r.addresses=@(Get-NetIPAddress|%{@{index=$_.InterfaceIndex;ip="$($_.IPAddress)";prefix=$_.PrefixLength}});'
    "$r.gateways=@(Get-NetRoute|?{$_.DestinationPrefix -in '0.0.0.0/0','::/0'}|%{@{index=$_.InterfaceIndex;"
    'gateway="$($_.NextHop)"}});'
    '$r.iphlpsvc="$((Get-Service iphlpsvc).Status)";'
    "$r.services=@(Get-CimInstance Win32_Service -Filter 'ProcessId<>0'|%{@{name=$_.Name;pid=$_.ProcessId}});"
    '$w=Select-String -LiteralPath "$env:USERPROFILE\\.wslconfig" -Pattern "^\\s*networkingMode\\s*=\\s*(\\w+)";'
    '$r.wslmode="$($w.Matches.Groups[1].Value)";'
    '$w=Select-String -LiteralPath "$env:USERPROFILE\\.wslconfig" -Pattern "^\\s*localhostForwarding\\s*=\\s*(\\w+)";'
    '$r.wsllocalhost="$($w.Matches.Groups[1].Value)";'
    "$r.wslruns=[bool](Get-Process vmmemWSL,vmmem);"
    "$p=@{};Get-Process|%{$p[[int]$_.Id]=$_.ProcessName};"
    '$r.listeners=@(Get-NetTCPConnection -State Listen|%{@{address="$($_.LocalAddress)";port=$_.LocalPort;'
    'process="$($p[[int]$_.OwningProcess])"}});'
    "$r|ConvertTo-Json -Compress -Depth 4"
)
STATE = Command("windows-state", ("powershell", "-NoProfile", "-NonInteractive", "-Command", _SCRIPT))
"""Profiles of the interfaces, registered firewalls, the Hyper-V firewall: what only PowerShell tells."""

_HYPERV_KEYS = frozenset({"name", "creator", "vmcreatorid", "profile", "enabled", "inbound", "merge"})
_KEYS: Mapping[str, frozenset[str]] = {
    "profiles": frozenset({"alias", "index", "network", "category"}),
    "products": frozenset({"name", "state"}),
    "hyperv": _HYPERV_KEYS,
    "hypervprofiles": _HYPERV_KEYS,
    "hypervrules": frozenset({
        "name", "action", "protocol", "ports", "remote", "creator", "vmcreatorid", "profiles", "remoteports", "local",
        "priority",
    }),
    "adapters": frozenset({"name", "index", "guid", "description", "mac", "up"}),
    "addresses": frozenset({"index", "ip", "prefix"}),
    "gateways": frozenset({"index", "gateway"}),
    "services": frozenset({"name", "pid"}),
    "listeners": frozenset({"address", "port", "process"}),
}  # fmt: skip
"""What the script prints: lists of objects, and their keys."""

_ALL_KEYS = frozenset({*_KEYS, "iphlpsvc", "wslmode", "wsllocalhost", "wslruns"})


class ConnectionProfile(Struct, frozen=True):
    """The network that an interface is in. ``category`` is ``public``, ``private`` or ``domain``."""

    alias: str
    network: str
    category: str
    index: int = 0


class Product(Struct, frozen=True):
    """A firewall that registered itself. ``on`` is None where its state is not understood."""

    name: str
    on: bool | None


class HostAdapter(Struct, frozen=True):
    """An adapter. ``addresses`` carry their prefix lengths; ``has_gateway``: a default route leaves by it."""

    name: str
    index: int
    description: str
    guid: str | None
    mac: str | None
    up: bool
    addresses: tuple[str, ...] = ()
    has_gateway: bool = False


class HostListener(Struct, frozen=True):
    """A program of Windows that listens on a port. ``process`` is its name without .exe, empty where nobody told it."""

    ip: IPAddress
    port: int
    process: str


class WindowsState(Struct, frozen=True):
    """What PowerShell tells; an empty list may mean that this one question failed.

    ``hyperv`` are the settings of the Hyper-V firewall, ``hyperv_rules`` its enabled inbound rules. ``services`` are
    the services by the process that runs them; None where that was not told. ``wsl_mode`` is WSL's networkingMode
    as its user wrote it, in small letters; empty for the default. ``wsl_localhost`` is False where .wslconfig
    switches localhostForwarding off.
    """

    profiles: tuple[ConnectionProfile, ...]
    products: tuple[Product, ...]
    hyperv: tuple[HyperVSetting, ...]
    hyperv_rules: tuple[HyperVRule, ...]
    ip_helper: str
    services: Mapping[int, tuple[str, ...]] | None = None
    wsl_mode: str = ""
    wsl_runs: bool | None = None
    wsl_localhost: bool = True
    adapters: tuple[HostAdapter, ...] = ()
    listeners: tuple[HostListener, ...] = ()


def decoded(readings: Readings, source: Source, parse: Callable[[str], T]) -> T | Unknown:
    """Parse what a console program wrote in whatever code page. Nothing at all is not an answer."""
    reading = readings.get(source.name)
    if reading is None:
        return Unknown("it was not read", source.name)
    if reading.says_nothing:
        return Unknown("it ended well and said nothing", reading.source, reading.remedy)
    return parse_reading(reading, lambda _: parse(only_print(decode_console(reading.data))))


def parse_state(readings: Readings, source: Source | None = None) -> WindowsState | Unknown:
    """What PowerShell told, or why it did not; from ``source`` where it was asked from elsewhere (inside WSL)."""
    return decoded(readings, source or STATE, _state)


def _state(text: str) -> WindowsState:
    try:
        found = load_json(text[text.index("{") :])
        only_keys(found, _ALL_KEYS, "what the script prints")
        return WindowsState(
            profiles=tuple(
                ConnectionProfile(
                    str(one["alias"]),
                    str(one.get("network", "")),
                    category(one["category"]),
                    _number(one.get("index")),
                )
                for one in _rows(found, "profiles")
            ),
            products=tuple(
                Product(str(one["name"]), _product_state(one.get("state")))
                for one in _rows(found, "products")
            ),
            hyperv=hyperv_settings.parse_settings([*_rows(found, "hyperv"), *_rows(found, "hypervprofiles")]),
            hyperv_rules=hyperv_settings.parse_rules(_rows(found, "hypervrules")),
            ip_helper=str(found.get("iphlpsvc") or ""),
            services=_services(_rows(found, "services")),
            wsl_mode=str(found.get("wslmode") or "").strip().lower(),
            wsl_runs=found.get("wslruns") if isinstance(found.get("wslruns"), bool) else None,
            wsl_localhost=str(found.get("wsllocalhost") or "").strip().lower() != "false",
            adapters=tuple(_adapters(found)),
            listeners=tuple(map(_listener, _rows(found, "listeners"))),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError(f"not what the script prints: {type(error).__name__} {error}") from error


def _adapters(found: Mapping[str, object]) -> Iterator[HostAdapter]:
    """The adapters, each with its addresses and whether it has a gateway."""
    addresses: dict[int, list[str]] = {}
    for row in _rows(found, "addresses"):
        text = f"{str(row.get('ip')).partition('%')[0]}/{row.get('prefix')}"
        addresses.setdefault(_number(row.get("index")), []).append(str(ip_interface(text)))
    gateways = _rows(found, "gateways")
    with_gateway = {
        _number(row.get("index")) for row in gateways if row.get("gateway") not in ("0.0.0.0", "::")
    }
    for row in _rows(found, "adapters"):
        index = _number(row.get("index"))
        yield HostAdapter(
            name=str(row.get("name")),
            index=index,
            description=str(row.get("description") or ""),
            guid=str(row["guid"]).lower() if row.get("guid") else None,
            mac=mac_or_none(str(row.get("mac"))),
            up=row.get("up") is True,
            addresses=tuple(addresses.get(index, ())),
            has_gateway=index in with_gateway,
        )


def _listener(row: Mapping[str, object]) -> HostListener:
    """A listening socket. Raises ValueError, ParseError."""
    port = row.get("port")
    if not isinstance(port, int):
        raise ParseError(f"not a socket that listens: {row}")
    return HostListener(parse_ip(str(row.get("address"))), port, str(row.get("process") or ""))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _services(rows: Iterable[Mapping[str, object]]) -> Mapping[int, tuple[str, ...]] | None:
    """The services by process; nothing at all is no answer, for Windows always runs some. Raises ParseError."""
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        pid, name = row.get("pid"), row.get("name")
        if not isinstance(pid, int) or not isinstance(name, str) or not name:
            raise ParseError(f"not a service and its process: {row}")
        found[pid] = (*found.get(pid, ()), name)
    return found or None


def _rows(found: Mapping[str, object], name: str) -> list[dict[str, object]]:
    """The objects of a list, which have no other keys than the script gives them. Raises ParseError."""
    rows = _list(found.get(name))
    for row in rows:
        only_keys(row, _KEYS[name], f"an object of {name}")
    return rows


def _list(value: object) -> list[dict[str, object]]:
    """The objects of a list. One alone may have lost it, and PowerShell 5.1 may wrap a list in an object."""
    if isinstance(value, dict) and {key.lower() for key in value} == {"value", "count"}:
        value = value.get("value", value.get("Value"))
    rows = value if isinstance(value, list) else [] if value is None else [value]
    return [row for row in rows if isinstance(row, dict)]


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
