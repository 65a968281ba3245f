"""What do the firewalls of this machine do with the client's conversation?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from ipaddress import ip_network

from msgspec.structs import replace

from landiag.checks import sandbox, systems
from landiag.checks.case import Answer, Case, answer, milder, not_applicable
from landiag.checks.fixing import fix_by
from landiag.collect.hints import Hint, parse_hints
from landiag.collect.linux_sources import ingress_filters
from landiag.firewall.openings import Opening, Proposal, propose, without_translation
from landiag.firewall.opens import prove_opening
from landiag.firewall.owners import Manager, Owner, find_owner
from landiag.journey.journey import Journey, follow_through
from landiag.journey.scope import machine_scope
from landiag.journey.ways import Way
from landiag.model.facts import IPNetwork, Source, Unknown
from landiag.model.lines import nft_undo
from landiag.model.match import UnknownKind
from landiag.model.packet import Packet
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import RouteKind
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.stages import BACK, SEARCH, stage_of_stop
from landiag.model.terms import Leg, Symptom

MAX_STOPS = 6
"""How many rules in a row are shown: people mend one, run again, and meet the next."""


def plan(case: Case) -> tuple[Source, ...]:
    """Ask what other systems need, and systemd for the units that hold the port's sockets."""
    return (*systems.plan(case), *sandbox.plan(case))


def check(case: Case) -> Answer:
    """Check every rule that the conversation meets, for each way in; the first way blocks, the others warn."""
    elsewhere = systems.firewall_answer(case)
    if elsewhere is not None:
        return elsewhere
    ruleset = case.facts.ruleset
    if case.way is None:
        return not_applicable("no way in")
    if isinstance(ruleset, Unknown):
        return answer([_unreadable(case, (ruleset,))], "")
    findings = list(_check_way(case, ruleset, case.way))
    decisive = {finding.code for finding in findings}
    for way in case.ways[1:]:
        others = [f for f in _check_way(case, ruleset, way) if f.code not in decisive]
        findings += [milder(finding, str(way.ip)) for finding in others]
    findings += _check_singled_out(case, ruleset, case.way)
    findings += _check_limits(case, ruleset, case.way)
    findings += _check_exposure(case, ruleset, case.way)
    findings += _check_bypasses(case)
    findings += sandbox.check(case)
    findings += systems.more_firewalls(case)
    return answer(findings, _summary(case, ruleset))


def _summary(case: Case, ruleset: Ruleset) -> str:
    classes = case.classes.get(case.way.id, ()) if case.way else ()
    met = {line.chain.key for one in classes for line in one.journey.lines if line.chain is not None}
    if not ruleset.tables:
        return "no rules loaded"
    if not met:
        return f"none of the {len(ruleset.tables)} tables stops port {case.port}"
    tables = ", ".join(sorted({f"{family} {table}" for _, family, table in met}))
    return f"lets other devices in ({tables})"


def _check_way(case: Case, ruleset: Ruleset, way: Way) -> Iterator[Finding]:
    """Name what stops the ordinary clients of a way: those of its largest class."""
    for one in case.classes.get(way.id, ())[:1]:
        yield from _check_journey(case, ruleset, way, one.journey)


def _check_singled_out(case: Case, ruleset: Ruleset, way: Way) -> Iterator[Finding]:
    """Warn of clients that fare worse than the ordinary ones: banned addresses, for example."""
    ordinary, *others = case.classes.get(way.id, ()) or (None,)
    if ordinary is None or ordinary.journey.verdict is not Verdict.ACCEPT:
        return
    for one in others:
        for finding in _check_journey(case, ruleset, way, one.journey):
            mild = milder(finding, one.addresses)
            yield replace(mild, outcome=Outcome.WARNS, clients=one.spans)


def _check_exposure(case: Case, ruleset: Ruleset, way: Way) -> Iterator[Finding]:
    """Warn where a translation leads clients past rules that would stop them: docker's ports pass by ufw."""
    ordinary = next(iter(case.classes.get(way.id, ())), None)
    if (
        ordinary is None
        or ordinary.journey.translated is None
        or ordinary.journey.verdict is not Verdict.ACCEPT
    ):
        return
    straight = follow_through(case.facts, without_translation(ruleset), ordinary.journey.packet)
    line = straight.decided_by
    if straight.verdict not in (Verdict.DROP, Verdict.REJECT) or line is None:
        return
    owner = find_owner(ruleset, line, straight.lines)
    yield Finding(
        code="firewall-bypassed",
        outcome=Outcome.WARNS,
        title=f"Port {case.port} is open although {owner.text} would stop other devices: a translation leads past it",
        detail="Published container ports are translated before the rules for this machine's own ports are asked.",
        evidence=(
            Evidence("the translation", ordinary.journey.translated.rule_text),
            Evidence(_source_of(line), f"{_place(line)}: {line.rule_text}"),
        ),
        fixes=(
            Fix(
                "Close it, if it was not meant",
                needs="user-action",
                steps=(
                    f"Publish the port for this machine only (-p 127.0.0.1:{case.port}:...), or stop clients in the"
                    " chain DOCKER-USER, which docker leaves to you.",
                ),
            ),
        ),
        paths=(way.id,),
    )


