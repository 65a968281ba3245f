"""What reaches what among hosts whose rules are known: both halves of each connection, and every way not to know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from itertools import product

import pytest

from landiag.diagnose import diagnose
from landiag.fleet.drift import group_hosts
from landiag.fleet.exposed import exposed_to, list_cells
from landiag.fleet.fate import CellVerdict
from landiag.fleet.hosts import with_age_limit, without_doubles
from landiag.fleet.probes import parse_outcomes, plan_probes, with_outcomes
from landiag.fleet.reach import Reach
from landiag.host import RecordedHost, Recorder, Recording
from landiag.journey.first_packet import first_packet
from landiag.journey.journey import follow, follow_filters
from landiag.journey.ways import list_ways
from landiag.model.facts import Reading, ReadStatus, Unknown
from landiag.model.packet import IPAddress
from landiag.model.report import Target
from landiag.question import Question
from tests.fleet.machines import CREATED, ESTABLISHED, NOW, firewall, fleet, host, recording

WEB, DB, OUT = "192.168.77.10/24", "192.168.77.20/24", "192.168.77.30/24"
FROM_WEB = "-A INPUT -s 192.168.77.10/32 -p tcp -m tcp --dport 5432 -j ACCEPT"


def verdicts(reach: Reach, port: int) -> dict[tuple[str, str], tuple[str, str | None]]:
    return {(c.client, c.server): (c.fate.verdict.value, c.fate.cause) for c in list_cells(reach, [port])}


def three() -> Reach:
    return fleet(
        web=recording(WEB, {80: "0.0.0.0"}),
        db=recording(DB, {5432: "0.0.0.0", 6000: "127.0.0.1"}, firewall(FROM_WEB)),
        out=recording(OUT, {}, firewall("-A INPUT -j ACCEPT", "-A OUTPUT -p tcp --dport 5432 -j REJECT")),
    )


def test_both_halves_decide() -> None:
    found = verdicts(three(), 5432)
    assert found["web", "db"] == ("reachable", None)
    assert found["out", "db"] == ("blocked", "firewall-rejects")
    assert found["db", "web"] == ("no-listener", "nothing-listening")
    assert verdicts(three(), 80)["out", "db"] == ("blocked", "firewall-drops")


def test_the_rule_that_decides_is_named_with_its_host() -> None:
    cells = {(c.client, c.server): c for c in list_cells(three(), [5432])}
    decided = cells["out", "db"].fate.decided_by
    assert decided is not None
    assert (decided["host"], decided["hook"]) == ("out", "output")
    assert "--dport 5432" in decided["rule"]


def test_answers_must_come_back_into_the_client() -> None:
    deaf = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
    reach = fleet(web=recording(WEB, {80: "0.0.0.0"}), deaf=recording(DB, {}, deaf))
    assert verdicts(reach, 80)["deaf", "web"] == ("blocked", "firewall-drops")


def test_a_listener_on_loopback_is_blocked_by_its_binding() -> None:
    reach = fleet(web=recording(WEB), db=recording(DB, {6000: "127.0.0.1"}))
    assert verdicts(reach, 6000)["web", "db"] == ("blocked", "bound-to-loopback")


NOT_READ = Reading("x", ReadStatus.DENIED, detail="you must be root")


@pytest.mark.parametrize(
    "source",
    ["iptables-legacy-save", "ss-listeners", "ip-addresses", "ip-routes-4", "nft-ruleset", "machine"],
)
@pytest.mark.parametrize("lost", [NOT_READ, None])
def test_what_was_not_read_is_unknown(source: str, lost: Reading | None) -> None:
    rules = firewall(FROM_WEB)
    broken = recording(DB, {5432: "0.0.0.0"}, rules, changes={source: lost})
    reach = fleet(web=recording(WEB, {80: "0.0.0.0"}), db=broken)
    verdict = verdicts(reach, 5432)["web", "db"][0]
    assert verdict == "unknown" or (
        source == "iptables-legacy-save" and lost is None and verdict != "reachable"
    )


def test_the_same_address_twice_is_unknown() -> None:
    reach = fleet(a=recording(WEB), b=recording(DB, {80: "0.0.0.0"}), c=recording(DB, {80: "0.0.0.0"}))
    assert verdicts(reach, 80)["a", "b"] == ("unknown", "duplicate-address")


def test_a_host_recorded_twice_is_unknown() -> None:
    one = host("db", recording(DB, {80: "0.0.0.0"}))
    reach = Reach(without_doubles((one, one, host("web", recording(WEB)))))
    assert verdicts(reach, 80)["web", "db"][0] == "unknown"


@pytest.mark.parametrize("created", ["2025-11-20T16:00:00+00:00", "9999-01-01T00:00:00+00:00", "yesterday"])
def test_old_recordings_are_unknown(created: str) -> None:
    hosts = (host("db", recording(DB, {80: "0.0.0.0"}, created=created)), host("web", recording(WEB)))
    reach = Reach(with_age_limit(hosts, NOW, 86400.0))
    assert verdicts(reach, 80)["web", "db"][0] == "unknown"


def test_a_network_falls_into_classes() -> None:
    found = list(exposed_to(three(), "lan", (ip_network("192.168.77.0/24"),)))
    at_db = {(str(c.source), c.fate.verdict) for c in found if c.server == "db"}
    assert ("192.168.77.10", CellVerdict.REACHABLE) in at_db
    assert {verdict for source, verdict in at_db if source != "192.168.77.10"} == {CellVerdict.BLOCKED}


def test_a_part_of_a_network_is_not_called_the_network() -> None:
    found = exposed_to(three(), "lan", (ip_network("192.168.77.0/24"),), in_words=True)
    called = {
        cell.client for cell in found if cell.fate.verdict is CellVerdict.REACHABLE and cell.server == "db"
    }
    assert called == {"a part of lan, such as 192.168.77.10"}


FAR = "02:00:00:00:00:99"


def neighbours(macs: Mapping[str, str]) -> Reading:
    """What ``ip -j neigh`` prints of addresses that were heard on eth0."""
    entries = [{"dst": one, "dev": "eth0", "lladdr": mac, "state": ["STALE"]} for one, mac in macs.items()]
    return Reading("ip-neighbours", ReadStatus.OK, json.dumps(entries).encode())


def test_cells_equal_the_diagnosis_of_each_recording() -> None:
    """The server's half is that of ``check --replay FILE --port P --peer A --scheme tcp --no-http``."""
    rules = {
        "limit": firewall("-A INPUT -p tcp -m tcp --dport 80 -j REJECT", "-A INPUT -j ACCEPT"),
        "open": "",
        "drop": firewall("-A INPUT -s 192.168.77.0/28 -j ACCEPT"),
        "replies": firewall("-A INPUT -j ACCEPT", "-A OUTPUT -p tcp --sport 80 -j DROP"),
        "old": firewall("-A INPUT -m time --timestart 08:00 -j ACCEPT"),
        "lots": firewall("-A INPUT -m statistic --mode random --probability 0.5 -j DROP", policy="ACCEPT"),
        "hardware": firewall(f"-A INPUT -m mac --mac-source {FAR} -j DROP", policy="ACCEPT"),
        "twin": "",
        "arp": nft_arp("drop"),
    }
    bound = {"lots": "127.0.0.1"}
    macs = {"192.168.77.9": "02:00:00:00:00:09", "192.168.77.99": FAR}
    twins = {**macs, "192.168.77.98": f"02:00:c0:a8:4d:{40 + list(rules).index('twin'):02x}"}
    found = {
        name: recording(
            f"192.168.77.{40 + n}/24",
            {80: bound.get(name, "0.0.0.0")},
            text,
            changes={"ip-neighbours": neighbours(twins if name == "twin" else macs)},
        )
        for n, (name, text) in enumerate(rules.items())
    }
    found["client"] = recording("192.168.77.9/24")
    found["far"] = recording("192.168.77.99/24")
    reach = fleet(**found)
    for cell in list_cells(reach, [80]):
        if cell.client in ("client", "far") and cell.server in rules:
            said = diagnosed(found[cell.server].readings, cell.source)
            assert (cell.fate.verdict.value, cell.server) == (said, cell.server)


