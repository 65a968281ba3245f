"""Both halves in one verdict: confirmed, between, elsewhere, contradicting."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema_rs
import pytest
from msgspec.structs import replace

from landiag.model.report import (
    AddressSpan,
    CheckResult,
    Finding,
    Outcome,
    Path,
    Report,
    Stage,
    Status,
    Verdict,
)
from landiag.model.terms import CheckName, StageName, Symptom
from landiag.render.jsontext import render_json
from landiag.verdict.halves import parse_network
from landiag.verdict.join import JoinError, join
from landiag.verdict.symptom import describe_symptom
from tests.model.expected import ROWS
from tests.render.reports import blocked, clear, undetermined


def _client(cause: str | None, address: str = "192.168.77.10", *, named: bool = False) -> Report:
    """A report of ``probe`` from the client."""
    stages = (Stage(StageName.NAME, Outcome.OK if named else Outcome.NOT_APPLICABLE),)
    status = Status.CLEAR if cause is None else Status.BLOCKED
    outcome = Outcome.OK if cause is None else Outcome.BLOCKS
    findings = (
        () if cause is None else (Finding(cause, Outcome.BLOCKS, f"met {cause}", id="f1", paths=("p1",)),)
    )
    return replace(
        clear(),
        command="probe",
        created="2026-11-23T14:05:00+00:00",
        verdict=Verdict(status, f"met {cause}", cause),
        findings=findings,
        checks=(),
        paths=(Path("p1", "eth0", address, 4, f"http://{address}:5000/", outcome, stages),),
    )


def _server(code: str) -> Report:
    finding = replace(blocked().findings[0], code=code, title=f"fault {code}")
    return replace(blocked(), verdict=Verdict(Status.BLOCKED, f"fault {code}", code), findings=(finding,))


@pytest.mark.parametrize(
    ("met", "cause"),
    [(met, row.code) for row in ROWS for met in row.met if row.worst == "blocks"],
)
def test_fault_that_explains_what_the_client_met_is_confirmed(met: str, cause: str) -> None:
    joined = join(_server(cause), _client(met))
    assert joined.verdict == Verdict(Status.BLOCKED, f"fault {cause}", cause, confirmed_by="peer")
    assert joined.findings[0].code == cause
    assert not joined.notes


def test_order_of_the_two_does_not_matter() -> None:
    server, client = _server("firewall-drops"), _client("connection-filtered")
    assert join(server, client) == join(client, server)


@pytest.mark.parametrize("met", ["connection-filtered", "peer-down", "connection-refused"])
def test_clear_server_and_blocked_client_point_between(met: str) -> None:
    joined = join(clear(), _client(met))
    assert (joined.verdict.status, joined.verdict.cause) == (Status.BLOCKED, met)
    assert joined.verdict.confirmed_by is None
    assert joined.verdict.summary.startswith("The server's machine lets clients in")
    assert any("landiag watch" in note for note in joined.notes)


@pytest.mark.parametrize(("named", "cause"), [(False, "wrong-address"), (True, "name-resolves-elsewhere")])
def test_other_address_is_the_cause(named: bool, cause: str) -> None:
    joined = join(_server("firewall-drops"), _client("connection-filtered", "192.168.5.9", named=named))
    assert (joined.verdict.status, joined.verdict.cause) == (Status.BLOCKED, cause)
    assert "192.168.5.9" in joined.verdict.summary
    assert "192.168.77.10" in joined.verdict.summary


@pytest.mark.parametrize(("redacted", "cause"), [(False, "wrong-address"), (True, "firewall-drops")])
def test_redacted_reports_are_matched_by_the_hosts_part(redacted: bool, cause: str) -> None:
    client = replace(_client("connection-filtered", "192.168.128.10"), redacted=redacted)
    assert join(_server("firewall-drops"), client).verdict.cause == cause


def test_a_family_that_the_server_lacks_is_named_though_the_verdict_is_clear() -> None:
    ways = (
        Path("way1", "eth0", "192.168.77.10", 4, None, Outcome.OK),
        Path("way2", "eth0", "fd77::10", 6, None, Outcome.BLOCKS),
    )
    lacks = Finding("bound-to-ipv4-only", Outcome.WARNS, "IPv4 only", id="f1", paths=("way2",))
    server = replace(clear(), findings=(lacks,), paths=ways)
    assert join(server, _client("connection-refused", "fd77::10")).verdict.cause == "bound-to-ipv4-only"
    assert join(server, _client("connection-refused")).verdict.cause == "connection-refused"


@pytest.mark.parametrize(
    ("source", "cause"), [("192.168.77.20", "firewall-drops"), ("192.168.77.2", "connection-filtered")]
)
def test_a_rule_for_one_client_counts_for_that_client_alone(source: str, cause: str) -> None:
    way = Path("way1", "eth0", "192.168.77.10", 4, None, Outcome.WARNS)
    span = AddressSpan("192.168.77.16", "192.168.77.31")
    rule = Finding(
        "firewall-drops", Outcome.WARNS, "some: dropped", id="f1", paths=("way1",), clients=(span,)
    )
    client = _client("connection-filtered")
    route = Stage(StageName.ROUTE, Outcome.OK, "in other words", source=source)
    client = replace(client, paths=(replace(client.paths[0], stages=(route,)),))
    assert join(replace(clear(), findings=(rule,), paths=(way,)), client).verdict.cause == cause


@pytest.mark.parametrize(
    ("code", "met", "cause"),
    [
        ("conntrack-full", "connection-filtered", "conntrack-full"),
        ("no-lan-address", "peer-down", "no-lan-address"),
        ("firewall-drops", "connection-filtered", "connection-filtered"),
        ("bound-to-loopback", "connection-refused", "connection-refused"),
    ],
)
def test_a_fault_of_another_way_counts_where_it_stops_every_way(code: str, met: str, cause: str) -> None:
    mine = Path("way1", "eth0", "192.168.77.10", 4, None, Outcome.OK)
    fault = Finding(code, Outcome.BLOCKS, f"fault {code}", id="f1", paths=("way2",))
    server = replace(clear(), findings=(fault,), paths=(mine, replace(mine, id="way2", address="10.0.0.1")))
    assert join(server, _client(met)).verdict.cause == cause


def test_reports_far_apart_say_so() -> None:
    late = replace(_client("connection-filtered"), created="2026-11-24T14:05:00+00:00")
    assert any("24 h apart" in note for note in join(_server("firewall-drops"), late).notes)


def test_fault_that_does_not_explain_it_is_a_contradiction() -> None:
    joined = join(_server("firewall-drops"), _client("connection-refused"))
    assert joined.verdict.cause == "firewall-drops"
    assert joined.verdict.confirmed_by is None
    assert "contradict" in joined.notes[0]


def test_client_that_connects_outranks_a_fault() -> None:
    joined = join(_server("firewall-drops"), _client(None))
    assert (joined.verdict.status, joined.verdict.confirmed_by) == (Status.CLEAR, "peer")
    assert "contradict" in joined.notes[0]


@pytest.mark.parametrize(
    ("status", "expected"), [(403, Status.BLOCKED), (200, Status.CLEAR), (None, Status.CLEAR)]
)
def test_the_answer_that_is_worse_than_localhosts_is_no_way_through(
    status: int | None, expected: Status
) -> None:
    told = describe_symptom(Symptom.ANSWERED, 403)
    server, client = _server("client-rejected"), _client(None)
    server = replace(server, verdict=replace(server.verdict, client_sees=told), paths=())
    sees = describe_symptom(Symptom.ANSWERED, status, is_client=True)
    joined = join(server, replace(client, verdict=replace(client.verdict, client_sees=sees)))
    assert (joined.verdict.status, joined.verdict.confirmed_by) == (expected, "peer")


def test_both_clear_is_confirmed_by_the_client() -> None:
    joined = join(clear(), _client(None))
    assert (joined.verdict.status, joined.verdict.confirmed_by) == (Status.CLEAR, "peer")
    assert joined.notes == ()


def test_server_that_could_not_be_read_leaves_the_client_right() -> None:
    joined = join(undetermined(), _client("connection-filtered", "10.1.2.3"))
    assert (joined.verdict.status, joined.verdict.cause) == (Status.BLOCKED, "connection-filtered")
    assert joined.verdict.likely == "firewall-drops"


def _in_network(report: Report, network: str = "192.168.77.0/24") -> Report:
    """The server's report, which tells the network of its address."""
    stage = Stage(StageName.ADDRESS, Outcome.OK, network=network)
    return replace(report, paths=tuple(replace(path, stages=(stage,)) for path in report.paths[:1]))