def _check_journey(case: Case, ruleset: Ruleset, way: Way, journey: Journey) -> Iterator[Finding]:
    """Name what stops a conversation, rule after rule: each is opened in the model to see the next."""
    current, seen = journey, ruleset
    for _ in range(MAX_STOPS):
        if current.verdict is Verdict.ACCEPT:
            break
        if current.verdict is Verdict.UNKNOWN or current.decided_by is None:
            yield from _unknown(case, way, seen, current)
            break
        if current.decided_by.route is RouteKind.MARTIAN:
            yield _sent_to_loopback(case, way, current)
        if current.decided_by.route is not None:
            break  # what routes decide is explained where routes are
        proposal, following = _best_proposal(case, way, seen, current, current.decided_by)
        finding = _blocks(way, seen, current, current.decided_by, proposal, following)
        yield _proven(case, way, seen, current, proposal, following, finding)
        if following is None or proposal is None or proposal.ruleset is None:
            break
        current, seen = following, proposal.ruleset


def _sent_to_loopback(case: Case, way: Way, journey: Journey) -> Finding:
    """A translation to a loopback address: the kernel takes that from outside only with route_localnet."""
    setting = f"net.ipv4.conf.{way.interface.name}.route_localnet"
    rules = [line for line in journey.lines if line.rule is not None and line.hook == "prerouting"]
    evidence = [Evidence(_source_of(line), f"{_place(line)}: {line.rule_text}") for line in rules[-1:]]
    return Finding(
        code="port-redirected",
        outcome=Outcome.BLOCKS,
        title=f"A rule sends port {case.port} to 127.0.0.1, which takes nothing from other devices",
        detail="The kernel drops packets that come in for 127.0.0.0/8 (martians), unless route_localnet is set.",
        evidence=(*evidence, Evidence(f"/proc/sys/{setting.replace('.', '/')}", f"{setting} = 0")),
        fixes=(
            Fix(
                "Send it to an address that clients may reach",
                needs="user-action",
                steps=(
                    f"Let the server listen on all addresses, and remove the rule, or let it lead to {way.ip}.",
                    f"If it has to be loopback: sysctl -w {setting}=1 (neighbours then reach such services, too).",
                ),
            ),
        ),
        paths=(way.id,),
    )


def _proven(
    case: Case,
    way: Way,
    before: Ruleset,
    journey: Journey,
    proposal: Proposal | None,
    following: Journey | None,
    finding: Finding,
) -> Finding:
    """The same with what its fix opens: it counts as verified only where that is what it should open."""
    if proposal is None or proposal.ruleset is None or len(finding.fixes) != 1:
        return finding
    scope = machine_scope(case.facts, Packet())
    proof = prove_opening(before, proposal.ruleset, scope, _opening(way, journey), None)
    if proof is None:
        return finding  # too much to compare: that it helps was tried, what else it opens is not told
    passes = following is not None and following.verdict is Verdict.ACCEPT
    holds = proof.is_narrow is True and (bool(proof.opens) or not passes)
    fix = replace(finding.fixes[0], opens=proof.opens)
    return replace(finding, fixes=(fix if holds else replace(fix, verified=None),))


def _best_proposal(
    case: Case, way: Way, ruleset: Ruleset, journey: Journey, line: TraceLine
) -> tuple[Proposal | None, Journey | None]:
    """Try the openings from the narrowest place on, until one helps in the model; the last one otherwise."""
    proposal, following = None, None
    owner = find_owner(ruleset, line, journey.lines)
    for candidate in propose(ruleset, owner, line, _opening(way, journey)):
        proposal, following = candidate, _follow_again(case, candidate, journey)
        if _is_mended(journey, following) is not False:
            break
    return proposal, following


def _follow_again(case: Case, proposal: Proposal | None, journey: Journey) -> Journey | None:
    if proposal is None or proposal.ruleset is None:
        return None
    return follow_through(case.facts, proposal.ruleset, journey.packet)


