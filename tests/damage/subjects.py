"""What is damaged: the readings of every case, and saved rulesets; and how each answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.command import judge_packets
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.host import Recording
from landiag.host.nft_text import read_nft_text
from landiag.model.action import Verdict
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.report import Report, Status
from landiag.question import UsageError
from tests.cases import NAMES, load
from tests.cases import replay as replay_recording
from tests.damage.shortcut import Shortcut
from tests.firewall.readers import PACKETS
from tests.firewall.seeds import SEEDS

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
LARGEST = 200_000
"""Larger files of the corpus are left out: one of them takes the time of a hundred others."""

_RULES = (
    "linux_iptables/*.rules", "linux_nft_json/**/*.json", "pf/**/*", "windows_netsh/*.txt", "windows_registry/*",
    "windows_powershell/*", "linux_ufw/*",
)  # fmt: skip


class Answer(IntEnum):
    """What was said, the better the higher. ``REFUSED`` is a sentence and status 2."""

    STOPPED = 0
    UNKNOWN = 1
    REFUSED = 2
    CLEAR = 3


Texts = Mapping[str, bytes]
Judge = Callable[[Texts], tuple[Answer, ...]]
Quick = Callable[[str, bytes], tuple[Answer, ...]]


class Subject(Struct, frozen=True):
    """Texts by name, and the function that judges them: one answer for each thing that is asked."""

    name: str
    texts: Texts
    judge: Judge
    quick: Quick | None = None

    @property
    def kind(self) -> str:
        """``case`` or ``rules``: as many of each are damaged."""
        return self.name.partition(":")[0]

    def judge_one(self, source: str, damaged: bytes) -> tuple[Answer, ...]:
        """How it answers with one text damaged: what was answered before is not worked out again."""
        if self.quick is not None:
            return self.quick(source, damaged)
        return self.judge({**self.texts, source: damaged})

    @property
    def names(self) -> frozenset[bytes]:
        """The words that people gave to things here: another of them is another machine."""
        return frozenset(word for text in self.texts.values() for word in _NAMED.findall(text))


_NAMED = re.compile(rb"[A-Za-z_]+[0-9]+[0-9A-Za-z_]*|[A-Za-z]+(?=[\\/])")
"""Names with a number in them, and the folders of a path."""


def case_subject(name: str) -> Subject:
    """A recorded case whose readings carry no lengths: the parsers alone tell damage."""
    recording = load(name).recording
    texts = {
        source: reading.data
        for source, reading in recording.readings.items()
        if reading.status is ReadStatus.OK and reading.data
    }

    def judge(damaged: Texts) -> tuple[Answer, ...]:
        return _answer(lambda: replay_recording(_with(recording, damaged)))

    return Subject(f"case:{name}", texts, judge, Shortcut(recording, _answer).judge)


def _with(recording: Recording, damaged: Texts) -> Recording:
    def one(reading: Reading) -> Reading:
        return replace(reading, data=damaged.get(reading.source, reading.data))

    return replace(recording, readings={name: one(reading) for name, reading in recording.readings.items()})


_OF_STATUS = {
    Status.BLOCKED: Answer.STOPPED,
    Status.UNDETERMINED: Answer.UNKNOWN,
    Status.CLEAR: Answer.CLEAR,
}


def _answer(diagnose: Callable[[], Report]) -> tuple[Answer, ...]:
    try:
        return (_OF_STATUS[diagnose().verdict.status],)
    except (UsageError, ParseError):
        return (Answer.REFUSED,)


_OF_VERDICT = {
    Verdict.DROP: Answer.STOPPED,
    Verdict.REJECT: Answer.STOPPED,
    Verdict.UNKNOWN: Answer.UNKNOWN,
    Verdict.ACCEPT: Answer.CLEAR,
}


def ruleset_subject(name: str, data: bytes) -> Subject:
    """A saved ruleset, as ``landiag firewall --ruleset`` reads it."""

    def judge(texts: Texts) -> tuple[Answer, ...]:
        try:
            ruleset = parse_saved([SavedFile("x", texts["x"])], read_nft_text)
            told = judge_packets(ruleset, PACKETS)
        except (ParseError, UsageError):
            return (Answer.REFUSED,) * len(PACKETS)
        return tuple(_OF_VERDICT[one.told.verdict] for one in told)

    return Subject(f"rules:{name}", {"x": data}, judge)


def list_subjects() -> Iterator[Subject]:
    """Every subject that is there: the corpus only where it lies beside the checkout."""
    yield from map(case_subject, NAMES)
    for kind, texts in SEEDS.items():
        for number, text in enumerate(texts):
            if kind not in ("trace", "host"):
                yield ruleset_subject(f"{kind}-{number}", text)
    for pattern in _RULES:
        for path in sorted(CORPUS.glob(pattern)):
            if path.is_file() and 0 < path.stat().st_size < LARGEST:
                yield ruleset_subject(str(path.relative_to(CORPUS)), path.read_bytes())
