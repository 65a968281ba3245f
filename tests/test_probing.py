"""The whole command on hosts that answer from memory: what no lab shows, and what ignorance may not change."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

import pytest

from landiag.collect.exchanges.arp import ArpAnswers, Owner
from landiag.collect.exchanges.http import Answer, Attempt, End, Exchange
from landiag.collect.exchanges.icmp import Ping
from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.proxies import Proxies
from landiag.collect.exchanges.resolve import Resolution
from landiag.collect.exchanges.survey import Group, HostPorts, Survey
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.collect.exchanges.transcript import Blob, encode
from landiag.host import RecordedHost, Recorder
from landiag.model.facts import Call, Command, File, Reading, ReadStatus, Source
from landiag.model.report import Report, Status
from landiag.model.terms import StageName, Symptom
from landiag.probe.target import UsageError, parse_request
from landiag.probing import run

ME, SERVER, ROUTER = "192.168.77.20", "192.168.77.10", "192.168.77.1"

ADDRESSES = [
    {
        "ifindex": 2,
        "ifname": "eth0",
        "flags": ["UP", "LOWER_UP"],
        "link_type": "ether",
        "address": "02:00:00:00:00:20",
        "mtu": 1500,
        "addr_info": [{"local": ME, "prefixlen": 24, "scope": "global"}],
    }
]
ROUTES = [
    {"dst": "default", "gateway": ROUTER, "dev": "eth0"},
    {"dst": "192.168.77.0/24", "dev": "eth0", "prefsrc": ME},
]
RULES = [{"priority": 32766, "src": "all", "table": "main"}]

Answers = Mapping[str, object]


class MemoryHost:
    """A host that answers each kind of exchange with what it is given, a value or a function of the parameters."""

    def __init__(self, answers: Answers, os: str = "linux", neighbours: object = ()) -> None:
        self.answers = answers
        self.texts: dict[str, object] = {
            "ip-addresses": ADDRESSES,
            "ip-routes-4": ROUTES,
            "ip-rules-4": RULES,
            "ip-routes-6": [],
            "ip-rules-6": [],
            "ip-neighbours": list(neighbours),  # type: ignore[call-overload]
        }
        self.machine = {
            "now": time.time(),
            "platform": os,
            "os": os,
            "kernel": "",
            "hostname": "client",
            "privileged": False,
            "environment": "bare",
        }

    def read(self, source: Source) -> Reading:
        """See ``Host.read``."""
        match source:
            case Command():
                known = self.texts.get(source.name.split()[0])
                if isinstance(known, str):
                    return self._reading(source, known.encode())
                return self._reading(source, None if known is None else json.dumps(known).encode())
            case Call(kind="machine"):
                return self._reading(source, json.dumps(self.machine).encode())
            case Call():
                answer = self.answers.get(source.kind)
                value = answer(dict(source.params)) if callable(answer) else answer
                return self._reading(source, None if value is None else encode(value))
            case File():
                return self._reading(source, None)

    def _reading(self, source: Source, data: bytes | None) -> Reading:
        if data is None:
            return Reading(source.name, ReadStatus.FAILED, detail="not in this test")
        return Reading(source.name, ReadStatus.OK, data)


def ask(host: MemoryHost, target: str = SERVER, *ports: str) -> Report:
    """One run against a host from memory."""
    return run(parse_request(target, ports or ("5000",)), Recorder(host), float("inf"))


def exchange(
    connect: Connect, end: End = End.NOT_CONNECTED, answer: Answer | None = None
) -> Callable[..., Exchange]:
    """Every HTTP exchange ends like this."""

    def answer_exchange(params: dict[str, str]) -> Exchange:
        attempt = Attempt("http", connect, end, answer=answer)
        return Exchange(
            params["address"], int(params["port"]), params["host"], params["path"], "auto", (attempt,)
        )

    return answer_exchange


def page(status: int = 200, *headers: tuple[str, str], body: str = "") -> Answer:
    """An HTTP answer."""
    return Answer(status, "", "1.1", headers, Blob(text=body), len(body))


CONNECTED = Connect(TcpOutcome.CONNECTED, 0.001, local=ME)
NO_ANSWER = Connect(TcpOutcome.NO_ANSWER, 1.2, local=ME)


def codes(report: Report) -> set[str]:
    """The codes of a report's findings."""
    return {finding.code for finding in report.findings}


