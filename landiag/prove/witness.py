"""The kernel's word held against the model's: where they disagree, the kernel is right, and the report says so."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.case import Answer, Case, answer
from landiag.collect.exchanges.transcript import decode
from landiag.collect.queues import ingress_filters
from landiag.journey.journey import Journey
from landiag.model.causes import cause_of
from landiag.model.causes.network import REVERSE_PATH_FILTER, VPN_TAKES_REPLIES
from landiag.model.facts import Reading, ReadStatus, Unknown
from landiag.model.match import UnknownKind
from landiag.model.report import Evidence, Finding, Outcome, Status
from landiag.model.report import Verdict as Conclusion
from landiag.model.ruleset import TraceLine, Verdict
from landiag.model.terms import Leg
from landiag.prove import CannotProve
from landiag.prove.fate import End, Fate, read_fate
from landiag.prove.injection import Injection, Transcript
from landiag.verdict.assemble import Judgement

CONFIRMED = "kernel-trace"
TRACE = "nft monitor trace"
"""Where the kernel's own word was read, as evidence names it."""

_FIRST_LEGS = (Leg.SYN, Leg.SYN_ACK)


class Testimony(Struct, frozen=True):
    """What the kernel said, and whether reading the rules (``read``) had said the same; None where it said nothing.

    ``way`` is the way in that was tried, ``left`` what could not be removed again. ``filters`` is what traffic
    control has on the interface: a SYN that was seen behind it went through it.
    """

    fate: Fate
    injection: Injection
    agrees: bool | None
    read: str
    way: str
    left: str = ""
    filters: str = ""

    def testify(self, answers: Sequence[tuple[str, Answer]]) -> list[tuple[str, Answer]]:
        """Add the kernel's word to the answer of the firewall check."""
        others = [finding for name, said in answers if name != "firewall" for finding in said.findings]
        is_explained = any(finding.outcome is Outcome.BLOCKS for finding in others)
        return [
            (name, _testify(said, self, is_explained) if name == "firewall" else said)
            for name, said in answers
        ]

    def confirm(self, judgement: Judgement) -> Conclusion:
        """The verdict, confirmed where what the kernel showed is what the verdict says."""
        is_shown = _confirms(judgement.verdict, judgement.findings, self)
        return replace(judgement.verdict, confirmed_by=CONFIRMED) if is_shown else judgement.verdict


def hear(case: Case, injection: Injection) -> tuple[Case, Testimony]:
    """Take the kernel's word into the case. Raises CannotProve where it could not be asked."""
    transcript = case.parse(injection.call, lambda text: decode(text, Transcript))
    if transcript is None or isinstance(transcript, Unknown):
        raise CannotProve(
            f"the kernel could not be asked: {transcript.reason if transcript is not None else ''}"
        )
    if transcript.error or not transcript.sent:
        raise CannotProve(f"the kernel could not be asked: {transcript.error or 'no frame came through'}")
    way, ruleset = case.way, case.facts.ruleset
    if way is None or isinstance(ruleset, Unknown):
        raise CannotProve("the kernel's answer cannot be read: there are no rules to hold it against")
    fate = read_fate(transcript, injection, ruleset)
    case, filters = _answer_for_filters(case, way.interface.name)
    classes = case.classes.get(way.id, ())
    if not classes:
        return case, Testimony(fate, injection, None, "", way.id, transcript.left, filters)
    model = classes[0].journey
    agrees = _agrees(model, fate)
    testimony = Testimony(fate, injection, agrees, _describe(model), way.id, transcript.left, filters)
    heard = model if agrees else _corrected(model, fate)
    first = replace(classes[0], journey=heard)
    return replace(case, classes={**case.classes, way.id: (first, *classes[1:])}), testimony


def _answer_for_filters(case: Case, interface: str) -> tuple[Case, str]:
    """Take the question what traffic control does out of the case: the kernel's word answers it."""
    source = ingress_filters(interface)
    filters = case.parse(source, str.strip)
    answered = Reading(source.name, ReadStatus.OK)
    readings = {**case.readings, source.name: answered} if source.name in case.readings else case.readings
    return replace(case, readings=readings), filters if isinstance(filters, str) else ""


def _agrees(model: Journey, fate: Fate) -> bool | None:
    """Whether both say the same of the SYN and its answer; None where one of them says nothing."""
    if fate.end is End.STOPPED:
        if model.verdict is Verdict.UNKNOWN:
            return None
        return model.leg == fate.leg and _is_same(model.decided_by, fate.decided_by)
    if fate.verdict is not Verdict.ACCEPT or _is_open(model):
        return None
    return not _stops_first(model)


def _stops_first(model: Journey) -> bool:
    return model.verdict in (Verdict.DROP, Verdict.REJECT) and model.leg in _FIRST_LEGS


def _is_open(model: Journey) -> bool:
    return model.verdict is Verdict.UNKNOWN and any(line.leg in _FIRST_LEGS for line in model.unknown)


def _is_same(one: TraceLine | None, other: TraceLine | None) -> bool:
    if one is None or other is None or one.chain is None or other.chain is None:
        return False
    if (one.chain.key, one.chain.name) != (other.chain.key, other.chain.name):
        return False
    return (one.rule and one.rule.position) == (other.rule and other.rule.position)


def _corrected(model: Journey, fate: Fate) -> Journey:
    """The journey as the kernel saw it; what it did not see stays as the model says."""
    if fate.end is End.STOPPED:
        return replace(
            model,
            verdict=fate.verdict,
            lines=fate.lines,
            stops=(),
            decided_by=fate.decided_by,
            leg=fate.leg,
            unknown=(),
        )
    if fate.verdict is not Verdict.ACCEPT:
        return model
    is_settled = all(line.leg in _FIRST_LEGS and not _counts(line) for line in model.unknown)
    if model.verdict is Verdict.UNKNOWN and not is_settled:
        return model
    return replace(
        model, verdict=Verdict.ACCEPT, lines=fate.lines, stops=(), decided_by=None, leg=None, unknown=()
    )


