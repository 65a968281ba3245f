"""The kernel asked: add what is needed, send one SYN, listen to the trace, take everything away again."""

from __future__ import annotations

import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType
from typing import Any, NoReturn

from msgspec import Struct, field

from landiag.collect.exchanges.transcript import encode
from landiag.host.modules import is_present
from landiag.prove import LINKS, TABLE
from landiag.prove.frame import RST, SYN, Ends, make_frame
from landiag.prove.injection import Injection, Transcript
from landiag.prove.script import inet_table, links_script, netdev_table, redirect_script, removal_script
from landiag.prove.tools import Monitor, ToolError, count_redirected, mac_of, run_tool
from landiag.prove.trace import is_concluded, parse_trace

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_QUIET_SECONDS = 0.4
"""After that long without a line nothing more comes: the kernel is done with a packet in microseconds."""
_ATTEMPTS = 3
_NOBODYS_MAC = bytes.fromhex("02006c616e64")
_LEFT = "a --prove is running, or was killed: when none runs, remove what it left with: landiag check --prove --cleanup"


def prove(params: Mapping[str, str], timeout: float) -> bytes:
    """Put one SYN onto the interface and return the transcript of what the kernel says of it.

    Everything that is added is gone when this returns or raises; SIGINT, SIGTERM and SIGHUP end it early.
    """
    injection = Injection.from_params(params)
    if find_leftovers():
        return encode(Transcript(error=_LEFT))
    with _Interruptible() as interrupts:
        session = _Session(injection, time.monotonic() + timeout)
        try:
            try:
                session.ask()
            except (ToolError, OSError, ValueError) as error:
                session.error = str(error)
            finally:
                interrupts.ignore()
        finally:
            session.end()
    return encode(session.transcript())


class _Interruptible:
    """Turns the first signal that would end this process into an exception: where work is undone, after that."""

    def __init__(self) -> None:
        self._late: int | None = None
        self._is_over = threading.current_thread() is not threading.main_thread()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Interruptible:
        if not self._is_over:
            heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._take) for number in heard}
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if kind is None and self._late is not None:
            _end_by(self._late)

    def ignore(self) -> None:
        """From here on the work is being undone, which no signal may stop."""
        self._is_over = True

    def _take(self, number: int, _: FrameType | None) -> None:
        if self._is_over:
            self._late = number
            return
        self._is_over = True
        _end_by(number)


def _end_by(number: int) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def _free_port() -> int:
    """A source port as clients choose them."""
    return 33000 + secrets.randbelow(27000)


