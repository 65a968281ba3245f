"""Damaging at random, and holding each answer to the property."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from random import Random

from msgspec import Struct

from tests.damage.damage import RETYPED, Damage, choose_damage, parse_damage
from tests.damage.same_shape import is_accepted, is_another_machine
from tests.damage.subjects import Answer, Subject

SLOW_SECONDS = 2.0


class Found(Struct, frozen=True):
    """A counterexample: what was damaged, how, and what became of it."""

    subject: str
    source: str
    damage: Damage
    what: str
    shown: str

    @property
    def key(self) -> tuple[str, str]:
        """What it has in common with others of its kind."""
        return self.source.partition(" ")[0] if self.source != "x" else self.subject.partition("/")[
            0
        ], self.what

    @property
    def text(self) -> str:
        """The counterexample as ``--again`` takes it, and what it looks like."""
        return f"{self.subject};{self.source};{self.damage.written}\n    {self.what}: {self.shown}"


def hunt(subjects: Sequence[Subject], seed: str, count: int, batch: int = 1) -> list[Found]:
    """Damage so many texts. What is found depends on the subjects, the seed and the batch alone.

    Each kind of text is damaged as often as the others, however few subjects have one. ``batch`` damages of one text
    follow each other: what was answered alike is not worked out again.
    """
    random = Random(seed)
    places = _places(subjects)
    kinds = sorted(places)
    chosen = [random.choice(places[random.choice(kinds)]) for _ in range(0, count, batch)]
    tried = [
        try_damage(subject, source, choose_damage(subject.texts[source], random))
        for subject, source in chosen
        for _ in range(batch)
    ]
    return [one for one in tried if one is not None]


def _places(subjects: Sequence[Subject]) -> dict[str, list[tuple[Subject, str]]]:
    """Every text by its kind: the readings of cases by what was read, rulesets by their folder."""
    places: dict[str, list[tuple[Subject, str]]] = {}
    for subject in subjects:
        for source in subject.texts:
            kind = source.partition(" ")[0].rpartition("/")[2]
            kind = kind if subject.kind == "case" else subject.name.rpartition("/")[0]
            places.setdefault(kind, []).append((subject, source))
    return places


def repeat(written: str, subjects: Mapping[str, Subject]) -> Found | None:
    """Try a counterexample again that was printed."""
    name, _, rest = written.partition(";")
    source, _, damage = rest.rpartition(";")
    return try_damage(subjects[name], source, parse_damage(damage))


def try_damage(subject: Subject, source: str, damage: Damage) -> Found | None:
    """Judge a damaged text; None when the answer is no better than that for the whole one."""
    data, before = subject.texts[source], _before(subject)
    damaged = damage.apply(data)
    started = time.perf_counter()  # the clock of the processor's time is a call of the system, and slow
    try:
        after = subject.judge_one(source, damaged)
    except Exception as error:  # noqa: BLE001 - any error is a counterexample
        return Found(subject.name, source, damage, type(error).__name__, str(error)[:200])
    if time.perf_counter() - started > SLOW_SECONDS and _seconds(subject, source, damaged) > SLOW_SECONDS:
        return Found(subject.name, source, damage, "slow", f"over {SLOW_SECONDS} s")
    turned = [(old, new) for old, new in zip(before, after, strict=True) if new is Answer.CLEAR > old]
    if (
        not turned
        or damage.kind == RETYPED
        or is_another_machine(data, damage, _names(subject))
        or is_accepted(damaged)
    ):
        return None
    around = slice(max(0, damage.start - 60), damage.start)
    old = data[damage.start : damage.end]
    shown = f"{data[around]!r} [{old[:60]!r} -> {damage.new[:60]!r}] {data[damage.end :][:30]!r}"
    return Found(subject.name, source, damage, f"{turned[0][0].name} turned clear", shown)


def _seconds(subject: Subject, source: str, damaged: bytes) -> float:
    """The processor's time for a whole judgement, whatever else the machine does meanwhile."""
    started = time.process_time()
    subject.judge({**subject.texts, source: damaged})
    return time.process_time() - started


_known: dict[str, tuple[Answer, ...]] = {}
_named: dict[str, frozenset[bytes]] = {}


def _before(subject: Subject) -> tuple[Answer, ...]:
    if subject.name not in _known:
        _known[subject.name] = subject.judge(subject.texts)
    return _known[subject.name]


def _names(subject: Subject) -> frozenset[bytes]:
    if subject.name not in _named:
        _named[subject.name] = subject.names
    return _named[subject.name]
