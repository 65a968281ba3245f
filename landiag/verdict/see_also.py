"""What to type on the failing client to see the fault there too, and what each answer means."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.model.report import SeeAlso


def see_also(case: Case, scheme: str, path: str) -> tuple[SeeAlso, ...]:
    """List the commands for the client, for the way in that the verdict speaks of; empty without one."""
    if case.way is None or case.way.client_ip is None:
        return ()
    url = case.way.url(case.port, scheme, path)
    ip, port = case.way.client_ip, case.port if case.way.front is None else case.way.front.port
    return (
        *((SeeAlso("client", f"curl -v {url}", _CURL),) if url else ()),
        SeeAlso("client", f"ping {ip}", _PING),
        SeeAlso("client", f"nc -vz {ip} {port}", _NC),
        SeeAlso("client", f"Test-NetConnection {ip} -Port {port}", _TEST),
        SeeAlso(
            "client",
            f"landiag probe {url or f'{ip} --port {port}'}",
            "says who stops the connection, and where",
        ),
    )


_CURL = (
    "an HTTP answer: the network works; 'refused': nothing listens, or a firewall rejects; 'timed out': a firewall "
    "drops, or this is another network; 'No route to host': a firewall rejects, or nobody has the address"
)
_PING = "an answer: the two machines reach each other; no answer proves nothing, many machines ignore pings"
_NC = (
    "'succeeded': the port is open; 'refused': closed or rejected; no answer: filtered, or the wrong address"
)
_TEST = "Windows: TcpTestSucceeded True: the port is open; False with PingSucceeded True: closed or filtered"
