"""A rule that hands the port's packets to a proxy's socket (TPROXY), which does not take them."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.journey.ways import Way
from landiag.model.action import Divert
from landiag.model.operands import Constant
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import TraceLine


def handed_to_nobody(case: Case, way: Way) -> Finding | None:
    """Say that such a rule was met, and why no socket took the packets; None where none was, or one took them."""
    classes = case.classes.get(way.id, ())
    if not classes or classes[0].journey.translated is not None:
        return None
    met = [(line, step) for line in classes[0].journey.lines for step in _diversions(line)]
    if not met:
        return None
    line, step = met[0]
    port = step.port.constant if isinstance(step.port, Constant) and step.port.constant else case.port
    listening = any(socket.port == port for socket in case.sockets)
    why = "whose socket is not transparent" if listening else "where nothing is listening"
    return Finding(
        code="port-redirected",
        outcome=Outcome.BLOCKS,
        title=f"A rule hands port {case.port} to the proxy on port {port}, {why}",
        detail="Only a socket with IP_TRANSPARENT takes what such a rule hands to it." if listening else "",
        evidence=(Evidence("firewall", line.rule_text),),
        fixes=(_start(case, port, is_running=listening),),
        paths=(way.id,),
    )


def _diversions(line: TraceLine) -> tuple[Divert, ...]:
    return tuple(step for step in line.steps if isinstance(step, Divert))


def _start(case: Case, port: object, *, is_running: bool) -> Fix:
    first = "Start the proxy again" if is_running else f"Start the proxy on port {port}"
    mode = "in its transparent mode (it needs CAP_NET_ADMIN)"
    step = f"{first} {mode}, or remove the rule that hands it port {case.port}."
    return Fix("Let the proxy take the connections", needs="user-action", steps=(step,))
