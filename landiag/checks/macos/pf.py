"""pf on macOS and the BSDs: the rule that stops clients, and where one that lets them in belongs."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.fixes.names import free_name
from landiag.collect import bsd_firewalls as collected
from landiag.firewall.alf import lower_alf
from landiag.firewall.other_systems import join_rulesets
from landiag.firewall.pf import parse_pf
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Way
from landiag.model.actions import Lasts
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.stages import BACK


def blocked_by_pf(case: Case, way: Way, journey: Journey, line: TraceLine) -> Finding:
    """Say which rule of pf stops clients, or the answers to them."""
    is_reject = journey.verdict is Verdict.REJECT
    answers = journey.leg in BACK
    code = "firewall-drops-replies" if answers else "firewall-rejects" if is_reject else "firewall-drops"
    verb = "rejects" if is_reject else "drops"
    what = f"the server's answers from port {case.port}" if answers else f"connections to port {case.port}"
    return Finding(
        code=code,
        outcome=Outcome.BLOCKS,
        title=f"pf {verb} {what} ({line.rule_text})",
        detail="Other devices are refused at once." if is_reject else "Other devices wait, then time out.",
        evidence=(Evidence("pfctl -s rules", f"input: {line.rule_text}"),),
        fixes=_pf_fixes(case, way, journey),
        paths=(way.id,),
    )


def _pf_fixes(case: Case, way: Way, journey: Journey) -> tuple[Fix, ...]:
    """A rule in an anchor that pf asks, or in pf.conf where the loaded rules are its own; else in its owner's settings.

    Rules that came from elsewhere are not in pf.conf: loading that again would throw them away.
    """
    family = "inet" if way.ip.version == 4 else "inet6"
    rule = f"pass in quick {family} proto tcp from {way.network} to any port {case.port}"
    anchor = _anchor_for(case, journey, rule) if case.facts.os == "macos" else None
    if anchor is not None:
        # In a shell of its own: what asks for root's rights would else ask for those of printf alone.
        command = f"sh -c \"echo '{rule}' | pfctl -a {anchor} -f -\""
        undo = f"pfctl -a {anchor} -F rules"
        return (
            Fix(
                "Let clients of the subnet in, until the next start",
                (command,),
                (undo,),
                needs="root",
                lasts=Lasts.UNTIL_RESTART,
                keep=f"write {rule} into /etc/pf.conf, before the first rule that begins with block or pass",
            ),
        )
    if collected.read_pf_conf(case.readings) is None:
        return (_ask_owner(case, way),)
    return (_into_file(rule),) if _passes_in_front(case, journey, rule) else ()


def _into_file(rule: str) -> Fix:
    steps = (
        f"Write the line '{rule}' into /etc/pf.conf, before the first rule that begins with block or pass.",
        "The first command reads the file without loading it; load it only where that says nothing.",
    )
    return Fix(
        "Let clients of the subnet in",
        ("pfctl -nf /etc/pf.conf", "pfctl -f /etc/pf.conf"),
        needs="root",
        steps=steps,
    )


def _ask_owner(case: Case, way: Way) -> Fix:
    """The rules were loaded by a program: a VPN's kill switch, a security product, a script."""
    steps = (
        "These rules are not known to come from the system's own pf configuration: a VPN's kill switch or another "
        "program may have loaded them. Loading anything in their place would throw them away.",
        f"In that program, allow the local network {way.network} (Allow LAN, Local network sharing), or port "
        f"{case.port} for it.",
    )
    return Fix("Allow the local network where these rules come from", needs="user-action", steps=steps)


def _passes_in_front(case: Case, journey: Journey, rule: str) -> bool:
    system = collected.read_pf(case.readings)
    system.texts.insert(0, parse_pf(rule))
    return _passes(case, journey, system.lower())


def _anchor_for(case: Case, journey: Journey, rule: str) -> str | None:
    """The name of an anchor that pf asks, in which the rule lets the client in; None where it does not."""
    system = collected.read_pf(case.readings)
    anchor = free_name("com.apple/landiag", system.anchors)
    system.anchors[anchor] = parse_pf(rule).items  # type: ignore[assignment]
    return anchor if _passes(case, journey, system.lower()) else None


def _passes(case: Case, journey: Journey, pf: Ruleset) -> bool:
    parts = [pf]
    if case.facts.os == "macos":
        parts.append(lower_alf(collected.read_alf(case.readings), collected.read_signatures(case.readings)))
    found = follow_through(case.facts, join_rulesets(parts), journey.packet)
    stopped_by_pf = found.decided_by is not None and found.decided_by.chain is not None
    stopped_by_pf = stopped_by_pf and found.decided_by.chain.backend == "pf"  # type: ignore[union-attr]
    return found.verdict is Verdict.ACCEPT or not stopped_by_pf
