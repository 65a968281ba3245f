"""Regions: who reaches what, what a change opens, and digests of what a ruleset does."""

from __future__ import annotations

import json
from importlib.resources import files
from ipaddress import ip_address, ip_network
from random import Random

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from landiag.firewall.bulk import Bulk
from landiag.firewall.command import Judge, judged_json, saved_around
from landiag.firewall.compared import digest, what_opens
from landiag.firewall.engine.spaces import MAX_PORT
from landiag.firewall.opened import Opening, insert_rule
from landiag.firewall.opens import prove_opening
from landiag.firewall.picture import draw_grids
from landiag.firewall.reach import render_page, write_reach
from landiag.firewall.regions import find_regions, list_regions
from landiag.firewall.scope import Scope, narrowed
from landiag.firewall.touched import touched
from landiag.model.facts import Unknown
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from landiag.render.reach_html import render_picture
from landiag.verdict.compare_reach import compare_rulesets
from tests.firewall.agreement import compare
from tests.firewall.rules import saved

LAN = "192.168.77.0/24"


def ufw(*rules: str) -> Ruleset:
    """Rules of ufw in its own frame."""
    lines = (
        ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]", ":ufw-user-input - [0:0]",
        "-A INPUT -i lo -j ACCEPT", "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -m conntrack --ctstate INVALID -j DROP", "-A INPUT -j ufw-user-input",
        *(f"-A ufw-user-input {rule}" for rule in rules),
    )  # fmt: skip
    return saved("*filter\n" + "\n".join(lines) + "\nCOMMIT\n")


OFFICE = ufw(
    f"-p tcp -s {LAN} --dport 22 -j ACCEPT",
    f"-p tcp -s {LAN} -m multiport --dports 5000:5010 -j ACCEPT",
    "-p tcp --dport 443 -j ACCEPT",
)


def test_the_page_says_the_widest_first() -> None:
    page = render_page(OFFICE, find_regions(OFFICE, Scope.of_saved(OFFICE, Packet())), {22: "sshd"})
    assert page.splitlines()[:6] == [
        "TCP over IPv4",
        "  from anywhere: 443",
        f"  from {LAN}: 22, 5000-5010",
        "    22: sshd",
        "    443: nobody listens yet",
        "  everything else: dropped by ufw default (deny incoming) (policy drop)",
    ]


@pytest.mark.parametrize(
    ("rule", "what"), [("-p tcp --dport 25", "25"), (f"-p tcp -s {LAN} --dport 25", "some of 25")]
)
def test_what_else_is_stopped_is_named_by_its_ports(rule: str, what: str) -> None:
    ruleset = ufw(f"{rule} -j REJECT")
    page = render_page(ruleset, find_regions(ruleset, Scope.of_saved(ruleset, Packet())))
    first, last = page.splitlines()[1:3]
    assert first.startswith(f"  {what}: rejected by ufw: ")
    assert last == "  everything else: dropped by ufw default (deny incoming) (policy drop)"


def test_json_is_that_of_the_schema_and_covers_everything() -> None:
    schema = json.loads(files("landiag").joinpath("reach.schema.json").read_text(encoding="utf-8"))
    document = write_reach(OFFICE, find_regions(OFFICE, Scope.of_saved(OFFICE, Packet())))
    Draft202012Validator(schema).validate(document)
    assert json.dumps(document) == json.dumps(
        write_reach(OFFICE, find_regions(OFFICE, Scope.of_saved(OFFICE, Packet())))
    )
    size = 0
    for region in document["regions"]:
        if region["protocol"] == "tcp":
            ports = sum(high - low + 1 for low, high in region["ports"])
            size += ports * sum(
                int(ip_address(last)) - int(ip_address(first)) + 1 for first, last in region["sources"]
            )
    assert size == (MAX_PORT + 1) << 32


def test_what_is_asked_bounds_the_answer() -> None:
    scope = narrowed(Scope.of_saved(OFFICE, Packet()), ("tcp",), ((22, 22),), ip_network("192.168.77.9"))
    (region,) = write_reach(OFFICE, find_regions(OFFICE, scope))["regions"]
    assert (region["verdict"], region["ports"]) == ("accept", [[22, 22]])
    assert region["sources"] == [["192.168.77.9", "192.168.77.9"]]
    assert region["decided_by"]["owner"] == "ufw"
    assert region["decided_by"]["position"] == 1


