"""A port that pasta takes and carries into a container's network: does a server there take what comes from outside?

pasta(1): ``-t 5000-5000:80-80`` on its command line says to which port inside; what comes from other devices reaches
only sockets that do not listen on loopback there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from landiag.checks.case import Case
from landiag.checks.owners import describe_owner
from landiag.checks.restart import listen_fixes
from landiag.journey.binding import Binding, describe_address
from landiag.journey.ways import Way
from landiag.model.causes.listening import BOUND_TO_LOOPBACK
from landiag.model.facts import Process, Socket, Unknown
from landiag.model.report import Evidence, Finding, Outcome
from landiag.model.terms import Symptom

_RULE = re.compile(r"(?:[^/]+/)?(?P<first>\d+)(?:-(?P<last>\d+))?(?::(?P<inner>\d+)(?:-\d+)?)?")


def is_carried(case: Case) -> bool:
    """Whether pasta holds the port."""
    return any(_inner_port(case, one) is not None for one in case.listeners)


def find_stranded(case: Case, way: Way, binding: Binding) -> Iterator[Finding]:
    """Say that what pasta carries in finds a server on loopback only, where no other takes it."""
    ports = {_inner_port(case, socket) for socket in binding.serving}
    port = ports.pop() if len(ports) == 1 else None
    inside = [] if port is None else list(_sockets_inside(case, port))
    if not inside or not all(socket.address.is_loopback for socket in inside):
        return
    socket = inside[0]
    yield Finding(
        code=BOUND_TO_LOOPBACK.code,
        outcome=Outcome.BLOCKS,
        title=f"Inside the container {describe_owner(case, socket)} listens on {describe_address(socket)} only",
        detail=f"pasta carries port {case.port} into the container's network: in the container, listen on 0.0.0.0.",
        evidence=tuple(
            Evidence(f"ss in network namespace {one.namespace}", describe_address(one)) for one in inside
        ),
        fixes=listen_fixes(case, socket, way.family),
        paths=(way.id,),
        symptom=Symptom.RESET,  # pasta takes the connection, then finds nobody inside
    )


def _sockets_inside(case: Case, port: int) -> Iterator[Socket]:
    namespaces = () if isinstance(case.facts.namespaces, Unknown) else case.facts.namespaces
    for namespace in namespaces:
        if not isinstance(namespace.sockets, Unknown):
            yield from (socket for socket in namespace.sockets if socket.port == port)


def _inner_port(case: Case, socket: Socket) -> int | None:
    """The port inside to which pasta carries a socket's connections; None where another program holds it."""
    found = (carried_to(process, socket.port) for process in case.owners(socket))
    return next((port for port in found if port is not None), None)


def carried_to(process: Process, port: int) -> int | None:
    """The port inside that ``pasta -t`` names for a port of the host; None where the process carries it nowhere."""
    if not process.name.startswith(("pasta", "passt")):
        return None
    for option, value in zip(process.argv, process.argv[1:], strict=False):
        for rule in value.split(",") if option in ("-t", "--tcp-ports") else ():
            found = _RULE.fullmatch(rule)
            if found and int(found["first"]) <= port <= int(found["last"] or found["first"]):
                return int(found["inner"] or found["first"]) + port - int(found["first"])
    return None
