"""Load a ruleset into the kernel and into the model, send packets, and list where the two disagree."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from random import Random

from landiag.collect.interfaces import INTERFACES, parse_interfaces
from landiag.collect.routes import ROUTES4, ROUTES6, RULES4, RULES6, parse_routes, parse_rules
from landiag.firewall import linux
from landiag.firewall.bulk import Bulk
from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.regions import find_regions
from landiag.firewall.scope import Kind
from landiag.firewall.sources import SOURCES
from landiag.journey.scope import machine_scope
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import Command, Family, Reading, ReadStatus, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from tests.firewall.agreement import Table
from tests.lab.differential.world import ECHO_REQUEST, INNER, LAN, PORTS, SECOND, Attempt, World, run

MOST_RUNS = 600
"""So many packets speak for others of a ruleset at most: of a machine with so many interfaces and addresses, what a
few are asked for is mostly unknown."""

PROTOCOLS = ("tcp",) * 7 + ("udp",) * 2 + ("icmp",)
EMPTY = "*filter\nCOMMIT\n*nat\nCOMMIT\n*mangle\nCOMMIT\n*raw\nCOMMIT\n"


@dataclass(slots=True)
class Case:
    """One ruleset: what is loaded by which tool, as (argv, text)."""

    name: str
    loads: Sequence[tuple[tuple[str, ...], str]]


@dataclass(slots=True)
class Tally:
    """What was compared."""

    rulesets: int = 0
    packets: int = 0
    unknown: int = 0
    unknown_alone: int = 0
    refused: int = 0
    accepted: int = 0
    disagreements: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    unknowns: list[str] = field(default_factory=list)
    at_once: int = 0
    at_once_unknown: int = 0


@dataclass(slots=True)
class Judge:
    """Compares rulesets in one world."""

    world: World
    tally: Tally = field(default_factory=Tally)
    next_port: int = 20000
    facts: Facts | None = None
    bulk: Bulk | None = None
    regions: dict[Kind, Table] | None = None
    is_told_at_once: bool = False

    def judge(self, case: Case, count: int = 36) -> None:
        """Load, read, send, compare, clean up."""
        try:
            for argv, text in case.loads:
                load(argv, text)
        except RuntimeError as error:
            self.tally.refused += 1
            self.clean()
            self.tally.refusals.append(f"{case.name}: {error}")
            return
        ruleset = self._read()
        self.bulk = Bulk(ruleset, partial(HostSurroundings, self._facts()))
        self.regions = self._find_regions(ruleset) if self.is_told_at_once else None
        attempts = self._attempts(Random(case.name), count)
        outcomes = self.world.try_all(attempts)
        self.tally.rulesets += 1
        for attempt, outcome in zip(attempts, outcomes, strict=True):
            self._compare(case, ruleset, attempt, outcome)
        self.clean()

    def clean(self) -> None:
        """Take every rule away again."""
        run(["nft", "flush", "ruleset"])
        for tool in ("iptables-legacy", "ip6tables-legacy"):
            names = f"/proc/net/{'ip6' if tool.startswith('ip6') else 'ip'}_tables_names"
            with open(names) as file:
                tables = file.read().split()
            for table in tables:
                run([f"{tool}-restore"], _emptied(table))
        if subprocess.run(["ipset", "list", "-n"], capture_output=True, check=False).stdout:
            run(["ipset", "destroy"])

    def _attempts(self, random: Random, count: int) -> list[Attempt]:
        attempts = []
        for _ in range(count):
            lan, second, _ = self.world.links
            link = random.choice((lan, lan, lan, second))
            is_ipv6 = random.random() < 0.35
            source = random.choice(link.clients6 if is_ipv6 else link.clients4)
            server = (link.server6 if is_ipv6 else link.server4).split("/")[0]
            if random.random() < 0.2:
                server = (INNER.clients6 if is_ipv6 else INNER.clients4)[0]
            self.next_port = 20000 if self.next_port > 60000 else self.next_port + 1
            port, protocol = random.choice(PORTS), random.choice(PROTOCOLS)
            attempts.append(Attempt(link, source, server, self.next_port, port, protocol))
        return attempts

    def _read(self) -> Ruleset:
        readings = {source.name: _reading(source) for source in SOURCES if isinstance(source, Command)}
        asked = [source for source in linux.plan(readings) if isinstance(source, Command)]
        readings.update({source.name: _reading(source) for source in asked})
        return linux.parse_ruleset(readings)

    def _compare(self, case: Case, ruleset: Ruleset, attempt: Attempt, outcome: str) -> None:
        self.tally.packets += 1
        self.tally.accepted += outcome == "accept"
        packet = self._packet(attempt)
        told = Follower(ruleset, HostSurroundings(self._facts(), packet)).follow(packet)
        alone = Follower(ruleset, Surroundings(packet.destination, packet.in_interface)).follow(packet)
        self._compare_bulk(case, attempt, told)
        self._compare_regions(case, attempt, outcome, told)
        is_local = attempt.destination not in (*INNER.clients4, *INNER.clients6)
        for name, one in (("with facts", told), *((("alone", alone),) if is_local else ())):
            verdict = one.verdict.value
            if verdict == "unknown" and name == "alone":
                self.tally.unknown_alone += 1
            elif verdict == "unknown":
                self.tally.unknown += 1
                self.tally.unknowns.append(describe(case, attempt, f"{name}: kernel {outcome}", one))
            elif verdict != outcome and not _nobody_there(one, outcome):
                self.tally.disagreements.append(describe(case, attempt, f"{name}: kernel {outcome}", one))

    def _compare_bulk(self, case: Case, attempt: Attempt, told: Conversation) -> None:
        """What is told of all packets at once is what is told of each, which is held against the kernel."""
        assert self.bulk is not None
        verdict = self.bulk.judge(self._packet(attempt)).verdict
        if verdict is not told.verdict:
            what = f"in bulk: {verdict.value}"
            self.tally.disagreements.append(describe(case, attempt, what, told))

    def _find_regions(self, ruleset: Ruleset) -> dict[Kind, Table]:
        """What becomes of all packets to the server's own addresses, as ``firewall --all`` tells it."""
        scope = machine_scope(self._facts(), Packet())
        scope.most_runs = MOST_RUNS
        found = find_regions(ruleset, scope)
        return {kind: Table.of(found, kind) for kind in found.cells}

    def _compare_regions(self, case: Case, attempt: Attempt, outcome: str, told: Conversation) -> None:
        """A region that tells what becomes of its packets tells what the kernel does with this one."""
        version = 6 if ":" in attempt.source else 4
        table = (self.regions or {}).get(Kind(version, attempt.protocol, attempt.link.name))
        if table is None or attempt.destination in (*INNER.clients4, *INNER.clients6):
            return
        point = (
            int(ip_address(attempt.source)), attempt.port, int(ip_address(attempt.destination)),
            attempt.source_port,
        )  # fmt: skip
        (cell,) = table.find(point)
        self.tally.at_once += 1
        self.tally.at_once_unknown += cell.verdict is Verdict.UNKNOWN
        if cell.verdict.value not in ("unknown", outcome) and not _nobody_there(told, outcome):
            what = f"kernel {outcome}, regions {cell.verdict.value}"
            self.tally.disagreements.append(describe(case, attempt, what, told))

    def _packet(self, attempt: Attempt) -> Packet:
        near, far = self.world.macs[attempt.link.name]
        is_ipv6, is_echo = ":" in attempt.source, attempt.protocol == "icmp"
        headers = (40 if is_ipv6 else 20) + {"tcp": 40, "udp": 13, "icmp": 13}[attempt.protocol]
        return Packet(
            None if is_echo else attempt.port,
            protocol=attempt.protocol,
            source=ip_address(attempt.source),
            destination=ip_address(attempt.destination),
            source_port=None if is_echo else attempt.source_port,
            icmp_type=ECHO_REQUEST[6 if is_ipv6 else 4] if is_echo else None,
            icmp_code=0 if is_echo else None,
            flags=frozenset({"syn"} if attempt.protocol == "tcp" else ()),
            in_interface=attempt.link.name,
            length=headers,
            source_mac=far,
            destination_mac=near,
            skuid=0,
            skgid=0,
        )

    def _facts(self) -> Facts:
        if self.facts is None:
            self.facts = read_facts()
        return self.facts


