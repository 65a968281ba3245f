"""From the looks at one host to findings and a verdict: pure, so that a recording gives the same."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.facts import Unknown
from landiag.model.report import CheckResult, Evidence, Finding, Fix, Outcome, Path, Status, Verdict
from landiag.model.terms import CheckName, StageName
from landiag.probe.case import Case
from landiag.probe.findings import blocks, do, place, sentence, warns
from landiag.probe.judge_application import judge_application
from landiag.probe.judge_connection import judge_connection
from landiag.probe.look import Look
from landiag.probe.sight import what_this_client_sees
from landiag.probe.stages import list_stages
from landiag.verdict.algebra import (
    check_of,
    decisive,
    demote,
    hide,
    in_order,
    line_of,
    unite,
    verdict_of,
)
from landiag.verdict.algebra import number as numbered


class Judgement(Struct, frozen=True):
    """The verdict and what it rests on."""

    verdict: Verdict
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    paths: tuple[Path, ...]


class Way(Struct, frozen=True):
    """One target address with what was found on the way to it."""

    look: Look
    findings: tuple[Finding, ...]

    @property
    def works(self) -> bool:
        """Whether the request that was asked for succeeds this way."""
        stopped = (Outcome.BLOCKS, Outcome.UNKNOWN)
        return self.look.connected and not any(one.outcome in stopped for one in self.findings)


def judge_host(case: Case) -> Judgement:
    """Judge one host and one port: clear when a browser's request succeeds by one of its addresses."""
    ways = tuple(_way(Look(case, address)) for address in (*case.addresses, *case.alternatives))
    named = _judge_name(case, ways)
    chosen = next((way for way in ways if way.works), ways[0] if ways else None)
    found = list(named)
    for number, way in enumerate(ways, 1):
        if way.look.address in case.alternatives and not way.works:
            continue
        is_other = way is not chosen or any(finding.outcome is Outcome.BLOCKS for finding in named)
        here = [replace(finding, paths=(f"p{number}",)) for finding in way.findings]
        found += [demote(finding) for finding in here] if is_other else here
    findings = hide(numbered(in_order(unite(found, lambda one: (one.code, one.outcome)))))
    paths = tuple(_path(way, number) for number, way in enumerate(ways, 1))
    sees = what_this_client_sees(chosen.look if chosen is not None else None)
    verdict = replace(_verdict(case, findings, chosen), client_sees=sees)
    return Judgement(verdict, _checks(findings, chosen), findings, paths)


def _way(look: Look) -> Way:
    found = [*_judge_neighbour(look), *judge_connection(look), *judge_application(look)]
    if look.connected and look.ping is not None and look.ping.sent and not look.ping.rtts:
        title = f"{look.address} does not answer ping, which is no fault: the connection works"
        found.append(warns("peer-blocks-icmp", title))
    return Way(look, tuple(found))


def _judge_neighbour(look: Look) -> list[Finding]:
    """Two machines with one address; somebody else's MAC address."""
    if len(look.owners) > 1:
        title = f"two machines have the address {look.address}: {' and '.join(look.owners)} both claim it"
        detail = "Connections go to whichever answered last: sometimes the server, sometimes the other."
        fix = do(
            "Give each machine an address of its own",
            "Let the router assign addresses (DHCP), or change one.",
        )
        make = warns if look.connected else blocks
        return [make("duplicate-address", title, detail, (Evidence("ARP", ", ".join(look.owners)),), (fix,))]
    gateway = look.case.gateway(look.ip.version)
    router = look.case.neighbour(gateway[0]) if gateway and gateway[0] != look.ip else None
    if look.on_link and look.mac and router is not None and router.mac == look.mac and not look.connected:
        title = f"the router answers ARP in the place of {look.address} ({look.mac})"
        return [warns("wrong-address", title, "Packets to it go to the router first (proxy ARP).")]
    return []


def _judge_name(case: Case, ways: tuple[Way, ...]) -> list[Finding]:
    """Whether the name leads to the server."""
    if case.request.name is None:
        return []
    resolution = case.resolution()
    addresses = () if resolution is None or isinstance(resolution, Unknown) else resolution.addresses
    if not addresses:
        return [_unresolved(case)]
    own = [address for address in addresses if case.is_own(address)]
    if own and len(own) == len(addresses):
        title = f"the name {case.request.name} leads to {own[0]}, which is this machine itself"
        return [
            blocks("name-resolves-elsewhere", title, _who_says(case), _name_evidence(case), (_name_fix(),))
        ]
    others = [way for way in ways if way.look.address in case.alternatives]
    better = next((way for way in others if way.works), None)
    if better is not None and not any(way.works for way in ways if way not in others):
        title = f"the name {case.request.name} leads to {addresses[0]}, but the server answers at {better.look.address}"
        return [
            blocks("name-resolves-elsewhere", title, _who_says(case), _name_evidence(case), (_name_fix(),))
        ]
    return []