def test_an_answer_from_an_address_of_the_servers_network_is_another_machines() -> None:
    joined = join(_in_network(clear()), _client(None, "192.168.77.99"))
    assert (joined.verdict.status, joined.verdict.cause) == (Status.BLOCKED, "wrong-address")


def test_an_address_that_the_servers_report_was_asked_about_is_not_called_another_machines() -> None:
    server = replace(undetermined(), target=replace(undetermined().target, address="192.168.77.99"))
    assert join(_in_network(server), _client(None, "192.168.77.99")).verdict.status is Status.CLEAR
    joined = join(_in_network(server), _client("connection-filtered", "192.168.77.99"))
    assert joined.verdict.cause == "connection-filtered"


def test_an_answer_from_an_address_elsewhere_may_be_passed_on_to_the_server() -> None:
    joined = join(_in_network(clear()), _client(None, "203.0.113.9"))
    assert (joined.verdict.status, joined.verdict.likely) == (Status.UNDETERMINED, "wrong-address")
    assert (
        "203.0.113.9, which is not an address of the server's machine (192.168.77.10)"
        in joined.verdict.summary
    )


def test_a_container_is_asked_by_the_address_of_the_machine_around_it() -> None:
    inside = replace(_in_network(clear()), host=replace(clear().host, environment="container"))
    joined = join(inside, _client("connection-refused", "10.1.1.1"))
    assert (joined.verdict.status, joined.verdict.cause) == (Status.BLOCKED, "connection-refused")
    assert (
        "The server runs in container with the address 192.168.77.10, and the client asked 10.1.1.1"
        in joined.notes[0]
    )
    assert join(inside, _client("connection-refused", "192.168.77.99")).verdict.cause == "wrong-address"


