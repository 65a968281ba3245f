"""Reports and recordings without names and addresses: safe to post in public, and they still say the same.

The same name is replaced by the same word in everything that is redacted together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.facts import Reading, ReadStatus
from landiag.model.recording import Recording
from landiag.model.report import Fix, HostInfo, Report, Target
from landiag.redact.readings import collect_reading, collect_source, redact_host, redact_path, redact_reading
from landiag.redact.redactor import Redactor

T = TypeVar("T", Report, Recording)
A = TypeVar("A")

Document = Report | Recording

_FIXED = frozenset(
    (
        "id",
        "hidden_by",
        "code",
        "cause",
        "likely",
        "confirmed_by",
        "check",
        "stage",
        "status",
        "needs",
        "created",
    )
    + ("tool_version", "os", "scheme", "protocol", "where", "reached")
)
"""Fields of a report that hold landiag's own words."""

_OF_HOST = _FIXED | {"environment"}  # that of a process is a field too


class Redaction(Struct, frozen=True):
    """What was done. ``withheld`` names the sources that could not be masked with certainty."""

    redactor: Redactor
    withheld: tuple[str, ...] = ()

    @property
    def mapping(self) -> Mapping[str, Mapping[str, str]]:
        """Every replaced name and address, by kind."""
        return self.redactor.mapping


def redact(document: T, *, keeps_vendor: bool = False) -> tuple[T, Redaction]:
    """Redact one report or recording; see ``redact_everything``."""
    (done,), redaction = redact_everything((document,), keeps_vendor=keeps_vendor)
    return cast("T", done), redaction


def redact_everything(
    documents: Sequence[Document], *, keeps_vendor: bool = False
) -> tuple[tuple[Document, ...], Redaction]:
    """Redact documents with the same new names in all.

    ``keeps_vendor`` keeps the first half of hardware addresses, which names the maker of the device.
    """
    redactor = Redactor(keeps_vendor)
    for document in documents:
        _collect(redactor, document)
    redactor.freeze()
    done = tuple(_redact(redactor, document) for document in documents)
    withheld = [source for document in done for source in _withheld(document)]
    return done, Redaction(redactor, tuple(withheld))


def redact_answer(answer: A, readings: Iterable[Reading] = (), hosts: Iterable[str] = ()) -> A:
    """Redact what a command answers besides reports: records, or the lines that it prints, as a tuple.

    ``readings`` are what it was made from and ``hosts`` the names of the machines in it: they know more names.
    """
    redactor = Redactor()
    for reading in readings:
        collect_reading(redactor, reading)
    for name in hosts:
        redactor.names.host(name)
    for text in _texts(answer):
        redactor.collect(text)
    redactor.freeze()
    return cast("A", _walk(redactor, answer))


def _withheld(document: Document) -> list[str]:
    if isinstance(document, Report):
        return []
    return [item.source for item in document.readings.values() if item.status is ReadStatus.WITHHELD]


def _collect(redactor: Redactor, document: Document) -> None:
    _collect_target(redactor, document.target)
    if isinstance(document, Report):
        redactor.names.host(document.host.hostname)
        for text in _texts(document):
            redactor.collect(text)
        for note in document.readings:
            collect_source(redactor, note.source)
        return
    for option in ("host_header", "host", "target"):
        name = document.options.get(option, "").partition("/")[0]
        redactor.names.host(name.partition(":")[0] if name.count(":") == 1 else name)
    redactor.collect(" ".join(document.options.values()))
    for reading in document.readings.values():
        collect_reading(redactor, reading)


def _collect_target(redactor: Redactor, target: Target) -> None:
    redactor.ports.add(str(target.port))
    for text in (target.peer, target.address):
        if text is not None:
            redactor.collect(text)
            redactor.names.host(text.partition("%")[0])


def _redact(redactor: Redactor, document: Document) -> Document:
    if isinstance(document, Recording):
        return _redact_recording(redactor, document)
    return _redact_report(redactor, document)


def _redact_recording(redactor: Redactor, recording: Recording) -> Recording:
    readings = [redact_reading(redactor, reading) for reading in recording.readings.values()]
    options = dict(recording.options)
    is_network = "/" in options.get("target", "")
    target = _line if is_network else redact_host
    for key, change in (
        ("path", redact_path),
        ("host_header", redact_host),
        ("host", redact_host),
        ("target", target),
    ):
        if key in options:
            options[key] = change(redactor, options[key])
    for key in ("program", "interface"):
        if key in options:
            options[key] = redactor.line(options[key])
    return replace(
        recording,
        target=_redact_target(redactor, recording.target),
        readings={reading.source: reading for reading in readings},
        options={**options, "redacted": "yes"},
    )


def _line(redactor: Redactor, text: str) -> str:
    return redactor.line(text)


def _redact_target(redactor: Redactor, target: Target) -> Target:
    return replace(
        target,
        peer=None if target.peer is None else redact_host(redactor, target.peer),
        address=None if target.address is None else redact_host(redactor, target.address),
        interface=None if target.interface is None else redactor.text(target.interface),
    )


def _redact_report(redactor: Redactor, report: Report) -> Report:
    host = replace(report.host, hostname=redactor.names.host(report.host.hostname))
    done = cast("Report", _walk(redactor, replace(report, host=host)))
    return replace(done, target=_redact_target(redactor, report.target), redacted=True)


def _walk(redactor: Redactor, value: Any) -> Any:
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        return redactor.line(value)
    if isinstance(value, tuple):
        return tuple(_walk(redactor, item) for item in value)
    if isinstance(value, Struct):
        changed = {name: _field(redactor, name, getattr(value, name)) for name in _free(value)}
        return replace(value, **changed)
    return value


def _free(value: Struct) -> list[str]:
    """The fields of a record that may hold names."""
    fixed = _OF_HOST if isinstance(value, HostInfo) else _FIXED
    return [name for name in value.__struct_fields__ if name not in fixed]


def _field(redactor: Redactor, name: str, value: Any) -> Any:
    if name == "argv" and isinstance(value, tuple):
        return redactor.argv(value)
    if name == "environment" and isinstance(value, tuple):
        return tuple((key, redactor.line(text)) for key, text in value)
    if name == "fixes" and isinstance(value, tuple):
        return tuple(_redact_fix(redactor, fix) for fix in value)
    return _walk(redactor, value)


def _redact_fix(redactor: Redactor, fix: Fix) -> Fix:
    """A fix whose lines could no longer be typed says so."""
    new = cast("Fix", _walk(redactor, fix))
    is_same = (new.commands, new.undo, new.cwd) == (fix.commands, fix.undo, fix.cwd)
    return replace(new, masked=new.masked or not is_same)


def _texts(value: Any) -> list[str]:
    """Every text of a report that was not landiag's own word."""
    if isinstance(value, Enum):
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, Struct):
        return [text for name in _free(value) for text in _texts(getattr(value, name))]
    return []