def diagnosed(readings: object, peer: IPAddress | None, port: int = 80) -> str:
    target = Target(port=port, peer=str(peer), scheme="tcp")
    host = RecordedHost(readings)  # type: ignore[arg-type]
    only = ("listening", "port", "addresses", "firewall", "way-back")
    report = diagnose(Question(target, asks_http=False, only=only), Recorder(host), float("inf"))
    sees = report.verdict.client_sees
    assert sees is not None
    return {"answered": "reachable", "unknown": "unknown"}.get(sees.outcome.value, "blocked")


def nft_arp(verdict: str) -> str:
    """A ruleset that looks at the search for hardware addresses alone."""
    chain = {"family": "arp", "table": "t", "name": "in", "handle": 1, "type": "filter", "hook": "input", "prio": 0,
             "policy": verdict}  # fmt: skip
    table = {"family": "arp", "name": "t", "handle": 1}
    return json.dumps(
        {"nftables": [{"metainfo": {"json_schema_version": 1}}, {"table": table}, {"chain": chain}]}
    )


def test_drift_groups_by_meaning() -> None:
    first = firewall(
        "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"
    )
    other = firewall("-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT")
    wrong = firewall("-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT")
    ports = {80: "0.0.0.0", 22: "0.0.0.0"}
    reach = fleet(
        a=recording(WEB, ports, first), b=recording(DB, ports, other), c=recording(OUT, ports, wrong)
    )
    groups = group_hosts(reach)
    assert [group.hosts for group in groups] == [("a", "b"), ("c",)]
    assert groups[0].differs is None
    assert groups[1].differs is not None
    assert (groups[1].differs.port, groups[1].answer, groups[1].usual) == (22, "drop (syn)", "accept")