def test_a_page_is_clear() -> None:
    report = ask(MemoryHost({"http": exchange(CONNECTED, End.COMPLETE, page())}))
    assert (report.verdict.status, report.verdict.cause) == (Status.CLEAR, None)
    assert report.paths[0].url == f"http://{SERVER}:5000/"


def test_macos_refuses_the_local_network_at_once() -> None:
    refused = Connect(TcpOutcome.UNREACHABLE, 0.0004, "EHOSTUNREACH")
    assert ask(MemoryHost({"http": exchange(refused)}, "darwin")).verdict.cause == "local-network-privacy"
    assert ask(MemoryHost({"http": exchange(refused)}, "linux")).verdict.cause != "local-network-privacy"


def test_a_mac_that_gets_through_says_whose_permission_that_was() -> None:
    answered = {"http": exchange(CONNECTED, End.COMPLETE, page())}
    mac = MemoryHost(answered, "darwin")
    mac.texts.update(MAC_TEXTS)
    assert "Local Network" in ask(mac).notes[0]
    assert ask(MemoryHost(answered)).notes == ()


def test_a_hotspot_is_named_where_the_server_is_elsewhere() -> None:
    host = MemoryHost({"http": exchange(Connect(TcpOutcome.NO_ANSWER, 1.2))})
    hotspot = [{**ADDRESSES[0], "addr_info": [{"local": "172.20.10.3", "prefixlen": 28, "scope": "global"}]}]
    host.texts.update(
        {
            "ip-addresses": hotspot,
            "ip-routes-4": [{"dst": "default", "gateway": "172.20.10.1", "dev": "eth0"}],
        }
    )
    assert any("hotspot of an iPhone" in finding.detail for finding in ask(host).findings)


MAC_TEXTS = {
    "ifconfig": """en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether 02:00:00:00:00:20
\tinet 192.168.77.20 netmask 0xffffff00 broadcast 192.168.77.255
\tstatus: active
""",
    "netstat-routes": """Routing tables

Internet:
Destination        Gateway            Flags        Netif Expire
default            192.168.77.1       UGScg          en0
192.168.77         link#6             UCS            en0
""",
    "arp": "? (192.168.77.10) at 2:0:0:0:0:10 on en0 ifscope [ethernet]\n",
}


def test_a_mac_is_read_in_its_own_words() -> None:
    host = MemoryHost({"http": exchange(Connect(TcpOutcome.REFUSED, 0.1, "ECONNREFUSED"))}, "darwin")
    host.texts.update(MAC_TEXTS)
    report = ask(host)
    stages = {stage.stage: stage.detail for stage in report.paths[0].stages}
    assert (report.verdict.cause, stages[StageName.ROUTE]) == ("connection-refused", "directly on en0")
    assert "02:00:00:00:00:10" in stages[StageName.NEIGHBOUR]


def test_isolation_needs_others_that_were_there_before() -> None:
    others = [{"dst": "192.168.77.21", "dev": "eth0", "lladdr": "02:00:00:00:00:21", "state": ["STALE"]}]

    def ping(params: dict[str, str]) -> Ping:
        replies = (0.001,) if params["address"] == ROUTER else ()
        return Ping(params["address"], "datagram", 2, replies)

    answers: Answers = {"http": exchange(NO_ANSWER), "ping": ping}
    assert ask(MemoryHost(answers, neighbours=others)).verdict.cause == "peer-isolated"
    assert ask(MemoryHost(answers)).verdict.cause == "peer-down"


def test_isolation_is_not_said_when_another_answers() -> None:
    others = [{"dst": "192.168.77.21", "dev": "eth0", "lladdr": "02:00:00:00:00:21", "state": ["STALE"]}]

    def ping(params: dict[str, str]) -> Ping:
        return Ping(params["address"], "raw", 2, () if params["address"] == SERVER else (0.1,))

    answers: Answers = {"http": exchange(NO_ANSWER), "ping": ping}
    assert ask(MemoryHost(answers, neighbours=others)).verdict.cause == "peer-down"


