"""VRFs: which sockets take what comes in inside one, and by which table the answers leave (readings of a Debian 12)."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.collect.interfaces import parse_interfaces
from landiag.collect.routes import parse_routes, parse_rules
from landiag.journey.ends import ReplyFault
from landiag.model.facts import Family, Socket
from landiag.model.host import Facts
from landiag.model.terms import Symptom
from tests.journey.world import LISTENER, LO, attempt, host

LINK = (
    '{"ifindex":2,"ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"master":"red",'
    '"group":"default","link_type":"ether","address":"52:54:00:77:00:10","linkinfo":{"info_slave_kind":"vrf",'
    '"info_slave_data":{"table":10}},"addr_info":[{"family":"inet","local":"192.168.77.10","prefixlen":24,'
    '"broadcast":"192.168.77.255","scope":"global","label":"eth0"}]}'
)
VRF = (
    '{"ifindex":3,"ifname":"red","flags":["NOARP","MASTER","UP","LOWER_UP"],"mtu":65575,"group":"default",'
    '"link_type":"ether","address":"5a:25:ef:58:64:cc","linkinfo":{"info_kind":"vrf","info_data":{"table":10}},'
    '"addr_info":[]}'
)
RULES = (
    '[{"priority":0,"src":"all","table":"local"},{"priority":1000,"src":"all","l3mdev":null},'
    '{"priority":32766,"src":"all","table":"main"},{"priority":32767,"src":"all","table":"default"}]'
)
OWN = (
    '{"type":"local","dst":"192.168.77.10","dev":"eth0","table":"10","scope":"host","flags":[]},'
    '{"type":"local","dst":"127.0.0.0/8","dev":"lo","table":"local","scope":"host","flags":[]}'
)
LAN = '{"dst":"192.168.77.0/24","dev":"eth0","table":"10","scope":"link","flags":[]}'
BACK = '{"dst":"default","gateway":"192.168.77.1","dev":"eth0","table":"10","flags":[]}'


def vrf_host(*routes: str, accepts: bool = False, server: Socket = LISTENER) -> Facts:
    links = parse_interfaces(f"[{LINK},{VRF}]")
    return host(
        interfaces=(LO, *(replace(one, tied_only=not accepts) for one in links)),
        routes=parse_routes(f"[{','.join((OWN, *routes))}]", Family.IPV4),
        policy_rules=parse_rules(RULES, Family.IPV4),
        sockets=(server,),
    )


def test_interfaces_tell_their_vrf_and_a_vrf_its_table() -> None:
    link, vrf = parse_interfaces(f"[{LINK},{VRF}]")
    assert (link.vrf, link.vrf_table, vrf.vrf, vrf.vrf_table) == ("red", None, "red", "10")


def test_a_socket_outside_takes_nothing_from_inside() -> None:
    assert attempt(vrf_host(LAN)).sight.symptom is Symptom.REFUSED


def test_a_socket_that_is_tied_to_the_vrf_serves() -> None:
    assert attempt(vrf_host(LAN, server=replace(LISTENER, device="red"))).sight.symptom is Symptom.ANSWERED


def test_where_sockets_outside_may_answer_they_do_by_the_table_of_the_vrf() -> None:
    journey = attempt(vrf_host(LAN, accepts=True))
    assert journey.sight.symptom is Symptom.ANSWERED
    assert journey.way_back is not None
    assert journey.way_back.device == "eth0"
    assert attempt(vrf_host(LAN, BACK, accepts=True), client="10.1.2.3").sight.symptom is Symptom.ANSWERED


def test_the_main_table_is_asked_after_that_of_the_vrf() -> None:
    main = BACK.replace('"table":"10",', "")
    assert attempt(vrf_host(LAN, main, accepts=True), client="10.1.2.3").sight.symptom is Symptom.ANSWERED
    closed = BACK.replace('{"dst"', '{"type":"unreachable","dst"').replace('"gateway":"192.168.77.1",', "")
    lost = attempt(vrf_host(LAN, closed, main, accepts=True), client="10.1.2.3").lost_reply
    assert lost is not None
    assert lost.reply is ReplyFault.NO_ROUTE
