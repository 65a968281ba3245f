"""A running page: the sockets, the check beside them, and the report at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from landiag.diagnose import diagnose
from landiag.host import live_recorder
from landiag.model.report import Evidence, Finding, Fix, Outcome, Report, Status, Verdict
from landiag.model.urls import bracketed
from landiag.question import Question, UsageError
from landiag.verdict.algebra import add_findings, demote, draw_lines, verdict_of
from landiag.web.serve.app import Hosts, make_app
from landiag.web.serve.arrivals import Stuck, watch_arrivals
from landiag.web.serve.judge import Scene
from landiag.web.serve.server import PageServer, choose_port
from landiag.web.serve.state import Phone, State

CHECK_SECONDS = 10.0
MAX_URLS = 16


class Asked(Struct, frozen=True):
    """What the user asked of ``landiag serve``."""

    question: Question
    page_port: int | None
    duration: float


class Served(Struct, frozen=True):
    """Where the page is: for phones by every address, and for the person at the computer."""

    port: int
    page_port: int
    phone_urls: tuple[str, ...]
    owner_url: str


class PageRun:
    """One run of the page. ``say`` prints a line on the terminal."""

    def __init__(self, asked: Asked, say: Callable[[str], None]) -> None:
        assert asked.question.target.port is not None
        self.asked = asked
        self._say = say
        self.stop = threading.Event()
        self.base = self._check(asked.question)
        port = asked.question.target.port
        self._sockets = choose_port(asked.page_port, port)
        page_port = int(self._sockets[0].getsockname()[1])
        self.page_check = self._check(_for_page(asked.question, page_port))
        paths = self.base.paths
        urls = dict.fromkeys(path.url or f"http://{path.place}/" for path in paths if path.place)
        is_web = any(path.url for path in paths)
        self.state = State(Scene(port, page_port, tuple(urls)[:MAX_URLS], is_web), say)
        self.state.take_report(self.base)
        addresses = [path.address for path in self.base.paths]
        names = {str(ip_address(one)) for one in addresses}
        hostname = self.base.host.hostname.lower()
        names |= {hostname, f"{hostname}.local", hostname.partition(".")[0]} - {""}
        self._server = PageServer(make_app(self.state, Hosts(frozenset(names))), self._sockets)
        tokens = self.state.tokens
        self.served = Served(
            port,
            page_port,
            tuple(f"http://{bracketed(one)}:{page_port}/t/{tokens.phone}/" for one in addresses),
            f"http://127.0.0.1:{page_port}/o/{tokens.owner}/",
        )

    def _check(self, question: Question) -> Report:
        deadline = time.monotonic() + CHECK_SECONDS
        with live_recorder(deadline) as recorder:
            return diagnose(question, recorder, deadline)

    def run(self) -> Report:
        """Serve until the time is over or ``stop`` is set; the report of everything at the end."""
        end = time.monotonic() + self.asked.duration
        checker = threading.Thread(target=self._check_visitors, daemon=True)
        checker.start()
        arrivals = watch_arrivals(self.served.page_port, self.state.take_stuck, self.asked.duration)
        try:
            self._server.run(lambda: self.stop.is_set() or time.monotonic() > end)
        finally:
            self.stop.set()
            self.state.tell_due(at_the_end=True)
            self.state.end()
            self._server.close()
            if arrivals is not None:
                arrivals.end()
        seen = Seen(self.state.phones, self.state.stuck, saw_packets=arrivals is not None)
        report = make_report(self.state.report or self.base, seen, self.state.scene)
        return replace(report, target=self.base.target)

    def _check_visitors(self) -> None:
        """Look at this machine again for each phone that has measured something; for many at once, one look."""
        while not self.stop.wait(0.1):
            self.state.tell_due()
            if self.state.wanted:
                self._check_next()

    def _check_next(self) -> None:
        address, _ = self.state.wanted.popitem(last=False)
        is_crowd = len(self.state.wanted) > 3
        if is_crowd:
            self.state.wanted.clear()
        question = self.asked.question
        if not is_crowd:
            question = replace(question, target=replace(question.target, peer=address))
        try:
            self.state.take_report(self._check(question), None if is_crowd else address)
        except UsageError:
            return


def _for_page(question: Question, page_port: int) -> Question:
    """The same question about the page's own port."""
    return replace(
        question, target=replace(question.target, port=page_port, scheme="tcp"), asks_http=False, program=None
    )


