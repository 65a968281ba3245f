"""What a survey found: one path a host that is there, its ports as counts and ranges, and one sentence."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.model.causes.clients import CONNECTION_FILTERED, CONNECTION_REFUSED, CONNECTION_REJECTED
from landiag.model.report import CheckResult, Evidence, Finding, Outcome, Path, Status, Verdict
from landiag.model.terms import CheckName, StageName
from landiag.probe.case import Case
from landiag.probe.findings import blocks, do, list_on_server, on_server, place, sentence
from landiag.probe.judge import Judgement, judge_host
from landiag.probe.survey_paths import describe_hosts, describe_service, host_path, tcp_stage
from landiag.probe.survey_plan import (
    alive_hosts,
    exchange_of,
    focus_port,
    hosts_of,
    network_is_on_link,
    open_ports,
    ports_of,
    survey_of,
)
from landiag.verdict.algebra import check_of, demote, draw_lines, verdict_of

_PORT_CAUSES = (CONNECTION_FILTERED.code, CONNECTION_REJECTED.code)
"""Causes that speak of a port and not of the host."""


def judge_survey(case: Case) -> Judgement:
    """Judge a survey: clear when a port is open; one that serves, where the user named none."""
    return _judge_one_host(case) if case.request.network is None else _judge_network(case)


def _judge_network(case: Case) -> Judgement:
    survey = survey_of(case)
    opened = open_ports(case, survey) if survey else []
    paths = tuple(host_path(case, host, number) for number, host in enumerate(alive_hosts(case), 1))
    if opened:
        verdict = Verdict(Status.CLEAR, _found(case, opened))
        return Judgement(verdict, _checks((), verdict, case), (), paths)
    if hosts_of(case) is None or (paths and (survey is None or survey.untried)):
        return _out_of_time(case, paths)
    finding = _nobody(case) if not paths else _all_closed(case)
    verdict = verdict_of(finding, sentence(finding.title, None))
    return Judgement(verdict, _checks((finding,), verdict, case), (finding,), paths)


def _out_of_time(case: Case, paths: tuple[Path, ...]) -> Judgement:
    """Not everything was asked: what was not asked is not closed."""
    title = f"time ran out before everything in {case.request.shown} was asked"
    fix = do("Give it more time", "Run it again with a longer --timeout, or name fewer ports.")
    finding = Finding("connection-filtered", Outcome.UNKNOWN, title, fixes=(fix,), id="f1")
    verdict = verdict_of(finding, sentence(title, None))
    return Judgement(verdict, _checks((finding,), verdict, case), (finding,), paths)


def _judge_one_host(case: Case) -> Judgement:
    """Judge the port that serves, else the first: its stages say why, beside what all ports said."""
    survey = survey_of(case)
    opened = open_ports(case, survey) if survey else []
    judgement = judge_host(case.focus(focus_port(case)))
    if case.request.ports:
        judgement = _of_many(judgement, focus_port(case))
    judgement = replace(judgement, paths=tuple(_with_ports(case, path) for path in judgement.paths))
    verdict = judgement.verdict
    if opened and (case.request.ports or verdict.status is Status.CLEAR):
        findings = tuple(replace(demote(finding), hidden_by=None) for finding in judgement.findings)
        checks = draw_lines(judgement.checks, findings)
        return replace(
            judgement, verdict=Verdict(Status.CLEAR, _found(case, opened)), findings=findings, checks=checks
        )
    if verdict.cause in (*_PORT_CAUSES, CONNECTION_REFUSED.code) and (survey is None or survey.untried):
        return _out_of_time(case, judgement.paths)
    if verdict.cause == CONNECTION_REFUSED.code:
        return replace(judgement, verdict=replace(verdict, summary=_refuses(case)))
    if case.request.ports and verdict.cause in _PORT_CAUSES:
        summary = (
            f"None of the {len(case.request.ports)} ports of {case.request.shown} is open: {verdict.summary}"
        )
        return replace(judgement, verdict=replace(verdict, summary=summary))
    return judgement


def _of_many(judgement: Judgement, port: int) -> Judgement:
    """A judgement of many ports at once: no advice is for the one that was looked at closely."""
    findings = [
        replace(one, fixes=tuple(list_on_server() if fix == on_server(port) else fix for fix in one.fixes))
        for one in judgement.findings
    ]
    return replace(judgement, findings=tuple(findings))


def _refuses(case: Case) -> str:
    shown, port = case.request.shown, case.request.port
    if case.request.ports:
        return f"{shown} is up: the host answers, and none of the {len(case.request.ports)} ports is open."
    return f"{shown} is up: the host answers, port {port} refuses, and no other usual port serves."


def _with_ports(case: Case, path: Path) -> Path:
    """A path of the one host, its tcp stage saying what all ports said."""
    stages = tuple(
        tcp_stage(case, path.address) if stage.stage is StageName.TCP else stage for stage in path.stages
    )
    survey = survey_of(case)
    opened = bool(survey and any(host == path.address for host, _ in open_ports(case, survey)))
    outcome = Outcome.OK if opened and path.outcome is Outcome.BLOCKS and case.request.ports else path.outcome
    return replace(path, stages=stages, outcome=outcome)


def _found(case: Case, opened: list[tuple[str, int]]) -> str:
    """The verdict's sentence: what is open, and where to go."""
    hosts = list(dict.fromkeys(host for host, _ in opened))
    if len(hosts) > 1 or case.request.network is not None:
        shown = ", ".join(_place_and_service(case, host, port) for host, port in opened[:5])
        more = f" and {len(opened) - 5} more" if len(opened) > 5 else ""
        have = "has" if len(hosts) == 1 else "have"
        return f"{len(hosts)} of {len(alive_hosts(case))} hosts {have} an open port: {shown}{more}."
    ports = [port for _, port in opened]
    shown = ", ".join(_service(case, hosts[0], port) for port in ports[:5])
    more = f" and {len(ports) - 5} more" if len(ports) > 5 else ""
    return f"{case.request.shown} answers on port {shown}{more}."