def _unresolved(case: Case) -> Finding:
    name = case.request.name
    asked = case.name_servers()
    servers = [one for one in asked.answers if one.server != "mdns"] if asked else []
    found = [one for one in asked.answers if one.addresses] if asked else []
    detail, why = "The system resolver knows no address for it.", ""
    if servers and all(
        one.error == "no-answer" or (one.error or "").startswith("Network") for one in servers
    ):
        detail, why = (
            f"No name server answers ({', '.join(one.server for one in servers)}).",
            "no name server answers",
        )
    elif not servers and asked is not None:
        detail, why = "No name server is configured on this machine.", "it has no name server"
    number = "192.168.1.20"
    if found:
        number = found[0].addresses[0]
        detail += f" {found[0].shown} says {number}: use that address."
    if name and name.endswith(".local"):
        detail += " Names that end in .local are asked for by multicast (mDNS), which not every system does."
    return blocks(
        "name-does-not-resolve",
        f"the name {name} leads nowhere on this machine{why and ': '}{why}",
        detail,
        _name_evidence(case),
        (
            do(
                "Use the server's address",
                f"Type the number, such as http://{place(number, case.request.port)}/, instead of the name.",
            ),
        ),
    )


def _who_says(case: Case) -> str:
    asked = case.name_servers()
    if asked is None:
        return ""
    said = [f"{one.shown}: {', '.join(one.addresses) or one.error}" for one in asked.answers]
    return "Asked directly: " + "; ".join(said) + "." if said else ""


def _name_evidence(case: Case) -> tuple[Evidence, ...]:
    resolution = case.resolution()
    if resolution is None:
        return ()
    if isinstance(resolution, Unknown):
        return (Evidence("system resolver", resolution.reason),)
    said = (
        ", ".join(resolution.addresses) or f"no address ({resolution.error}) after {resolution.seconds:.1f} s"
    )
    asked = case.name_servers()
    more = () if asked is None else asked.answers
    return (
        Evidence("system resolver", said),
        *(Evidence(f"name server {one.server}", ", ".join(one.addresses) or str(one.error)) for one in more),
    )


def _name_fix() -> Fix:
    return do(
        "Use the server's address, or fix the name",
        "Type the number instead of the name; look for the name in /etc/hosts and in the router's list of devices.",
    )


def _verdict(case: Case, findings: tuple[Finding, ...], chosen: Way | None) -> Verdict:
    first = decisive(findings)
    if first is not None:
        return verdict_of(first, sentence(first.title, case.request.name))
    if chosen is None or not chosen.works:
        return Verdict(Status.UNDETERMINED, f"Nothing could be asked of {case.request.shown}.")
    answer = chosen.look.attempt.answer if chosen.look.attempt else None
    said = f"answers {answer.status} {answer.reason}".strip() if answer else "accepts connections"
    where = url(chosen.look) or place(chosen.look.address, case.request.port)
    return Verdict(Status.CLEAR, f"{where} {said}.")


def url(look: Look) -> str | None:
    """What to type into a browser; None for what no browser opens."""
    request, attempt = look.case.request, look.attempt
    if request.scheme == "tcp" or (attempt is not None and look.connected and attempt.answer is None):
        return None
    scheme = (
        attempt.scheme if attempt and attempt.answer else {"auto": "http"}.get(request.scheme, request.scheme)
    )
    return f"{scheme}://{look.host_header}{request.path}"


def _path(way: Way, number: int) -> Path:
    look = way.look
    interface = look.interface
    return Path(
        id=f"p{number}",
        interface=interface.name if interface else None,
        address=look.address,
        family=look.ip.version,
        url=url(look),
        outcome=_outcome(way),
        stages=list_stages(look, way.findings),
        place=url(look) or place(look.address, look.case.request.port),
    )


def _outcome(way: Way) -> Outcome:
    if not way.works:
        return Outcome.BLOCKS if way.look.connect is not None else Outcome.UNKNOWN
    return Outcome.WARNS if any(one.outcome is Outcome.WARNS for one in way.findings) else Outcome.OK


def _checks(findings: tuple[Finding, ...], chosen: Way | None) -> tuple[CheckResult, ...]:
    fine = {} if chosen is None else _fine(chosen.look)
    return tuple(
        line_of(name, [one for one in findings if check_of(one) is name], *_said(fine.get(name, "")))
        for name in CheckName
    )


def _said(summary: str) -> tuple[str, Outcome]:
    return (summary, Outcome.OK) if summary else ("not seen from here", Outcome.NOT_APPLICABLE)


def _fine(look: Look) -> dict[CheckName, str]:
    """What checks without findings can say; a check that this look shows nothing of is missing or empty."""
    stages = {stage.stage: stage for stage in list_stages(look, ())}

    def said(*names: StageName) -> str:
        return "; ".join(stages[name].detail for name in names if stages[name].outcome is Outcome.OK)

    found = {
        CheckName.ADDRESSES: said(StageName.NAME, StageName.ROUTE),
        CheckName.PEER: said(StageName.NEIGHBOUR, StageName.ICMP),
    }
    if not look.connected:
        return found
    sizes = said(StageName.MTU)
    return {
        **found,
        CheckName.LISTENING: f"a server listens on port {look.case.request.port}",
        CheckName.PORT: "browsers may use this port" if look.case.request.scheme != "tcp" else "",
        CheckName.FIREWALL: f"nothing stops the connection: {stages[StageName.TCP].detail}",
        CheckName.WAY_BACK: f"answers arrive; {sizes}" if sizes else "answers arrive",
        CheckName.APPLICATION: said(StageName.TLS, StageName.HTTP),
    }
