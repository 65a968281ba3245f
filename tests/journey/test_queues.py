"""Queues of traffic control: what tc writes, and what becomes of answers in them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.collect.interfaces import parse_interfaces
from landiag.collect.queues import QUEUES, classes, parse_queues, plan_filters, read_queues
from landiag.journey.ends import LinkFault
from landiag.journey.queues import Effect, Passage, pass_queues
from landiag.model.facts import ParseError, Reading, ReadStatus, Unknown
from landiag.model.queue import Queue
from landiag.model.terms import Symptom
from tests.journey.world import BASE, ETH0, LO, attempt, interface

NOTHING = "qdisc noqueue 0: dev lo root refcnt 2 \n"


def passage(*lines: str, device: str = "eth0") -> Passage:
    text = NOTHING + "".join(f"{line}\n" for line in lines)
    facts = replace(BASE, queues=parse_queues(text))
    (found,) = (one for one in (LO, ETH0) if one.name == device)
    return pass_queues(facts, found)


@pytest.mark.parametrize(
    ("line", "effect"),
    [
        ("qdisc noqueue 0: dev eth0 root refcnt 2 ", Effect.PASSES),
        ("qdisc pfifo_fast 0: dev eth0 root refcnt 2 bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1", Effect.PASSES),
        ("qdisc pfifo 8001: dev eth0 root refcnt 2 limit 0p", Effect.LOST),
        ("qdisc pfifo 8001: dev eth0 root refcnt 2 limit 1p", Effect.PASSES),
        ("qdisc bfifo 8001: dev eth0 root refcnt 2 limit 60b", Effect.LOST),
        ("qdisc bfifo 8001: dev eth0 root refcnt 2 limit 600b", Effect.UNKNOWN),
        ("qdisc blackhole 8001: dev eth0 root refcnt 2 ", Effect.LOST),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 loss 100%", Effect.LOST),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 0 delay 10ms", Effect.LOST),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 100ms  10ms 25% loss 0.3% 25%", Effect.PASSES),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 2s", Effect.SLOW),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 30s", Effect.LOST),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 loss 5%", Effect.SLOW),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 loss 80%", Effect.PARTLY),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 corrupt 100%", Effect.LOST),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 loss gemodel p 100% r 0% 1-h 100% 1-k 0%", Effect.LOST),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 loss state p13 100% p31 0% p32 0% p23 0% p14 0%",
         Effect.LOST),
        ("qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 rate 8bit", Effect.PARTLY),
        ("qdisc tbf 8001: dev eth0 root refcnt 2 rate 1Mbit burst 60b lat 400ms", Effect.LOST),
        ("qdisc tbf 8001: dev eth0 root refcnt 2 rate 1Mbit burst 32Kb lat 400ms", Effect.PASSES),
        ("qdisc tbf 8001: dev eth0 root refcnt 2 rate 8bit burst 165b lat 1.43e+03s", Effect.PARTLY),
        ("qdisc cake 8001: dev eth0 root refcnt 2 bandwidth 100bit diffserv3", Effect.PARTLY),
        ("qdisc plug 8001: dev eth0 root refcnt 2 ", Effect.UNKNOWN),
        ("qdisc fq_codel 0: dev eth0 root refcnt 2 limit 10240p flows 1024 quantum 1514 target 5ms", Effect.PASSES),
    ],
)  # fmt: skip
def test_a_queue_does_what_tc_says(line: str, effect: Effect) -> None:
    assert passage(line).effect is effect


NETEM, HTB = (
    "qdisc netem 20: dev eth0 parent {} limit 1000 loss 100%",
    "qdisc htb 1: dev eth0 root refcnt 2 r2q 10",
)


@pytest.mark.parametrize(
    ("lines", "effect"),
    [
        (("qdisc mq 0: dev eth0 root ", NETEM.format(":1"), NETEM.format(":2")), Effect.LOST),
        (("qdisc mq 0: dev eth0 root ", NETEM.format(":1"), "qdisc fq_codel 0: dev eth0 parent :2 limit 10p"),
         Effect.UNKNOWN),
        (("qdisc tbf 1: dev eth0 root refcnt 2 rate 1Mbit burst 32Kb lat 400ms", NETEM.format("1:1")), Effect.LOST),
        ((HTB, NETEM.format("1:10")), Effect.UNKNOWN),
        ((HTB, "qdisc fq 20: dev eth0 parent 1:10 limit 10000p"), Effect.PASSES),
        (("qdisc clsact ffff: dev eth0 parent ffff:fff1 ", "qdisc noqueue 0: dev eth0 root refcnt 2"), Effect.PASSES),
        ((), Effect.UNKNOWN),
    ],
)  # fmt: skip
def test_queues_below_others(lines: tuple[str, ...], effect: Effect) -> None:
    assert passage(*lines).effect is effect


def reading(name: str, text: str, status: ReadStatus = ReadStatus.OK, detail: str = "") -> dict[str, Reading]:
    return {name: Reading(name, status, text.encode(), detail=detail)}


@pytest.mark.parametrize(("rate", "effect"), [("1Mbit", Effect.PASSES), ("8bit", Effect.UNKNOWN)])
def test_a_class_that_is_too_slow_may_be_the_one(rate: str, effect: Effect) -> None:
    text = f"class htb 1:10 root prio 0 rate {rate} ceil {rate} burst 1600b cburst 1600b\n"
    readings = {**reading(QUEUES.name, f"{HTB}\n"), **reading(classes("eth0").name, text)}
    queues = read_queues(readings, (LO, ETH0))
    assert pass_queues(replace(BASE, queues=queues), ETH0).effect is effect


@pytest.mark.parametrize("limit", ["0O", "Op", "", "1000"])
def test_a_limit_that_is_no_number_is_no_list(limit: str) -> None:
    line = f"qdisc pfifo 803c: dev eth0 root refcnt 3 limit {limit}".rstrip()
    queues = read_queues(reading(QUEUES.name, f"{line}\n"), (LO, ETH0))
    assert isinstance(queues, Unknown) is (limit != "1000")


def test_what_carries_an_interface_loses_its_packets_too() -> None:
    vlan = interface("eth0.5", "10.5.0.1/24", kind="vlan", lower="eth0")
    bridge, port = interface("br0", "10.6.0.1/24", kind="bridge"), interface("eth1", master="br0")
    queues = (
        Queue("eth0", "blackhole", "1:", None, ""), Queue("eth1", "blackhole", "1:", None, ""),
        *(Queue(one, "noqueue", "0:", None, "") for one in ("br0", "eth0.5")),
    )  # fmt: skip
    facts = replace(BASE, interfaces=(LO, ETH0, vlan, bridge, port), queues=queues)
    assert [pass_queues(facts, one).effect for one in (vlan, bridge)] == [Effect.LOST, Effect.LOST]


def test_clients_do_not_even_find_a_machine_whose_queue_loses_everything() -> None:
    facts = replace(BASE, queues=parse_queues("qdisc blackhole 1: dev eth0 root refcnt 2\n"))
    told = attempt(facts)
    assert (told.link, told.sight.symptom) == (LinkFault.QUEUE, Symptom.UNREACHABLE)


def test_a_queue_that_loses_many_lets_some_connections_succeed() -> None:
    netem = "qdisc netem 1: dev eth0 root refcnt 2 limit 1000 loss 80%\n"
    told = attempt(replace(BASE, queues=parse_queues(netem)))
    assert told.sight.symptom is Symptom.VARIES
    assert told.sight.share == pytest.approx(0.467, abs=0.001)


def test_without_tc_the_kinds_are_known_that_addresses_are_listed_with() -> None:
    missing = reading(QUEUES.name, "", ReadStatus.MISSING)
    for kind, effect in (("noqueue", Effect.PASSES), ("netem", Effect.UNKNOWN)):
        device = replace(ETH0, queue=kind)
        queues = read_queues(missing, (LO, device))
        assert pass_queues(replace(BASE, queues=queues), device).effect is effect


def test_what_could_not_be_read_is_unknown_and_a_kernel_without_queues_has_none() -> None:
    assert isinstance(read_queues(reading(QUEUES.name, "", ReadStatus.TIMED_OUT), ()), Unknown)
    assert isinstance(read_queues(reading(QUEUES.name, "qdisc netem\n"), ()), Unknown)
    assert isinstance(read_queues(reading(QUEUES.name, ""), ()), Unknown)
    assert isinstance(read_queues(reading(QUEUES.name, NOTHING.rstrip()), ()), Unknown)
    older = read_queues(reading(QUEUES.name, NOTHING), (LO, replace(ETH0, queue="noqueue")))
    assert isinstance(older, tuple)
    assert [one.device for one in older] == ["lo", "eth0"]
    refused = reading(QUEUES.name, "", ReadStatus.FAILED, "RTNETLINK answers: Operation not supported")
    assert read_queues(refused, ()) is None
    assert read_queues({}, ()) is None
    with pytest.raises(ParseError):
        parse_queues("Cannot open netlink socket\n")


def test_filters_are_listed_where_they_can_be() -> None:
    text = (
        "qdisc clsact ffff: dev eth0 parent ffff:fff1 \nqdisc ingress ffff: dev eth1 parent ffff:fff1 \n"
        + HTB
    )
    names = [one.name for one in plan_filters(parse_queues(text))]
    assert names == [
        "tc-ingress eth0",
        "tc-egress eth0",
        "tc-ingress eth1",
        "tc-root eth0",
        "tc-classes eth0",
    ]


def test_only_parts_of_an_interface_are_carried_by_it() -> None:
    shape = (
        '[{{"ifindex":3,"ifname":"{}","link":"eth0","flags":["UP"],"qdisc":"noqueue",'
        '"linkinfo":{{"info_kind":"{}"}},"addr_info":[]}}]'
    )
    (vlan,), (veth,) = (parse_interfaces(shape.format(*one)) for one in (("eth0.5", "vlan"), ("v0", "veth")))
    assert (vlan.lower, veth.lower, vlan.queue) == ("eth0", None, "noqueue")


@pytest.mark.parametrize(
    "line",
    [
        "qdisc pfifo 803c: dev eth0 root refcnt 3 limi\x1a 0p",
        "qdisc pfifo 803c: dev eth0 root refcnt 3limit 0p",
        "qdisc pfifo 803c: dev eth0 root refcnt 3",
        "qdisc netem 803c: dev eth0 root refcnt 2 limit 1000 lost 100%",
        "qdisc tbf 803c: dev eth0 root refcnt 2 burst 60b lat 400ms",
        "class htb 1:10 root prio 0 rate 5Mbit ceiling 1bit burst 1600b cburst 1600b",
    ],
)
def test_a_limit_hides_in_no_word_that_tc_does_not_print(line: str) -> None:
    with pytest.raises(ParseError):
        parse_queues(f"{line}\n")


def test_a_class_tells_less_than_its_queue() -> None:
    assert parse_queues("class tbf 8001:1 parent 8001: \n")