def _reading(source: Command) -> Reading:
    try:
        return Reading(source.name, ReadStatus.OK, run(source.argv))
    except RuntimeError as error:
        return Reading(source.name, ReadStatus.FAILED, detail=str(error))


def load(argv: tuple[str, ...], text: str) -> None:
    """Load a text; lines that nft refuses (two families in one rule) are left out."""
    for _ in range(12):
        try:
            run(argv, text)
        except RuntimeError as error:
            refused = {int(found) for found in re.findall(r"(?:/dev/stdin:|line:? )(\d+)", str(error))}
            if not refused:
                raise
            lines = text.splitlines()
            text = "\n".join(line for number, line in enumerate(lines, 1) if number not in refused) + "\n"
        else:
            return
    raise RuntimeError(f"{' '.join(argv)}: too many lines are refused")


SERVED = {address.split("/")[0] for link in (LAN, SECOND, INNER) for address in (link.server4, link.server6)}


def _nobody_there(told: Conversation, outcome: str) -> bool:
    """Whether the model lets the packet through to a place where nobody listens: then it is refused there.

    Where there is no host the kernel says so a few times a second only (net.ipv4.route.error_burst).
    """
    if told.verdict.value == "reject" and told.stops[-1].line.hook == "route":
        return outcome == "drop"
    if told.verdict.value != "accept":
        return False
    packet = told.arrivals[0].packet
    if str(packet.destination) not in {*SERVED, *INNER.clients4, *INNER.clients6}:
        return outcome in ("reject", "drop")
    return outcome == "reject" and packet.protocol != "icmp" and packet.destination_port not in PORTS


