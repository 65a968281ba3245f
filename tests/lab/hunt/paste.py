"""A machine as a scenario, ready to paste into ``tests/lab/scenarios/``."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from tests.lab.hunt.judge import Result
from tests.lab.hunt.machine import RANDOM
from tests.lab.network import CLIENT, CLIENT6, SERVER

REJECTIONS = (
    "host-unreachable",
    "addr-unreachable",
    "net-unreachable",
    "host-prohibited",
    "admin-prohibited",
)
WORDS = {
    "answered": "served",
    "varies": "sometimes",
    "reset": "closed|reset",
    "refused": "refused|rejected port-unreachable",
    "unreachable": "|".join(["unreachable", *(f"rejected {word}" for word in REJECTIONS)]),
}


def paste(result: Result) -> str:
    """The text of a ``Scenario(...)``; what is right by the client stands in it, the cause is for a person to add."""
    machine = result.machine
    scenario = machine.scenario(_truth(result))
    shown = [f"    {scenario.name!r},", f"    fault={scenario.fault!r},"]
    records = (
        (name, getattr(scenario, name)) for name in ("wires", "containers", "before", "servers", "after")
    )
    shown += [
        f"    {name}=({''.join(f'{_show(one)}, ' for one in value)})," for name, value in records if value
    ]
    ways = (("who", "client"), ("address", SERVER), ("options", ""))
    values = [(name, getattr(scenario, name), usual) for name, usual in ways]
    shown += [f"    {name}={value!r}," for name, value, usual in values if value != usual]
    peer = machine.client.options.partition("--peer ")[2]
    if peer not in ("", CLIENT, CLIENT6):
        shown.append(f"    peer={peer!r},")
    if machine.has(RANDOM):
        shown.append("    attempts=16,")
    expected = "CLEAR" if result.truth == "clear" else 'Expected("blocked")'
    return "\n".join(
        ["Scenario(", *shown, f"    truth={scenario.truth!r},", f"    expected={expected},", "),"]
    )


def _truth(result: Result) -> str:
    if result.seen is None:
        return ""
    if result.seen.is_answered and result.seen.statuses and min(result.seen.statuses) >= 400:
        return "|".join(f"http {status}" for status in sorted(result.seen.statuses))
    words = sorted(result.seen.outcomes) if len(result.seen.outcomes) == 1 else ["varies"]
    return "|".join(WORDS.get(word, word) for word in words)


def _show(value: Any) -> str:
    """A record with the fields that are not as usual."""
    if not is_dataclass(value) or isinstance(value, type):
        return repr(value)
    words = []
    for field in fields(value):
        one = getattr(value, field.name)
        usual = field.default_factory() if field.default_factory is not MISSING else field.default
        if one != usual:
            words.append(f"{field.name}={one!r}")
    return f"{type(value).__name__}({', '.join(words)})"
