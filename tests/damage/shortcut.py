"""Diagnosing a damaged case without doing again what the damage did not touch.

What a diagnosis makes of a reading is what it asks of it, in its order: its status, what a parser reads in it, its
bytes. Damages that answer all of that alike are diagnosed alike, so the answers lie in a tree of what was asked, and
only what has none there is diagnosed. An ``Unknown`` is alike whatever its reason, for no decision reads a sentence
(tests/test_typed.py). One answer of the tree in so many is worked out all the same, and must be the same.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from itertools import count
from types import FunctionType
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

import landiag.diagnose
from landiag.checks.case import Case
from landiag.gather import gather, open_case
from landiag.host import RecordedHost, Recorder
from landiag.host.recording import undamaged
from landiag.model.facts import Reading, ReadStatus, Unknown, parse_reading
from landiag.model.recording import Recording
from landiag.model.report import Report
from landiag.model.ruleset import Ruleset
from landiag.question import Question

CHECKED = 400
"""One in so many is diagnosed whatever the tree says, with its fixes proven."""

T = TypeVar("T")
Parse = Callable[[str], Any]


class Watched(Reading, frozen=True):
    """A reading that tells the watch what is asked of it."""

    watch: ClassVar[Watch | None] = None

    def __getattribute__(self, name: str) -> Any:
        """Whatever was asked for."""
        watch = Watched.watch
        if watch is None or name not in ("data", "text", "status", "says_nothing"):
            return super().__getattribute__(name)
        watch.see(name)
        with watch.blind():
            return super().__getattribute__(name)


class Ask(Struct, frozen=True):
    """What is asked of a reading: its ``status``, its ``data``, whether it ``says_nothing``, what it is ``parsed`` to.

    What ``facts`` it gives, and what is ``made`` of it with other readings' help, only a diagnosis can tell.
    """

    what: str
    parse: Parse | None = None

    def answer(self, reading: Reading) -> object:
        """What the reading says, as it stands in the tree."""
        if self.parse is not None:
            return _digest(parse_reading(reading, self.parse))
        return hash(reading.data) if self.what == "data" else getattr(reading, self.what)

    def is_same(self, other: Ask) -> bool:
        """Whether the same is asked; a function that was made anew is the same."""
        return self.what == other.what and _code(self.parse) is _code(other.parse)


def _code(parse: Parse | None) -> object:
    return parse.__code__ if isinstance(parse, FunctionType) else parse


def _inner(parse: Parse) -> tuple[object, ...]:
    """What a function that was made anew has in it, which tells it from others of its code."""
    cells = getattr(parse, "__closure__", None) or ()
    return tuple(cell.cell_contents for cell in cells)


class _Pickler(pickle.Pickler):
    """Writes what two equal values have in common."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, Unknown):
            return (Unknown, (value.source,))
        if isinstance(value, FunctionType) and value.__closure__ is not None:
            return (id, (value.__code__.co_code, [cell.cell_contents for cell in value.__closure__]))
        if isinstance(value, Ruleset):
            return (Ruleset, (value.tables, value.gaps, value.texts, value.origins))
        return NotImplemented


def _digest(parsed: object) -> int:
    written = BytesIO()
    try:
        _Pickler(written).dump(parsed)
    except (pickle.PicklingError, AttributeError, TypeError):
        return next(_new)
    return hash(written.getvalue())


_new = count(1)


class Node(Struct, Generic[T]):
    """What is asked next and what follows each answer, or what came out in the end."""

    ask: Ask | None = None
    after: dict[object, Node[T]] = field(default_factory=dict)
    end: T | None = None

    def follow(self, answer: object) -> Node[T]:
        """What follows this answer."""
        return self.after.setdefault(answer, Node())

    def walk(self, reading: Reading) -> Node[T]:
        """Ask on, to the end or to what only a diagnosis answers."""
        node: Node[T] = self
        while node.ask is not None and node.ask.what not in ("facts", "made"):
            node = node.follow(node.ask.answer(reading))
        return node


class Known(Exception):  # noqa: N818 - an answer, not an error
    """The tree has the end of this diagnosis."""