def test_drift_tells_what_a_rejection_answers() -> None:
    refused, prohibited = (
        firewall(f"-A INPUT -p tcp -m tcp --dport 80 -j REJECT --reject-with {kind}")
        for kind in ("icmp-port-unreachable", "icmp-host-prohibited")
    )
    ports = {80: "0.0.0.0"}
    _, group = group_hosts(fleet(a=recording(WEB, ports, refused), b=recording(DB, ports, prohibited)))
    assert group.answer == "reject with host-prohibited (syn)"
    assert group.usual == "reject with port-unreachable (syn)"


@pytest.mark.parametrize(
    "rules",
    [
        "",
        firewall("-A INPUT -p tcp -m tcp --dport 80 -j REJECT", "-A INPUT -j ACCEPT"),
        firewall("-A INPUT -s 192.168.77.0/28 -j ACCEPT"),
        firewall("-A INPUT -j ACCEPT", "-A OUTPUT -p tcp --sport 80 -j DROP"),
        firewall("-A INPUT -m time --timestart 08:00 -j ACCEPT"),
        firewall("-A INPUT -m limit --limit 1/sec -j ACCEPT"),
        nft_arp("drop"),
        nft_arp("accept"),
    ],
)
def test_filters_alone_say_what_the_journey_says(rules: str) -> None:
    facts = host("db", recording(DB, {80: "0.0.0.0"}, rules)).facts
    assert facts is not None
    for client, port in product(("192.168.77.10", "192.168.77.99", "203.0.113.77"), (80, 81)):
        way = list_ways(facts)[0]
        packet = first_packet(facts, way, ip_address(client), port)
        whole, filters = follow(facts, packet), follow_filters(facts, packet)
        assert not isinstance(whole, Unknown)
        assert not isinstance(filters, Unknown)
        assert (filters.verdict, filters.leg, filters.reject_with) == (
            whole.verdict,
            whole.leg,
            whole.reject_with,
        )


def test_probes_are_one_a_class_and_lead_with_contradictions() -> None:
    reach = fleet(
        db=recording(DB, {80: "0.0.0.0"}, firewall("-A INPUT -s 192.168.77.10 -j ACCEPT")),
        **{f"c{n}": recording(f"192.168.77.{100 + n}/24") for n in range(20)},
        web=recording(WEB),
    )
    plans = plan_probes(list_cells(reach), frozenset({("web", "db", 80)}))
    assert plans[0].cell.client == "web"
    assert len(plans) == 2
    assert [plan.document["expect"] for plan in plans] == ["reachable", "blocked"]


