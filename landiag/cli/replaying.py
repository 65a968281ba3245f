"""``check --replay``: the diagnosis of a recording in place of this machine."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from landiag.cli.arguments import Asked
from landiag.cli.files.outputs import Stop
from landiag.cli.files.saved import STUMBLES, read_recording, stumbled
from landiag.diagnose import diagnose
from landiag.host import RecordedHost, Recorder, Recording
from landiag.journey.binding import describe_address
from landiag.model.facts import ParseError, Unknown
from landiag.model.report import Report
from landiag.model.terms import CHECK_NAMES, CheckName
from landiag.question import Question, UsageError
from landiag.replay import read_facts

MOST_NAMED = 20
"""How many listeners of a recording one sentence names."""


def replay(file: Path, asked: Asked, question: Question, deadline: float) -> tuple[Report, Recording]:
    """Diagnose a recording or a case by what it asked; of a whole host, what is asked now. Stops for a damaged one."""
    try:
        recording = read_recording(file, deadline)
    except ParseError as error:
        raise Stop(f"{file} cannot be replayed: {error}") from error
    if recording.options.get("command") == "probe":
        raise Stop(f"{file} is a recording of landiag probe: landiag report {file} shows it")
    target = recording.target
    if asked.is_explicit:
        target = replace(target, port=asked.port)
    if target.port is None:
        raise Stop(_which_port(file, recording))
    asks = _question_of(recording, replace(question, target=replace(question.target, port=target.port)))
    host = RecordedHost(recording.readings)
    try:
        return diagnose(asks, Recorder(host), float("inf")), recording
    except UsageError:
        raise
    except STUMBLES as error:
        raise stumbled(file, error) from error


def _question_of(recording: Recording, question: Question) -> Question:
    """What a recording asked; of a whole host, what is asked now.

    Nothing was sent to its network, so that no peer was asked.
    """
    if recording.target.port is not None:
        target = replace(recording.target, port=question.target.port)
        return replace(Question.from_options(target, recording.options), only=question.only)
    unasked = tuple(name for name in CHECK_NAMES if name != CheckName.PEER)
    return replace(question, only=question.only or unasked, proves=False)


def _which_port(file: Path, recording: Recording) -> str:
    """Say which listeners a recording of a whole host holds: one of them is to be named."""
    told = f"{file} is a recording of a whole host"
    facts = read_facts(recording)
    if isinstance(facts, Unknown) or isinstance(facts.sockets, Unknown):
        return f"{told}, and its listeners could not be read: name a port with --port"
    found = sorted({(socket.port, describe_address(socket)) for socket in facts.sockets})
    names = ", ".join(address for _, address in found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return (
        f"{told}: name a port with --port. It listens on {names}{more}"
        if found
        else f"{told} without listeners"
    )