@pytest.mark.parametrize(
    ("macs", "answered", "verdict"),
    [
        (("02:00:00:00:00:10",), (), (Status.BLOCKED, "no-route-to-server")),
        (("02:00:00:00:00:99",), (), (Status.BLOCKED, "connection-filtered")),
        ((), (), (Status.UNDETERMINED, "no-route-to-server")),
        ((), (0.001,), (Status.BLOCKED, "connection-filtered")),
    ],
    ids=["another's", "its own", "nobody could ask", "it answers pings"],
)
def test_a_fixed_hardware_address_shows_nobodys_presence(
    macs: tuple[str, ...], answered: tuple[float, ...], verdict: tuple[Status, str]
) -> None:
    fixed = [{"dst": SERVER, "dev": "eth0", "lladdr": "02:00:00:00:00:99", "state": ["PERMANENT"]}]
    arp = ArpAnswers(1, (Owner(SERVER, macs),)) if macs else ArpAnswers(0, (), "EPERM")
    ping = Ping(SERVER, "datagram", 2, answered)
    told = ask(MemoryHost({"http": exchange(NO_ANSWER), "ping": ping, "arp": arp}, neighbours=fixed)).verdict
    assert (told.status, told.cause or told.likely) == verdict


@pytest.mark.parametrize(
    ("sender", "kind", "code", "cause"),
    [
        (SERVER, 3, 0, "peer-in-other-network"),
        (ROUTER, 3, 0, "peer-in-other-network"),
        (ROUTER, 3, 1, "peer-down"),
        (SERVER, 3, 1, "connection-rejected"),
        (SERVER, 3, 2, "connection-rejected"),
        (SERVER, 3, 3, "connection-rejected"),
        (ROUTER, 3, 9, "connection-rejected"),
        (ROUTER, 3, 10, "connection-rejected"),
        (ROUTER, 3, 13, "connection-rejected"),
        (ROUTER, 11, 0, "no-route-to-server"),
    ],
)
def test_what_each_icmp_answer_means(sender: str, kind: int, code: int, cause: str) -> None:
    rejected = Connect(TcpOutcome.REJECTED, 0.01, "EHOSTUNREACH", IcmpError(4, kind, code, sender), ME)
    report = ask(MemoryHost({"http": exchange(rejected)}))
    assert report.verdict.cause == cause
    assert sender in report.findings[0].title or sender == SERVER


def test_a_proxy_given_by_name_is_named_and_not_asked() -> None:
    answers: Answers = {
        "http": exchange(CONNECTED, End.COMPLETE, page()),
        "proxies": Proxies({"http_proxy": "http://proxy.corp:3128"}),
    }
    report = ask(MemoryHost(answers))
    assert (report.verdict.status, codes(report)) == (Status.CLEAR, {"proxy-in-the-way"})


def test_a_name_with_one_family_that_works_is_clear() -> None:
    def answer(params: dict[str, str]) -> Exchange:
        works = ":" not in params["address"]
        made = (
            exchange(CONNECTED, End.COMPLETE, page()) if works else exchange(Connect(TcpOutcome.REFUSED, 0.1))
        )
        return made(params)

    answers: Answers = {"http": answer, "resolve": Resolution("shop.lan", ("fd77::10", SERVER), 0.1)}
    report = ask(MemoryHost(answers), "shop.lan")
    assert (report.verdict.status, report.verdict.cause) == (Status.CLEAR, None)
    refused = next(finding for finding in report.findings if finding.code == "connection-refused")
    assert (refused.outcome.value, refused.paths) == ("warns", ("p1",))


def test_time_that_ran_out_is_no_verdict() -> None:
    """The second connection was never made: a lost packet would look the same."""
    answers: Answers = {"http": lambda p: exchange(NO_ANSWER)(p) if p["connect"] == "1.15" else None}
    report = ask(MemoryHost(answers))
    assert (report.verdict.status, codes(report)) == (Status.UNDETERMINED, {"connection-filtered"})


def test_ports_that_were_not_asked_are_not_closed() -> None:
    refused = exchange(Connect(TcpOutcome.REFUSED, 0.1))
    groups = (Group(TcpOutcome.REFUSED, "1-10", 10),)
    whole = MemoryHost({"http": refused, "survey": Survey((HostPorts(SERVER, groups, 0.1),))})
    cut = MemoryHost({"http": refused, "survey": Survey((HostPorts(SERVER, groups, 0.1),), untried=90)})
    refusing = ask(whole, SERVER, "1-100")
    assert refusing.verdict.cause == "connection-refused"
    assert [one.commands for one in refusing.findings[0].fixes] == [("landiag list",)]
    assert ask(cut, SERVER, "1-100").verdict.status is Status.UNDETERMINED


