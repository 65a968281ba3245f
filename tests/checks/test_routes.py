"""Where answers go instead of to the client, in words, and what brings them back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from landiag.checks.routes import check as way_back
from landiag.journey.ends import ReplyFault
from landiag.model.facts import Interface, Unknown
from landiag.model.host import Facts
from landiag.model.report import Finding, Outcome
from landiag.model.route import Route
from tests.checks.asked import case_of
from tests.journey.world import (
    BASE,
    CLIENT,
    ETH0,
    LAN,
    LO,
    LOCAL,
    ROUTES,
    RULES,
    TUN0,
    host,
    input_rules,
    interface,
    iptables,
    neighbour,
    route,
    rule,
    settings,
)

ETH1 = interface("eth1", "10.0.0.1/24", mac="02:00:00:00:00:0b", index=9)
WG0 = replace(TUN0, name="wg0", kind="vpn")
ON_LINK, BY_ETH1 = route("192.168.77.0/24", "eth0", metric=100), route("192.168.77.0/24", "eth1")
LINKS = (LO, ETH0, ETH1, TUN0, WG0)
FIXED = neighbour(CLIENT, "02:00:00:00:00:0b", "PERMANENT")
TWIN = interface("eth1", "192.168.77.11/24", mac="02:00:00:00:00:0b", index=9)
UNREAD = Unknown("denied", "ip route")


def found(facts: Facts, peer: str | None = None) -> Sequence[Finding]:
    return way_back.check(case_of(facts, peer=peer)).findings


def only(facts: Facts, peer: str | None = None) -> Finding:
    (finding,) = found(facts, peer)
    return finding


LEADS_AWAY = [
    (
        host(routes=ROUTES[:2]),
        "Answers to devices in 192.168.77.0/24 can't get back: there is no route",
        (),
    ),
    (
        host(routes=(*LOCAL, route("192.168.77.0/24", None, kind="blackhole"), route("0.0.0.0/0", "eth0"))),
        "Answers to devices in 192.168.77.0/24 can't get back: the route is set to blackhole",
        ("ip route del blackhole 192.168.77.0/24",),
    ),
    (
        host(policy_rules=(rule(0, "local"), rule(9, None, action="prohibit", destination=LAN), *RULES[1:])),
        "Answers to devices in 192.168.77.0/24 can't get back: the route is set to prohibit",
        ("ip -4 rule add to 192.168.77.0/24 lookup main pref 8",),
    ),
    (
        host(policy_rules=(rule(0, "local"), rule(1, None, action="prohibit", destination=LAN), *RULES[1:])),
        "Answers to devices in 192.168.77.0/24 can't get back: the route is set to prohibit",
        ("ip rule del pref 1",),
    ),
    (
        host(interfaces=LINKS, routes=(*LOCAL, route("192.168.77.0/24", "tun0"))),
        "Answers to devices in 192.168.77.0/24 leave by tun0 (a VPN or tunnel), not by eth0",
        (),
    ),
    (
        host(interfaces=LINKS, routes=(*LOCAL, BY_ETH1, ON_LINK)),
        "Answers to devices in 192.168.77.0/24 leave by eth1, but they are on eth0",
        ("ip route del 192.168.77.0/24 dev eth1",),
    ),
    (
        host(
            interfaces=(LO, ETH0, replace(ETH1, carrier=False)),
            routes=(*LOCAL, route("192.168.77.0/24", "eth1"), route("0.0.0.0/0", "eth0")),
        ),
        "Answers to devices in 192.168.77.0/24 leave by eth1, which has no link",
        ("ip route del 192.168.77.0/24 dev eth1",),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "title", "commands"),
    LEADS_AWAY,
    ids=["no route", "blackhole", "a rule", "the first rule", "tunnel", "other link", "no carrier"],
)
def test_where_answers_get_lost(facts: Facts, title: str, commands: tuple[str, ...]) -> None:
    finding = only(facts)
    assert (finding.outcome, finding.title) == (Outcome.BLOCKS, title)
    assert tuple(line.split(" proto")[0] for line in finding.fixes[0].commands) == commands


def test_a_fix_is_verified_where_answers_then_find_their_way() -> None:
    facts = LEADS_AWAY[1][0]
    assert isinstance(facts, Facts)
    assert only(facts).fixes[0].verified is True
    nowhere = replace(facts, routes=(*LOCAL, route("192.168.77.0/24", None, kind="blackhole")))
    assert only(nowhere).fixes[0].verified is None


def test_a_fixed_entry_is_removed_where_it_misleads_the_answers_of_a_client() -> None:
    finding = only(host(interfaces=(LO, ETH0, ETH1), neighbours=(FIXED,)), CLIENT)
    assert finding.title.startswith(f"Answers to the device at {CLIENT} go to a wrong hardware address")
    assert finding.fixes[0].commands == (f"ip neigh del {CLIENT} dev eth0",)


@pytest.mark.parametrize(
    ("card", "back", "outcome"),
    [
        (ETH1, route("0.0.0.0/0", "eth1", gateway="10.0.0.254", table="70"), Outcome.UNKNOWN),
        (TWIN, route("192.168.77.0/24", "eth1", table="70"), Outcome.WARNS),
    ],
    ids=["a router has to pass it on", "both lead to one network"],
)
def test_an_answer_that_leaves_by_another_card_may_arrive(
    card: Interface, back: Route, outcome: Outcome
) -> None:
    by_port = rule(5, "70", protocol="tcp", source_ports=(5000, 5000))
    rules = (rule(0, "local"), by_port, *RULES[1:])
    finding = only(host(interfaces=(LO, ETH0, card), routes=(*ROUTES, back), policy_rules=rules))
    assert finding.outcome is outcome
    assert finding.title.endswith("leave by eth1, not by eth0, by which the packets come")


def test_what_the_kernel_takes_by_a_route_that_nobody_can_tell_is_unknown() -> None:
    hops = tuple(route("192.168.77.0/24", name, multipath=True) for name in ("eth1", "eth2"))
    finding = only(host(sysctls=settings(rp_filter="1"), routes=(*LOCAL, *hops)))
    assert (finding.code, finding.outcome) == ("reverse-path-filter", Outcome.UNKNOWN)
    assert finding.title.endswith("could not be worked out (rp_filter)")


def test_a_client_whose_address_this_machine_has_itself_is_dropped() -> None:
    twin = interface("eth1", f"{CLIENT}/32", mac="02:00:00:00:00:0b")
    finding = only(host(interfaces=(LO, ETH0, twin)), CLIENT)
    assert (finding.code, finding.outcome) == ("duplicate-address", Outcome.BLOCKS)
    assert (
        finding.title
        == f"This machine has the client's address {CLIENT} itself, and drops what comes from it"
    )


def test_the_filter_is_made_loose_where_answers_then_arrive_and_the_route_removed_where_they_do_not() -> None:
    strict = settings(rp_filter="1")
    twin = interface("eth1", "192.168.77.11/24", mac="02:00:00:00:00:0b")
    finding = only(
        host(sysctls=strict, interfaces=(LO, ETH0, twin), routes=(*LOCAL, BY_ETH1)),
        CLIENT,
    )
    loose = finding.fixes[0]
    assert loose.commands == ("sysctl -w net.ipv4.conf.eth0.rp_filter=2",)
    assert (loose.verified, loose.opens) == (None, None), "it takes packets to other ports, too"
    assert "packets of any sender are then taken there" in (loose.risk or "")
    away = host(sysctls=strict, interfaces=LINKS, routes=(*LOCAL, BY_ETH1))
    assert only(away, CLIENT).fixes[0].commands[0].startswith("ip route del 192.168.77.0/24 dev eth1")
    missing = only(host(sysctls=strict, routes=LOCAL), CLIENT)
    assert missing.fixes[0].commands == ()  # no setting of the filter gives the answers a way
    assert missing.fixes[0].steps[0].startswith("Add a route to ")
    refused = (*LOCAL, route("192.168.77.0/24", None, kind="blackhole"))
    (open_it,) = only(host(sysctls=strict, routes=refused), CLIENT).fixes
    assert open_it.commands == ("ip route del blackhole 192.168.77.0/24",)


def test_some_clients_that_fare_worse_are_a_warning_that_names_them() -> None:
    facts = host(routes=(*ROUTES, route("192.168.77.64/26", None, kind="blackhole")))
    (finding,) = found(facts)
    assert finding.outcome is Outcome.WARNS
    assert finding.title.startswith("192.168.77.64 to 192.168.77.127: Answers to devices in")
    assert [(span.first, span.last) for span in finding.clients] == [("192.168.77.64", "192.168.77.127")]


def test_what_is_dropped_on_its_way_in_would_have_no_way_back_either() -> None:
    nowhere = (*LOCAL, route("192.168.77.0/24", None, kind="prohibit"))
    finding = only(host(routes=nowhere, ruleset=input_rules(policy="DROP")))
    assert finding.title.endswith("can't get back: the route is set to prohibit")


def test_a_neighbour_of_the_client_answers_it_past_this_machine() -> None:
    rules = "-A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 192.168.77.30:80"
    finding = only(host(ruleset=iptables(f"*nat\n:PREROUTING ACCEPT [0:0]\n{rules}\nCOMMIT\n")))
    assert (finding.code, finding.outcome) == ("port-redirected", Outcome.BLOCKS)
    assert finding.title == (
        "Port 5000 is sent to 192.168.77.30:80, which answers devices in 192.168.77.0/24 past this machine"
    )


@pytest.mark.parametrize("field", ["routes", "policy_rules"])
def test_without_routes_nobody_can_tell(field: str) -> None:
    finding = only(host(**{field: UNREAD}))
    assert (finding.code, finding.outcome) == ("no-route-to-client", Outcome.UNKNOWN)


def test_where_nothing_gets_in_there_is_no_answer_to_follow() -> None:
    assert way_back.check(case_of(host(interfaces=(LO,)))).summary == "no way in"
    assert way_back.check(case_of(BASE)).summary == "back to 192.168.77.0/24 by eth0"
    dropped = way_back.check(case_of(host(ruleset=input_rules(policy="DROP"))))
    assert dropped.outcome in (Outcome.OK, Outcome.NOT_APPLICABLE)
    unread = way_back.check(case_of(host(ruleset=Unknown("denied", "nft"))))
    assert unread.summary == "not followed: what gets in is not known"


def test_a_known_vpn_is_told_by_its_own_settings() -> None:
    (step,) = only(host(interfaces=LINKS, routes=(*LOCAL, route("192.168.77.0/24", "wg0")))).fixes[0].steps
    (other,) = only(host(interfaces=LINKS, routes=(*LOCAL, route("192.168.77.0/24", "tun0")))).fixes[0].steps
    assert "AllowedIPs" in step
    assert step != other


@pytest.mark.parametrize(("peer", "to"), [(CLIENT, str(LAN)), ("10.55.0.20", "10.55.0.20/32")])
def test_answers_go_past_a_tunnel_to_the_lan_or_to_the_client_behind_its_gateway(peer: str, to: str) -> None:
    takes_all = (rule(0, "local"), rule(9, "51820"), *RULES[1:])
    routes = (*ROUTES, route("0.0.0.0/0", "wg0", table="51820"))
    fix = only(host(interfaces=LINKS, routes=routes, policy_rules=takes_all), peer).fixes[0]
    assert fix.commands == (f"ip -4 rule add to {to} lookup main pref 8",)
    assert fix.verified is True


def test_an_answer_lost_among_containers_is_told_where_addresses_are() -> None:
    docker = interface("docker0", "192.168.64.1/18", kind="container")
    facts = host(interfaces=(LO, ETH0, docker), routes=(*LOCAL, route("192.168.64.0/18", "docker0")))
    case = case_of(facts)
    lost = case.classes["way1"][0].journey.lost_reply
    assert lost is not None
    assert lost.reply is ReplyFault.CONTAINERS
    assert found(facts) == ()
