"""The first lines of a report, in the same words in every format: the verdict, what a client sees, the next step."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.actions import Run
from landiag.model.asked import typed_again
from landiag.model.causes import find_cause
from landiag.model.causes.application import SPEAKS_TLS
from landiag.model.causes.firewall import FIREWALL_UNREADABLE
from landiag.model.causes.listening import NOTHING_LISTENING
from landiag.model.causes.network import WRONG_ADDRESS
from landiag.model.report import Finding, Fix, Outcome, Report, Status
from landiag.model.terms import CheckName, Symptom
from landiag.model.urls import bracketed
from landiag.render.typed import as_root, command_lines, takes_root

STATUS_WORDS = {Status.CLEAR: "Open", Status.BLOCKED: "Blocked", Status.UNDETERMINED: "Can't tell"}

_SMALL = frozenset((
    "a", "an", "another", "answers", "both", "browsers", "clients", "connections", "debug", "inside", "it", "its",
    "no", "nobody", "none", "nothing", "on", "one", "only", "packets", "phones", "port", "processes", "small", "some",
    "something", "the", "there", "this", "two", "what", "where", "whether", "which", "without",
))  # fmt: skip
"""Words that a title begins with and that are no names: behind a colon they are small."""


def after_colon(sentence: str) -> str:
    """A sentence as it stands behind a colon: its first word is small unless it is a name."""
    word = sentence.partition(" ")[0]
    return sentence[:1].lower() + sentence[1:] if word.lower().rstrip(":") in _SMALL else sentence


def ended(sentence: str) -> str:
    """A sentence with its full stop."""
    return sentence if sentence.endswith((".", "!", "?", "...")) else f"{sentence}."


def headline(report: Report) -> str:
    """The verdict as one sentence: ``Blocked: port 5000 ...``."""
    said, word = ended(after_colon(report.verdict.summary)), STATUS_WORDS[report.verdict.status]
    is_question = report.verdict.status is Status.UNDETERMINED and said.startswith("whether ")
    return f"{word} {said}" if is_question else f"{word}: {said}"


def telling(report: Report) -> Finding | None:
    """The finding that the verdict's sentence comes from; None where all is clear."""
    if report.verdict.status is Status.CLEAR:
        return None
    wanted = Outcome.BLOCKS if report.verdict.status is Status.BLOCKED else Outcome.UNKNOWN
    mine = [one for one in report.findings if one.outcome is wanted]
    same = [one for one in mine if one.title == report.verdict.summary]
    return next(iter((*same, *mine)), None)


def second_lines(report: Report) -> list[str]:
    """What stands under the verdict: the symptom that people recognise, or what is probable, or what to open."""
    sees = report.verdict.client_sees
    if report.verdict.status is Status.CLEAR:
        worse = sees is not None and sees.http_status is not None and sees.http_status >= 400
        return [*([sees.text] if sees is not None and worse else []), *_clear_lines(report)]
    is_said = sees is not None and (sees.outcome is not Symptom.UNKNOWN or sees.perhaps is not None)
    symptom = sees.text if sees is not None and is_said else ""
    found = telling(report)
    detail = first_sentence(found.detail) if found is not None and found.detail else ""
    said = (symptom, detail) if report.verdict.status is Status.BLOCKED else (detail, symptom)
    return [one for one in said if one][:1]


def _clear_lines(report: Report) -> Iterator[str]:
    use, shut_out = _use_of(report), shut_out_alone(report)
    if shut_out is not None:
        yield ended(shut_out.title)
    if not is_of_server(report) or report.redacted or use is None:
        return
    yield f"{use.how.capitalize()} {use.place} {use.where}."
    if shut_out is not None:
        return
    single = None if report.target.peer is not None else _singled_out(report)
    if single is not None:
        yield f"Failing on {single}? {report.called} {_asked(report, single)} says why."
    elif report.verdict.confirmed_by is None and report.target.port is not None:
        yield "Still failing there? {} {}.".format(*_looks_on(report))


def _looks_on(report: Report) -> tuple[str, str]:
    """The command that looks on while a device tries, and what it does: packets are seen on Linux alone."""
    name, does = ("serve", "tells what a phone meets")
    if report.host.os == "linux":
        name, does = ("watch", "shows whether its packets arrive at all")
    return f"{report.called} {name} --port {report.target.port}", does


def shut_out_alone(report: Report) -> Finding | None:
    """Of an open server, the first finding about devices that don't get in and how to let them; None without one."""
    if report.verdict.status is not Status.CLEAR:
        return None
    return next((one for one in _singling_out(report) if one.fixes and _changes(one)), None)


def _singling_out(report: Report) -> Iterator[Finding]:
    """The warnings that are about some devices alone, on the way that the verdict speaks of."""
    for one in report.findings:
        if one.outcome is Outcome.WARNS and one.clients and not is_of_another_way(report, one):
            yield one


def _singled_out(report: Report) -> str | None:
    """The first single device that a warning is about; None without one."""
    spans = (span for one in _singling_out(report) for span in one.clients)
    return next((span.first for span in spans if span.first == span.last), None)


def find_out(report: Report) -> tuple[str, list[str]]:
    """How to settle what could not be told: a sentence, or lines to type; both empty where nothing does."""
    found = telling(report)
    if report.verdict.status is not Status.UNDETERMINED or found is None or report.redacted:
        return "", []
    lines = [] if _changes(found) else command_lines(found.fixes[0], report.host)
    if lines:
        return "", lines
    if not is_of_server(report) or report.target.port is None or report.command in _WAITED:
        return "", []
    use, (line, _) = _use_of(report), _looks_on(report)
    if use is not None:
        return f"{use.how} {use.place} {use.there}, or {line}", []
    return "", [line] if report.host.os == "linux" else []  # a page would not be reached either