def _opening(way: Way, journey: Journey) -> Opening:
    """The opening for this conversation: its clients' subnet, or the one client when it is outside of it."""
    packet = journey.packet
    clients: IPNetwork = way.network
    if packet.source is not None and packet.source not in clients:
        clients = ip_network(packet.source)
    asked = packet.destination_port or 0
    port = journey.translated.port if journey.translated is not None else asked
    return Opening(clients, port, journey.leg in BACK, asked)


def _is_mended(journey: Journey, following: Journey | None) -> bool | None:
    """Whether a fix helps: what decided before decides no more. None where that cannot be evaluated."""
    if following is None:
        return None
    return following.verdict is Verdict.ACCEPT or not _same_place(following.decided_by, journey.decided_by)


def _same_place(one: TraceLine | None, other: TraceLine | None) -> bool:
    return one is not None and other is not None and _place(one) == _place(other) and one.leg == other.leg


def _blocks(
    way: Way,
    ruleset: Ruleset,
    journey: Journey,
    line: TraceLine,
    proposal: Proposal | None,
    following: Journey | None,
) -> Finding:
    owner = find_owner(ruleset, line, journey.lines, journey.packet.destination_port)
    is_reject = journey.verdict is Verdict.REJECT
    code = "firewall-rejects" if is_reject else "firewall-drops"
    verb = "rejects" if is_reject else "drops"
    what = f"connections to port {journey.packet.destination_port}"
    if journey.leg in BACK:
        code, what = (
            "firewall-drops-replies",
            f"the server's answers from port {journey.packet.destination_port}",
        )
    elif journey.leg == "data":
        what = f"the data of connections to port {journey.packet.destination_port} (they open, then starve)"
    elif journey.leg in SEARCH:
        what = "what clients find this machine by (ARP, or neighbour discovery of IPv6)"
    return Finding(
        code=code,
        outcome=Outcome.BLOCKS,
        title=f"{_stopper(owner)} {verb} {what}{_reason(owner, line)}",
        detail=_DETAILS[code],
        evidence=(Evidence(_source_of(line), f"{_place(line)}: {line.rule_text}"),),
        fixes=_search_fixes(journey, line) or _fixes(proposal, _is_mended(journey, following)),
        paths=(way.id,),
        stage=stage_of_stop(line.hook, journey.leg),
    )


def _search_fixes(journey: Journey, line: TraceLine) -> tuple[Fix, ...]:
    """Let ARP or neighbour discovery through the chain that stops it; nothing where another packet is stopped."""
    chain, asked = line.chain, journey.packet.destination
    if journey.leg not in SEARCH or chain is None or asked is None:
        return ()
    title = "Let clients find this machine's hardware address"
    if chain.backend.startswith("iptables"):
        kinds = ("neighbour-solicitation", "neighbour-advertisement")
        tool = chain.backend.replace("iptables", "ip6tables")
        typed, undo = (
            tuple(f"{tool} {verb} {chain.name} -p ipv6-icmp --icmpv6-type {kind} -j ACCEPT" for kind in kinds)
            for verb in ("-I", "-D")
        )
        return (Fix(title, typed, undo, "root", risk=_SEARCH_RISK),) if asked.version == 6 else ()
    what, place = (
        "icmpv6 type '{ nd-neighbor-solicit, nd-neighbor-advert }'",
        (chain.family, chain.table, chain.name),
    )
    if asked.version == 4:
        what = "arp operation '{ request, reply }'"
    command = f"nft insert rule {' '.join(place)} {what} accept comment '\"{_SEARCH_COMMENT}\"'"
    return (
        (Fix(title, (command,), (nft_undo(place, _SEARCH_COMMENT),), "root"),)
        if chain.backend == "nftables"
        else ()
    )


_SEARCH_COMMENT = "landiag neighbours"
_SEARCH_RISK = "every device of the network finds this machine, for whatever else it lets in"


def _stopper(owner: Owner) -> str:
    """Who stops it, at the beginning of a sentence: the owner, or just the firewall where the owner is the tool."""
    is_tool = owner.manager in (Manager.NFTABLES, Manager.IPTABLES)
    return "The firewall" if is_tool else owner.subject


def _reason(owner: Owner, line: TraceLine) -> str:
    """Which rule or default it is, in brackets; empty where the owner's name says it."""
    if owner.manager in (Manager.NFTABLES, Manager.IPTABLES):
        return f" ({_who(owner, line)})"
    return f" ({owner.reason})" if owner.reason else ""


