"""What lets clients pass the rule that stops them: for whom, by which tool, and how it is taken back."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest
from msgspec.structs import replace

from landiag.checks.firewall import check as firewall
from landiag.collect.bpf import ATTACHED
from landiag.collect.queues import ingress_filters
from landiag.collect.xfrm import POLICIES, STATISTICS
from landiag.firewall.linux import parse_ruleset
from landiag.model.facts import Family, Reading, ReadStatus, Socket
from landiag.model.host import Facts
from landiag.model.report import Finding, Outcome
from landiag.model.ruleset import Ruleset
from tests.checks.asked import case_of, said
from tests.firewall.rules import ACCEPT, chain, dport, of_family, rule
from tests.journey.world import BASE, ETH0, LO, RULES, host, input_rules, interface, iptables, route

SIX = host(
    interfaces=(LO, interface("eth0", "fd77::10/64")),
    routes=(
        route("fd77::10/128", "eth0", kind="local", table="local"),
        route("fd77::/64", "eth0"),
        route("::/0", "eth0", gateway="fe80::1"),
    ),
    policy_rules=tuple(replace(one, family=Family.IPV6) for one in RULES),
    sockets=(Socket(ip_address("::"), 5000, v6only=False, uid=1000),),
)
CLOSED = input_rules("-m conntrack --ctstate ESTABLISHED -j ACCEPT", policy="DROP")


def blocks(facts: Facts, peer: str | None = None, **more: Any) -> list[Finding]:
    found = firewall.check(case_of(facts, peer=peer, **more)).findings
    return [finding for finding in found if finding.outcome is Outcome.BLOCKS]


@pytest.mark.parametrize(
    ("peer", "clients"),
    [(None, "192.168.77.0/24"), ("192.168.77.20", "192.168.77.0/24"), ("10.9.9.9", "10.9.9.9/32")],
)
def test_the_clients_network_is_let_in_or_the_one_client_that_is_elsewhere(
    peer: str | None, clients: str
) -> None:
    (finding,) = blocks(host(ruleset=CLOSED), peer)
    (fix,) = finding.fixes
    assert fix.commands == (f"iptables-legacy -A INPUT -s {clients} -p tcp -m tcp --dport 5000 -j ACCEPT",)
    assert fix.verified is True


def test_the_one_client_that_is_stopped_is_let_in_alone() -> None:
    banned = input_rules("-s 192.168.77.20/32 -j DROP", "-s 192.168.77.30/32 -j DROP")
    (finding,) = blocks(host(ruleset=banned), "192.168.77.20")
    (fix,) = finding.fixes
    assert fix.commands == (
        "iptables-legacy -I INPUT 1 -s 192.168.77.20/32 -p tcp -m tcp --dport 5000 -j ACCEPT",
    )
    assert fix.verified is True


def test_where_nobody_asks_for_fixes_none_is_sought() -> None:
    (finding,) = blocks(host(ruleset=CLOSED), wants_fixes=False)
    assert finding.fixes == ()


def test_one_rule_after_the_other_is_named_with_its_own_fix() -> None:
    rules = input_rules("-p tcp --dport 5000 -j DROP", "-s 192.168.77.0/24 -j REJECT", policy="DROP")
    assert [finding.code for finding in blocks(host(ruleset=rules))] == ["firewall-drops"]
    output = [chain("in", "input", policy="drop"), chain("out", "output", policy="drop")]
    codes = [finding.code for finding in blocks(host(ruleset=of_family("ip", *output)))]
    assert codes == ["firewall-drops", "firewall-drops-replies"]


def of_ip6tables(policy: str) -> Ruleset:
    text = f"*filter\n:INPUT {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 5000 -j ACCEPT\nCOMMIT\n"
    nothing = Reading("nft-ruleset", ReadStatus.NOT_LOADED)
    legacy = Reading("ip6tables-legacy-save", ReadStatus.OK, text.encode())
    return parse_ruleset({one.source: one for one in (legacy, nothing)})


@pytest.mark.parametrize(
    ("ruleset", "command", "undo"),
    [
        (
            of_ip6tables("DROP"),
            "ip6tables-legacy -I INPUT -s fd77::/64 -p ipv6-icmp --icmpv6-type neighbour-solicitation -j ACCEPT",
            "ip6tables-legacy -D INPUT -s fd77::/64 -p ipv6-icmp --icmpv6-type neighbour-solicitation -j ACCEPT",
        ),
        (
            of_family("ip6", chain("in", "input", policy="drop"), rule("in", dport(5000), ACCEPT)),
            "nft insert rule ip6 t in ip6 saddr fd77::/64 icmpv6 type '{ nd-neighbor-solicit, nd-neighbor-advert }'"
            " accept comment '\"landiag neighbours\"'",
            "landiag neighbours",
        ),
    ],
    ids=["ip6tables", "nft"],
)
def test_who_drops_neighbour_discovery_is_told_to_let_it_in(
    ruleset: Ruleset, command: str, undo: str
) -> None:
    finding = blocks(replace(SIX, ruleset=ruleset))[0]
    assert "neighbour discovery of IPv6" in finding.title
    assert finding.fixes[0].commands[0] == command
    assert undo in finding.fixes[0].undo[0]


def test_arp_that_this_machine_may_not_send_is_let_out() -> None:
    ruleset = of_family("arp", chain("out", "output", policy="drop"))
    finding = blocks(host(ruleset=ruleset))[0]
    assert finding.fixes[0].commands == (
        "nft insert rule arp t out arp daddr ip 192.168.77.0/24 arp daddr ip != 192.168.77.1"
        " arp operation '{ request, reply }' accept"
        " comment '\"landiag neighbours\"'",
    )


JAIL = iptables(
    "*filter\n:INPUT ACCEPT [0:0]\n:f2b-shop - [0:0]\n-A INPUT -p tcp -j f2b-shop\n"
    "-A f2b-shop -s 192.168.77.20/32 -j REJECT\n-A f2b-shop -s 192.168.77.0/28 -j REJECT\nCOMMIT\n"
)


def test_the_ban_of_one_client_is_lifted_by_who_made_it() -> None:
    (finding,) = blocks(host(ruleset=JAIL), "192.168.77.20")
    (fix,) = finding.fixes
    assert fix.commands == ("fail2ban-client set shop unbanip 192.168.77.20",)
    assert fix.undo == ("fail2ban-client set shop banip 192.168.77.20",)


def test_clients_that_are_banned_alone_are_a_warning_that_names_them() -> None:
    found = firewall.check(case_of(host(ruleset=JAIL))).findings
    assert {finding.outcome for finding in found} == {Outcome.WARNS}
    lifted = [fix.commands for finding in found for fix in finding.fixes if fix.commands]
    assert lifted == [
        ("fail2ban-client set shop unbanip 192.168.77.5 192.168.77.0/28",),
        ("fail2ban-client set shop unbanip 192.168.77.20",),
    ]
    assert {(span.first, span.last) for finding in found for span in finding.clients} == {
        ("192.168.77.1", "192.168.77.9"),
        ("192.168.77.11", "192.168.77.15"),
        ("192.168.77.20", "192.168.77.20"),
    }


def test_firewallds_panic_is_left_by_its_own_command() -> None:
    panic = json.dumps({"nftables": [
        {"table": {"family": "inet", "name": "firewalld_policy_drop"}},
        {"chain": {"family": "inet", "table": "firewalld_policy_drop", "name": "raw_PREROUTING", "type": "filter",
                   "hook": "prerouting", "prio": -300, "policy": "drop"}},
    ]})  # fmt: skip
    ruleset = parse_ruleset({"nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, panic.encode())})
    titles = {fix.title: fix.commands for finding in blocks(host(ruleset=ruleset)) for fix in finding.fixes}
    assert titles["Leave firewalld's panic mode"] == ("firewall-cmd --panic-off",)


def test_data_that_is_dropped_is_said_to_starve_the_connection() -> None:
    rules = input_rules("-p tcp --syn -j ACCEPT", "-p tcp --dport 5000 -j DROP")
    (finding,) = blocks(host(ruleset=rules))
    assert "drops the data of connections to port 5000 (they open, then starve)" in finding.title


@pytest.mark.parametrize(
    ("filters", "says"),
    [("filter protocol ip pref 1 bpf chain 0\n", "a traffic control filter is attached to eth0"), ("", None)],
)
def test_what_sees_packets_before_the_rules_cannot_be_judged(filters: str, says: str | None) -> None:
    readings = dict([said(ingress_filters("eth0"), filters)])
    found = firewall.check(case_of(BASE, readings)).findings
    assert [finding.code for finding in found] == ([] if says is None else ["other-firewall"])
    assert all(str(says) in finding.title and finding.outcome is Outcome.UNKNOWN for finding in found)


def test_filters_that_could_not_be_listed_and_xdp_are_unknown() -> None:
    name = ingress_filters("eth0").name
    denied = {name: Reading(name, ReadStatus.DENIED, detail="not allowed")}
    (finding,) = firewall.check(case_of(BASE, denied)).findings
    assert (
        finding.title
        == "Whether every packet gets through: eth0's traffic control filters could not be listed"
    )
    missing = {name: Reading(name, ReadStatus.MISSING)}
    assert firewall.check(case_of(BASE, missing)).findings == ()
    (finding,) = firewall.check(case_of(host(interfaces=(LO, replace(ETH0, xdp=True))))).findings
    assert "an XDP program is attached to eth0" in finding.title


@pytest.mark.parametrize(
    ("attached", "says"),
    [
        ('"tc":[{"devname":"eth0","kind":"tcx/ingress"}]', "attached to eth0 (tcx/ingress)"),
        ('"tc":[{"devname":"eth9","kind":"tcx/ingress"}]', None),
        ('"tc":[{"devname":"eth0","kind":"clsact/ingress"}]', None),
        ('"tc":[],"netfilter":[{"id":3}]', "attached to the kernel's packet filter (netfilter)"),
    ],
)
def test_programs_that_bpftool_alone_shows_cannot_be_judged(attached: str, says: str | None) -> None:
    readings = dict([said(ATTACHED, f'[{{"xdp":[],{attached}}}]')])
    found = firewall.check(case_of(BASE, readings)).findings
    assert [one.code for one in found] == ([] if says is None else ["other-firewall"])
    assert all(str(says) in one.title for one in found)


@pytest.mark.parametrize(
    ("counted", "codes"), [("XfrmInNoPols\t4\n", ["other-firewall"]), ("XfrmInNoPols\t0\n", [])]
)
def test_policies_that_only_root_may_list_are_unknown_where_ipsec_is_in_use(
    counted: str, codes: list[str]
) -> None:
    readings = dict([said(STATISTICS, counted)])
    readings[POLICIES.name] = Reading(POLICIES.name, ReadStatus.DENIED, detail="not allowed")
    assert [one.code for one in firewall.check(case_of(BASE, readings)).findings] == codes


@pytest.mark.parametrize(("forwards", "own"), [("0", ""), ("1", "-d 192.168.77.10/32 ")])
def test_before_routing_a_router_opens_its_own_address_alone(forwards: str, own: str) -> None:
    raw = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 5000 -j DROP\nCOMMIT\n"
    sysctls = {**BASE.sysctls, "net.ipv4.ip_forward": forwards}
    (finding,) = blocks(host(ruleset=iptables(raw), sysctls=sysctls))
    (fix,) = finding.fixes
    asked = f"-s 192.168.77.0/24 {own}-p tcp -m tcp --dport 5000 -j ACCEPT"
    assert fix.commands == (f"iptables-legacy -t raw -I PREROUTING 1 {asked}",)
    assert fix.verified is True
