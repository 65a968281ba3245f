"""Who listens on the port: here, in a container, behind a translation, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from msgspec.structs import replace

from landiag.checks.application import exchange
from landiag.checks.fixes.engines import publish_fix
from landiag.checks.listening import check as listening
from landiag.checks.listening.translated import CONNTRACK_AFTER
from landiag.collect.exchanges.http import End
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.xfrm import UDP
from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.process import Namespace, Process
from landiag.model.report import Finding, Outcome
from landiag.model.ruleset import Ruleset
from landiag.model.terms import Symptom
from tests.checks.asked import INFO, MACHINE, case_of, heard, said
from tests.journey.world import BASE, ETH0, LO, ROUTES, host, interface, iptables, route, settings

HIDDEN = Unknown("denied", "ss")
USER = replace(MACHINE, info=replace(INFO, privileged=False))
ANY, LOOPBACK, SIX = ip_address("0.0.0.0"), ip_address("127.0.0.1"), ip_address("::")


def found(facts: Facts, **more: Any) -> Sequence[Finding]:
    return listening.check(case_of(facts, **more)).findings


DOCKER0 = interface("docker0", "172.17.0.1/16", kind="container", index=9)
SENT_ON = "-A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:80"
PUBLISHED = host(
    interfaces=(LO, ETH0, DOCKER0),
    routes=(*ROUTES, route("172.17.0.0/16", "docker0")),
    sockets=(),
    ruleset=iptables(f"*nat\n:PREROUTING ACCEPT [0:0]\n{SENT_ON}\nCOMMIT\n"),
)


def inside(*sockets: Socket, **changed: Any) -> Namespace:
    known = {"sockets": sockets, "interfaces": (interface("eth0", "172.17.0.2/16"),), **changed}
    return Namespace("4026532001", 99, "shop", **known)


@pytest.mark.parametrize(
    ("namespaces", "code", "says"),
    [
        ((inside(Socket(ANY, 80)),), None, ""),
        ((inside(),), "port-redirected", "is sent to the container at 172.17.0.2:80, where nothing listens"),
        ((inside(Socket(LOOPBACK, 80)),), "bound-to-loopback", "is listening on 127.0.0.1:80 only"),
        ((inside(sockets=HIDDEN),), None, ""),
        (HIDDEN, None, ""),
    ],
    ids=["serves", "nobody", "loopback", "unread", "no namespaces"],
)
def test_a_published_port_is_served_inside_the_container(
    namespaces: Any, code: str | None, says: str
) -> None:
    told = found(replace(PUBLISHED, namespaces=namespaces))
    assert [finding.code for finding in told] == ([] if code is None else [code])
    assert all(says in finding.title for finding in told)


@pytest.mark.parametrize(("forward", "outcome"), [("0", Outcome.BLOCKS), (None, Outcome.UNKNOWN)])
def test_what_is_sent_on_needs_a_machine_that_forwards(forward: str | None, outcome: Outcome) -> None:
    sysctls = dict(BASE.sysctls)
    del sysctls["net.ipv4.ip_forward"]
    told = {} if forward is None else {"net.ipv4.ip_forward": forward}
    (finding,) = found(replace(PUBLISHED, sysctls={**sysctls, **told}))
    assert (finding.code, finding.outcome) == ("port-not-forwarded", outcome)


def test_a_server_inside_alone_is_to_be_published() -> None:
    free = host(
        sockets=(), namespaces=(inside(Socket(ANY, 9)), inside(sockets=HIDDEN), inside(Socket(ANY, 5000)))
    )
    (finding,) = found(free)
    assert (finding.code, finding.outcome) == ("listening-in-namespace", Outcome.BLOCKS)
    assert finding.fixes[0].title == "Publish the container's port on the host (docker: -p 5000:5000)"


@pytest.mark.parametrize(
    ("cgroup", "says"),
    [
        ("/system.slice/docker-0123456789ab.scope", "docker run -p 5000:80 "),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-01.scope/container",
            "podman run -p",
        ),
        ("/machine.slice/libpod-0123456789ab.scope/container", "podman run -p 5000:80 "),
        ("/machine.slice/machine-web.scope/payload", "--network-veth --port=5000:80"),
        ("/machine.slice/systemd-nspawn@web.service/payload", "--network-veth --port=5000:80"),
        ("/system.slice/web.service/payload", "--network-veth --port=5000:80"),
        ("/lxc.payload.web/init.scope", "connect=tcp:127.0.0.1:80"),
        ("/user.slice/user-1000.slice/session-1.scope", "ip netns exec"),
        ("/system.slice/shop.service", "ip netns exec"),
        ("/", "docker run -p 5000:80 "),
        (None, "docker run -p 5000:80 "),
    ],
)
def test_what_runs_a_container_publishes_its_port(cgroup: str | None, says: str) -> None:
    step, *_ = publish_fix(5000, Socket(ANY, 80, cgroup=cgroup)).steps
    assert says in step


PROXY = Process(
    17, "docker-proxy",
    ("docker-proxy", "-proto", "tcp", "-host-port", "5000", "-container-ip", "172.17.0.2", "-container-port", "80"),
)  # fmt: skip
PASTA = Process(17, "pasta.avx2", ("pasta", "-t", "5000:80"))
ROOTLESS = Process(17, "rootlessport", ("rootlessport",), namespace="4026532001")


@pytest.mark.parametrize("carrier", [PROXY, PASTA, ROOTLESS], ids=lambda one: one.name)
@pytest.mark.parametrize(
    ("sockets", "code"),
    [((Socket(ANY, 80),), None), ((Socket(LOOPBACK, 80),), "bound-to-loopback"), (HIDDEN, None)],
    ids=["serves", "loopback", "unread"],
)
def test_what_a_program_carries_into_a_container_needs_a_server_there(
    carrier: Process, sockets: Any, code: str | None
) -> None:
    told = found(host(processes={17: carrier}, namespaces=(inside(sockets=sockets),)))
    assert [finding.code for finding in told] == ([] if code is None else [code])
    assert all(finding.symptom is Symptom.RESET for finding in told)


def test_a_server_in_a_network_of_its_own_that_was_handed_its_socket_carries_nothing() -> None:
    server = replace(ROOTLESS, name="python3", argv=("python3", "shop.py"))
    assert found(host(processes={17: server}, namespaces=(inside(Socket(LOOPBACK, 80)),))) == ()


def test_an_ipv6_socket_may_serve_ipv4_where_nobody_tells() -> None:
    (finding,) = found(host(sockets=(Socket(SIX, 5000, pids=(17,)),)))
    assert (finding.code, finding.outcome) == ("bound-to-ipv6-only", Outcome.UNKNOWN)
    assert finding.title.startswith("Whether IPv4 gets in:")


def test_a_socket_outside_of_a_vrf_may_serve_it_where_nobody_tells() -> None:
    card = replace(ETH0, vrf="red", tied_only=None)
    (finding,) = found(host(interfaces=(LO, card)))
    assert (finding.code, finding.outcome) == ("bound-to-device", Outcome.UNKNOWN)


def test_something_answers_where_no_socket_is() -> None:
    unread = host(sockets=(), ruleset=Ruleset(gaps=(Unknown("denied", "nft"),)))
    case = case_of(unread)
    assert case.way is not None
    call = exchange.client_exchange(case, case.way)
    answers = replace(case, readings=dict([heard(call, TcpOutcome.CONNECTED, End.COMPLETE)]))
    (finding,) = listening.check(answers).findings
    assert (finding.code, finding.outcome) == ("port-redirected", Outcome.WARNS)


@pytest.mark.parametrize(("tracked", "outcome"), [("0", Outcome.BLOCKS), ("7", Outcome.UNKNOWN)])
def test_unread_rules_may_translate_only_where_connections_are_tracked(
    tracked: str, outcome: Outcome
) -> None:
    unread = host(sockets=(), ruleset=Ruleset(gaps=(Unknown("denied", "nft"),)))
    readings = dict([said(CONNTRACK_AFTER, tracked)])
    (finding,) = listening.check(case_of(unread, readings)).findings
    assert (finding.code, finding.outcome) == ("nothing-listening", outcome)


@pytest.mark.parametrize(
    ("address", "localnet", "tracked", "outcome"),
    [
        ("127.0.0.1", "1", "7", Outcome.UNKNOWN),
        ("127.0.0.1", "0", "7", Outcome.BLOCKS),
        ("127.0.0.1", "1", "0", Outcome.BLOCKS),
        ("::1", "1", "7", Outcome.BLOCKS),
        ("10.9.0.1", "0", "7", Outcome.UNKNOWN),
        ("10.9.0.1", "0", "0", Outcome.BLOCKS),
    ],
)
def test_unread_rules_may_lead_to_a_socket_on_another_address(
    address: str, localnet: str, tracked: str, outcome: Outcome
) -> None:
    unread = host(
        sockets=(Socket(ip_address(address), 5000),),
        ruleset=Ruleset(gaps=(Unknown("denied", "nft"),)),
        sysctls=settings(route_localnet=localnet),
    )
    (finding,) = found(unread, readings=dict([said(CONNTRACK_AFTER, tracked)]))
    assert finding.outcome is outcome
    assert ("unless a rule" in finding.detail) == (outcome is Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("sockets", "codes"),
    [
        ((), ["nothing-listening"]),
        ((Socket(LOOPBACK, 5000),), ["bound-to-loopback"]),
        ((Socket(ANY, 5000),), []),
        (HIDDEN, ["nothing-listening"]),
    ],
)
def test_without_an_address_only_loopback_and_nothing_are_faults(sockets: Any, codes: list[str]) -> None:
    assert [finding.code for finding in found(host(interfaces=(LO,), sockets=sockets))] == codes


def test_a_user_is_told_how_to_see_whose_socket_it_is() -> None:
    mine = host(sockets=(Socket(LOOPBACK, 5000, uid=33),))
    (finding,) = found(mine, machine=USER)
    assert finding.fixes[0].steps[0] == "sudo landiag check --port 5000 shows which program it is."
    (finding,) = found(mine)
    assert len(finding.fixes[0].steps) == 2
    (finding,) = found(mine, wants_fixes=False)
    assert finding.fixes == ()


def test_a_container_with_a_server_on_another_port_is_told_to_publish_that_one() -> None:
    (other,) = found(replace(PUBLISHED, namespaces=(inside(Socket(ANY, 8000)),)))
    assert other.title.endswith("where nothing listens: its server is on 8000")
    assert "-p 5000:8000" in other.fixes[0].title
    (nobody,) = found(replace(PUBLISHED, namespaces=(inside(),)))
    assert nobody.fixes[0].title == "Start the server in the container"


@pytest.mark.parametrize(("owner", "is_alone"), [(17, True), (18, False)])
def test_who_has_an_address_of_the_port_is_ended_before_another_listens_on_all(
    owner: int, is_alone: bool
) -> None:
    argv = ("python3", "-m", "http.server", "5000", "--bind", "127.0.0.1")
    facts = host(
        sockets=(
            Socket(LOOPBACK, 5000, pids=(17,)),
            Socket(ip_address("127.0.0.2"), 5000, pids=(owner,)),
        ),
        processes={pid: Process(pid, "python3", argv, cwd="/srv", state="sleeping") for pid in (17, 18)},
    )
    fix = found(facts)[0].fixes[0]
    assert (fix.verified is True) is is_alone
    assert (
        fix.steps[:1] == ("End process 18 first, which has 127.0.0.2:5000, or give it another port.",)
    ) is (not is_alone)


@pytest.mark.parametrize(("number", "is_told"), [("1388", True), ("1389", False)])
def test_a_program_that_has_the_port_of_udp_is_told(number: str, is_told: bool) -> None:
    line = f"  12: 00000000:{number} 00000000:0000 07 00000000:00000000 00:00000000 00000000  0 0 1 2 0 0\n"
    (finding,) = found(host(sockets=()), readings=dict([said(UDP, line)]))
    assert ("UDP port 5000" in finding.detail) is is_told