class Watch:
    """What one diagnosis asks of the damaged reading, as it is written into the tree."""

    def __init__(self, case: Shortcut[Any], reading: Reading) -> None:
        self.case, self.reading, self.node = case, reading, case.trees.setdefault(reading.source, Node())
        self.is_gathering, self.is_blind = False, True

    def see(self, name: str) -> None:
        """A field is asked for. Bytes that are while facts are gathered count among all facts."""
        if self.is_blind:
            return
        if name != "status" and self.is_gathering:
            self._asked(Ask("facts"))
            self.is_blind = True
        else:
            self._ask(Ask("data" if name == "text" else name))

    def _asked(self, ask: Ask) -> None:
        before = self.node.ask
        assert before is None or before.is_same(ask), f"asked {before}, then {ask}"
        self.node.ask = ask

    def _ask(self, ask: Ask) -> None:
        self._asked(ask)
        with self.blind():
            self.node = self.node.follow(ask.answer(self.reading))

    @contextmanager
    def blind(self) -> Iterator[None]:
        """See nothing meanwhile."""
        was, self.is_blind = self.is_blind, True
        try:
            yield
        finally:
            self.is_blind = was

    def parse(self, reading: Reading, parse: Parse) -> Any:
        """It is parsed, or another reading is: each of those once by each parser."""
        if reading is self.reading:
            return parse_reading(reading, parse) if self.is_blind else self._parse_mine(reading, parse)
        if self.case.readings.get(reading.source) is not reading:
            return parse_reading(reading, parse)
        try:
            key = (reading.source, _code(parse), _inner(parse))
            if key not in self.case.parsed:
                self.case.parsed[key] = parse_reading(reading, parse)
        except TypeError:  # it has something in it that changes
            return parse_reading(reading, parse)
        return self.case.parsed[key]

    def _parse_mine(self, reading: Reading, parse: Parse) -> Any:
        if isinstance(parse, FunctionType) and parse.__closure__ is None:
            self._ask(Ask("parsed", parse))
            with self.blind():
                return parse_reading(reading, parse)
        if self.is_gathering:
            return parse_reading(reading, parse)
        self._asked(Ask("made"))
        with self.blind():
            made = parse_reading(reading, parse)
            self._follow(made)
        return made

    def _follow(self, made: object) -> None:
        self.node = self.node.follow(_digest(made))
        end = self.node.walk(self.reading).end
        if end is not None:
            raise Known(end)

    def gather(self, recorder: Recorder, *args: Any) -> Any:
        """Gather. Raises Known where the facts are those of a diagnosis before."""
        self.is_blind, self.is_gathering = False, True
        gathered = gather(recorder, *args)
        self.is_gathering = False
        if self.is_blind:
            self._follow((gathered, tuple(recorder.readings)))
            self.is_blind = False
        return gathered


class Shortcut(Generic[T]):
    """A case whose readings are damaged one at a time. ``end`` makes of a diagnosis what is kept of it."""

    def __init__(self, recording: Recording, end: Callable[[Callable[[], Report]], T]) -> None:
        self.question = Question.from_options(recording.target, recording.options)
        self.readings = {source: undamaged(reading) for source, reading in recording.readings.items()}
        self.end = end
        self.trees: dict[str, Node[T]] = {}
        self.ends: dict[tuple[str, bytes], T] = {}
        self.parsed: dict[object, Any] = {}
        self.judged = 0

    def judge(self, source: str, data: bytes) -> T:
        """What comes out where this reading has these bytes."""
        self.judged += 1
        key = (source, hashlib.sha1(data, usedforsecurity=False).digest())
        if key not in self.ends or self.judged % CHECKED == 0:
            self.ends[key] = self._judge(source, data)
        return self.ends[key]

    def _judge(self, source: str, data: bytes) -> T:
        whole = self.readings[source]
        reading = undamaged(Watched(source, ReadStatus.OK, data, whole.argv, remedy=whole.remedy))
        known = self.trees.setdefault(source, Node()).walk(reading).end
        if self.judged % CHECKED == 0:
            end = self.end(lambda: self._diagnose(reading))
            assert known in (None, end), f"{end}, and before {known}"
            return end
        return self._watched(reading) if known is None else known

    def _watched(self, reading: Reading) -> T:
        watch = Watch(self, reading)
        with watching(watch):
            try:
                end = self.end(lambda: self._diagnose(reading))
            except Known as known:
                known_end: T = known.args[0]
                return known_end
        watch.node.end = end
        return end

    def _diagnose(self, reading: Reading) -> Report:
        readings = {**self.readings, reading.source: reading}
        return landiag.diagnose.diagnose(self.question, Recorder(RecordedHost(readings)), float("inf"))


def _open_without_fixes(*args: Any) -> Case:
    return replace(open_case(*args), wants_fixes=False)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Let this watch see what is asked; no fixes are proven meanwhile, on which no verdict hangs."""
    names: list[tuple[Any, str, Any]] = [
        (module, "parse_reading", watch.parse) for module in _parsing(len(sys.modules))
    ]
    names += [
        (landiag.diagnose, "gather", watch.gather),
        (landiag.diagnose, "open_case", _open_without_fixes),
        (Watched, "watch", watch),
    ]
    were = [(where, name, getattr(where, name)) for where, name, _ in names]
    try:
        for where, name, value in names:
            setattr(where, name, value)
        yield
    finally:
        for where, name, value in were:
            setattr(where, name, value)


@cache
def _parsing(_loaded: int) -> tuple[object, ...]:
    """The modules that parse readings, of so many that are loaded: those of a system come with its first case."""
    return tuple(
        module
        for name, module in sys.modules.items()
        if name.startswith("landiag.") and getattr(module, "parse_reading", None) is parse_reading
    )
