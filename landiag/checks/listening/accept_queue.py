"""Accept queues that are full: the kernel drops further connections (listen(2), tcp(7))."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from landiag.checks.case import Case
from landiag.checks.listening.owners import name_owner, owner_evidence, subject
from landiag.model.facts import Socket
from landiag.model.report import Finding, Fix, Outcome


def full_queues(case: Case, serving: Iterable[Socket]) -> Iterator[Finding]:
    """Find those among the sockets that serve clients whose queue takes no more."""
    for socket in serving:
        if socket.queue is not None and socket.backlog is not None and socket.queue > socket.backlog:
            yield _full(case, socket)


def _full(case: Case, socket: Socket) -> Finding:
    return Finding(
        code="accept-queue-full",
        outcome=Outcome.BLOCKS,
        title=f"{subject(name_owner(case, socket))} takes no more connections: {socket.queue} are waiting, "
        f"its limit is {socket.backlog}",
        detail="The kernel drops further connections until the server takes some: clients time out.",
        evidence=(owner_evidence(case, socket),),
        fixes=(
            Fix(
                "Restart the server, or let it continue (it is busy, stopped or paused in a debugger)",
                needs="user-action",
                steps=("Look at what the server is doing: end the debugger, or start it anew.",),
            ),
        ),
    )