def read_facts() -> Facts:
    """What the evaluator may know of the server beside its rules."""
    routes = [parse_routes(run(source.argv).decode(), family) for source, family in
              ((ROUTES4, Family.IPV4), (ROUTES6, Family.IPV6))]  # fmt: skip
    rules = [parse_rules(run(source.argv).decode(), family) for source, family in
             ((RULES4, Family.IPV4), (RULES6, Family.IPV6))]  # fmt: skip
    nothing = Unknown("not needed", "here")
    return Facts(
        os="linux", now=0.0, privileged=True, interfaces=parse_interfaces(run(INTERFACES.argv).decode()),
        routes=routes[0] + routes[1], policy_rules=rules[0] + rules[1], neighbours=nothing, sockets=nothing,
        processes=nothing, namespaces=nothing, sysctls=read_sysctls(), ruleset=nothing,
    )  # fmt: skip


def read_sysctls() -> dict[str, str]:
    """The settings that the evaluator asks for."""
    names = (
        "net.ipv4.ip_forward",
        "net.bridge.bridge-nf-call-iptables",
        "net.bridge.bridge-nf-call-ip6tables",
    )
    paths = {name: Path("/proc/sys", *name.split(".")) for name in names}
    return {name: path.read_text(encoding="ascii").strip() for name, path in paths.items() if path.exists()}


def describe(case: Case, attempt: Attempt, what: str, told: Conversation) -> str:
    """One disagreement, with all that is needed to see why."""
    loads = "\n".join(f"--- {' '.join(argv)}\n{text}" for argv, text in case.loads)
    lines = "\n".join(f"  {_line(line)}" for line in told.lines)
    return (
        f"{case.name}: {attempt.protocol} {attempt.source}:{attempt.source_port} -> "
        f"{attempt.destination}:{attempt.port} on {attempt.link.name}: "
        f"{what}, model {told.verdict.value}\n{loads}\n{lines}\n"
    )


def _line(line: TraceLine) -> str:
    place = f"{line.chain.family} {line.chain.table} {line.chain.name}" if line.chain else ""
    return f"{line.leg:8} {line.hook:11} {place:24} {line.rule_text} => {line.result}"


def _emptied(table: str) -> str:
    return f"*{table}\nCOMMIT\n"
