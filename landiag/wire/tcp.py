"""TCP connections whose outcome is told apart without root: one, or thousands in one loop."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Mapping
from ipaddress import ip_address

from msgspec import Struct, field

from landiag.collect.exchanges.port_ranges import parse_ports
from landiag.collect.exchanges.tcp import Connect, Connects, PortResult, TcpOutcome
from landiag.collect.exchanges.transcript import encode
from landiag.wire import errqueue
from landiag.wire.sockets import bind_source, error_name, family_of, sockaddr


def connect(params: Mapping[str, str], timeout: float) -> bytes:
    """Connect to ``ports`` (``5000,8000-8010``) of ``address``, and hang up at once.

    Other parameters: ``source`` (an address of ours), ``interface``, ``wait`` (seconds for one port, at most
    ``timeout``). Never raises for what the network does.
    """
    ports = parse_ports(params["ports"])
    wait = min(timeout, float(params.get("wait", timeout)))
    return encode(
        Connects(connect_many([(params["address"], port) for port in ports], wait, timeout, params))
    )


def open_connection(
    address: str, port: int, timeout: float, params: Mapping[str, str]
) -> tuple[Connect, socket.socket | None]:
    """Connect to one port; the socket, non-blocking, when it is connected (the caller closes it)."""
    begun = time.monotonic()
    try:
        target = sockaddr(address, port)
        sock = _start(family_of(address), params)
    except (OSError, ValueError) as error:
        return Connect(TcpOutcome.FAILED, 0.0, _name(error)), None
    number: int | None = sock.connect_ex(target)
    if number in _PENDING:
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            selector.select(max(0.0, timeout - (time.monotonic() - begun)))
        number = None
    result = _conclude(sock, begun, number)
    if result.outcome is TcpOutcome.CONNECTED:
        return result, sock
    sock.close()
    return result, None


def _name(error: OSError | ValueError) -> str:
    return error_name(error.errno or 0) if isinstance(error, OSError) else str(error)


def _start(family: socket.AddressFamily, params: Mapping[str, str]) -> socket.socket:
    """A non-blocking socket that is ready to connect. Raises OSError."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        errqueue.enable(sock)
        if segment := params.get("mss"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, int(segment))
        bind_source(sock, params)
    except OSError:
        sock.close()
        raise
    return sock


_PENDING = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, getattr(errno, "WSAEWOULDBLOCK", 10035)}


def _conclude(sock: socket.socket, begun: float, number: int | None) -> Connect:
    """What became of an attempt. ``number`` is connect's own error, None when the network was asked.

    The error queue is read before SO_ERROR: an ICMP error that arrives inside connect() leaves SO_ERROR 0.
    """
    seconds = round(time.monotonic() - begun, 6)
    icmp = errqueue.read(sock)
    if number is None:
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        immediate = False
    else:
        immediate = number != 0
    if icmp is not None:
        return Connect(
            TcpOutcome.REJECTED, seconds, error_name(number) if number else None, icmp, _local(sock)
        )
    if number == 0:
        return Connect(connected_outcome(sock), seconds, None, None, _local(sock))
    return Connect(_outcome(error_name(number), immediate), seconds, error_name(number), None, _local(sock))


def connected_outcome(sock: socket.socket) -> TcpOutcome:
    """Whether a socket without an error is connected, or still waits.

    One that is connected to itself (to a port of our own that happened to be its source) met no listener.
    One that has no peer may have lost it since its error was read: a RST that came meanwhile is told by the next
    reading, while a socket that still waits has no error (inet_getname, net/ipv4/af_inet.c).
    """
    try:
        itself = sock.getpeername() == sock.getsockname()
    except OSError:
        late = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return _outcome(error_name(late), immediate=False) if late else TcpOutcome.NO_ANSWER
    return TcpOutcome.REFUSED if itself else TcpOutcome.CONNECTED


WAS_OPEN = ("ECONNRESET", "EPIPE")
"""A RST in answer to the SYN is a refusal (tcp_reset): these connections were open, the second one's FIN came first."""

_UNREACHABLE = ("EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN")


def _outcome(error: str, immediate: bool) -> TcpOutcome:
    if error in ("ECONNREFUSED", "ECONNABORTED"):
        return TcpOutcome.REFUSED
    if error in WAS_OPEN:
        return TcpOutcome.CONNECTED
    if error == "ETIMEDOUT":
        return TcpOutcome.NO_ANSWER
    if error in _UNREACHABLE:
        return TcpOutcome.UNREACHABLE
    return TcpOutcome.FAILED if immediate else TcpOutcome.REJECTED


def _local(sock: socket.socket) -> str | None:
    """The source address that the kernel chose; None when it chose none."""
    try:
        address = str(sock.getsockname()[0])
    except OSError:
        return None
    return None if ip_address(address).is_unspecified else address


Pair = tuple[str, int]


def connect_many(
    pairs: list[Pair], wait: float, timeout: float, params: Mapping[str, str]
) -> tuple[PortResult, ...]:
    """Connect to many (address, port) pairs in one loop; one result for each, in the order asked.

    ``wait`` bounds each attempt and ``timeout`` all of them; what could not be tried in that time is
    NO_ANSWER with the error ``ETIME``. At most ``width`` (a parameter) attempts are under way at once.
    """
    with selectors.DefaultSelector() as selector:
        loop = _Loop(selector, wait, time.monotonic() + timeout, params, int(params.get("width", "256")))
        loop.run(pairs)
    untried = Connect(TcpOutcome.NO_ANSWER, 0.0, "ETIME")
    return tuple(PortResult(*pair, loop.done.get(pair, untried)) for pair in dict.fromkeys(pairs))


class _Loop(Struct):
    """Attempts under way: ``pending`` is in the order in which they began, so the first expires first."""

    selector: selectors.BaseSelector
    wait: float
    end: float
    params: Mapping[str, str]
    width: int
    pending: dict[socket.socket, tuple[Pair, float]] = field(default_factory=dict)
    done: dict[Pair, Connect] = field(default_factory=dict)

    def run(self, pairs: list[Pair]) -> None:
        """Try them all."""
        for pair in pairs:
            while len(self.pending) >= self.width:
                self._collect()
            if time.monotonic() >= self.end:
                break
            self._launch(pair)
        while self.pending:
            self._collect()

    def _launch(self, pair: Pair) -> None:
        begun = time.monotonic()
        try:
            target = sockaddr(*pair)
            sock = _start(family_of(pair[0]), self.params)
        except (OSError, ValueError) as error:
            self.done[pair] = Connect(TcpOutcome.FAILED, 0.0, _name(error))
            return
        number = sock.connect_ex(target)
        result = _conclude(sock, begun, None if number in _PENDING else number)
        if result.outcome is TcpOutcome.NO_ANSWER:
            self.pending[sock] = (pair, begun)
            self.selector.register(sock, selectors.EVENT_WRITE)
            return
        sock.close()
        self.done[pair] = result

    def _collect(self) -> None:
        """Wait for the next answer or the next deadline, and conclude what is ready or too old."""
        _, begun = next(iter(self.pending.values()))
        until = min(begun + self.wait, self.end)
        ready = self.selector.select(max(0.0, until - time.monotonic()))
        for key, _ in ready:
            self._finish(key.fileobj)
        now = time.monotonic()
        for sock, (_, began) in list(self.pending.items()):
            if now < min(began + self.wait, self.end):
                break
            self._finish(sock)

    def _finish(self, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        pair, begun = self.pending.pop(sock)
        self.selector.unregister(sock)
        self.done[pair] = _conclude(sock, begun, None)
        sock.close()