def test_interfaces_are_told_apart_where_rules_do() -> None:
    rules = ufw("-i wlan0 -p tcp --dport 80 -j DROP", "-i eth+ -p tcp --dport 80 -j ACCEPT")
    found = write_reach(rules, find_regions(rules, Scope.of_saved(rules, Packet())))
    accepted = [region for region in found["regions"] if region["verdict"] == "accept"]
    assert [(one["ports"], one["in_interface"]) for one in accepted] == [([[80, 80]], ["eth*"])]


def test_interfaces_are_told_apart_where_rules_are_left_out_by_their_names() -> None:
    rules = ufw(
        *(f"-i eth{at} -p tcp --dport {80 + at} -j ACCEPT" for at in range(12)), "-i wg0 -p udp -j ACCEPT"
    )
    found = write_reach(rules, find_regions(rules, Scope.of_saved(rules, Packet())))
    accepted = [region for region in found["regions"] if region["verdict"] == "accept"]
    told = {(one["protocol"], *one["in_interface"], *one["ports"][0]) for one in accepted}
    assert told == {("udp", "wg0", 0, 65535), *(("tcp", f"eth{at}", 80 + at, 80 + at) for at in range(12))}


def test_nothing_to_judge_by_is_no_ruleset_that_drops() -> None:
    empty = saved("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n")
    found = write_reach(empty, find_regions(empty, Scope.of_saved(empty, Packet())))
    assert {region["verdict"] for region in found["regions"]} == {"accept"}
    assert found["families"] == [4]


def test_the_picture_holds_no_script_and_every_field() -> None:
    found = find_regions(OFFICE, Scope.of_saved(OFFICE, Packet()))
    (tcp, udp) = draw_grids(found)
    assert tcp.rows[0][0] == f"anywhere but {LAN}"
    assert dict(zip(tcp.columns, tcp.rows[1][1], strict=True))["22"] == (Verdict.ACCEPT,)
    assert {one for _, row in udp.rows for one in row} == {(Verdict.DROP,)}
    page = render_picture((tcp, udp), "text <b>")
    assert "<script" not in page
    assert "text &lt;b&gt;" in page


