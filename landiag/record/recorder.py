"""The recorder for hosts without landiag: one file of the standard library, written from the same table of sources.

Its text is ``knowledge/recorder.txt``; filled in are the sources, as data, and the functions that mask secrets and
describe processes, taken from this landiag and put into the words of Python 3.6.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pkgutil import get_data
from typing import Any

from landiag.collect import (
    bans,
    groups,
    interfaces,
    linux,
    linux_sources,
    machine,
    queues,
    routes,
    sockets,
    systemd,
)
from landiag.collect.reader import DENIED_WORDS, MAX_BYTES, MODULE_OPTIONS, VIRTUAL_VENDORS
from landiag.firewall.linux import DEVICE_CHAIN, HIDES_FRAMES, TABLE_FLAGS
from landiag.firewall.sources import EBTABLES, NFT, NFT_TEXT, SOURCES, inner_sources
from landiag.firewall.ufw import USER_RULES, USER_RULES6
from landiag.model.facts import Call, Command, File, Source
from landiag.record.older import SHIMS, for_old_python
from landiag.servers.kinds import kept_variables
from landiag.version import __version__

_PID, _NAMESPACE, _INTERFACE, _UNIT = 987654321, "NAMESPACE-0", "INTERFACE-0", "UNIT-0.service"
_MODULES = ("model/regex.py", "redact/secret_names.py", "redact/masking.py", "host/proc.py")
_MOST_INTERFACES = 200
_LONG = r"(?m)^(?=.{120}).{1,110},"
"""The part of a line that is written on a line of its own, where a line is long."""
_PATH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")


def write_recorder() -> str:
    """The whole program as text, in the syntax of Python 3.6."""
    text = (get_data("landiag.knowledge", "recorder.txt") or b"").decode()
    table = re.sub(_LONG, "\\g<0>\\\\\n", json.dumps(_table(), indent=1))
    modules = [for_old_python((get_data("landiag", path) or b"").decode()).strip() for path in _MODULES]
    whole = text.replace("@@MODULES@@", "\n\n\n".join([SHIMS.strip(), *modules]))
    return whole.replace("@@TABLE@@", table)


def _table() -> dict[str, Any]:
    """What the program reads, as data; what stands in braces it fills in."""
    inside: tuple[Source, ...] = (
        sockets.namespace_listeners(_PID, _NAMESPACE),
        interfaces.namespace_interfaces(_PID, _NAMESPACE),
        *routes.namespace_sources(_PID, _NAMESPACE),
        routes.namespace_settings(_PID, _NAMESPACE),
        *inner_sources(_PID, _NAMESPACE).values(),
    )
    own: tuple[Source, ...] = (
        *linux_sources.interface_settings(_INTERFACE),
        *queues.all_sources(_INTERFACE),
    )
    return {
        "version": __version__,
        "max_bytes": MAX_BYTES,
        "path": _PATH,
        "denied": DENIED_WORDS,
        "modules": MODULE_OPTIONS,
        "virtual": VIRTUAL_VENDORS,
        "variables": sorted(kept_variables()),
        "first": _rows((machine.MACHINE, *linux_sources.FIRST, *systemd.OF_SYSTEMD, bans.BANNED)),
        "rules": [one.name for one in SOURCES],
        "ufw": _rows((USER_RULES, USER_RULES6)),
        "nft": NFT.name,
        "nft_text": _rows((NFT_TEXT,)),
        "hides_frames": [word.decode() for word in HIDES_FRAMES],
        "frames": _rows((EBTABLES,)),
        "table_flags": TABLE_FLAGS.pattern.decode(),
        "device_chain": DEVICE_CHAIN.pattern.decode(),
        "listeners": sockets.LISTENERS.name,
        "addresses": interfaces.INTERFACES.name,
        "proc_tcp": _rows((sockets.PROC_TCP, sockets.PROC_TCP6)),
        "units": groups.UNITS.pattern,
        "unit": _rows((systemd.unit_source((_UNIT,)),))[0],
        "interface": _rows(own),
        "namespace": _rows(inside),
        "most_interfaces": _MOST_INTERFACES,
        "most_namespaces": linux.MAX_NAMESPACES,
    }


def _rows(sources: Iterable[Source]) -> list[dict[str, Any]]:
    return [_row(one) for one in {source.name: source for source in sources}.values()]


def _row(source: Source) -> dict[str, Any]:
    row: dict[str, Any] = {"name": _braced(source.name)}
    match source:
        case Command():
            row.update(
                kind="command", argv=[_braced(word) for word in source.argv], ok=list(source.ok_statuses)
            )
            if source.module is not None:
                row["module"] = source.module
        case File():
            row.update(kind="file", path=_braced(source.path))
        case Call():
            row.update(kind="call")
    return row


def _braced(word: str) -> str:
    marks = {str(_PID): "{pid}", _NAMESPACE: "{namespace}", _INTERFACE: "{interface}", _UNIT: "{unit}"}
    for mark, name in marks.items():
        word = word.replace(mark, name)
    return word
