"""What Windows tells a WSL2 distribution through interop, and what it means."""

from __future__ import annotations

from functools import partial

from landiag.checks.system import Readings
from landiag.collect import windows_sources
from landiag.collect.portproxy import PortProxy, parse_portproxy
from landiag.collect.windows_state import (
    REGISTRY_KEYS,
    STATE,
    WindowsState,
    decoded,
    parse_entries_below,
    parse_state,
)
from landiag.firewall.windows.policy import Policy
from landiag.firewall.windows.registry import build_policy
from landiag.firewall.windows.text import decode_console
from landiag.model.facts import Command, ParseError, ReadStatus, Unknown, parse_reading
from landiag.model.numbers import parse_port
from landiag.model.regex import regex
from landiag.model.strict import only_print

_SYSTEM32 = "/mnt/c/Windows/System32"
WSL_MODE = Command("wsl-mode", ("wslinfo", "--networking-mode"))
WSL_PORTPROXY = Command("wsl-portproxy", (f"{_SYSTEM32}/netsh.exe", "interface", "portproxy", "show", "all"))
WSL_STATE = Command(
    "wsl-windows-state",
    (f"{_SYSTEM32}/WindowsPowerShell/v1.0/powershell.exe", *STATE.argv[1:]),
)
WSL_RULES = Command("wsl-windows-rules", (f"{_SYSTEM32}/reg.exe", "query", f"HKLM\\{REGISTRY_KEYS[0]}", "/s"))
WSL_GROUP_POLICY = Command(
    "wsl-windows-group-policy",
    (f"{_SYSTEM32}/reg.exe", "query", f"HKLM\\{REGISTRY_KEYS[1]}", "/s"),
    ok_statuses=(0, 1),
)
"""Most machines have no such key: reg then ends with 1 and says nothing."""
SHARED_SOURCES = (WSL_STATE, WSL_RULES, WSL_GROUP_POLICY)
"""What Windows tells of its own firewall."""
SOURCES = (WSL_MODE, WSL_PORTPROXY, *SHARED_SOURCES)

_ABSENT = (ReadStatus.MISSING, ReadStatus.NOT_RECORDED)


_MODES = ("nat", "mirrored", "virtioproxy", "bridged", "none")
"""What wslinfo answers; any other word says nothing."""


def network_mode(readings: Readings) -> str | None:
    """WSL's networkingMode. The WSL of before had no wslinfo and only NAT; None where wslinfo failed."""
    reading = readings.get(WSL_MODE.name)
    if reading is not None and reading.status is ReadStatus.MISSING:
        return "nat"
    mode = None if reading is None else parse_reading(reading, _parse_mode)
    return None if isinstance(mode, Unknown) else mode


def _parse_mode(text: str) -> str:
    mode = text.strip().lower()
    if mode not in _MODES:
        raise ParseError("this is no mode of WSL")
    return mode


def is_behind(readings: Readings) -> bool:
    """Whether clients reach the distribution by Windows alone; so it is taken where nobody knows the mode.

    Nor does anybody know where the addresses come from that it has in spite of networkingMode=none.
    """
    return network_mode(readings) in ("nat", "virtioproxy", "none", None)


def read_state(readings: Readings) -> WindowsState | Unknown:
    """What PowerShell told of Windows."""
    return parse_state(readings, WSL_STATE)


def read_proxies(readings: Readings) -> tuple[PortProxy, ...] | Unknown:
    """The ports that Windows passes on: out of its registry on Windows, by netsh from inside WSL."""
    registry = readings.get(windows_sources.REGISTRY.name)
    if registry is not None and registry.status is ReadStatus.OK:
        try:
            return tuple(_of_registry(registry.text))
        except ParseError as error:
            return Unknown(str(error), registry.source)
    listed = readings.get(WSL_PORTPROXY.name)
    if listed is None or listed.status is not ReadStatus.OK:
        reason = "it was not read" if listed is None else listed.detail or listed.status.value
        return Unknown(reason, "netsh interface portproxy show all")
    # Nothing at all is an answer: netsh prints nothing where no port is passed on.
    return parse_reading(listed, lambda _: parse_portproxy(only_print(decode_console(listed.data))))


def _of_registry(text: str) -> list[PortProxy]:
    """``listen address/port = connect address/port`` below Services\\PortProxy\\v4tov4 and its three siblings."""
    found = []
    for entry in parse_entries_below(REGISTRY_KEYS, text):
        kind = entry.key.lower().partition("\\portproxy\\")[2]
        if not kind:
            continue
        families = _KIND.fullmatch(kind)
        listen, _, listen_port = entry.name.partition("/")
        connect, _, connect_port = entry.data.partition("/")
        ports = parse_port(listen_port), parse_port(connect_port)
        if families is None or ports[0] is None or ports[1] is None:
            raise ParseError(f"this is no port proxy: {kind}, {entry.name[:80]} to {entry.data[:80]}")
        found.append(PortProxy(listen, ports[0], connect, ports[1], int(families[1]), int(families[2])))
    return found


_KIND = regex(r"v([46])tov([46])\\tcp")


def is_absent(readings: Readings) -> bool:
    """Whether Windows' programs cannot be started here at all: nobody asked its firewall."""
    reading = readings.get(WSL_RULES.name)
    return reading is None or reading.status in _ABSENT


def read_policy(readings: Readings) -> Policy | Unknown:
    """The rules and settings of Windows Firewall. Group Policy that could not be read leaves a gap."""
    entries = decoded(readings, WSL_RULES, partial(parse_entries_below, REGISTRY_KEYS[:1]))
    if isinstance(entries, Unknown):
        return entries
    groups = readings.get(WSL_GROUP_POLICY.name)
    if groups is None or groups.status in _ABSENT or groups.says_nothing:
        return build_policy(entries)
    of_groups = decoded(readings, WSL_GROUP_POLICY, partial(parse_entries_below, REGISTRY_KEYS[1:2]))
    if not isinstance(of_groups, Unknown):
        return build_policy([*entries, *of_groups])
    policy = build_policy(entries)
    policy.gaps.append(of_groups)
    return policy
