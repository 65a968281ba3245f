"""The report: what was asked, what was found, what to do. Field names are those of the JSON report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from msgspec import Struct, field

from landiag.model.actions import Action, Lasts
from landiag.model.facts import Reading
from landiag.model.surroundings import Surroundings
from landiag.model.terms import CheckName, StageName, Symptom

SCHEMA = "landiag.report/1"


class Status(str, Enum):
    """What a report says in one word."""

    CLEAR = "clear"
    BLOCKED = "blocked"
    UNDETERMINED = "undetermined"

    @property
    def exit_status(self) -> int:
        """The exit status of the command that ends with this verdict."""
        return {Status.CLEAR: 0, Status.BLOCKED: 1, Status.UNDETERMINED: 3}[self]


class Outcome(str, Enum):
    """What one finding, check, path or stage says."""

    BLOCKS = "blocks"
    WARNS = "warns"
    OK = "ok"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"

    @property
    def severity(self) -> int:
        """How much it weighs: blocked outranks unknown, unknown outranks a warning."""
        return _SEVERITIES[self]


_SEVERITIES = {
    Outcome.BLOCKS: 4,
    Outcome.UNKNOWN: 3,
    Outcome.WARNS: 2,
    Outcome.OK: 1,
    Outcome.NOT_APPLICABLE: 0,
}


def worst(outcomes: Iterable[Outcome], default: Outcome = Outcome.OK) -> Outcome:
    """The outcome that weighs most; ``default`` where there is none."""
    return max(outcomes, key=lambda outcome: outcome.severity, default=default)


class Target(Struct, frozen=True):
    """What was asked. ``address`` is the address that clients use, when the user gave one."""

    port: int | None
    peer: str | None = None
    address: str | None = None
    interface: str | None = None
    scheme: str = "auto"
    protocol: str = "tcp"


class HostInfo(Struct, frozen=True):
    """The machine that the report speaks of. ``environment``: bare, vm, container, wsl1, wsl2.

    ``root_shell``: whoever asked types as root already, perhaps where there is no ``sudo``.
    """

    os: str
    os_version: str
    kernel: str
    hostname: str
    privileged: bool
    environment: str
    root_shell: bool = False


class Evidence(Struct, frozen=True):
    """One observation: where it was read and what stood there, word for word."""

    source: str
    text: str


class Edit(Struct, frozen=True):
    """A change to a file that a fix asks for."""

    file: str
    line: int | None
    find: str
    replace: str


class AddressSpan(Struct, frozen=True):
    """Addresses from ``first`` to ``last``, both among them."""

    first: str
    last: str


class Opened(Struct, frozen=True):
    """Packets that a fix lets in: each from any of the sources to any of the ports, in new connections.

    ``destinations``, ``in_interface`` and ``source_ports`` are empty where they may be any.
    """

    protocol: str
    family: int
    ports: tuple[tuple[int, int], ...]
    sources: tuple[AddressSpan, ...]
    destinations: tuple[AddressSpan, ...] = ()
    in_interface: tuple[str, ...] = ()
    source_ports: tuple[tuple[int, int], ...] = ()


class Fix(Struct, frozen=True):
    """What to type. ``commands`` and ``undo`` are complete shell lines without ``sudo``.

    ``needs`` is ``restart-server``, ``root``, ``user-action`` or None. ``verified`` is True when the fix was
    evaluated and helps, None when that cannot be evaluated. ``steps`` are sentences for what no command does.
    ``stop_signal`` ends ``stop_pid`` where TERM does not (uWSGI takes TERM for "start anew"). ``actions`` is the
    same, typed, for ``--fix``: empty where it can only be done by hand. ``lasts`` says how long it lasts by
    itself (None: nothing is changed, or nobody knows), ``keep`` how to keep what the next start would take.
    ``masked``: names or secrets in its lines were replaced, so that nobody can type them. ``opens`` are the packets
    that get in with it and do not without: empty for none, None where that was not evaluated.
    ``stays``: the server is left on this machine, and other devices come to it by another way, as ``steps`` say.
    """

    title: str
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    needs: str | None = None
    verified: bool | None = None
    risk: str | None = None
    steps: tuple[str, ...] = ()
    edit: Edit | None = None
    cwd: str | None = None
    stop_pid: int | None = None
    stop_signal: str | None = None
    actions: tuple[Action, ...] = ()
    lasts: Lasts | None = None
    keep: str | None = None
    masked: bool = False
    opens: tuple[Opened, ...] | None = None
    stays: bool = False


class Finding(Struct, frozen=True):
    """One thing that is not as it should be, or could not be seen. ``code`` is stable for ever.

    ``hidden_by`` is the id of a finding that must be fixed before this one shows. ``paths`` are the ids of
    the ways in that it stops. ``stage`` is where it stops the conversation, None where its cause says so alone;
    ``symptom`` what a client then sees, None where its cause says so alone. ``clients`` are those whom it singles
    out; empty means everybody.
    """

    code: str
    outcome: Outcome
    title: str
    detail: str = ""
    evidence: tuple[Evidence, ...] = ()
    fixes: tuple[Fix, ...] = ()
    id: str = ""
    hidden_by: str | None = None
    paths: tuple[str, ...] = ()
    stage: StageName | None = None
    symptom: Symptom | None = None
    clients: tuple[AddressSpan, ...] = ()


class CheckResult(Struct, frozen=True):
    """One line of the report: a check, its outcome, what was found. ``findings`` are ids."""

    check: CheckName
    outcome: Outcome
    summary: str
    findings: tuple[str, ...] = ()


class Stage(Struct, frozen=True):
    """One point that the conversation passes. ``decided_by`` names the rule, socket or route that decided.

    ``device`` is the interface by which it goes on, ``source`` the address from which the client asks, ``network``
    the network of the address that is asked; each None where this stage does not decide it, or nobody knows.
    """

    stage: StageName
    outcome: Outcome
    detail: str = ""
    decided_by: str | None = None
    device: str | None = None
    source: str | None = None
    network: str | None = None


class ClientSees(Struct, frozen=True):
    """What a client sees now. ``share`` is the part of connections that succeed, 0 to 1, where it varies.

    ``http_status`` is that of the answer, None where there is none or it is not known; ``text`` is for people.
    ``perhaps``: the outcome is not known, and this one where a firewall that could not be read lets packets pass.
    """

    outcome: Symptom
    http_status: int | None = None
    share: float | None = None
    text: str = ""
    perhaps: Symptom | None = None


class Path(Struct, frozen=True):
    """One way in: an address of this machine that clients could use (``probe``: one target).

    ``place`` is what clients are given: the URL, or address and port where the server is none of the web.
    """

    id: str
    interface: str | None
    address: str
    family: int
    url: str | None
    outcome: Outcome
    stages: tuple[Stage, ...] = ()
    client_sees: ClientSees | None = None
    place: str | None = None


class Verdict(Struct, frozen=True):
    """The answer. ``cause`` is the code of the finding to fix first; None when clear.

    ``client_sees`` is None where nobody worked it out: in reports of older versions, of surveys, of one side alone.
    """

    status: Status
    summary: str
    cause: str | None = None
    likely: str | None = None
    confirmed_by: str | None = None
    client_sees: ClientSees | None = None


class SeeAlso(Struct, frozen=True):
    """What to type on the failing client to see it too, and what each answer means."""

    where: str
    command: str
    expect: str


class ReadingNote(Struct, frozen=True):
    """What was read, or could not be, and why (``detail``)."""

    source: str
    argv: tuple[str, ...] | None
    status: str
    seconds: float
    detail: str = ""


def notes_of(readings: Mapping[str, Reading]) -> tuple[ReadingNote, ...]:
    """How each source was read, in the order in which it was."""
    return tuple(
        ReadingNote(one.source, one.argv, one.status.value, one.seconds, one.detail)
        for one in readings.values()
    )


class Report(Struct, frozen=True):
    """Everything a person who was not there needs. ``created`` is RFC 3339 in UTC.

    ``typed`` is the command that runs landiag there again from anywhere, with its path where sudo needs one,
    ``called`` the one for the same shell. ``surroundings`` is None in reports of older versions.
    """

    command: str
    created: str
    tool_version: str
    target: Target
    host: HostInfo
    verdict: Verdict
    checks: tuple[CheckResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    paths: tuple[Path, ...] = ()
    see_also: tuple[SeeAlso, ...] = ()
    readings: tuple[ReadingNote, ...] = ()
    redacted: bool = False
    notes: tuple[str, ...] = field(default=())
    typed: str = "landiag"
    called: str = "landiag"
    surroundings: Surroundings | None = None
