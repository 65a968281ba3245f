"""Recordings that people or programs made, with values of other types: one sentence or an answer, never an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from landiag.host import parse_recording, render_recording
from landiag.model.facts import ParseError
from landiag.model.report import Status
from landiag.question import UsageError
from tests.cases import load, replay
from tests.damage.damage import RETYPED, retype
from tests.damage.hunt import try_damage
from tests.damage.subjects import case_subject

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    float("inf"),
    2**70,
    "",
    "x",
    "\0",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    {"a": None},
)
READINGS = 3
"""So many readings of the recording are tried: all have the same fields."""


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*path, key))


def _changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(value[path[0]], path[1:], new)
    return copy


def test_a_recording_with_a_value_of_another_type_is_one_sentence_or_an_answer() -> None:
    whole = json.loads(render_recording(load("linux-clear").recording))
    small = {**whole, "readings": whole["readings"][:READINGS]}
    for path in _places(small):
        for new in VALUES:
            text = json.dumps(_changed(small, path, new))
            try:
                recording = parse_recording(text)
                _answer(
                    replace(recording, target=replace(recording.target, port=recording.target.port or 5000))
                )
            except (ParseError, UsageError):
                pass
            except Exception as error:
                raise AssertionError(f"{path} = {new!r}: {error!r}") from error


def _answer(recording: Any) -> None:
    assert replay(recording).verdict.status in Status


JSON_READINGS = (
    "ip-addresses",
    "ip-routes-4",
    "ip-routes-6",
    "ip-rules-4",
    "ip-neighbours",
    "machine",
)
RETYPINGS = 25


@pytest.mark.parametrize("source", JSON_READINGS)
@pytest.mark.parametrize("name", ["linux-clear", "wsl2-clear-nat-local-subnet"])
def test_a_reading_with_a_value_of_another_type_raises_nothing(name: str, source: str) -> None:
    subject, random = case_subject(name), Random(source)
    for _ in range(RETYPINGS):
        damage = retype(subject.texts[source], random)
        assert damage.kind == RETYPED
        assert try_damage(subject, source, damage) is None


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("ip-routes-6", "dev"),
        ("ip-routes-4", "dev"),
        ("ip-addresses", "mtu"),
        ("ip-addresses", "qdisc"),
        ("ip-neighbours", "lladdr"),
    ],
)
@pytest.mark.parametrize("value", [[], [{}], {}, True])
def test_a_field_of_another_type_is_not_understood(source: str, key: str, value: object) -> None:
    recording = load("linux-clear").recording
    reading = recording.readings[source]
    items = [{**item, key: value} if key in item else item for item in json.loads(reading.data)]
    changed = replace(reading, data=json.dumps(items).encode())
    assert changed.data != json.dumps(json.loads(reading.data)).encode(), "nothing is changed"
    report = replay(replace(recording, readings={**recording.readings, source: changed}))
    assert report.verdict.status is not Status.CLEAR or source == "ip-neighbours"


def test_a_distribution_whose_card_is_down_and_has_addresses_of_both_families() -> None:
    recording = load("wsl2-clear-nat-local-subnet").recording
    reading = recording.readings["ip-addresses"]
    text = reading.data.decode().replace('"LOWER_UP"', '"NO-CARRIER"')
    assert text != reading.data.decode()
    changed = replace(reading, data=text.encode())
    report = replay(replace(recording, readings={**recording.readings, reading.source: changed}))
    assert report.verdict.status is Status.BLOCKED


def test_an_exchange_without_an_attempt_is_not_understood() -> None:
    from landiag.collect.exchanges.http import parse_exchange

    readings = load("linux-clear").recording.readings.values()
    reading = next(one for one in readings if one.source.startswith("http "))
    assert parse_exchange(reading.text).best
    with pytest.raises(ParseError):
        parse_exchange(json.dumps({**json.loads(reading.data), "attempts": []}))
