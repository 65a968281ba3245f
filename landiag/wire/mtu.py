"""How large a packet may be on the way there: echo requests that must not be fragmented."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.collect.exchanges.icmp import Ping, parse_ping
from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.mtu import PathMtu
from landiag.collect.exchanges.transcript import encode
from landiag.wire.deadline import Deadline
from landiag.wire.icmp import ping
from landiag.wire.sockets import family_of

_SMALLEST = {4: 576, 6: 1280}
_HEADERS = {4: 28, 6: 48}  # IP and ICMP


def path_mtu(params: Mapping[str, str], timeout: float) -> bytes:
    """Ask ``address`` with packets of ``mtu`` (1500) bytes, then by halves down to the largest that passes.

    ``wait`` (0.4) bounds each answer. ``source`` and ``interface`` say where to leave from.
    """
    version = 6 if family_of(params["address"]).name == "AF_INET6" else 4
    asked = int(params.get("mtu", "1500"))
    deadline = Deadline.after(timeout)
    reports: list[IcmpError] = []

    def passes(size: int) -> bool:
        answer = _ask(params, size - _HEADERS[version], deadline)
        reports.extend(answer.errors)
        return bool(answer.received)

    if passes(asked):
        return encode(PathMtu(params["address"], asked, asked))
    if not passes(_SMALLEST[version]):
        return encode(PathMtu(params["address"], asked, None, None, tuple(reports)))
    low, high = _SMALLEST[version], asked
    while high - low > 8 and deadline.left() and not reports:
        middle = (low + high) // 2
        low, high = (middle, high) if passes(middle) else (low, middle)
    return encode(PathMtu(params["address"], asked, low, high, tuple(reports)))


def _ask(params: Mapping[str, str], size: int, deadline: Deadline) -> Ping:
    """One size, asked again where no answer came, so that one lost packet is no black hole."""
    wanted = {"count": "1", "size": str(size), "df": "1", "wait": params.get("wait", "0.4")}
    places = {key: params[key] for key in ("address", "source", "interface") if key in params}
    first = parse_ping(ping({**places, **wanted}, deadline.left()).decode())
    if first.rtts or first.errors or first.error:
        return first
    return parse_ping(ping({**places, **wanted}, deadline.left()).decode())
