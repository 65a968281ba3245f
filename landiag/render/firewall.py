"""What ``landiag firewall`` says of a packet: the verdict, the rule that decides, and one line a rule on the way."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from landiag.firewall.command import Judged
from landiag.firewall.owners import find_owner
from landiag.model.report import Outcome
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.render.columns import render_table
from landiag.render.style import Style

_VERDICTS = {
    Verdict.ACCEPT: (Outcome.OK, "Open"),
    Verdict.DROP: (Outcome.BLOCKS, "Blocked (dropped)"),
    Verdict.REJECT: (Outcome.BLOCKS, "Blocked (rejected)"),
    Verdict.UNKNOWN: (Outcome.UNKNOWN, "Can't tell"),
}


class Said(Struct, frozen=True):
    """What is said of a packet, before it is laid out: redaction must see whole words.

    ``more`` are sentences; ``rows`` are those of the table of rules, of which ``left_out`` decide nothing.
    """

    outcome: Outcome
    verdict: str
    more: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int


def tell_judged(rules: Ruleset, one: Judged, *, whole: bool) -> Said:
    """Say the verdict, the rule that decides, who fares otherwise, and the way through the rules.

    ``whole`` tells every line of that way, not only those that matter.
    """
    told = one.told
    rows = tuple(_row(line, told.decided_by) for line in told.lines if whole or _matters(line))
    outcome = _VERDICTS[told.verdict][0]
    return Said(outcome, tell_verdict(one), tuple(_tell_more(rules, one)), rows, len(told.lines) - len(rows))


def _tell_more(rules: Ruleset, one: Judged) -> Iterator[str]:
    packet, told = one.packet, one.told
    if told.decided_by is not None and told.verdict in (Verdict.DROP, Verdict.REJECT):
        owner = find_owner(rules, told.decided_by, told.lines, packet.destination_port)
        yield f"Decided by {owner.named}: {told.decided_by.rule_text}"
    for text in list(dict.fromkeys(line.rule_text for line in told.unknown))[:5]:
        yield f"It depends on: {text}"
    for group in one.others:
        first = group.pieces[0]
        span = str(first.first) if first.size == 1 else f"{first.first} to {first.last}"
        yield f"{group.told.verdict.value} for {span} ({group.size} addresses)"


def tell_verdict(one: Judged) -> str:
    """Say the verdict alone, as one sentence."""
    packet, told = one.packet, one.told
    word = _VERDICTS[told.verdict][1]
    who, where = packet.source or "other devices", packet.destination or "this machine"
    kind = f" with {told.reject_with}" if told.reject_with else ""
    return f"{word}: {who} to {where}, {packet.protocol} port {packet.destination_port}{kind}."


def render_said(said: Said, style: Style) -> str:
    """Lay it out for a terminal."""
    mark = style.mark(said.outcome)
    lines = style.wrap(said.verdict, first=f"{mark} ", rest="  ")
    lines[0] = style.painted(said.outcome) + lines[0][len(mark) :]
    for text in said.more:
        lines += style.wrap(text, first="  ")
    return "\n".join([*lines, *_trace_lines(said, style)]) + "\n"


def _trace_lines(said: Said, style: Style) -> list[str]:
    table = render_table(_HEADERS, said.rows, style.width, shrink=(4, 3, 2), ellipsis=style.ellipsis)
    hidden = f"{said.left_out} more lines that decide nothing: --verbose shows them"
    return ["", *table, *(style.wrap(hidden) if said.left_out else [])] if table else []


_HEADERS = ("", "packet", "where", "rule", "what it does")


def _matters(line: TraceLine) -> bool:
    """Whether a line ends the packet's way, may end it, or changes the packet: not where it only leads on."""
    return line.verdict is not None or not line.result.startswith(_LEADS_ON)


_LEADS_ON = ("jump ", "goto ", "return", "continue", "perhaps continue")


def _row(line: TraceLine, decided_by: TraceLine | None) -> tuple[str, ...]:
    chain = line.chain
    where = f"{chain.family} {chain.table} {chain.name}" if chain else line.hook
    return (
        ">" if line is decided_by else "",
        line.leg,
        f"{where} {line.rule.position}" if line.rule else where,
        line.rule_text,
        line.result,
    )