def _who(owner: Owner, line: TraceLine) -> str:
    """Name the rule as the person knows it: its owner, and where it stands when the owner is just the tool."""
    if owner.manager not in (Manager.NFTABLES, Manager.IPTABLES):
        return owner.title
    rule = "the policy of " if line.rule is None else ""
    return f"{owner.text}: {rule}{_place(line)}"


_DETAILS = {
    "firewall-drops": "Other devices wait, then time out.",
    "firewall-rejects": "Other devices are refused at once ('connection refused' or 'no route to host').",
    "firewall-drops-replies": "The client's packets arrive and are answered, and the answers do not leave.",
}


def _fixes(proposal: Proposal | None, mended: bool | None) -> tuple[Fix, ...]:
    if proposal is None or mended is False:
        return ()
    if proposal.unban is not None:
        commands = [shlex.join(proposal.unban.argv(verb)) for verb in ("unbanip", "banip")]
        return (Fix(proposal.title, (commands[0],), (commands[1],), "root", mended or None),)
    if not proposal.changes:
        return (Fix(proposal.title, needs="user-action", verified=mended or None, steps=proposal.steps),)
    return (fix_by(proposal.title, *proposal.changes, verified=mended or None),)


def _place(line: TraceLine) -> str:
    """Name where a rule stands: family, table, chain, position."""
    if line.chain is None:
        return line.hook
    where = f"{line.chain.family} {line.chain.table} {line.chain.name}"
    return where if line.rule is None else f"{where} rule {line.rule.position}"


def _source_of(line: TraceLine) -> str:
    backend = line.chain.backend if line.chain is not None else ""
    if backend.startswith("iptables"):
        family = "ip6tables" if line.chain is not None and line.chain.family == "ip6" else "iptables"
        return f"{family}-{backend.removeprefix('iptables-')}-save"
    return "nft list ruleset"


def _unknown(case: Case, way: Way, ruleset: Ruleset, journey: Journey) -> Iterator[Finding]:
    """Say what leaves the verdict open: a limit, a rule that is not modelled, or what could not be read."""
    lines = [line for line in journey.unknown if line.route is None]
    doubts = [doubt for line in lines for doubt in line.doubts]
    if ruleset.gaps:
        yield replace(_unreadable(case, ruleset.gaps), paths=(way.id,))
    limits = [line for line in lines if line.limited]
    if limits and all(doubt.kind is UnknownKind.LIMIT for doubt in doubts):
        yield _limited(way, find_owner(ruleset, limits[0], journey.lines), limits[0], journey)
        return
    if doubts and all(doubt.kind in (UnknownKind.SHARE, UnknownKind.LIMIT) for doubt in doubts):
        if journey.sight.symptom is not Symptom.ANSWERED:
            yield from _drawn(way, ruleset, journey)
        return
    rules = [line for line in lines if line.rule is not None]
    asked = [line for line in journey.lines if line.leg == Leg.QUESTION and line.verdict is Verdict.DROP]
    if not rules and any(line.chain for line in asked):
        yield _questions_dropped(way, next(line for line in asked if line.chain))
        return
    if rules or (not ruleset.gaps and doubts):
        yield _not_modelled(way, rules)


def _drawn(way: Way, ruleset: Ruleset, journey: Journey) -> Iterator[Finding]:
    """Rules that stop a share of connections, by chance or in turns."""
    stops = [stop for stop in journey.stops if stop.line.rule is not None and stop.doubts]
    if not stops:
        return
    line, owner = stops[0].line, find_owner(ruleset, stops[0].line, journey.lines)
    yield Finding(
        code="firewall-rejects" if stops[0].verdict is Verdict.REJECT else "firewall-drops",
        outcome=Outcome.BLOCKS,
        title=f"The firewall stops a part of the connections to port {journey.packet.destination_port} "
        f"({_who(owner, line)})",
        detail="The rule draws lots or counts: some connections pass, others do not.",
        evidence=(Evidence(_source_of(line), f"{_place(line)}: {line.rule_text}"),),
        paths=(way.id,),
        stage=stage_of_stop(line.hook, journey.leg),
        symptom=journey.sight.symptom,
    )