@pytest.mark.parametrize(
    ("client", "outcome", "verdict", "agrees", "word"),
    [
        ("web", "answered", "reachable", True, ""),
        ("web", "timeout", "blocked", False, "between"),
        ("out", "answered", "reachable", False, "wrongly"),
        ("out", "timeout", "blocked", True, ""),
    ],
)
def test_probes_confirm_or_contradict(
    client: str, outcome: str, verdict: str, agrees: bool, word: str
) -> None:
    line = f'{{"id":"1","from":"{client}","to":"db","address":"192.168.77.20","port":5432,"outcome":"{outcome}"}}'
    cells = with_outcomes(list_cells(three(), [5432]), parse_outcomes(line))
    found = next(c for c in cells if (c.client, c.server) == (client, "db"))
    assert (found.fate.verdict.value, found.agrees, found.basis.value) == (verdict, agrees, "both")
    assert word in found.fate.detail


STALLS = "-A INPUT -p tcp -m tcp --dport 5432 --tcp-flags SYN SYN -j ACCEPT"
"""Connections open, and what is sent over them is dropped."""


@pytest.mark.parametrize(
    ("port", "rule", "outcome", "stub", "agrees"),
    [
        (5432, STALLS, "silent", False, True),
        (5432, STALLS, "answered", False, False),
        (5433, "-A INPUT -j ACCEPT", "refused", False, True),
        (5433, "-A INPUT -j ACCEPT", "silent", False, False),
        (5433, "-A INPUT -j ACCEPT", "silent", True, True),
        (5433, "-A INPUT -j ACCEPT", "refused", True, False),
        (5433, "-A INPUT -j ACCEPT", "timeout", True, False),
        (5433, "-A INPUT -s 10.9.9.9 -j ACCEPT", "silent", True, False),
    ],
)
def test_a_probe_is_judged_by_what_it_could_show(
    port: int, rule: str, outcome: str, stub: bool, agrees: bool
) -> None:
    rules = firewall(rule).replace(ESTABLISHED, "")
    reach = fleet(web=recording(WEB), db=recording(DB, {5432: "0.0.0.0"}, rules))
    probe = {
        "from": "web",
        "to": "db",
        "address": "192.168.77.20",
        "port": port,
        "outcome": outcome,
        "stub": stub,
    }
    cells = with_outcomes(list_cells(reach, [port]), parse_outcomes(json.dumps(probe)))
    assert next(c for c in cells if c.client == "web").agrees is agrees


def test_a_host_without_a_recording_is_of_its_groups_and_unknown_for_its_reason() -> None:
    gone = Recording(
        Target(port=None), CREATED, "1", {}, {"groups": "web", "problem": "it could not be reached"}
    )
    found = host("gone", gone)
    assert (found.groups, found.problem) == (("web",), "it could not be reached")


def test_a_port_that_rules_open_and_nobody_listens_on_is_drift() -> None:
    plain = firewall("-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT")
    same = firewall("-A INPUT -p tcp -m multiport --dports 80 -j ACCEPT")
    more = firewall("-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT")
    reach = fleet(**{
        name: recording(f"192.168.77.{last}/24", {80: "0.0.0.0"}, rules)
        for name, last, rules in (("a", 10, plain), ("b", 11, same), ("c", 12, more))
    })  # fmt: skip
    usual, other = group_hosts(reach)
    assert (usual.hosts, other.hosts) == (("a", "b"), ("c",))
    assert other.differs is not None
    assert (other.differs.port, other.answer) == (22, "accept")


def test_an_address_behind_the_nat_of_its_host_is_nobodys_way_in() -> None:
    gate = b'[{"dst":"10.0.2.1","dev":"eth0","lladdr":"52:55:0a:00:02:01","state":["REACHABLE"]}]'
    inside = {"ip-neighbours": Reading("ip-neighbours", ReadStatus.OK, gate)}
    guest = recording("10.0.2.15/24", {80: "0.0.0.0"}, changes=inside)
    machine = json.loads(guest.readings["machine"].text) | {"environment": "wsl2"}
    windows = {"machine": Reading("machine", ReadStatus.OK, json.dumps(machine).encode())}
    reach = fleet(
        web=recording(WEB), guest=guest, wsl=recording("172.28.0.5/20", {80: "0.0.0.0"}, changes=windows)
    )
    found = verdicts(reach, 80)
    assert found["web", "guest"] == found["web", "wsl"] == ("unknown", "port-not-forwarded")
    assert verdicts(reach, 81)["web", "guest"] == ("no-listener", "nothing-listening")