def test_a_fault_of_the_server_itself_is_said_to_come_after_the_wrong_address() -> None:
    joined = join(_in_network(_server("firewall-drops")), _client("connection-filtered", "192.168.5.9"))
    assert "comes next: fault firewall-drops" in joined.notes[0]


@pytest.mark.parametrize(
    ("server", "says"),
    [
        (clear(), "The server's machine lets clients in at http://192.168.77.10:5000/"),
        (
            _server("firewall-drops"),
            "Once that is fixed, the client meets the server's own fault: fault firewall-drops",
        ),
        (undetermined(), "Of the server's machine: Probably ufw"),
    ],
)
def test_what_stops_the_client_at_home_comes_before_whatever_the_server_does(
    server: Report, says: str
) -> None:
    address = server.paths[0].address
    joined = join(server, _client("no-route-to-server", address))
    assert (joined.verdict.status, joined.verdict.cause) == (Status.BLOCKED, "no-route-to-server")
    assert joined.notes[0].startswith(says)


def test_a_fault_of_another_check_than_the_clients_own_says_nothing_of_the_network_between() -> None:
    joined = join(clear(), _client("http-error"))
    assert joined.verdict == replace(_client("http-error").verdict, client_sees=joined.verdict.client_sees)
    assert joined.notes == ()


def test_who_rejects_the_connection_is_named() -> None:
    joined = join(clear(), _client("connection-rejected"))
    assert joined.verdict.summary.endswith("met connection-rejected")


