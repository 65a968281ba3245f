"""Recordings that lie in every field, hosts that answer half, policies that contradict themselves."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from landiag.cli.files.fleet_files import read_fleet
from landiag.fleet import formats, text
from landiag.fleet.compare import compare
from landiag.fleet.drift import group_hosts
from landiag.fleet.exposed import list_cells
from landiag.fleet.init import write_policy
from landiag.fleet.judge import judge_policy
from landiag.fleet.page import render_page
from landiag.fleet.policy import PolicyError, parse_policy
from landiag.fleet.probes import plan_probes
from landiag.fleet.reach import Reach
from landiag.fleet.rows import make_rows
from landiag.host import render_recording
from landiag.model.facts import Reading, ReadStatus
from tests.fleet.machines import NOW, firewall, fleet, recording

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WEB, DB = "192.168.77.10/24", "192.168.77.20/24"
EVIL = "</script><img src=x onerror=alert(1)>\"'`\x1b[31m\u202e{{7*7}}\\\x00\n=cmd()"
HEAD = 'schema = "landiag.policy/1"\n[zones]\noffice = ["192.168.77.0/24"]\n[groups]\nstores = ["db"]\n'
ROW = '[[expect]]\nto = "db"\nport = {port}\nfrom = ["web"]\nbe = "{be}"\n'


def poisoned(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Copies of a recording, each with one text more in it that wants to be something else; and where it stands."""
    if isinstance(value, str):
        yield path, value + EVIL
        yield path, EVIL
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        for where, changed in poisoned(inner, f"{path}/{key}"):
            copy = dict(value) if isinstance(value, dict) else list(value)
            copy[key] = changed
            yield where, copy


def spoken(reach: Reach) -> Iterator[tuple[str, str]]:
    """Everything that is said of a fleet, by its kind."""
    cells = list(list_cells(reach, [80, 5432]))
    rows, groups = make_rows(cells), group_hosts(reach)
    results = judge_policy(parse_policy(HEAD + ROW.format(port=5432, be="reachable")), reach)
    changes = list(compare(reach, reach))
    lines = (
        *text.report_lines(reach, rows, groups, NOW), *text.matrix_lines(reach, rows), *text.result_lines(results),
        *text.drift_lines(groups), *text.change_lines(changes, (), ()),
    )  # fmt: skip
    yield "text", text.render_lines(lines)
    yield "html", render_page(reach, rows, groups)
    yield "csv", "".join(formats.cells_csv(cells))
    yield "json", formats.report_json(reach, cells, groups)
    yield "junit", formats.results_junit(results)
    yield "prometheus", formats.results_prometheus(results)
    yield "toml", write_policy(reach)
    yield "jsonl", "".join(json.dumps(one.document) + "\n" for one in plan_probes(cells))


def wrong(kind: str, said: str) -> str:
    """What is wrong with a text that a hostile recording has a part in; empty where nothing is."""
    if kind == "html":
        tags = set(re.findall(r"<(\w+)", said))
        return "a tag" if tags - _TAGS or said.count("<script") != 1 or "onerror=alert(1)>" in said else ""
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(said)))
        return "a formula" if any(field.startswith(("=", "+", "@")) for row in rows for field in row) else ""
    if kind == "junit":
        ElementTree.fromstring(said)
    elif kind == "toml":
        tomllib.loads(said)
    elif kind in ("json", "jsonl"):
        [json.loads(part) for part in ([said] if kind == "json" else said.splitlines())]
    elif kind == "prometheus" and not all(_GAUGE.fullmatch(line) for line in said.splitlines()):
        return "no gauge"
    return (
        "a control character" if re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", said) and kind != "toml" else ""
    )


_TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "script", "h1", "h2", "p", "ul", "ol", "li", "label",
    "input", "select", "option", "span", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "details",
    "summary",
}  # fmt: skip
_GAUGE = re.compile(
    r'# (HELP|TYPE) .*|landiag_\w+\{(\w+="(?:[^"\\\n]|\\.)*",?)+\} [01]|landiag_\w+\{state="\w+"\} \d+'
)


def test_no_field_of_a_recording_becomes_anything_else(tmp_path: Path) -> None:
    whole = json.loads(
        render_recording(recording(DB, {5432: "0.0.0.0"}, firewall("-A INPUT -j DROP"), groups="a"))
    )
    kept = (
        "ip-addresses",
        "ip-routes-4",
        "ss-listeners",
        "iptables-legacy-save",
        "machine",
        "processes pids=101",
    )
    whole["readings"] = [one for one in whole["readings"] if one["source"].startswith(kept)]
    for one in whole["readings"]:
        one.pop("bytes")
        if one["source"] in ("machine", "ip-addresses", "ip-routes-4", "processes pids=101"):
            one["inside"] = json.loads(one.pop("text"))
    (tmp_path / "web.json").write_text(render_recording(recording(WEB, {80: "0.0.0.0"})))
    found, count = [], 0
    for where, document in poisoned(whole):
        document["readings"] = [
            {**one, "text": json.dumps(one["inside"])} if "inside" in one else one
            for one in document["readings"]
        ]
        (tmp_path / "db.json").write_text(json.dumps(document))
        count += 1
        for kind, said in spoken(read_fleet(tmp_path)):
            problem = wrong(kind, said)
            if problem:
                found.append(f"{where} in {kind}: {problem}")
    assert found == []
    assert count > 100


