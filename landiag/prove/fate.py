"""What the kernel did with the packet, in the words of the model: the rule that decided, or how far it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.action import Stop
from landiag.model.regex import regex
from landiag.model.ruleset import Chain, Rule, Ruleset, TraceLine, Verdict
from landiag.prove.counters import find_counted
from landiag.prove.injection import Injection, Transcript
from landiag.prove.script import ANSWER, SYN, TABLES_OF_HOOK
from landiag.prove.trace import Event, events_of, parse_trace

_FLAGS = regex(r"tcp flags == (0x[0-9a-f]+|[^0-9]*?) tcp window")
_OUT = regex(r'(?:iif "[^"]*" )?oif "([^"]*)"')
_REJECTS = regex(r"\breject\b|\bREJECT\b|\bTARPIT\b")


class End(str, Enum):
    """How it ended, as far as anybody saw."""

    STOPPED = "stopped"  # a rule or a policy stopped the SYN, or its answer
    ANSWERED = "answered"  # it passed every rule and was answered; the answer left, too
    UNANSWERED = "unanswered"  # it passed every rule, and nothing answered
    LOST = "lost"  # it vanished between two places; what took it is not known
    UNSEEN = "unseen"  # it was handed to the interface, and no rule ever saw it


class Fate(Struct, frozen=True):
    """The kernel's word. ``leg`` is what was stopped (``syn``, ``syn-ack``); ``answer`` what came back.

    ``decided_by`` is None where nothing stopped it or the rule is not known; ``lines`` is the way there.
    ``answer`` is ``syn-ack``, ``reset``, ``icmp`` or empty, ``left_by`` the interface by which it left. ``where``
    names the last place for LOST.
    """

    end: End
    verdict: Verdict
    leg: str = "syn"
    decided_by: TraceLine | None = None
    lines: tuple[TraceLine, ...] = ()
    answer: str = ""
    where: str = ""
    evidence: str = ""
    left_by: str = ""


def read_fate(transcript: Transcript, injection: Injection, ruleset: Ruleset) -> Fate:
    """Read the kernel's trace against the rules that are loaded."""
    events = parse_trace(transcript.trace)
    syn, answer = events_of(events, SYN), events_of(events, ANSWER)
    if not syn:
        return Fate(End.UNSEEN, Verdict.UNKNOWN)
    said = _kind_of(answer)
    for leg, packet in (("syn", syn), ("syn-ack", answer)):
        fate = _stopped(packet, leg, ruleset) or _stopped_by_legacy(
            packet, leg, transcript, injection, ruleset
        )
        if fate is None:
            continue
        if fate.verdict is Verdict.REJECT and _is_stopped(answer, transcript, injection, ruleset):
            fate = replace(fate, verdict=Verdict.DROP)
        return replace(fate, answer=said)
    return _passed(syn, answer, said, ruleset)


def _passed(syn: Sequence[Event], answer: Sequence[Event], said: str, ruleset: Ruleset) -> Fate:
    lines = tuple(_lines(syn, ruleset, "syn")) + tuple(_lines(answer, ruleset, "syn-ack"))
    place = _last_marker(syn)
    if place not in (("input", "last"), ("postrouting", "last")):
        return Fate(End.LOST, Verdict.UNKNOWN, "syn", None, lines, said, " ".join(place))
    if answer and _last_marker(answer) != ("postrouting", "last"):
        return Fate(End.LOST, Verdict.UNKNOWN, "syn-ack", None, lines, said, " ".join(_last_marker(answer)))
    end = End.ANSWERED if said in ("syn-ack", "reset") else End.UNANSWERED
    left_by = next((found[1] for event in reversed(answer) if (found := _OUT.match(event.text))), "")
    evidence = f"the answer ({said}) leaves by {left_by}" if left_by else syn[-1].line
    return Fate(end, Verdict.ACCEPT, "syn", None, lines, said, evidence=evidence, left_by=left_by)


def _is_stopped(
    answer: Sequence[Event], transcript: Transcript, injection: Injection, ruleset: Ruleset
) -> bool:
    stopped = _stopped(answer, "syn-ack", ruleset)
    return (stopped or _stopped_by_legacy(answer, "syn-ack", transcript, injection, ruleset)) is not None


def _stopped(events: Sequence[Event], leg: str, ruleset: Ruleset) -> Fate | None:
    """The rule or policy at which a packet's trace ends, unless that is our own."""
    if not events or not events[-1].stops or events[-1].is_marker:
        return None
    lines = tuple(_lines(events, ruleset, leg))
    decided = lines[-1]
    verdict = Verdict.REJECT if _rejects(decided) else Verdict.DROP
    return Fate(End.STOPPED, verdict, leg, decided, lines, evidence=events[-1].line)


