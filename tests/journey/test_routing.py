"""The route lookup against the kernel: the same tables and rules, thousands of addresses, the same answers."""

from __future__ import annotations

import json
import random
import subprocess
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.collect.interfaces import INTERFACES, parse_interfaces
from landiag.collect.routes import ROUTES4, ROUTES6, RULES4, RULES6, parse_routes, parse_rules
from landiag.journey.routing import Flow, RouteDecision, lookup, lookup_flow
from landiag.model.facts import Family, Unknown
from landiag.model.host import Facts
from landiag.model.route import PolicyRule, Route
from tests.journey.world import CLIENT, LOCAL, host, route, rule

SETUP = """
ip link set lo up
ip link add eth0 type veth peer name eth1
ip link add tun0 type veth peer name tun1
for i in eth0 eth1 tun0 tun1; do ip link set $i up; done
ip addr add 192.168.77.10/24 dev eth0
ip addr add fd77::10/64 dev eth0 nodad
ip addr add 10.8.0.2/24 dev tun0
ip route add default via 192.168.77.1 metric 100
ip route add default via 10.8.0.1 metric 50 table 200
ip route add 192.168.0.0/16 via 10.8.0.1 table 200
ip route add 10.9.0.0/16 dev tun0
ip route add blackhole 10.9.8.0/24
ip route add prohibit 10.9.9.0/24
ip route add unreachable 10.9.10.0/24
ip route add throw 10.20.0.0/16 table 200
ip -6 route add default via fd77::1
ip -6 route add blackhole fd09::/32
ip rule add pref 100 to 10.66.0.0/16 prohibit
ip rule add pref 110 from 192.168.77.10 to 10.30.0.0/15 lookup 200
ip rule add pref 120 fwmark 0x10/0xf0 lookup 200
ip rule add pref 130 not from 192.168.77.0/24 to 10.40.0.0/16 lookup 200
ip rule add pref 140 to 10.20.0.0/16 lookup 200
ip rule add pref 150 to 192.168.0.0/16 lookup main suppress_prefixlength 0
ip rule add pref 160 to 192.168.0.0/16 lookup 200
ip rule add pref 170 to 10.50.0.0/16 goto 200
ip rule add pref 180 to 10.50.0.0/16 blackhole
ip rule add pref 200 to 10.50.1.0/24 unreachable
ip link set tun0 group 7
ip route add 10.60.0.0/15 dev tun0 table 300
ip rule add pref 210 to 10.60.0.0/16 lookup 300 suppress_ifgroup 7
ip rule add pref 211 to 10.61.0.0/16 lookup 300 suppress_ifgroup 8
ip rule add pref 240 nop
ip rule add pref 220 to 10.60.0.0/14 goto 240
ip rule add pref 230 to 10.60.0.0/14 blackhole
ip rule add pref 250 to 10.70.0.0/16 goto 270
ip rule add pref 260 to 10.70.0.0/16 unreachable
"""


def in_namespace(script: str) -> str:
    """Run a script as root of a private user and network namespace."""
    argv = ("unshare", "-U", "-r", "-n", "sh", "-euc", script)
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout


def flows() -> list[Flow]:
    chance = random.Random(77)
    nets = [
        "192.168.77",
        "192.168.5",
        "10.9.8",
        "10.9.9",
        "10.9.10",
        "10.9.1",
        "10.20.1",
        "10.30.1",
        "10.31.2",
    ]
    nets += [
        "10.40.1",
        "10.50.0",
        "10.50.1",
        "10.60.1",
        "10.61.1",
        "10.62.1",
        "10.66.1",
        "10.70.1",
        "10.8.0",
        "127.0.0",
        "8.8.8",
    ]
    found = []
    for net in nets:
        for _ in range(4):
            destination = ip_address(f"{net}.{chance.randint(2, 250)}")
            source = chance.choice([None, ip_address("192.168.77.10"), ip_address("10.8.0.2")])
            if str(destination).startswith("127"):
                source = None
            found.append(Flow(destination, source, mark=chance.choice([0, 0, 0x10, 0x13])))
    six = ["fd77::20", "fd09::1", "2001:db8::1", "::1"]
    return found + [Flow(ip_address(text)) for text in six]


def kernel_question(flow: Flow) -> str:
    words = ["ip", "-j", "route", "get", str(flow.destination), "uid", "0", "ipproto", "tcp"]
    words += ["from", str(flow.source)] if flow.source else []
    words += ["mark", str(flow.mark)] if flow.mark else []
    return " ".join(words)


def test_the_kernel_agrees() -> None:
    asked = flows()
    reads = [ROUTES4, ROUTES6, RULES4, RULES6, INTERFACES]
    script = SETUP + "\n".join(" ".join(source.argv) + "; echo ===" for source in reads)
    script += "\n" + "\n".join(f"{kernel_question(flow)} 2>&1 || true; echo ===" for flow in asked)
    parts = in_namespace(script).split("===\n")
    facts = make_facts(*parts[:5])
    for flow, said in zip(asked, parts[5:], strict=False):
        # The kernel fills in a source of its own where none is asked, before it looks at the rules' "from".
        decision = lookup_flow(facts, flow)
        if flow.source is None and isinstance(decision, Unknown):
            continue
        assert isinstance(decision, RouteDecision), (flow, decision)
        assert kernel_word(said) == ours(decision), f"{kernel_question(flow)}\n{said}\n{decision}"