RULES = firewall("-A INPUT -s 192.168.77.10/32 -p tcp -m tcp --dport 5432 -j ACCEPT")


def verdicts(**lost: dict[str, Reading | None]) -> dict[tuple[str, str], str]:
    reach = fleet(
        web=recording(WEB, {80: "0.0.0.0"}, firewall("-A INPUT -j ACCEPT"), changes=lost.get("web")),
        db=recording(DB, {5432: "0.0.0.0"}, RULES, changes=lost.get("db")),
    )
    return {(one.client, one.server): one.fate.verdict.value for one in list_cells(reach, [5432])}


@pytest.mark.parametrize(
    "status", [ReadStatus.DENIED, ReadStatus.TIMED_OUT, ReadStatus.DAMAGED, ReadStatus.NOT_RECORDED]
)
@pytest.mark.parametrize("host", ["web", "db"])
def test_a_host_that_answers_half_is_known_for_what_it_answered(host: str, status: ReadStatus) -> None:
    whole = verdicts()
    for source in recording(WEB, {80: "0.0.0.0"}, RULES).readings:
        lost: dict[str, Reading | None] = {source: Reading(source, status, detail="it was not read")}
        for pair, verdict in verdicts(**{host: lost}).items():
            assert verdict in (whole[pair], "unknown"), (source, pair)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (ROW.format(port=5432, be="reachable") + "only = true\n" + ROW.format(port=5432, be="reachable").replace(
            '["web"]', '["other"]'), "1 and 2 contradict"),
        (ROW.format(port='"5000-5500"', be="reachable") + ROW.format(port=5432, be="unreachable"),
         "1 and 2 contradict"),
        (ROW.format(port=5432, be="reachable").replace('["web"]', '["office"]')
         + ROW.format(port=5432, be="unreachable").replace('["web"]', '["office"]'), "office to db on port 5432"),
        ("[[expects]]\nto = 1\n", "no key 'expects': did you mean expect"),
        ("[zoness]\na = ['10.0.0.0/8']\n", "no key 'zoness': did you mean zones"),
        (ROW.format(port=5432, be="reachable") + "expect = 1\n", "did you mean except|the keys here are"),
        (ROW.format(port=5432, be="reachable").replace('["web"]', '["storse"]'), "did you mean stores"),
        (ROW.format(port=5432, be="reachable").replace('["web"]', '["offise"]'), "did you mean office"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_meant_names_what_is_wrong(rows: str, words: str) -> None:
    reach = fleet(web=recording(WEB, {80: "0.0.0.0"}), db=recording(DB, {5432: "0.0.0.0"}, RULES),
                  other=recording("192.168.77.30/24"))  # fmt: skip
    with pytest.raises(PolicyError, match=words):
        judge_policy(parse_policy(HEAD + rows), reach)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ("[zones]\nweb = ['10.0.0.0/8']\n", "web is both a zone and a recorded host: rename the zone"),
        ("[groups]\nweb = ['other']\n", "web is both a group and a recorded host: rename the group"),
        ("[groups]\nweb = ['inner', 'web']\ninner = ['other']\n", "group web holds inner, which is no host"),
        ("[zones]\noffice = ['10.0.0.0/8']\n[groups]\nweb = ['office', 'web']\n", "group web holds office"),
    ],
)
def test_a_name_that_may_mean_two_things_is_refused(tables: str, words: str) -> None:
    reach = fleet(
        web=recording(WEB), db=recording(DB, {5432: "0.0.0.0"}), other=recording("192.168.77.30/24")
    )
    rows = tables + ROW.format(port=5432, be="reachable")
    with pytest.raises(PolicyError, match=words):
        judge_policy(parse_policy('schema = "landiag.policy/1"\n' + rows), reach)


def test_a_group_may_bear_the_name_of_a_host_that_it_holds() -> None:
    reach = fleet(
        web=recording(WEB), db=recording(DB, {5432: "0.0.0.0"}), other=recording("192.168.77.30/24")
    )
    rows = "[groups]\nweb = ['web', 'other']\n" + ROW.format(port=5432, be="reachable")
    (result,) = judge_policy(parse_policy('schema = "landiag.policy/1"\n' + rows), reach)
    assert (result.state.value, result.count) == ("holds", 2)


def test_different_addresses_of_one_host_do_not_contradict() -> None:
    rows = ROW.format(port=5432, be="reachable") + 'address = "192.168.77.20"\n'
    rows += ROW.format(port=5432, be="unreachable") + 'address = "192.168.77.99"\n'
    reach = fleet(web=recording(WEB, {80: "0.0.0.0"}), db=recording(DB, {5432: "0.0.0.0"}, RULES))
    assert [one.state.value for one in judge_policy(parse_policy(HEAD + rows), reach)] == ["holds", "unknown"]
