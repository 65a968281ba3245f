"""Many ports of many hosts in one loop, as fast as one thread can; the transcript holds ranges."""

from __future__ import annotations

import errno
import selectors
import socket
import sys
import time
from collections.abc import Mapping

from msgspec import Struct, field

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.port_ranges import format_ranges, parse_ports
from landiag.collect.exchanges.survey import Group, HostPorts, Survey
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.exchanges.transcript import encode
from landiag.wire import errqueue
from landiag.wire.neighbours import neighbours
from landiag.wire.progress import METER
from landiag.wire.sockets import SocketAddress, bind_source, error_name, family_of, sockaddr
from landiag.wire.tcp import WAS_OPEN, connected_outcome


def survey(params: Mapping[str, str], timeout: float) -> bytes:
    """Connect to ``ports`` of every one of ``addresses`` (separated by commas), and hang up at once.

    ``wait`` (1.3) bounds an attempt, ``width`` (256) how many are under way at once. Where others answer,
    the unanswered are asked twice more, if they are few: a lost packet is no filter. Where nothing answers
    at all, the first ``width`` get the whole ``wait``, the others less, and everything is asked once more.
    ``source`` and ``interface`` say where to leave from.
    """
    begun = time.monotonic()
    addresses = params["addresses"].split(",")
    ports = parse_ports(params["ports"])
    with selectors.DefaultSelector() as selector:
        loop = _Loop(selector, params, begun + timeout)
        try:
            loop.run([(address, port) for port in ports for address in addresses])
            if loop.is_hasty and not loop.quickest:
                loop.run(list(loop.results), again=True)
            for _ in range(_MORE_PASSES):
                if len(unanswered := loop.unanswered()) <= _FEW:
                    loop.run(unanswered, again=True)
            unfound = neighbours(complete=False)
            if late := [pair for pair in loop.unanswered() if pair[0] in unfound]:
                loop.is_patient = True  # the kernel asks for a neighbour again after a whole second
                loop.run(late, again=True)
        finally:
            loop.close()
    found = _host_ports(loop)
    hosts = tuple(found.get(address) or HostPorts(address, ()) for address in addresses)
    return encode(Survey(hosts, loop.untried, round(time.monotonic() - begun, 6)))


Pair = tuple[str, int]
Reason = tuple[TcpOutcome, IcmpError | None, str | None]


_OPEN: Reason = (TcpOutcome.CONNECTED, None, None)
_CLOSED: Reason = (TcpOutcome.REFUSED, None, None)
_SILENT: Reason = (TcpOutcome.NO_ANSWER, None, None)
_OF_OUTCOME = {reason[0]: reason for reason in (_OPEN, _CLOSED, _SILENT)}


_PENDING = (errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 10035))
_REUSES = sys.platform == "linux"
_QUICKEST_WAIT, _SILENT_WAIT = 0.15, 0.3
_MORE_PASSES, _FEW = 2, 8000