def kernel_word(said: str) -> tuple[str, str | None]:
    if "RTNETLINK" in said or "Error" in said:
        words = {
            "Invalid argument": "blackhole",
            "Permission denied": "prohibit",
            "No route to host": "unreachable",
        }
        return next((kind for text, kind in words.items() if text in said), said), None
    (route,) = json.loads(said)
    return route.get("type", "unicast"), route["dev"]


def ours(decision: RouteDecision) -> tuple[str, str | None]:
    if decision.kind == "local":
        return "local", "lo"
    return decision.kind, decision.device if decision.leaves else None


def make_facts(routes4: str, routes6: str, rules4: str, rules6: str, interfaces: str) -> Facts:
    return Facts(
        os="linux",
        now=0.0,
        privileged=True,
        interfaces=parse_interfaces(interfaces),
        routes=parse_routes(routes4, Family.IPV4) + parse_routes(routes6, Family.IPV6),
        policy_rules=parse_rules(rules4, Family.IPV4) + parse_rules(rules6, Family.IPV6),
        neighbours=(),
        sockets=(),
        processes={},
        namespaces=(),
        sysctls={},
        ruleset=Unknown("not read", "test"),
    )


@pytest.mark.parametrize("field", ["routes", "policy_rules"])
def test_what_could_not_be_read_is_unknown(field: str) -> None:
    facts = make_facts("[]", "[]", "[]", "[]", "[]")
    missing = replace(facts, **{field: Unknown("denied", "ip")})
    assert isinstance(lookup(missing, ip_address("192.168.77.20")), Unknown)


def test_a_rule_that_is_not_understood_makes_what_it_could_decide_unknown() -> None:
    facts = make_facts('[{"dst":"default","dev":"eth0"}]', "[]", "[]", "[]", "[]")
    strange = PolicyRule(10, Family.IPV4, action="prohibit", unmodelled=("tun_id",))
    plain = PolicyRule(20, Family.IPV4, table="main")
    undecided = lookup(replace(facts, policy_rules=(strange, plain)), ip_address("192.168.77.20"))
    assert isinstance(undecided, Unknown)
    assert "tun_id" in undecided.reason
    decided = lookup(replace(facts, policy_rules=(plain, strange)), ip_address("192.168.77.20"))
    assert isinstance(decided, RouteDecision)
    assert decided.device == "eth0"


HERE, AWAY = route("192.168.77.0/24", "eth0"), route("192.168.77.0/24", "tun0", table="70")
ROUTES = (*LOCAL, HERE, AWAY, route("10.0.0.0/8", "tun0", table="70"))
TABLES = host(routes=ROUTES)


def device_for(rules: tuple[PolicyRule, ...], address: str = CLIENT) -> str | None:
    found = lookup(replace(TABLES, policy_rules=rules), ip_address(address))
    assert isinstance(found, RouteDecision)
    return found.device


def test_a_goto_leaves_out_the_rules_between() -> None:
    jump = rule(10, None, action="goto", goto=30)
    assert device_for((rule(20, "70"), rule(30, "main"))) == "tun0"
    assert device_for((jump, rule(20, "70"), rule(30, "main"))) == "eth0"


def test_a_rule_that_only_marks_a_place_decides_nothing() -> None:
    assert device_for((rule(10, None, action="nop"), rule(30, "main"))) == "eth0"


def test_whether_a_group_is_left_out_is_unknown_without_its_interfaces() -> None:
    facts = replace(
        TABLES, interfaces=Unknown("denied", "ip"), policy_rules=(rule(10, "70", suppress_group="7"),)
    )
    assert isinstance(lookup(facts, ip_address(CLIENT)), Unknown)


def test_a_rule_leaves_routes_that_are_too_wide_to_the_next_one() -> None:
    narrow = rule(10, "70", suppress_prefix_length=8)
    main = route("10.0.0.0/8", "eth0")
    facts = replace(TABLES, routes=(*ROUTES, main), policy_rules=(narrow, rule(30, "main")))
    found = [lookup(facts, ip_address(one)) for one in ("10.1.1.1", CLIENT)]
    assert [one.device for one in found if isinstance(one, RouteDecision)] == ["eth0", "tun0"]


def test_a_route_by_a_link_that_is_gone_is_left_out() -> None:
    dead = replace(HERE, dead=True)
    wide = route("192.168.0.0/16", "eth1")
    found = lookup(host(routes=(*LOCAL, dead, wide)), ip_address(CLIENT))
    assert isinstance(found, RouteDecision)
    assert found.device == "eth1"


@pytest.mark.parametrize(
    ("routes", "says"),
    [
        (tuple(replace(HERE, device=one, multipath=True) for one in ("eth0", "eth1")), "2 next hops"),
        ((replace(HERE, kind="xresolve"),), "xresolve"),
    ],
)
def test_what_the_kernel_decides_by_more_than_routes_is_unknown(routes: tuple[Route, ...], says: str) -> None:
    found = lookup(host(routes=(*LOCAL, *routes)), ip_address(CLIENT))
    assert isinstance(found, Unknown)
    assert says in found.reason
