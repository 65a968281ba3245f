"""What ``landiag firewall`` says of a packet: the verdict, the rule that decides, and one line a rule on the way."""

from __future__ import annotations

from landiag.firewall.command import Judged
from landiag.firewall.owners import find_owner
from landiag.model.report import Outcome
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.render.columns import render_table
from landiag.render.escape import escape_text
from landiag.render.style import Style

_VERDICTS = {
    Verdict.ACCEPT: (Outcome.OK, "Open"),
    Verdict.DROP: (Outcome.BLOCKS, "Blocked (dropped)"),
    Verdict.REJECT: (Outcome.BLOCKS, "Blocked (rejected)"),
    Verdict.UNKNOWN: (Outcome.UNKNOWN, "Can't tell"),
}


def render_judged(rules: Ruleset, one: Judged, style: Style, *, whole: bool) -> str:
    """Say the verdict, the rule that decides, who fares otherwise, and the way through the rules."""
    packet, told = one.packet, one.told
    lines = _verdict_lines(one, style)
    if told.decided_by is not None and told.verdict in (Verdict.DROP, Verdict.REJECT):
        owner = find_owner(rules, told.decided_by, told.lines, packet.destination_port)
        lines += style.wrap(f"Decided by {owner.named}: {told.decided_by.rule_text}", first="  ")
    for text in list(dict.fromkeys(line.rule_text for line in told.unknown))[:5]:
        lines += style.wrap(f"It depends on: {text}", first="  ")
    for group in one.others:
        first = group.pieces[0]
        span = str(first.first) if first.size == 1 else f"{first.first} to {first.last}"
        lines += style.wrap(f"{group.told.verdict.value} for {span} ({group.size} addresses)", first="  ")
    return "\n".join([*lines, *_trace_lines(one, style, whole=whole)]) + "\n"


def render_verdict(one: Judged) -> str:
    """Say the verdict alone, as one sentence."""
    return escape_text(_verdict(one)) + "\n"


def _verdict(one: Judged) -> str:
    packet, told = one.packet, one.told
    word = _VERDICTS[told.verdict][1]
    who, where = packet.source or "other devices", packet.destination or "this machine"
    kind = f" with {told.reject_with}" if told.reject_with else ""
    return f"{word}: {who} to {where}, {packet.protocol} port {packet.destination_port}{kind}."


def _verdict_lines(one: Judged, style: Style) -> list[str]:
    outcome = _VERDICTS[one.told.verdict][0]
    mark = style.mark(outcome)
    lines = style.wrap(_verdict(one), first=f"{mark} ", rest="  ")
    lines[0] = style.painted(outcome) + lines[0][len(mark) :]
    return lines


def _trace_lines(one: Judged, style: Style, *, whole: bool) -> list[str]:
    """The rules that matter, one a line; with ``whole`` every line of the way through the rules."""
    told = one.told
    rows = [_row(line, told.decided_by) for line in told.lines if whole or _matters(line)]
    table = render_table(_HEADERS, rows, style.width, shrink=(4, 3, 2), ellipsis=style.ellipsis)
    left_out = len(told.lines) - len(rows)
    more = style.wrap(f"{left_out} more lines that decide nothing: --verbose shows them") if left_out else []
    return ["", *table, *more] if table else []


_HEADERS = ("", "packet", "where", "rule", "what it does")


def _matters(line: TraceLine) -> bool:
    """Whether a line ends the packet's way, may end it, or changes the packet: not where it only leads on."""
    return line.verdict is not None or not line.result.startswith(_LEADS_ON)


_LEADS_ON = ("jump ", "goto ", "return", "continue", "perhaps continue")


def _row(line: TraceLine, decided_by: TraceLine | None) -> tuple[object, ...]:
    chain = line.chain
    where = f"{chain.family} {chain.table} {chain.name}" if chain else line.hook
    return (
        ">" if line is decided_by else "",
        line.leg,
        f"{where} {line.rule.position}" if line.rule else where,
        line.rule_text,
        line.result,
    )