class _Loop(Struct):
    """All attempts of one survey.

    On Linux a socket whose connect() was refused can connect again, which saves two thirds of the time. Its
    error queue is drained when it is put aside: a refusal that was an ICMP message is corrected then, by the
    port that the kernel noted beside it.
    """

    selector: selectors.BaseSelector
    params: Mapping[str, str]
    end: float
    results: dict[Pair, Reason] = field(default_factory=dict)
    quickest: dict[str, float] = field(default_factory=dict)
    slowest: float = 0.0
    untried: int = 0
    opened: int = 0
    silent: int = 0
    is_hasty: bool = False
    is_patient: bool = False
    idle: list[socket.socket] = field(default_factory=list)
    uses: dict[socket.socket, int] = field(default_factory=dict)
    pending: dict[socket.socket, tuple[Pair, float]] = field(default_factory=dict)
    targets: dict[str, tuple[socket.AddressFamily, SocketAddress]] = field(default_factory=dict)
    wait: float = 1.3

    def run(self, pairs: list[Pair], again: bool = False) -> None:
        """Try these, which did not answer the first time when ``again`` is true."""
        self.wait = float(self.params.get("wait", "1.3"))
        width = usable_width(int(self.params.get("width", "256")))
        self.is_hasty = self.is_hasty or len(pairs) > 2 * width
        for number, pair in enumerate(pairs):
            if number % 256 == 0:
                METER.say(number, len(pairs), f"ports asked, {self.opened} open so far")
            while len(self.pending) >= width:
                self._collect()
            if time.monotonic() >= self.end:
                self.untried += 0 if again else len(pairs) - number
                break
            self._launch(pair)
        while self.pending:
            self._collect()
        self._drain_all()

    def unanswered(self) -> list[Pair]:
        """What got no answer, where anything answered at all: there the wait was short."""
        if not self.quickest:
            return []
        return [pair for pair, reason in self.results.items() if reason == _SILENT]

    def close(self) -> None:
        """Close every socket."""
        for sock in (*self.idle, *self.pending):
            sock.close()

    def _target(self, pair: Pair) -> tuple[socket.AddressFamily, SocketAddress]:
        address, port = pair
        known = self.targets.get(address)
        if known is None:
            known = self.targets[address] = (family_of(address), sockaddr(address, 0))
        return known[0], (known[1][0], port, *known[1][2:])

    def _launch(self, pair: Pair) -> None:
        try:
            family, target = self._target(pair)
            sock = self.idle.pop() if self.idle else self._socket(family)
            if sock.family != family:
                sock.close()
                sock = self._socket(family)
        except (OSError, ValueError) as error:
            name = error_name(error.errno or 0) if isinstance(error, OSError) else str(error)
            self.results[pair] = (TcpOutcome.FAILED, None, name)
            return
        begun = time.monotonic()
        number = sock.connect_ex(target)
        if number in _PENDING and _REUSES:
            number = sock.connect_ex(target)
        if number == errno.ECONNREFUSED:
            self._answered(pair, begun)
            self.results[pair] = _CLOSED
            self._put_aside(sock)
        elif number in _PENDING and (icmp := errqueue.read(sock)) is None:
            self.pending[sock] = (pair, begun)
            self.selector.register(sock, selectors.EVENT_WRITE)
        else:
            self._conclude(sock, pair, begun, number, icmp if number in _PENDING else None)

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            errqueue.enable(sock)
            bind_source(sock, self.params)
        except OSError:
            sock.close()
            raise
        return sock

    def _answered(self, pair: Pair, begun: float) -> None:
        seconds = time.monotonic() - begun
        if seconds < self.quickest.get(pair[0], 9e9):
            self.quickest[pair[0]] = seconds
        self.slowest = max(self.slowest, seconds)

    def _conclude(
        self, sock: socket.socket, pair: Pair, begun: float, number: int, icmp: IcmpError | None
    ) -> None:
        """Note how an attempt ended that was not simply refused, and close its socket."""
        icmp = icmp or errqueue.read(sock)
        name = error_name(number)
        if icmp is not None:
            self.results[pair] = (TcpOutcome.REJECTED, icmp, None)
        elif number == 0 or name == "EISCONN":
            self.results[pair] = _OF_OUTCOME.get(connected_outcome(sock), _SILENT)
        elif name == "ECONNREFUSED":
            self.results[pair] = _CLOSED
        elif name in WAS_OPEN:
            self.results[pair] = _OPEN
        elif name == "ETIMEDOUT":
            self.results[pair] = _SILENT
        else:
            self.results[pair] = (TcpOutcome.UNREACHABLE, None, name)
        self.opened += self.results[pair] is _OPEN
        self.silent += self.results[pair] is _SILENT
        if self.results[pair] in (_OPEN, _CLOSED):
            self._answered(pair, begun)
        self.uses.pop(sock, None)
        sock.close()

    def _put_aside(self, sock: socket.socket) -> None:
        """Keep a refused socket for the next port, and look at its error queue now and then."""
        if not _REUSES:
            sock.close()
            return
        uses = self.uses[sock] = self.uses.get(sock, 0) + 1
        if uses % 64 == 0:
            self._drain(sock)
        self.idle.append(sock)

    def _drain(self, sock: socket.socket) -> None:
        while queued := errqueue.read_with_port(sock):
            icmp, address, port = queued
            for pair in ((address, port), *((known, port) for known in self.targets if "%" in known)):
                if self.results.get(pair) == _CLOSED:
                    self.results[pair] = (TcpOutcome.REJECTED, icmp, None)

    def _drain_all(self) -> None:
        for sock in self.idle:
            self._drain(sock)

    def _collect(self) -> None:
        """Wait for the next answer or the next deadline, and conclude what is ready or too old."""
        _, begun = next(iter(self.pending.values()))
        until = min(begun + self._patience(), self.end)
        for key, _ in self.selector.select(max(0.0, until - time.monotonic())):
            self._finish(key.fileobj)
        now, patience = time.monotonic(), self._patience()
        for sock, (_, began) in list(self.pending.items()):
            if now < min(began + patience, self.end):
                break
            self._finish(sock)

    def _patience(self) -> float:
        """How long to wait for an answer: some times what the slowest one took, where others answer."""
        if self.is_patient:
            return self.wait
        if not self.quickest:
            return min(self.wait, _SILENT_WAIT) if self.is_hasty and self.silent else self.wait
        return min(self.wait, max(_QUICKEST_WAIT, 5 * self.slowest))

    def _finish(self, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        pair, begun = self.pending.pop(sock)
        self.selector.unregister(sock)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._conclude(sock, pair, begun, number, None)


def usable_width(wanted: int) -> int:
    """How many sockets may be open at once: what is wanted, or what the process may have."""
    if sys.platform == "win32":
        return min(wanted, 400)  # select() there takes 512
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted + 64:
        roof = wanted + 64 if hard == resource.RLIM_INFINITY else min(hard, wanted + 64)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (roof, hard))
            soft = roof
        except (OSError, ValueError):
            pass
    return wanted if soft == resource.RLIM_INFINITY else max(16, min(wanted, soft - 64))


def _host_ports(loop: _Loop) -> dict[str, HostPorts]:
    """Group the ports of each host by what they said, the rarest first."""
    found: dict[str, dict[Reason, list[int]]] = {}
    for (address, port), reason in loop.results.items():
        found.setdefault(address, {}).setdefault(reason, []).append(port)
    hosts = {}
    for address, reasons in found.items():
        groups = [Group(r[0], format_ranges(ports), len(ports), r[1], r[2]) for r, ports in reasons.items()]
        groups.sort(key=lambda group: group.count)
        quickest = loop.quickest.get(address)
        hosts[address] = HostPorts(address, tuple(groups), quickest and round(quickest, 6))
    return hosts