def _limited(way: Way, owner: Owner, line: TraceLine, journey: Journey) -> Finding:
    """A limit that an ordinary visit exceeds blocks; what comes of it is what the client sees."""
    is_fine = journey.sight.symptom is Symptom.ANSWERED
    return Finding(
        code="rate-limited",
        outcome=Outcome.WARNS if is_fine else Outcome.BLOCKS,
        title=f"The firewall lets only so many connections in, and stops the rest ({_who(owner, line)})",
        detail="An ordinary visit stays below; many clients at once may not."
        if is_fine
        else "Clients connect at first, then fail: pages with many parts and several clients meet it soon.",
        evidence=(Evidence(_source_of(line), f"{_place(line)}: {line.rule_text}"),),
        paths=(way.id,),
        stage=stage_of_stop(line.hook, journey.leg),
        symptom=journey.sight.symptom,
    )


def _check_limits(case: Case, ruleset: Ruleset, way: Way) -> Iterator[Finding]:
    """Warn of limits that an ordinary visit stays below: many clients at once may not."""
    for one in case.classes.get(way.id, ())[:1]:
        if one.journey.verdict is Verdict.ACCEPT:
            for line in [line for line in one.journey.lines if line.limits][:1]:
                yield _limited(way, find_owner(ruleset, line, one.journey.lines), line, one.journey)


def _questions_dropped(way: Way, line: TraceLine) -> Finding:
    """Clients are not answered who has the address; a packet of our own to them tells them all the same."""
    return Finding(
        code="firewall-drops",
        outcome=Outcome.UNKNOWN,
        title="Whether other devices find this machine: the firewall drops their questions for its address (ARP, ND)",
        detail="They know it only after this machine itself has asked for theirs, and forget it again.",
        evidence=(Evidence(_source_of(line), f"{_place(line)}: {line.rule_text}"),),
        paths=(way.id,),
        stage=stage_of_stop(line.hook, line.leg),
    )


def _not_modelled(way: Way, rules: list[TraceLine]) -> Finding:
    evidence = tuple(Evidence(_source_of(line), f"{_place(line)}: {line.rule_text}") for line in rules[:3])
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title="Whether the firewall lets other devices in: it decides by something that can't be foreseen",
        detail="It depends on these rules: limits, time, the packet's content or another program.",
        evidence=evidence,
        paths=(way.id,),
        stage=stage_of_stop(rules[0].hook, rules[0].leg) if rules else None,
    )


def _unreadable(case: Case, gaps: tuple[Unknown, ...]) -> Finding:
    """Say what could not be read, what it probably is, and the command that makes it certain."""
    again = f"sudo {case.machine.landiag} check --port {case.port}"
    hint, detail = _hint(case), "Without them nobody can tell whether the firewall lets other devices in."
    if case.machine.info.privileged:
        title = f"The firewall could not be read ({gaps[0].source}): {gaps[0].reason}"
        again = gaps[0].remedy or again
    elif hint is not None:
        title = "The firewall rules can only be read as root"
        detail = f"Probably {hint.text}."
    else:
        title = "The firewall rules can only be read as root"
    evidence = tuple(Evidence(gap.source, gap.reason) for gap in gaps)
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=title,
        detail=detail,
        evidence=((Evidence(hint.source, hint.text),) if hint else ()) + evidence,
        fixes=(Fix("Look again as root", (again.removeprefix("sudo "),), needs="root"),),
    )


def _hint(case: Case) -> Hint | None:
    return next(iter(parse_hints(case.readings)), None)


def likely_cause(case: Case) -> str | None:
    """Name the code that what anybody may read points to, where the rules themselves could not be read."""
    ruleset = case.facts.ruleset
    if not isinstance(ruleset, Unknown) and not ruleset.gaps:
        return None
    hint = _hint(case)
    return None if hint is None else hint.code


def _check_bypasses(case: Case) -> list[Finding]:
    """Find what sees packets before every rule and cannot be judged: XDP programs and traffic control filters."""
    way = case.way
    if way is None:
        return []
    found = []
    if way.interface.xdp:
        found.append(("an XDP program is", Evidence("ip -d addr", f"{way.interface.name}: xdp")))
    traffic_control = ingress_filters(way.interface.name)
    filters = case.parse(traffic_control, str.strip)
    if isinstance(filters, str) and filters:
        found.append(
            ("a traffic control filter is", Evidence(traffic_control.name, filters.splitlines()[0].strip()))
        )
    return [
        Finding(
            code="other-firewall",
            outcome=Outcome.UNKNOWN,
            title=f"Whether every packet gets in: {what} attached to {way.interface.name}, and can't be judged",
            detail="It sees packets first: it may drop them before any rule is asked, or leave them alone.",
            evidence=(evidence,),
            paths=(way.id,),
        )
        for what, evidence in found
    ]