class Seen(Struct, frozen=True):
    """What came: the visits, the devices that did not get through to the page, and whether packets were seen at all."""

    phones: tuple[Phone, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    saw_packets: bool = False


def make_report(base: Report, seen: Seen, scene: Scene) -> Report:
    """Put what the phones met above what the check found. Pure."""
    last = {phone.address: phone for phone in seen.phones if phone.answer is not None}
    notes = [f"for the page: {one.summary}" for one in seen.stuck[-20:]]
    notes += [
        f"{address} ({one.agent}): {one.answer.headline}" for address, one in last.items() if one.answer
    ]
    base = replace(base, command="serve", notes=(*base.notes, *notes[-20:]))
    answers = [one.answer for one in last.values() if one.answer is not None]
    if not answers:
        return _with_nobody(base, seen, scene)
    stuck = [one for one in answers if one.status != "works"]
    if not stuck:
        urls = ", ".join(sorted({one.url for one in answers if one.url}))
        summary = f"Phones reach the server: {urls}" if urls else f"Phones reach port {scene.port}"
        findings = tuple(demote(one, "phones got through all the same") for one in base.findings)
        verdict = Verdict(Status.CLEAR, summary, confirmed_by="peer")
        return replace(base, verdict=verdict, findings=findings, checks=draw_lines(base.checks, findings))
    if base.verdict.status is Status.BLOCKED:
        return replace(base, verdict=replace(base.verdict, confirmed_by="peer"))
    return replace(base, verdict=replace(base.verdict, status=Status.UNDETERMINED, summary=stuck[0].headline))


def _with_nobody(base: Report, seen: Seen, scene: Scene) -> Report:
    """No phone has told anything: the check alone counts, and where it is clear, nothing is certain."""
    if base.verdict.status is not Status.CLEAR:
        return base
    if seen.stuck and not seen.phones:
        return _with_stuck(base, seen.stuck[0], scene)
    title = (
        "A phone has opened the page, but measured nothing" if seen.phones else "No phone has opened the page"
    )
    watching = "Run landiag watch here while the phone tries: it says whether packets arrive."
    looking_on = (watching,) if base.host.os == "linux" else ()  # packets are seen there alone
    offered = Evidence("landiag serve", f"page on port {scene.page_port}, server on port {scene.port}")
    packets = Evidence("capture", f"no packet for port {scene.page_port} came from any device")
    finding = Finding(
        "nothing-arrived",
        Outcome.UNKNOWN,
        title,
        "Neither the page nor the server was reached: a firewall for all ports, client isolation, another network.",
        (offered, packets) if seen.saw_packets and not seen.phones else (offered,),
        (
            Fix(
                "Try these in order",
                needs="user-action",
                steps=(
                    "Put the phone into the same Wi-Fi as this machine: no guest network, mobile data off, VPN off.",
                    "Scan the code again, or type its URL exactly.",
                    *looking_on,
                ),
            ),
        ),
        id="s1",
    )
    return replace(add_findings(base, (finding,)), verdict=verdict_of(finding))


def _with_stuck(base: Report, stuck: Stuck, scene: Scene) -> Report:
    """Packets for the page came, and none of their senders got through to it, so that none tried the server."""
    title = (
        f"The page's own port {scene.page_port} is closed to phones, so that none could try port {scene.port}"
    )
    detail = f"{stuck.summary}. Packets arrive: the network between is fine."
    if not stuck.is_turned_away:
        title, detail = f"A phone's packets arrive here, but it did not get through: {stuck.summary}", ""
    known = stuck.finding or Finding("nothing-arrived", Outcome.UNKNOWN, title)
    outcome = Outcome.WARNS if stuck.is_turned_away else Outcome.UNKNOWN
    finding = replace(known, outcome=outcome, title=title, detail=detail or known.detail, id="s1", paths=())
    verdict = Verdict(Status.UNDETERMINED, title, None if stuck.is_turned_away else finding.code)
    return replace(add_findings(base, (finding,)), verdict=verdict)