def test_a_survey_says_ports_as_ranges() -> None:
    groups = (Group(TcpOutcome.CONNECTED, "80", 1), Group(TcpOutcome.REFUSED, "1-79,81-100", 99))
    answers: Answers = {
        "http": exchange(CONNECTED, End.COMPLETE, page()),
        "survey": Survey((HostPorts(SERVER, groups, 0.1),)),
    }
    report = ask(MemoryHost(answers), SERVER, "1-100")
    tcp = next(stage for stage in report.paths[0].stages if stage.stage == "tcp")
    assert (report.verdict.status, report.verdict.cause) == (Status.CLEAR, None)
    assert tcp.detail == "open 80 (syn-ack); closed 1-79,81-100 (99 ports: reset)"


def test_hostile_text_stays_in_its_place() -> None:
    hostile = page(200, ("Server", "\x1b[2J\u202eevil"), body="http://localhost:1/\x1b]0;x\x07")
    report = ask(MemoryHost({"http": exchange(CONNECTED, End.COMPLETE, hostile)}))
    assert report.verdict.status is Status.CLEAR


def test_what_does_not_fit_this_machine_is_refused() -> None:
    host = MemoryHost({"http": exchange(CONNECTED, End.COMPLETE, page())})
    for target, says in ((ME, "itself"), ("192.168.77.255", "broadcast"), ("192.168.77.0", "the network")):
        with pytest.raises(UsageError, match=says):
            ask(host, target)


CASES: tuple[Answers, ...] = (
    {"http": exchange(CONNECTED, End.COMPLETE, page()), "ping": Ping(SERVER, "raw", 3, (0.1,) * 3)},
    {"http": exchange(Connect(TcpOutcome.REFUSED, 0.1)), "ping": Ping(SERVER, "raw", 3, (0.1,) * 3)},
    {"http": exchange(NO_ANSWER), "ping": Ping(SERVER, "raw", 3, (0.1,) * 3)},
    {"http": exchange(NO_ANSWER)},
    {"http": exchange(CONNECTED, End.SILENT)},
    {"http": exchange(CONNECTED, End.CLOSED_EMPTY)},
)


@pytest.mark.parametrize("answers", CASES)
def test_ignorance_never_turns_a_verdict_round(answers: Answers) -> None:
    """Take one reading away: the status stays or becomes undetermined."""
    recorder = Recorder(MemoryHost(answers))
    request = parse_request(SERVER, ("5000",))
    whole = run(request, recorder, float("inf")).verdict.status
    for name in recorder.readings:
        rest = {key: reading for key, reading in recorder.readings.items() if key != name}
        found = run(request, Recorder(RecordedHost(rest)), float("inf")).verdict.status
        assert found in (whole, Status.UNDETERMINED), name


@pytest.mark.parametrize("answers", CASES)
def test_a_recording_gives_the_same_report(answers: Answers) -> None:
    recorder = Recorder(MemoryHost(answers))
    request = parse_request(SERVER, ("5000",))
    live = run(request, recorder, float("inf"))
    replayed = run(request, Recorder(RecordedHost(recorder.readings)), float("inf"))
    assert (replayed.verdict, replayed.findings, replayed.paths) == (live.verdict, live.findings, live.paths)


@pytest.mark.parametrize(
    ("end", "answer", "symptom"),
    [
        (End.SILENT, None, Symptom.UNKNOWN),  # it may be slow: so few seconds show nothing
        (End.CUT_OFF, page(), Symptom.STALLED),
        (End.STALLED, page(), Symptom.ANSWERED),  # a stream: it says nowhere that it ends
        (End.STALLED, page(200, ("Content-Length", "9")), Symptom.UNKNOWN),  # the rest may be slow
        (End.COMPLETE, page(), Symptom.ANSWERED),
    ],
)
def test_what_this_client_sees_is_no_more_than_what_came(
    end: End, answer: Answer | None, symptom: Symptom
) -> None:
    verdict = ask(MemoryHost({"http": exchange(CONNECTED, end, answer)})).verdict
    assert verdict.client_sees is not None
    assert verdict.client_sees.outcome is symptom
    assert (verdict.status is Status.CLEAR) is (symptom is Symptom.ANSWERED)
