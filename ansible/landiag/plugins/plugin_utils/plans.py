"""The plan of probes and the stubs' files, as they lie on the controller."""

from __future__ import annotations

import glob
import ipaddress
import json
import os
import time

from ansible_collections.landiag.landiag.plugins.plugin_utils.files import write_private
from ansible_collections.landiag.landiag.plugins.plugin_utils.names import file_name

MAX_LINES = 100_000
_WITHOUT_LISTENER = ("no-listener", "blocked")
_STUB_SUFFIX = ".stub.json"


class PlanError(ValueError):
    """A plan cannot be used; the message says which line and why."""


def read_plan(path: str) -> list[dict]:
    """The probes of a plan. Raises PlanError, OSError."""
    with open(path, encoding="utf-8", errors="backslashreplace") as file:
        lines = [(number, line) for number, line in enumerate(file, 1) if line.strip()]
    if len(lines) > MAX_LINES:
        raise PlanError(f"it has more than {MAX_LINES} probes")
    return [_parse(number, line) for number, line in lines]


def _parse(number: int, line: str) -> dict:
    try:
        probe = json.loads(line)
        address = ipaddress.ip_address(probe["address"])
        names = all(isinstance(probe[key], str) for key in ("from", "to", "expect"))
        if not names or address.is_unspecified or address.is_multicast or not 1 <= probe["port"] <= 65535:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PlanError(f"line {number} is no probe of landiag fleet probes") from error
    return probe


def places_to_listen(plan: list[dict], host: str) -> list[list]:
    """Where a stub would show something: places of a host that the plan takes for closed."""
    wanted = [one for one in plan if one["to"] == host and one["expect"] in _WITHOUT_LISTENER]
    return [list(place) for place in dict.fromkeys((one["address"], one["port"]) for one in wanted)]


def write_stub(folder: str, host: str, listening: list[list], seconds: float) -> None:
    """Note where a host's stub listens, and until when."""
    text = json.dumps({"until": time.time() + seconds, "listening": listening})
    write_private(os.path.join(folder, file_name(host) + _STUB_SUFFIX), text.encode())


def stubs_now(folder: str) -> set[tuple[str, int]]:
    """The places where a stub listens still."""
    found: set[tuple[str, int]] = set()
    for path in glob.glob(os.path.join(glob.escape(folder), f"*{_STUB_SUFFIX}")):
        with open(path, encoding="utf-8") as file:
            noted = json.load(file)
        if noted["until"] >= time.time():
            found.update((str(address), int(port)) for address, port in noted["listening"])
    return found


def write_outcomes(folder: str, host: str, probes: list[dict], found: list[dict]) -> None:
    """Write each probe with its outcome. A stub counts where it listened still when the last probe was over."""
    stubs = stubs_now(folder)
    lines = [
        json.dumps({**probe, **one, "stub": (probe["address"], probe["port"]) in stubs})
        for probe, one in zip(probes, found)
    ]
    write_private(outcomes_path(folder, host), "".join(f"{line}\n" for line in lines).encode())


def outcomes_path(folder: str, host: str) -> str:
    """The file of a host's outcomes."""
    return os.path.join(folder, f"{file_name(host)}.jsonl")