def _counts(line: TraceLine) -> bool:
    """Whether what passes hangs on those before it: that one SYN passed says nothing of the next."""
    return any(doubt.kind in (UnknownKind.LIMIT, UnknownKind.SHARE) for doubt in line.doubts)


def _describe(model: Journey) -> str:
    """What reading the rules had said, in a few words."""
    line = model.decided_by
    if model.verdict is Verdict.UNKNOWN:
        return "reading the rules left it open"
    if line is None or not _stops_first(model):
        return "reading the rules said that they let it pass"
    place = (
        f"{line.chain.family} {line.chain.table} {line.chain.name}" if line.chain is not None else line.hook
    )
    return f"reading the rules said that this stops it: {place}: {line.rule_text}"


def _testify(said: Answer, testimony: Testimony, is_explained: bool) -> Answer:
    """``is_explained`` when another check has found what stops the conversation."""
    if said.outcome is Outcome.NOT_APPLICABLE:
        return said
    fate = testimony.fate
    proof = Evidence(TRACE, fate.evidence)
    if fate.end is End.STOPPED:
        return _with_evidence(said, testimony, proof)
    if fate.verdict is not Verdict.ACCEPT:
        is_news = fate.end is End.UNSEEN or not is_explained
        return answer([*said.findings, _lost(testimony)], said.summary) if is_news else said
    summary = f"{said.summary}; the kernel's trace of a SYN shows it"
    findings = [*said.findings]
    if testimony.agrees is False:
        findings.append(_not_so(testimony, proof))
    if fate.end is End.UNANSWERED and not is_explained:
        findings.append(_unanswered(testimony, proof))
    return answer(findings, summary)


def _with_evidence(said: Answer, testimony: Testimony, proof: Evidence) -> Answer:
    """The rule that the kernel names is the first one that blocks: it gets the trace as evidence."""
    findings = list(said.findings)
    for index, finding in enumerate(findings):
        if (
            cause_of(finding.code).is_of_rules
            and finding.outcome is Outcome.BLOCKS
            and testimony.way in finding.paths
        ):
            note = ""
            if testimony.agrees is False:
                note = f" The kernel's own trace says so, though {testimony.read}."
            findings[index] = replace(
                finding, detail=finding.detail + note, evidence=(*finding.evidence, proof)
            )
            break
    return answer(findings, said.summary)


def _not_so(testimony: Testimony, proof: Evidence) -> Finding:
    return Finding(
        code="firewall-drops",
        outcome=Outcome.WARNS,
        title=f"The kernel let a SYN from {testimony.injection.source} pass, though {testimony.read}",
        detail="What the kernel does counts. Please report this: landiag has read your rules wrongly.",
        evidence=(proof,),
        paths=(testimony.way,),
    )


def _lost(testimony: Testimony) -> Finding:
    """Something took the packet that is no rule of the packet filter."""
    fate, name = testimony.fate, testimony.injection.interface
    if fate.end is End.UNSEEN:
        title = f"Something before the firewall drops what comes in by {name}: a tc filter, XDP or the driver"
        detail = (
            "A SYN was handed to the interface, and no chain of nftables ever saw it. To look:"
            f" tc filter show dev {name} ingress; ip -d link show dev {name}"
        )
    else:
        what = "SYN" if fate.leg == Leg.SYN else "answer"
        title = (
            f"The kernel dropped the {what} after {fate.where}, and no rule that nftables can trace did it"
        )
        detail = "Routing (a reverse path filter, a martian address) or iptables-legacy may have done it."
        if fate.evidence:
            title = f"The kernel dropped the {what} in table {fate.where.split()[-1]} of iptables-legacy"
            detail = f"Which rule did it, its counters do not tell: {fate.evidence}."
    evidence = [Evidence(TRACE, f"last seen: {fate.where or 'nowhere'}")]
    if fate.end is End.UNSEEN and testimony.filters:
        evidence.append(Evidence(ingress_filters(name).name, testimony.filters.splitlines()[0].strip()))
    return Finding("other-firewall", Outcome.UNKNOWN, title, detail, tuple(evidence), paths=(testimony.way,))


def _unanswered(testimony: Testimony, proof: Evidence) -> Finding:
    return Finding(
        code="other-firewall",
        outcome=Outcome.UNKNOWN,
        title="The SYN passed every rule of the packet filter, and nothing on this machine answered it",
        detail="A full queue of connections, a cgroup's BPF program or a security module can do that.",
        evidence=(proof,),
        paths=(testimony.way,),
    )


def _confirms(verdict: Conclusion, findings: Sequence[Finding], testimony: Testimony) -> bool:
    fate = testimony.fate
    if verdict.status is Status.CLEAR:
        is_back = fate.left_by == testimony.injection.interface
        return fate.end is End.ANSWERED and fate.answer == "syn-ack" and is_back
    if verdict.status is not Status.BLOCKED or verdict.cause is None:
        return False
    cause = cause_of(verdict.cause)
    if fate.end is End.STOPPED:
        first = next((finding for finding in findings if finding.code == cause.code), None)
        return first is not None and any(one.source == TRACE for one in first.evidence)
    if fate.end is End.ANSWERED and cause is VPN_TAKES_REPLIES:
        return fate.left_by != testimony.injection.interface
    if fate.end is End.ANSWERED:
        return fate.answer == "reset" and cause.is_of_sockets
    is_routing = fate.end is End.LOST and fate.where == "prerouting last"
    return is_routing and cause is REVERSE_PATH_FILTER