_WAITED = ("watch", "serve")
"""Commands that have waited for clients already: to wait again is no news."""


def _changes(found: Finding) -> bool:
    """Whether a finding's first fix changes something, or there is none: else its lines only look."""
    first = found.fixes[0] if found.fixes else None
    return first is None or bool(first.undo or first.actions or first.steps)


def fixes_shown(report: Report) -> list[tuple[Finding, Fix]]:
    """The fixes that one screen shows: of the block that shows, then of each that it hides; or of what may block."""
    found = telling(report)
    if found is None or (report.verdict.status is not Status.BLOCKED and _changes(found) is False):
        return []
    later = [] if _leads_elsewhere(found) else [one for one in report.findings if one.hidden_by == found.id]
    shown = [found, *later]
    pairs = {
        one.fixes[0].commands or one.fixes[0].title: (one, one.fixes[0]) for one in shown[::-1] if one.fixes
    }
    return list(pairs.values())[::-1]


def is_of_server(report: Report) -> bool:
    """Whether the report was made on the server's machine, about one port."""
    return report.command not in ("probe", "report") and report.target.port is not None


class Use(Struct, frozen=True):
    """What a person does with the server on the other device: a page is opened, anything else is connected to."""

    place: str
    how: str = "open"
    where: str = "on the other device"
    there: str = "there"


def step_on_client(report: Report) -> str:
    """What to do on the other device, as a sentence says it; empty where nobody knows."""
    use = _use_of(report)
    return f"{use.how} {use.place} {use.where}" if use else ""


def _use_of(report: Report) -> Use | None:
    """How the way in that the verdict speaks of is used; None where nobody knows its address."""
    path = next((one for one in report.paths if one.url or one.place), None)
    if path is None:
        return None
    place = path.url or path.place or path.address
    if _is_of_asked(report):
        place = place.replace(bracketed(path.address), bracketed(report.target.address), 1)
    return Use(place) if path.url else Use(place, "connect to", "from the other device", "from there")


def _is_of_asked(report: Report) -> bool:
    """Whether clients stay with an address that this machine has not: its fix, or the question, is about that one."""
    found = telling(report)
    if found is None or found.code != WRONG_ADDRESS.code or report.target.address is None:
        return False
    return found.outcome is Outcome.UNKNOWN or any(one.commands for one in found.fixes)


def is_of_another_way(report: Report, finding: Finding) -> bool:
    """Whether a finding is about addresses alone that the verdict does not speak of."""
    first = report.paths[0].id if report.paths else None
    return bool(finding.paths) and first not in finding.paths


def use_then(report: Report) -> Use | None:
    """What works once the first fix is made; None where the fix changes the port or opens none, or nobody knows."""
    found = telling(report)
    cause = None if found is None else find_cause(found.code)
    if report.verdict.status is not Status.BLOCKED or found is None or not found.fixes or cause is None:
        return None
    names_it = cause.code == SPEAKS_TLS.code
    if any(one.hidden_by == found.id and not one.fixes for one in report.findings):
        return None
    is_other = (
        cause.check is CheckName.PORT
        or _leads_elsewhere(found)
        or names_it
        or found.fixes[0].stays
        or not is_of_server(report)
        or report.redacted
    )
    return None if is_other else _use_of(report)


def _leads_elsewhere(found: Finding) -> bool:
    """Whether the fix is to use the port on which the server listens: what stops the asked one is no matter then."""
    return found.code == NOTHING_LISTENING.code and bool(found.fixes) and bool(found.fixes[0].commands)


def first_sentence(text: str) -> str:
    """The first sentence of a text, with its full stop."""
    return ended(text.partition(". ")[0])


def fix_title(fix: Fix) -> str:
    """The title of a fix behind a colon: it begins with a verb, which is small there."""
    return fix.title[:1].lower() + fix.title[1:]


def _asked(report: Report, peer: str | None = None) -> str:
    """The words behind landiag that ask the same again, or the same for one client."""
    around = report.surroundings
    target = report.target if peer is None else replace(report.target, peer=peer)
    return typed_again(target, () if around is None else around.options)


def looks_again(report: Report) -> str | None:
    """The command that reads as root what could not be read beside a block that is known; None where all was read."""
    unread = (
        one
        for one in report.findings
        if one.outcome is Outcome.UNKNOWN and not is_of_another_way(report, one)
    )
    found = next((one for one in unread if not _changes(one) and one.fixes[0].needs == "root"), None)
    if found is None or report.verdict.status is not Status.BLOCKED or report.host.os != "linux":
        return None
    return _fixes_as_root(report)


def _fixes_as_root(report: Report) -> str:
    before = as_root(report.host)
    return f"{before}{report.typed if before else report.called} {_asked(report)} --fix"


def does_it(report: Report) -> str | None:
    """The command that carries the first fix out; None where ``--fix`` would not do it."""
    found = telling(report)
    fix = found.fixes[0] if found is not None and found.fixes else None
    if found is None or fix is None or report.redacted or report.command != "check":
        return None
    if report.verdict.status is Status.UNDETERMINED:
        is_denied = found.code == FIREWALL_UNREADABLE.code and not report.host.privileged
        is_denied = is_denied and fix.needs == "root" and report.host.os == "linux" and not _changes(found)
        return _fixes_as_root(report) if is_denied else None
    if fix.verified is not True or not fix.actions:
        return None
    if any(isinstance(action, Run) and action.for_user is not None for action in fix.actions):
        return None
    return (
        _fixes_as_root(report) if takes_root(fix, report.host) else f"{report.called} {_asked(report)} --fix"
    )
