"""The adapters of a Windows host: put together from what psutil, PowerShell, `route print` and the registry tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_interface

from msgspec.structs import replace

from landiag.collect import adapters, windows_net
from landiag.collect.adapters import Adapter
from landiag.collect.windows_sources import ADAPTERS, NEIGHBOURS, REGISTRY, ROUTES4, ROUTES6
from landiag.collect.windows_state import (
    REGISTRY_KEYS,
    WindowsState,
    decoded,
    parse_entries_below,
    parse_state,
)
from landiag.model.addresses import mac_or_none, parse_ip
from landiag.model.facts import (
    Address,
    Interface,
    ParseError,
    Reading,
    ReadStatus,
    Source,
    Unknown,
    parse_reading,
)
from landiag.model.regex import regex
from landiag.model.strict import load_json

Readings = Mapping[str, Reading]


def parse_rows(text: str) -> list[dict[str, object]]:
    """The objects of a JSON list. Raises ParseError."""
    try:
        found = load_json(text)
    except (ValueError, RecursionError) as error:
        raise ParseError("not JSON") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ParseError("not a list of objects")
    return found


def parse_interfaces(readings: Readings) -> tuple[Interface, ...] | Unknown:
    """The adapters, with what PowerShell, the list above the routing table and the registry say they are."""
    listed = decoded(readings, ROUTES4, windows_net.parse_adapters)
    guids = parse_reading(readings[REGISTRY.name], _guids)
    state = parse_state(readings)
    told = () if isinstance(state, Unknown) else state.adapters
    by_name = (
        {} if isinstance(state, Unknown) else {one.alias: one.index for one in state.profiles if one.index}
    )
    by_name.update({one.name: one.index for one in told})
    known = [*(() if isinstance(listed, Unknown) else listed)]
    known = [one for one in known if one.index not in {one.index for one in told}]
    known += [Adapter(one.index, one.mac, one.description) for one in told]
    named = {} if isinstance(guids, Unknown) else dict(guids)
    named.update({one.name: one.guid for one in told if one.guid})
    by_address = windows_net.parse_indexes(*_texts(readings, NEIGHBOURS, ROUTES6))

    def parse(text: str) -> tuple[Interface, ...]:
        rows = parse_rows(text)
        brief = [adapters.Row(str(row.get("name", "")), _mac(row), tuple(_words(row))) for row in rows]
        found = adapters.match_adapters(brief, known, by_name, by_address)
        switches = {row.name for row in brief if adapters.is_external_switch(row, brief)}
        return tuple(
            replace(_interface(at, row, found, switches), guid=named.get(str(row.get("name", ""))))
            for at, row in enumerate(rows, 1000)
        )

    return parse_reading(readings[ADAPTERS.name], parse)


def _texts(readings: Readings, *sources: Source) -> Iterable[str]:
    for source in sources:
        reading = readings.get(source.name)
        if reading is not None and reading.status is ReadStatus.OK:
            yield reading.text


def _mac(row: Mapping[str, object]) -> str | None:
    mac = mac_or_none(str(row.get("mac")))
    return mac if mac is not None and mac.strip("0:") else None


def _words(row: Mapping[str, object]) -> Iterable[str]:
    found = row.get("addresses")
    return (
        str(pair[0]).partition("%")[0].lower() for pair in (found if isinstance(found, list) else []) if pair
    )


_CONNECTION = regex(r"\\Control\\Network\\\{[^}]*\}\\(\{[0-9A-F-]{36}\})\\Connection$", re.IGNORECASE)


def _guids(text: str) -> Mapping[str, str]:
    """The identifiers of the interfaces by their names, as the registry lists its network connections."""
    found = {}
    for entry in parse_entries_below(REGISTRY_KEYS, text):
        key = _CONNECTION.search(entry.key)
        if key and entry.name == "Name":
            found[entry.data] = key[1].lower()
    return found


def _interface(
    at: int, row: Mapping[str, object], known: Mapping[str, Adapter], switches: set[str]
) -> Interface:
    name, mac = str(row.get("name", "")), _mac(row)
    adapter = known.get(name)
    mtu = row.get("mtu")
    addresses = row.get("addresses")
    up = bool(row.get("up"))
    return Interface(
        name=name,
        index=adapter.index if adapter else at,
        kind=_kind(name, mac, adapter, is_switch=name in switches),
        up=up,
        carrier=up,
        addresses=tuple(_addresses(addresses if isinstance(addresses, list) else [])),
        mac=mac,
        mtu=mtu if isinstance(mtu, int) and 0 < mtu < 1 << 20 else None,
        description=adapter.description if adapter else "",
    )


def _kind(name: str, mac: str | None, adapter: Adapter | None, *, is_switch: bool) -> str:
    """What an adapter is. One without a MAC is no card, whatever it is called: a tunnel carries packets alone."""
    kind = adapters.kind_of(name, adapter.description if adapter else "", mac=mac)
    if kind == "vm" and is_switch:
        return "ethernet"
    return "tunnel" if mac is None and kind in ("ethernet", "wifi") else kind


def _addresses(rows: Iterable[object]) -> Iterable[Address]:
    for row in rows:
        if not isinstance(row, list) or len(row) != 2:
            continue
        try:
            address = parse_ip(str(row[0]))
            length = row[1] or (64 if address.version == 6 else 32)
            interface = ip_interface(f"{address}/{length}")
        except ValueError:
            continue
        scope = "host" if address.is_loopback else "link" if address.is_link_local else "global"
        yield Address(interface, scope=scope)


def with_names(interfaces: tuple[Interface, ...], state: WindowsState | Unknown) -> tuple[Interface, ...]:
    """Call every interface as Windows does: the title of ipconfig says first, in its language, what it is.

    ``Karta bezprzewodowej sieci LAN Wi-Fi`` is Wi-Fi where PowerShell tells of one with that name.
    """
    if isinstance(state, Unknown):
        return interfaces
    known = {one.alias for one in state.profiles} | {one.name for one in state.adapters}
    return tuple(replace(one, name=_name_in(one.name, known)) for one in interfaces)


def _name_in(title: str, known: Iterable[str]) -> str:
    """The longest of the names with which a title ends; the title itself where it is one, or ends with none."""
    ends = [name for name in known if title == name or title.endswith(f" {name}")]
    return max(ends, key=len, default=title)


def with_profiles(interfaces: tuple[Interface, ...], state: WindowsState | Unknown) -> tuple[Interface, ...]:
    """Give every interface its profile; one without a network is Public.

    Nobody knows where nobody could ask, nor whose a network is that belongs to none of these names.
    """
    if isinstance(state, Unknown) or not state.profiles:
        return interfaces
    known = {one.alias: one.category for one in state.profiles}
    others = "public" if known.keys() <= {one.name for one in interfaces} else None
    return tuple(replace(one, profile=known.get(one.name, others)) for one in interfaces)