def _rejects(line: TraceLine) -> bool:
    if line.rule is None:
        return False
    stops = [step for step in line.rule.steps if isinstance(step, Stop)]
    return any(stop.verdict is Verdict.REJECT for stop in stops) or (
        not stops and bool(_REJECTS.search(line.rule.text))
    )


def _lines(events: Sequence[Event], ruleset: Ruleset, leg: str) -> Iterator[TraceLine]:
    """The rules and policies that a packet met, ours left out, as lines of the model's trace."""
    hook = ""
    for event in events:
        if event.is_marker:
            continue
        chain = _find_chain(ruleset, event)
        if chain is not None and chain.hook is not None:
            hook = chain.hook.name
        place = chain or Chain("nftables", event.family, event.table, event.chain)
        if event.kind == "rule":
            yield TraceLine(hook, event.verdict, place, _find_rule(place, event), leg=leg)
        elif event.kind == "policy":
            yield TraceLine(hook, event.verdict, place, None, f"policy {event.verdict}", leg)


def _find_chain(ruleset: Ruleset, event: Event) -> Chain | None:
    for backend in ("nftables", "iptables-nft"):
        found = ruleset.tables.get((backend, event.family, event.table), {}).get(event.chain)
        if found is not None:
            return found
    return None


def _find_rule(chain: Chain, event: Event) -> Rule:
    """The rule with the handle that the kernel names; one that is not in the model is kept as its text."""
    if event.handle is not None:
        for rule in chain.rules:
            if rule.handle == event.handle:
                return rule
    return Rule(0, event.text, (), handle=event.handle)


def _last_marker(events: Sequence[Event]) -> tuple[str, str]:
    """The last of our chains that a packet came to: hook, and place in it."""
    names = [event.chain for event in events if event.is_marker]
    hook, _, mark = (names[-1] if names else "_").rpartition("_")
    return hook, mark


def _stopped_by_legacy(
    events: Sequence[Event], leg: str, transcript: Transcript, injection: Injection, ruleset: Ruleset
) -> Fate | None:
    """The table of iptables-legacy that a packet entered and did not leave, and the rule in it that counted."""
    if not events or not injection.legacy or (events[-1].stops and not events[-1].is_marker):
        return None
    hook, mark = _last_marker(events)
    table = _next_table(hook, mark, injection)
    if table is None:
        return None
    family = "ip6" if injection.is_ipv6 else "ip"
    chains = ruleset.tables.get(("iptables-legacy", family, table), {})
    candidates = [
        TraceLine(hook, "drop", chains[chain], rule, "" if rule else "policy drop", leg)
        for of, chain, position in find_counted(transcript.before, transcript.after)
        if of == table and chain in chains
        for rule in (_rule_at(chains[chain], position),)
        if _may_stop(chains[chain], rule)
    ]
    where = f"{hook} {table}"
    evidence = f"it came to table {table} of iptables-legacy in {hook}, and not out of it"
    if len(candidates) != 1:
        # Other packets were counted at the same time, or none was: the table is certain, the rule is not.
        return Fate(End.LOST, Verdict.UNKNOWN, leg, None, where=where, evidence=evidence)
    decided = candidates[0]
    verdict = Verdict.REJECT if _rejects(decided) else Verdict.DROP
    lines = (*_lines(events, ruleset, leg), decided)
    return Fate(End.STOPPED, verdict, leg, decided, lines, where=where, evidence=evidence)


def _next_table(hook: str, mark: str, injection: Injection) -> str | None:
    """The legacy table between this marker and the next one; None where none lies there."""
    places = ("first", *(name.partition("-")[0] for name in TABLES_OF_HOOK.get(hook, ())))
    if mark not in places:
        return None
    later = places[places.index(mark) + 1 :]
    return next((name for name in later if name in injection.legacy), None)


def _rule_at(chain: Chain, position: int) -> Rule | None:
    return chain.rules[position - 1] if 0 < position <= len(chain.rules) else None


def _may_stop(chain: Chain, rule: Rule | None) -> bool:
    if rule is None:
        return chain.policy is not Verdict.ACCEPT
    return any(isinstance(step, Stop) and step.verdict is not Verdict.ACCEPT for step in rule.steps)


def _kind_of(answer: Sequence[Event]) -> str:
    """What the answer is: ``syn-ack``, ``reset``, ``icmp``; empty where there is none."""
    packet = next((event.text for event in answer if event.kind == "packet"), "")
    if not packet:
        return ""
    found = _FLAGS.search(packet)
    if found is None:
        return "icmp" if "icmp" in packet else "other"
    flags = int(found[1], 16) if found[1].startswith("0x") else (0x04 if "rst" in found[1] else 0x12)
    return "reset" if flags & 0x04 else "syn-ack"
