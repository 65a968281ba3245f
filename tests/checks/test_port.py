"""Whose port it is, and whether anybody may have it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.checks.ports import check as port
from landiag.checks.ports.bind_test import bind_source
from landiag.collect.exchanges.bind import BindTest
from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.process import Process
from landiag.model.report import Outcome, Target
from landiag.model.ruleset import Ruleset
from tests.checks.asked import MACHINE, PORT, case_of, said
from tests.journey.world import BASE, host

ANY, LOOPBACK = ip_address("0.0.0.0"), ip_address("127.0.0.1")
SHOP, OTHER = (
    Process(17, "shop", ("/opt/shop",), exe="/opt/shop"),
    Process(18, "blog", ("/opt/blog",), exe="/opt/blog"),
)
TAKEN = host(processes={17: SHOP, 18: OTHER})


@pytest.mark.parametrize(
    ("facts", "program", "outcome", "says"),
    [
        (TAKEN, "shop", None, ""),
        (TAKEN, "flask", Outcome.BLOCKS, "Port 5000 is used by shop (pid 17), not by flask"),
        (host(), "flask", Outcome.UNKNOWN, "Whether flask has port 5000: whose listener it is"),
        (
            replace(TAKEN, sockets=(Socket(ANY, 5000, pids=(17,)), Socket(ANY, 5000, pids=(18,)))),
            None,
            Outcome.WARNS,
            "Two programs are listening on port 5000: shop (pid 17) and blog (pid 18)",
        ),
        (
            replace(TAKEN, sockets=(Socket(ANY, 5000, pids=(17,)), Socket(LOOPBACK, 5000, pids=(18,)))),
            None,
            Outcome.BLOCKS,
            "Two programs are listening on port 5000",
        ),
        (replace(TAKEN, sockets=(Socket(ANY, 5000, pids=(17,)), Socket(LOOPBACK, 5000))), None, None, ""),
    ],
    ids=["its own", "another's", "hidden", "shared", "two addresses", "one is hidden"],
)  # fmt: skip
def test_the_port_is_the_right_programs(
    facts: Facts, program: str | None, outcome: Outcome | None, says: str
) -> None:
    told = port.check(case_of(facts, program=program)).findings
    assert [finding.outcome for finding in told] == ([] if outcome is None else [outcome])
    assert all(finding.code == "port-taken" and says in finding.title for finding in told)


@pytest.mark.parametrize("is_root", [True, False])
def test_root_is_not_sent_to_root(is_root: bool) -> None:
    machine = replace(MACHINE, info=replace(MACHINE.info, privileged=is_root))
    (finding,) = port.check(case_of(host(), program="flask", machine=machine)).findings
    assert ("as root" in finding.title, bool(finding.fixes)) == (not is_root, not is_root)


def test_workers_of_one_master_are_one_program() -> None:
    workers = {pid: replace(SHOP, pid=pid, parent=parent) for pid, parent in ((17, 18), (18, 17), (19, 1))}
    sockets = tuple(Socket(ANY, 5000, pids=(pid,)) for pid in workers)
    assert port.check(case_of(host(processes=workers, sockets=sockets))).findings == ()


FREE = host(sockets=())
UNREAD = host(sockets=(), ruleset=Ruleset(gaps=(Unknown("denied", "nft"),)))
PROXY = Process(17, "docker-proxy", ("docker-proxy", "-proto", "tcp", "-host-port", "5000"))


@pytest.mark.parametrize(
    ("facts", "error", "code", "outcome"),
    [
        (FREE, None, None, None),
        (FREE, "EACCES", "port-privileged", Outcome.BLOCKS),
        (FREE, "EADDRINUSE", "port-taken", Outcome.BLOCKS),
        (UNREAD, "EADDRINUSE", "port-taken", Outcome.WARNS),
        (FREE, "EADDRNOTAVAIL", None, None),
    ],
)
def test_a_port_that_cannot_be_bound_is_taken_or_privileged(
    facts: Facts, error: str | None, code: str | None, outcome: Outcome | None
) -> None:
    told = said(bind_source(PORT), BindTest("0.0.0.0", 5000, error is None, error))
    found = port.check(case_of(facts, dict([told]))).findings
    assert [(one.code, one.outcome) for one in found] == ([] if code is None else [(code, outcome)])


@pytest.mark.parametrize(
    ("sysctls", "first"),
    [
        ({}, 1024),
        ({"net.ipv4.ip_unprivileged_port_start": "80"}, 80),
        ({"net.inet.ip.portrange.reservedhigh": "600"}, 601),
    ],
)
def test_which_ports_need_root_is_the_systems_own_setting(sysctls: dict[str, str], first: int) -> None:
    told = said(bind_source(PORT), BindTest("0.0.0.0", 5000, free=False, error="EACCES"))
    (finding,) = port.check(case_of(host(sockets=(), sysctls=sysctls), dict([told]))).findings
    assert finding.title == f"Port 5000 is below {first}, so only root's servers may take it"


def test_what_publishes_a_container_is_stopped_by_its_engine() -> None:
    (finding,) = port.check(case_of(host(processes={17: PROXY}), program="flask")).findings
    assert finding.fixes[0].title.startswith("Stop what ")
    assert finding.fixes[0].commands == ()


@pytest.mark.parametrize(("number", "codes"), [(6000, ["port-unsafe-in-browsers"]), (8080, [])])
def test_ports_that_browsers_refuse_are_named(number: int, codes: list[str]) -> None:
    assert [one.code for one in port.check(case_of(BASE, target=Target(number))).findings] == codes
    assert port.check(case_of(BASE, target=Target(number, scheme="tcp"))).findings == ()
