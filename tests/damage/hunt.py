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


def hunt(subjects: Sequence[Subject], seed: str, count: int) -> list[Found]:
    """Damage so many texts. What is found depends on the subjects and the seed alone.

    Each kind of text is damaged as often as the others, however few subjects have one.
    """
    random, found = Random(seed), []
    places = _places(subjects)
    kinds = sorted(places)
    for _ in range(count):
        subject, source = random.choice(places[random.choice(kinds)])
        data = subject.texts[source]
        one = try_damage(subject, source, choose_damage(data, random))
        if one is not None:
            found.append(one)
    return found


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
    data = subject.texts[source]
    damaged = damage.apply(data)
    started = time.process_time()
    try:
        after = subject.judge_one(source, damaged)
    except Exception as error:  # noqa: BLE001 - any error is a counterexample
        return Found(subject.name, source, damage, type(error).__name__, str(error)[:200])
    seconds = time.process_time() - started
    if seconds > SLOW_SECONDS:
        return Found(subject.name, source, damage, "slow", f"{seconds:.1f} s")
    turned = [
        (old, new) for old, new in zip(_before(subject), after, strict=True) if new is Answer.CLEAR > old
    ]
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
