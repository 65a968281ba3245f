"""Damaged, cut-off and hostile texts: the readers of other systems raise nothing but ParseError, and never accept."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landiag.collect import bsd_net, bsd_sockets, portproxy, windows_net
from landiag.firewall.alf import lower_alf, parse_alf
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import SavedSurroundings
from landiag.firewall.pf import PfSystem, parse_pf, write_all
from landiag.firewall.windows import decode, is_windows, parse_policy
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from tests.firewall.seeds import PF
from tests.firewall.test_alf import OLD
from tests.machines.bsd import IFCONFIG, ROUTES, netstat
from tests.machines.windows import ARP, ROUTES4, ROUTES6, excluded, registry
from tests.machines.windows_cases import GERMAN_NETSH

RULES = """"Name","DisplayName","Enabled","Direction","Action","Profile","Protocol","LocalPort","Program"
"a","A","True","Inbound","Allow","Private","TCP","5000","Any"
"""
JSON = """[{"Name": "a", "Enabled": 1, "Direction": 1, "Action": 2, "Profile": 2, "Protocol": "TCP",
"LocalPort": ["5000"]}]"""
REG = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules]
"a"="v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5000|App=C:\\x.exe|Name=a|"
"""
NETSH = GERMAN_NETSH.format(program="C:\\x.exe", action="Zulassen")
WINDOWS = [RULES, JSON, REG, NETSH, registry({"x": "v2.31|Action=Allow|Dir=In|Active=TRUE|LPort=5000|"})]


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """A text with pieces cut out, doubled, or put in."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        size = draw(st.integers(0, 40))
        junk = draw(
            st.sampled_from(
                ["", "\0", "\x1b[31m", "|", "{", "}", "(", "\n", "é", "99999999999", "\ufffd", ",,"]
            )
        )
        keep = text[at + size :] if draw(st.booleans()) else text[at:]
        text = text[:at] + junk + keep
    return text[: draw(st.integers(len(text) // 2, len(text)))]


def judge(ruleset: Ruleset) -> Verdict:
    packet = Packet(
        5000, source=ip_address("192.168.77.20"), destination=ip_address("192.168.77.10"), in_interface="em0",
        program="C:\\x.exe", profile="private", interface_addresses=("192.168.77.10/24",),
    )  # fmt: skip
    return Follower(ruleset, SavedSurroundings(packet)).follow(packet).verdict


@settings(max_examples=150)
@given(st.sampled_from(WINDOWS).flatmap(damaged))
def test_rules_of_windows(text: str) -> None:
    try:
        policy = parse_policy(text.encode("utf-8", "surrogatepass"))
    except ParseError:
        return
    assert judge(policy.lower()) in Verdict


@settings(max_examples=100)
@given(damaged(PF))
def test_rules_of_pf(text: str) -> None:
    try:
        found = parse_pf(text)
    except ParseError:
        return
    assert write_all(found.items) is not None
    assert judge(PfSystem([found]).lower()) in Verdict


@settings(max_examples=60)
@given(damaged("Firewall is enabled. (State = 1)\n" + OLD))
def test_application_firewall(text: str) -> None:
    try:
        found = parse_alf(text)
    except ParseError:
        return
    assert judge(lower_alf(found)) in Verdict


@settings(max_examples=150)
@given(st.data())
def test_tools_of_the_network(data: st.DataObject) -> None:
    readers = (
        (windows_net.parse_netstat, "  TCP    0.0.0.0:5000   0.0.0.0:0   LISTENING   4711\n"),
        (windows_net.parse_adapters, ROUTES4),
        (lambda text: windows_net.parse_routes4(text, ()), ROUTES4),
        (lambda text: windows_net.parse_routes6(text, {}), ROUTES6),
        (lambda text: windows_net.parse_arp(text, ()), ARP),
        (portproxy.parse_excluded_ranges, excluded("  1 2  ")),
        (portproxy.parse_portproxy, "0.0.0.0  5000  10.0.0.1  5000\n"),
        (windows_net.parse_ipconfig, "Ethernet adapter A:\n\n   IPv4. . . : 10.0.0.1\n   Mask . . . : 255.0.0.0\n"),
        (bsd_net.parse_ifconfig, IFCONFIG),
        (bsd_net.parse_routes, ROUTES),
        (bsd_sockets.parse_netstat, netstat(("*.5000", 1))),
        (bsd_sockets.parse_lsof, "Python 1 a 3u IPv4 0x1 0t0 TCP *:5000 (LISTEN)\n"),
        (bsd_net.parse_arp, "? (10.0.0.1) at 0:1:2:3:4:5 on en0\n"),
    )  # fmt: skip
    parse, text = data.draw(st.sampled_from(readers))
    try:
        parse(data.draw(damaged(text)))
    except ParseError:
        return


@given(st.binary(max_size=300))
def test_any_bytes_can_be_decoded(data: bytes) -> None:
    assert isinstance(decode(data), str)
    if not is_windows(data):
        with pytest.raises(ParseError):
            parse_policy(data)


@pytest.mark.parametrize(
    ("text", "end"),
    [(REG, "Name=a"), (REG, "LPort=50"), (NETSH, "Programm:"), (NETSH, "Aktion:"), (NETSH, "Lokaler Port:")],
)
def test_a_rule_that_is_cut_off_is_unknown(text: str, end: str) -> None:
    cut = text[: text.index(end) + len(end)]
    assert judge(parse_policy(cut.encode()).lower()) is Verdict.UNKNOWN


@pytest.mark.parametrize("text", [RULES[:-4], JSON[:-20], registry({})[:-10]])
def test_a_table_that_is_cut_off_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_policy(text.encode())


def test_an_anchor_that_is_cut_off_is_unknown() -> None:
    cut = PF[: PF.index("keep state") + len("keep state")]
    found = parse_pf(cut)
    assert found.problems
    assert judge(PfSystem([found]).lower()) is not Verdict.ACCEPT
