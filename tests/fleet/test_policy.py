"""Policies: what holds, what is violated, what nobody can tell; and what is no policy."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from landiag.collect.interfaces import INTERFACES
from landiag.fleet.init import write_policy
from landiag.fleet.judge import Result, exit_status, judge_policy
from landiag.fleet.policy import PolicyError, parse_policy
from landiag.fleet.reach import Reach
from landiag.host import Recording
from tests.fleet.machines import firewall, fleet, recording

HEAD = 'schema = "landiag.policy/1"\n[zones]\noffice = ["192.168.77.0/24"]\n[groups]\nweb = ["web-*"]\n'
FROM_WEB = "-A INPUT -s 192.168.77.10/32 -p tcp -m tcp --dport 5432 -j ACCEPT"


def three(rule: str = FROM_WEB, port: int = 5432) -> Reach:
    return fleet(**{
        "web-1": recording("192.168.77.10/24", {80: "0.0.0.0"}, groups="web,prod"),
        "db": recording("192.168.77.20/24", {port: "0.0.0.0"}, firewall(rule)),
        "other": recording("192.168.77.30/24"),
    })  # fmt: skip


def judge(reach: Reach, **row: str) -> Result:
    fields = {"to": '"db"', "port": "5432", "from": '["web"]', "be": '"reachable"', **row}
    lines = "".join(f"{key.rstrip('_')} = {value}\n" for key, value in fields.items())
    (result,) = judge_policy(parse_policy(f"{HEAD}[[expect]]\n{lines}"), reach)
    return result


def test_reachable_holds_for_the_group() -> None:
    result = judge(three())
    assert (result.state.value, exit_status((result,))) == ("holds", 0)


def test_only_looks_at_every_other_host_and_zone() -> None:
    assert judge(three(), only="true").state.value == "holds"
    wide = "-A INPUT -s 192.168.77.0/27 -p tcp -m tcp --dport 5432 -j ACCEPT"
    result = judge(three(wide), only="true")
    assert result.state.value == "violated"
    assert "other" in result.hosts
    narrow = "-A INPUT -m iprange --src-range 192.168.77.10-192.168.77.12 -j ACCEPT"
    result = judge(three(narrow), only="true")
    assert (result.state.value, result.hosts) == ("violated", ("office", "db"))


def test_except_is_taken_out() -> None:
    result = judge(three(), **{"from": '["web", "other"]', "except": '["other"]', "only": "true"})
    assert result.state.value == "holds"


def test_a_misspelt_exception_takes_nobody_out_and_is_unknown() -> None:
    """It would stay in ``from``, and be let in where it was meant to be kept out."""
    wide = "-A INPUT -s 192.168.77.0/27 -p tcp -m tcp --dport 5432 -j ACCEPT"
    result = judge(three(wide), **{"from": '["web", "other"]', "except": '["othr"]'})
    assert (result.state.value, result.why) == ("unknown", "nothing was recorded of othr")


def test_nobody_listens() -> None:
    assert judge(three(port=1234)).state.value == "violated"
    shut = judge(three("-A INPUT -i none -j ACCEPT", port=1234), be='"unreachable"')
    assert shut.state.value == "holds"
    open_one = judge(three(port=1234), be='"unreachable"')
    assert (open_one.state.value, "nobody listens yet" in open_one.why) == ("violated", True)


def test_violations_name_witness_and_rule() -> None:
    result = judge(three("-A INPUT -s 10.9.9.9 -j ACCEPT"))
    assert (result.state.value, exit_status((result,))) == ("violated", 1)
    assert result.cells[0].witness["source"] == "192.168.77.10"
    assert result.cells[0].fate.decided_by is not None


def test_a_missing_host_is_unknown() -> None:
    result = judge(three(), **{"from": '["web", "backup.example"]'})
    assert (result.state.value, exit_status((result,))) == ("unknown", 3)
    assert judge(three(), to='"cache.example"').state.value == "unknown"


def test_groups_of_the_inventory() -> None:
    assert judge(three(), **{"from": '"inventory:prod"'}).state.value == "holds"
    with pytest.raises(PolicyError, match="did you mean prod"):
        judge(three(), **{"from": '"inventory:prd"'})


def test_udp_is_unknown() -> None:
    assert judge(three(), protocol='"udp"').state.value == "unknown"


def test_address_names_one() -> None:
    assert judge(three(), address='"192.168.77.20"').state.value == "holds"
    assert judge(three(), address='"192.168.77.21"').state.value == "unknown"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"form": "[1]"}, "did you mean from"),
        ({"be": '"reachible"'}, "did you mean reachable"),
        ({"port": '"99999"'}, "ports are 1 to 65535"),
        ({"port": "true"}, "write 5432"),
        ({"from": '["wbe"]'}, "did you mean web"),
        ({"to": '"office"'}, "must be hosts"),
        ({"protocol": '"tpc"'}, "did you mean tcp"),
        ({"only": "1"}, "true or false"),
    ],
)
def test_errors_name_the_place_and_the_nearest(row: dict[str, str], words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        judge(three(), **row)


@pytest.mark.parametrize(
    "text", ["", "schema = 1", "[[expect]]", "\x00", 'schema = "landiag.policy/2"', HEAD, "a = [" * 3000]
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text)


def test_contradictions_name_both() -> None:
    row = '[[expect]]\nto = "db"\nport = 5432\nfrom = "web"\nbe = "{}"\n'
    policy = parse_policy(HEAD + row.format("reachable") + row.format("unreachable"))
    with pytest.raises(PolicyError, match="expectations 1 and 2 contradict"):
        judge_policy(policy, three())


def with_second_address(made: Recording, address: str) -> Recording:
    """The recording of a host that has one address more on the same network."""
    readings = dict(made.readings)
    first = readings[INTERFACES.name]
    links = json.loads(first.data)
    inet = dict(links[1]["addr_info"][0], local=address, secondary=True)
    links[1]["addr_info"].append(inet)
    readings[INTERFACES.name] = replace(first, data=json.dumps(links).encode())
    routes = readings["ip-routes-4"]
    local = {"type": "local", "dst": address, "dev": "eth0", "table": "local", "protocol": "kernel"}
    readings["ip-routes-4"] = replace(routes, data=json.dumps([*json.loads(routes.data), local]).encode())
    return replace(made, readings=readings)


def test_a_policy_of_today_names_the_address_where_addresses_fare_differently() -> None:
    server = recording(
        "192.168.77.20/24",
        {5432: "0.0.0.0"},
        firewall("-A INPUT -d 192.168.77.20 -s 192.168.77.10 -j ACCEPT"),
    )
    reach = fleet(**{
        "web-1": recording("192.168.77.10/24"),
        "db": with_second_address(server, "192.168.77.25"),
        "other": recording("192.168.77.30/24"),
    })  # fmt: skip
    text = write_policy(reach)
    policy = parse_policy(text)
    told = [(str(one.address), one.clients, one.is_reachable, one.only) for one in policy.expectations]
    assert told == [
        ("192.168.77.20", ("web-1",), True, True),
        ("192.168.77.25", ("web-1", "other"), False, False),
    ]
    assert "left out" not in text
    assert {one.state.value for one in judge_policy(policy, reach)} == {"holds"}


def test_the_policy_of_today_holds_today() -> None:
    reach = three()
    results = judge_policy(parse_policy(write_policy(reach)), reach)
    assert results
    assert {one.state.value for one in results} == {"holds"}