class _Session(Struct):
    """One run: what was added so far, and what was seen."""

    injection: Injection
    deadline: float
    monitor: Monitor | None = None
    ends: Ends | None = None
    sent: int = 0
    before: str = ""
    after: str = ""
    has_ingress: bool = False
    error: str = ""
    left: str = ""
    is_ours: bool = False
    source_port: int = field(default_factory=_free_port)

    def ask(self) -> None:
        """Add everything, send, and listen until the kernel has decided."""
        self._add_links()
        _silence_links()
        self.has_ingress = self._add_ingress()
        run_tool(("nft", "-f", "-"), inet_table(self.injection, self.source_port))
        for argv in redirect_script(self.injection, self.source_port):
            run_tool(argv)
        mac = bytes.fromhex(self.injection.mac.replace(":", "")) or _NOBODYS_MAC
        self.ends = Ends(
            self.injection.source,
            self.source_port,
            self.injection.destination,
            self.injection.port,
            mac,
            mac_of(LINKS[1]),
        )
        self.monitor = Monitor()
        self.monitor.wait_until_ready(self.deadline)
        self.before = self._count()
        self._send_until_traced(self.monitor)
        self.after = self._count()

    def _add_links(self) -> None:
        """Add the interfaces. Where the first cannot be added, another run has it, and what is there is not ours."""
        first, *others = links_script(self.injection)
        self.is_ours = True
        try:
            run_tool(first)
        except ToolError:
            self.is_ours = False
            raise
        for argv in others:
            run_tool(argv)

    def _add_ingress(self) -> bool:
        """Add the marker before all others; some kernels have no such hook."""
        try:
            run_tool(("nft", "-f", "-"), netdev_table(self.injection, self.source_port))
        except ToolError:
            return False
        return True

    def _count(self) -> str:
        if not self.injection.legacy:
            return ""
        family = "ip6tables" if self.injection.is_ipv6 else "iptables"
        return run_tool((f"{family}-legacy-save", "-c"))

    def _send_until_traced(self, monitor: Monitor) -> None:
        """Send one SYN; again only where the first did not get through the pair of interfaces."""
        sequence = 0x6C616E64
        for _ in range(_ATTEMPTS):
            self._send(SYN, sequence)
            self._listen(monitor)
            self.sent = count_redirected(LINKS[1])
            if self.sent or time.monotonic() > self.deadline:
                break
        # The server's half-open connection ends as by a client that gives up; our tables still stop any answer.
        self._send(RST, sequence + 1)
        self._end_half_open()

    def _end_half_open(self) -> None:
        """Where the firewall stops that RST, ask the kernel; some cannot: it then ends by itself in a minute."""
        which = ("state", "syn-recv", "dst", self.injection.source, "dport", "=", f":{self.source_port}")
        try:
            run_tool(("ss", "-K", "-tn", *which))
        except ToolError:
            return

    def _listen(self, monitor: Monitor) -> None:
        while time.monotonic() < self.deadline and monitor.take(_QUIET_SECONDS):
            if is_concluded(parse_trace(monitor.text.splitlines())):
                # What else the kernel does with it (a counter, an ICMP error) comes at once.
                while monitor.take(0.05):
                    pass
                break

    def _send(self, flags: int, sequence: int) -> None:
        if sys.platform != "linux":
            raise OSError("packets are taken as they are on Linux alone")
        assert self.ends is not None
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((LINKS[0], 0))
            sock.send(make_frame(self.ends, flags, sequence))

    def end(self) -> None:
        """Take everything away; what could not be is said in ``left``."""
        if self.monitor is not None:
            self.monitor.close()
        self.left = "; ".join(clean_up()) if self.is_ours else ""

    def transcript(self) -> Transcript:
        """What was seen."""
        text = self.monitor.text if self.monitor is not None else ""
        return Transcript(
            trace=tuple(line for line in text.splitlines() if line.strip()),
            sent=self.sent,
            before=tuple(self.before.splitlines()),
            after=tuple(self.after.splitlines()),
            has_ingress=self.has_ingress,
            error=self.error,
            left=self.left,
        )


def _silence_links() -> None:
    """Keep IPv6 from announcing itself on the pair; the filter lets only our own packet through anyway."""
    for link in LINKS:
        try:
            with open(f"/proc/sys/net/ipv6/conf/{link}/disable_ipv6", "w", encoding="ascii") as switch:
                switch.write("1")
        except OSError:
            continue  # no IPv6 here, or read-only settings


def find_leftovers() -> tuple[str, ...]:
    """Name what a killed run left behind: interfaces, and tables as ``FAMILY NAME``."""
    links = tuple(name for _, name in socket.if_nameindex() if name in LINKS)
    return links + tuple(f"{family} {TABLE}" for family in ("inet", "netdev") if _has_table(family))


def _has_table(family: str) -> bool:
    if not is_present("nf_tables"):
        return False
    try:
        run_tool(("nft", "list", "table", family, TABLE))
    except ToolError:
        return False
    return True


def clean_up() -> tuple[str, ...]:
    """Remove everything that a run adds, as far as it is there. Returns a sentence for each that stays."""
    problems = []
    for thing in find_leftovers():
        family, _, table = thing.partition(" ")
        argv, stdin = (
            (("nft", "-f", "-"), removal_script(family)) if table else (("ip", "link", "del", thing), "")
        )
        try:
            run_tool(argv, stdin)
        except ToolError as error:
            problems.append(f"{thing} could not be removed: {error}")
    remaining = find_leftovers()
    return tuple(problem for problem in problems if any(problem.startswith(thing) for thing in remaining))