def test_the_picture_shows_what_is_open_to_some_addresses_or_from_some_ports_only() -> None:
    rules = (
        "-A INPUT -d 10.0.0.9 -p tcp --dport 22 -j ACCEPT",
        "-A INPUT -p tcp --dport 80 --sport 53 -j ACCEPT",
    )
    ruleset = saved("*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + "\n".join(rules) + "\nCOMMIT\n")
    tcp, _ = draw_grids(find_regions(ruleset, Scope.of_saved(ruleset, Packet())))
    fields = dict(zip(tcp.columns, tcp.rows[0][1], strict=True))
    assert set(fields["22"]) == set(fields["80"]) == {Verdict.ACCEPT, Verdict.DROP}
    assert fields["81-65535"] == (Verdict.DROP,)
    assert render_picture((tcp,), "").count('class="partly"') == 2 * len(tcp.rows)


SCOPE = Scope.of_saved(OFFICE, Packet())


def opened(before: Ruleset, after: Ruleset) -> list[tuple[str, object, object]]:
    found = what_opens(before, after, SCOPE)
    regions = find_regions(after, SCOPE).universes
    return [
        (region.protocol, box[1], tuple(str(ip_address(low)) for low, _ in box[0]))
        for region in found.regions
        for box in regions[region.version].boxes(region.space)
    ]


def test_what_a_change_opens() -> None:
    more = ufw(
        f"-p tcp -s {LAN} --dport 22 -j ACCEPT",
        f"-p tcp -s {LAN} -m multiport --dports 5000:5010 -j ACCEPT",
        "-p tcp --dport 443 -j ACCEPT",
        f"-p tcp -s {LAN} --dport 8000 -j ACCEPT",
    )
    assert opened(OFFICE, more) == [("tcp", ((8000, 8000),), ("192.168.77.0",))]
    assert opened(more, OFFICE) == []


OPENING = Opening(ip_network(LAN), 8000)


@pytest.mark.parametrize(
    ("rule", "narrow", "ports"),
    [
        (f"-p tcp -s {LAN} --dport 8000 -j ACCEPT", True, {(8000, 8000)}),
        (f"-p tcp -s {LAN} --dport 8000:8001 -j ACCEPT", False, {(8000, 8001)}),
        ("-p tcp --dport 8000 -j ACCEPT", False, {(8000, 8000)}),
        (f"-s {LAN} -m limit --limit 1/s -j ACCEPT", None, set()),
        ("-p tcp --dport 443 -j ACCEPT", True, set()),
    ],
)
def test_a_fix_is_proven_narrow_or_not(rule: str, narrow: bool | None, ports: set[tuple[int, int]]) -> None:
    after = ufw(
        f"-p tcp -s {LAN} --dport 22 -j ACCEPT",
        f"-p tcp -s {LAN} -m multiport --dports 5000:5010 -j ACCEPT",
        "-p tcp --dport 443 -j ACCEPT",
        rule,
    )
    proof = prove_opening(OFFICE, after, SCOPE, OPENING)
    assert proof is not None
    assert proof.is_narrow is narrow
    assert (proof.excess is not None) is (narrow is False)
    assert {span for one in proof.opens for span in one.ports} == ports


def test_the_excess_of_a_fix_is_shown_as_a_packet() -> None:
    rule = f"-p tcp -s {LAN} --dport 8000:8001 -j ACCEPT"
    proof = prove_opening(OFFICE, ufw("-p tcp --dport 443 -j ACCEPT", rule), SCOPE, OPENING)
    assert proof is not None
    assert proof.excess == "tcp from 192.168.77.0 to port 8001"


def test_the_model_of_a_proposal_opens_what_it_says() -> None:
    chain = OFFICE.tables["iptables-nft", "ip", "filter"]["INPUT"]
    after = insert_rule(OFFICE, chain, "ufw-user-input", 0, OPENING)
    assert after is not None
    proof = prove_opening(OFFICE, after, SCOPE, OPENING)
    assert proof is not None
    assert proof.is_narrow
    assert [(one.ports, one.sources[0].first, one.sources[0].last) for one in proof.opens] == [
        (((8000, 8000),), "192.168.77.0", "192.168.77.255")
    ]


def test_packets_that_nobody_can_put_together_keep_no_others_from_being_told() -> None:
    """A mask that keeps the end of an address makes too many ranges: it hides nothing but what it asks about."""
    rules = ufw("-p tcp --dport 443 -j ACCEPT", "-s 0.0.0.20/0.0.0.255 -p tcp --dport 80 -j ACCEPT")
    found = find_regions(rules, narrowed(SCOPE, ("tcp",), None, None))
    said: dict[Verdict, set[int]] = {}
    for region in list_regions(found):
        for _, ports, *_ in found.universes[4].boxes(region.space):
            said.setdefault(region.verdict, set()).update(
                port for port in (80, 81, 443) for low, high in ports or () if low <= port <= high
            )
    assert (said[Verdict.ACCEPT] - {80}, said[Verdict.DROP] - {80}) == ({443}, {81})
    assert said[Verdict.UNKNOWN] == {80}
    assert found.runs < 100


def test_digests_are_equal_where_the_meaning_is() -> None:
    same = ufw(
        "-p tcp --dport 443 -j ACCEPT",
        f"-p tcp -s {LAN} --dport 5006:5010 -j ACCEPT",
        "-i eth7 -p tcp --dport 1 -j DROP",
        f"-p tcp -s {LAN} -m multiport --dports 22,5000:5005 -j ACCEPT",
    )
    other = ufw("-p tcp --dport 443 -j ACCEPT")
    digests = [digest(find_regions(one, SCOPE)) for one in (OFFICE, same, other)]
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_digests_tell_what_a_rejection_answers() -> None:
    kinds = (
        "-j REJECT",
        "-j REJECT --reject-with icmp-port-unreachable",
        "-j REJECT --reject-with icmp-host-prohibited",
    )
    one, same, other = (digest(find_regions(ufw(f"-p tcp --dport 22 {kind}"), SCOPE)) for kind in kinds)
    reset = digest(find_regions(ufw("-p tcp --dport 22 -j REJECT --reject-with tcp-reset"), SCOPE))
    assert one == same
    assert len({one, other, reset}) == 3


def test_digests_are_equal_only_where_what_is_unknown_hangs_on_the_same_rule() -> None:
    slow, slower = (ufw(f"-p tcp --dport 22 -m limit --limit {rate}/min -j ACCEPT") for rate in (9, 3))
    one, other = (digest(find_regions(rules, SCOPE)) for rules in (slow, slower))
    assert one is not None
    assert one != other
    unread = Ruleset(OFFICE.tables, (Unknown("not allowed", "nft-ruleset"),))
    assert digest(find_regions(unread, SCOPE)) is None


def some_packets(random: Random, number: int) -> list[Packet]:
    return [
        Packet(
            random.choice((22, 443, 5000, 5010, 5011, random.randrange(65536))),
            protocol=(protocol := random.choice(("tcp", "tcp", "udp"))),
            source=ip_address(f"192.168.{random.choice((77, 78))}.{random.randrange(256)}"),
            destination=ip_address("192.168.77.10"),
            source_port=random.choice((22, 443, random.randrange(65536))),
            in_interface=random.choice(("eth0", "lo", None)),
            flags=frozenset({"syn"} if protocol == "tcp" else ()),
        )
        for _ in range(number)
    ]


def test_packets_in_bulk_are_judged_as_one_by_one() -> None:
    bulk, judge = Bulk(OFFICE), Judge(OFFICE, saved_around(OFFICE))
    for asked in some_packets(Random(5), 400):
        one = judge.judge(asked)
        assert bulk.judge(asked).document == judged_json(OFFICE, one, with_trace=False)


def test_what_changed_is_said_by_its_meaning() -> None:
    before = ufw("-p tcp --dport 443 -j ACCEPT", f"-p tcp -s {LAN} --dport 5000 -j ACCEPT")
    after = ufw(
        f"-p tcp -s {LAN} --dport 5000 -j DROP", "-p tcp --dport 443 -j ACCEPT", "-p udp --dport 53 -j ACCEPT"
    )
    assert compare_rulesets(before, after, SCOPE) == (
        f"{LAN} lost tcp 5000 over IPv4; decided by ufw: -A ufw-user-input -p tcp -s {LAN} --dport 5000 -j DROP",
        "anywhere gained udp 53 over IPv4; decided by ufw: -A ufw-user-input -p udp --dport 53 -j ACCEPT",
    )
    assert compare_rulesets(before, before, SCOPE) == ()


def test_what_may_have_changed_is_said_so() -> None:
    limited = "-p tcp --dport 443 -m statistic --mode random --probability 0.5 -j ACCEPT"
    closed, half, whole = ufw(), ufw(limited), ufw("-p tcp --dport 443 -j ACCEPT")
    for before, after, said in (
        (closed, half, "may have gained"), (half, whole, "may have gained"), (closed, whole, "gained"),
        (whole, half, "may have lost"), (half, closed, "may have lost"), (whole, closed, "lost"),
    ):  # fmt: skip
        (text,) = compare_rulesets(before, after, SCOPE)
        assert text.startswith(f"anywhere {said} tcp 443 over IPv4; decided by ")


def test_a_rejection_instead_of_silence_is_a_change() -> None:
    silent, refused = (ufw(f"-p tcp --dport 25 -j {action}") for action in ("DROP", "REJECT"))
    (text,) = compare_rulesets(silent, refused, SCOPE)
    assert text.startswith("anywhere is now rejected, no longer dropped, at tcp 25 over IPv4; decided by ")
    (text,) = compare_rulesets(refused, silent, SCOPE)
    assert text.startswith("anywhere is now dropped, no longer rejected, at tcp 25 over IPv4; decided by ")


def test_what_is_not_compared_is_no_change_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = ufw(), ufw("-p tcp --dport 443 -j ACCEPT", "-p tcp --dport 25 -s 10.0.0.0/8 -j REJECT")
    (text, *_) = compare_rulesets(before, after, replace(SCOPE, most_runs=1))
    assert text == "more may have changed: these rules treat packets in more ways than are compared"
    monkeypatch.setattr("landiag.verdict.compare_reach.MAX_RULES", 1)
    (text,) = compare_rulesets(before, after, SCOPE)
    assert text.endswith("rules do is not compared: 1 are the most")
    assert compare_rulesets(before, before, SCOPE) == ()


INSERTED = insert_rule(
    OFFICE, OFFICE.tables["iptables-nft", "ip", "filter"]["INPUT"], "ufw-user-input", 0, OPENING
)


def test_a_change_touches_only_the_kinds_of_packets_that_its_rules_match() -> None:
    assert INSERTED is not None
    wide = replace(SCOPE, versions=(4, 6), protocols=("tcp", "udp"))
    narrow = touched(OFFICE, INSERTED, wide)
    assert (narrow.versions, narrow.protocols) == ((4,), ("tcp",))
    assert touched(INSERTED, OFFICE, wide) == narrow
    assert touched(OFFICE, OFFICE, wide).versions == ()


def test_a_change_of_more_than_rules_touches_every_packet() -> None:
    assert INSERTED is not None
    chain = INSERTED.tables["iptables-nft", "ip", "filter"]["INPUT"]
    tables = {chain.key: {**INSERTED.tables[chain.key], "INPUT": replace(chain, policy=Verdict.ACCEPT)}}
    assert touched(OFFICE, Ruleset({**INSERTED.tables, **tables}), SCOPE) is SCOPE
    other = {
        chain.key: {**INSERTED.tables[chain.key], "INPUT": replace(chain, rules=tuple(reversed(chain.rules)))}
    }
    assert touched(OFFICE, Ruleset({**INSERTED.tables, **other}), SCOPE) is SCOPE
    assert touched(OFFICE, Ruleset({}), SCOPE) is SCOPE


def test_kinds_that_a_change_does_not_touch_fare_alike() -> None:
    """What is left out is compared whole here: nothing opens."""
    assert INSERTED is not None
    asked = replace(SCOPE, protocols=("udp",))
    both = [find_regions(one, asked) for one in (OFFICE, INSERTED)]
    assert digest(both[0]) == digest(both[1])


def test_how_long_datagrams_are_is_not_known() -> None:
    ruleset = saved(
        "*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -m length --length 60 -j DROP\nCOMMIT\n"
    )
    found = find_regions(
        ruleset,
        Scope.of_saved(
            ruleset,
            Packet(),
        ),
    )
    told = {kind.protocol: {cell.verdict for cell in cells} for kind, cells in found.cells.items()}
    assert told == {"tcp": {Verdict.DROP}, "udp": {Verdict.UNKNOWN}}


def test_a_policy_that_drops_speaks_with_the_rules_that_drop() -> None:
    rules = saved(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"
    )
    found = find_regions(rules, narrowed(SCOPE, ("tcp",), None, None))
    assert found.runs == 2 * len(found.cells)
    told = {(one.verdict.value, one.decided_by.rule_text) for one in list_regions(found) if one.decided_by}
    assert told == {
        ("drop", "-A INPUT -s 10.0.0.0/8 -j DROP"),
        ("accept", "-A INPUT -p tcp --dport 22 -j ACCEPT"),
        ("drop", "policy drop"),
    }


def test_chains_of_one_name_in_two_tables_are_two() -> None:
    ruleset = saved(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -s 192.168.77.20 -j ACCEPT\n"
        "-A INPUT -s 192.168.77.0/24 -j DROP\nCOMMIT\n*mangle\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    )
    told = compare("two tables", ruleset, Random(1), 300)
    assert (told.packets, told.differences) == (300, [])


def test_rules_that_explode_end_with_what_is_unknown_and_never_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("landiag.firewall.engine.explore.MAX_WORK", 900)
    redirects = (
        f"-A PREROUTING -p tcp --dport {at} -j REDIRECT --to-ports {at + 7}" for at in range(100, 160)
    )
    rules = saved(
        "*nat\n:PREROUTING ACCEPT [0:0]\n" + "\n".join(redirects) + "\nCOMMIT\n"
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        + "\n".join(f"-A INPUT -s 10.0.0.{at} -p tcp --dport {100 + at} -j DROP" for at in range(60))
        + "\nCOMMIT\n"
    )
    assert not find_regions(rules, Scope.of_saved(rules, Packet())).is_whole
    tally = compare("explodes", rules, Random(1), 100)
    assert tally.differences == []
    assert 0 < tally.untold < 100