def test_what_the_server_could_not_settle_is_suspected_where_it_would_explain_the_symptom() -> None:
    unread = replace(undetermined(), verdict=replace(undetermined().verdict, likely=None))
    assert join(unread, _client("connection-filtered", "10.1.2.3")).verdict.likely == "firewall-unreadable"
    assert join(unread, _client("connection-reset", "10.1.2.3")).verdict.likely is None


def _asking_from(client: Report, source: str) -> Report:
    stage = Stage(StageName.ROUTE, Outcome.OK, source=source)
    return replace(client, paths=(replace(client.paths[0], stages=(stage,)),))


@pytest.mark.parametrize(
    ("peer", "source", "is_told"),
    [
        (None, "192.168.77.20", False),
        (None, "10.9.9.9", True),
        ("192.168.77.30", "192.168.77.20", True),
        ("192.168.77.20", "192.168.77.20", False),
    ],
)
def test_a_server_that_was_checked_for_other_clients_is_to_be_checked_again(
    peer: str | None, source: str, is_told: bool
) -> None:
    server = replace(_in_network(clear()), target=replace(clear().target, peer=peer))
    joined = join(server, _asking_from(_client("connection-filtered"), source))
    again = [note for note in joined.notes if note.endswith(f"landiag check --port 5000 --peer {source}")]
    assert bool(again) is is_told


def test_what_the_client_saw_is_told_of_the_device_by_its_address() -> None:
    client = _asking_from(_client("connection-filtered"), "192.168.77.20")
    seen = replace(
        client, verdict=replace(client.verdict, client_sees=describe_symptom(Symptom.TIMEOUT, is_client=True))
    )
    told = join(_server("firewall-drops"), seen).verdict.client_sees
    assert told is not None
    assert told.text == "The device at 192.168.77.20 sees: nothing, until it times out."


def test_a_check_of_both_sides_is_the_worse_of_the_two() -> None:
    checks = (
        CheckResult(CheckName.PEER, Outcome.BLOCKS, "met connection-filtered", ("f1",)),
        CheckResult(CheckName.LISTENING, Outcome.OK, "it was asked"),
    )
    joined = join(_server("firewall-drops"), replace(_client("connection-filtered"), checks=checks))
    told = {check.check: check for check in joined.checks}
    met = CheckResult(CheckName.PEER, Outcome.BLOCKS, "the client: met connection-filtered", ("c-f1",))
    assert told[CheckName.PEER] == met
    assert told[CheckName.LISTENING].outcome is Outcome.BLOCKS


def test_addresses_that_are_none_are_nobodys() -> None:
    """Reports come from elsewhere: what is no address there is in no network, and no client."""
    assert parse_network("everywhere") is None
    assert parse_network("0.0.0.0/0") is None
    odd = AddressSpan("a", "b")
    rule = Finding("firewall-drops", Outcome.WARNS, "some", id="f1", paths=("way1",), clients=(odd,))
    server = replace(_in_network(clear(), "everywhere"), findings=(rule,))
    joined = join(server, _asking_from(_client("connection-filtered"), "nobody"))
    assert joined.verdict.cause == "connection-filtered"


def test_joined_report_fits_the_schema_and_its_ids_are_its_own() -> None:
    joined = join(_server("firewall-drops"), _client("connection-filtered"))
    schema = json.loads(files("landiag").joinpath("report.schema.json").read_text(encoding="utf-8"))
    jsonschema_rs.validate(schema, json.loads(render_json(joined)))
    ids = [finding.id for finding in joined.findings]
    assert len(set(ids)) == len(ids)
    assert {one for finding in joined.findings for one in finding.paths} <= {path.id for path in joined.paths}


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (clear(), clear(), "both reports are of servers"),
        (_client(None), _client(None), "both reports are of clients"),
        (replace(clear(), target=replace(clear().target, port=8000)), _client(None), "port 8000"),
        (clear(), replace(_client(None), paths=()), "names no address that it asked"),
    ],
)
def test_what_cannot_be_joined_is_a_sentence(first: Report, second: Report, says: str) -> None:
    with pytest.raises(JoinError, match=says):
        join(first, second)