def _service(case: Case, host: str, port: int) -> str:
    who = describe_service(exchange_of(case, host, port), port)
    return f"{port} ({who})" if who else str(port)


def _place_and_service(case: Case, host: str, port: int) -> str:
    who = describe_service(exchange_of(case, host, port), port)
    return f"{place(host, port)} ({who})" if who else place(host, port)


def _nobody(case: Case) -> Finding:
    network = case.request.network
    assert network is not None
    if not network_is_on_link(case, network) and network.version == 6:
        return blocks(
            "peer-in-other-network",
            f"this machine is not in {network}, and an IPv6 network behind a router is too large to search",
            fixes=(do("Name the address", "Give the server's own address instead of its network."),),
        )
    return blocks(
        "peer-down",
        f"nobody answers in {network}",
        "The network may keep its devices apart (client isolation), or this machine is in another one.",
        (
            Evidence(
                "asked",
                f"{network.num_addresses} addresses" if network.version == 4 else "all nodes of the link",
            ),
        ),
        (
            do(
                "Look at the network",
                "Is this machine in the same Wi-Fi or LAN as the server, and not in a guest one?",
            ),
        ),
    )


def _all_closed(case: Case) -> Finding:
    """Hosts are there, and none of them has an open port."""
    hosts, ports = alive_hosts(case), ports_of(case)
    what = f"port {ports[0]}" if len(ports) == 1 else f"any of the {len(ports)} ports"
    survey = survey_of(case)
    refusing = survey is not None and any(one.ports(TcpOutcome.REFUSED) for one in survey.hosts)
    code = "connection-refused" if refusing else "connection-filtered"
    shown = ", ".join(hosts[:5]) + (" ..." if len(hosts) > 5 else "")
    return Finding(
        code,
        Outcome.BLOCKS,
        f"{len(hosts)} hosts answer in {case.request.shown}, none of them on {what}",
        f"There are {shown}.",
        fixes=(do("Start the server for all addresses", "On the server: landiag check says how."),),
        id="f1",
    )


def _checks(findings: tuple[Finding, ...], verdict: Verdict, case: Case) -> tuple[CheckResult, ...]:
    by = {check_of(finding): finding for finding in findings}
    results = []
    for name in CheckName:
        finding = by.get(name)
        if finding is not None:
            results.append(CheckResult(name, finding.outcome, finding.title, (finding.id,)))
        elif name is CheckName.LISTENING and verdict.status is Status.CLEAR:
            results.append(CheckResult(name, Outcome.OK, verdict.summary))
        elif name is CheckName.PEER and (hosts := alive_hosts(case)):
            results.append(CheckResult(name, Outcome.OK, describe_hosts(case, hosts)))
        else:
            results.append(CheckResult(name, Outcome.NOT_APPLICABLE, "not part of a survey"))
    return tuple(results)
