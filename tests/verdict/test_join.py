"""Both halves in one verdict: confirmed, between, elsewhere, contradicting."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest
from msgspec.structs import replace

from landiag.model.report import AddressSpan, Finding, Outcome, Path, Report, Stage, Status, Verdict
from landiag.model.terms import StageName
from landiag.render.jsontext import render_json
from landiag.verdict.join import JoinError, join
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


def test_both_clear_is_confirmed_by_the_client() -> None:
    joined = join(clear(), _client(None))
    assert (joined.verdict.status, joined.verdict.confirmed_by) == (Status.CLEAR, "peer")
    assert joined.notes == ()


def test_server_that_could_not_be_read_leaves_the_client_right() -> None:
    joined = join(undetermined(), _client("connection-filtered", "10.1.2.3"))
    assert (joined.verdict.status, joined.verdict.cause) == (Status.BLOCKED, "connection-filtered")
    assert joined.verdict.likely == "firewall-drops"


def test_joined_report_fits_the_schema_and_its_ids_are_its_own() -> None:
    joined = join(_server("firewall-drops"), _client("connection-filtered"))
    schema = json.loads(files("landiag").joinpath("report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(render_json(joined)), schema)
    ids = [finding.id for finding in joined.findings]
    assert len(set(ids)) == len(ids)
    assert {one for finding in joined.findings for one in finding.paths} <= {path.id for path in joined.paths}


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (clear(), clear(), "both reports are of servers"),
        (_client(None), _client(None), "both reports are of clients"),
        (replace(clear(), target=replace(clear().target, port=8000)), _client(None), "port 8000"),
    ],
)
def test_what_cannot_be_joined_is_a_sentence(first: Report, second: Report, says: str) -> None:
    with pytest.raises(JoinError, match=says):
        join(first, second)
