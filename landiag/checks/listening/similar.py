"""The user's own server on another port than the one that was asked for."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.fixes.restart import server_of
from landiag.firewall.own_settings import KUBERNETES
from landiag.firewall.owners import Manager, find_owner
from landiag.model.facts import Socket, Unknown
from landiag.model.report import Fix


def start_fixes(case: Case, others: tuple[Socket, ...], hints: tuple[str, ...] = ()) -> tuple[Fix, ...]:
    """To start the server, or to use the port that it has; ``hints`` say what may keep it from starting."""
    if _is_of_kubernetes(case):
        return (Fix(KUBERNETES.title, needs="user-action", steps=KUBERNETES.steps),)
    if not others:
        steps = (f"Start your server on port {case.port}.", *hints)
        return (Fix("Start the server", needs="user-action", steps=steps),)
    urls = [(case.way.url(one.port) if case.way else None) or f"port {one.port}" for one in others]
    step = f"Open {' or '.join(urls)} on the other device, or start the server on port {case.port}."
    check_it = f"{case.machine.called} check --port {others[0].port}"
    return (
        Fix(
            "Use the port that the server listens on", (check_it,), needs="user-action", steps=(step, *hints)
        ),
    )


def _is_of_kubernetes(case: Case) -> bool:
    """Whether a rule of Kubernetes decides about the port: its server is a pod, which nobody starts by hand."""
    classes = case.classes.get(case.way.id, ()) if case.way is not None else ()
    line = classes[0].journey.decided_by if classes else None
    ruleset = case.facts.ruleset
    if line is None or isinstance(ruleset, Unknown):
        return False
    return find_owner(ruleset, line, classes[0].journey.lines).manager is Manager.KUBERNETES


def similar_servers(case: Case) -> tuple[Socket, ...]:
    """List the sockets of programs that look like the user's own server on another port."""
    found = {
        socket.port: socket
        for socket in case.sockets
        if socket.port != case.port and socket.namespace is None and _looks_like_server(case, socket)
    }
    return tuple(found[port] for port in sorted(found))[:3]


def _looks_like_server(case: Case, socket: Socket) -> bool:
    found = server_of(case, socket)
    return (
        found is not None
        and not found[0].kind.forwarder
        and found[0].speaks(socket.port) in ("http", "https")
    )
