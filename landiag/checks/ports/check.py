"""Is the port free, taken, privileged, or refused by browsers?"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.application import same_answer
from landiag.checks.application.check import speaks_http
from landiag.checks.case import Answer, Case, answer, milder
from landiag.checks.destination import destination_of
from landiag.checks.listening.owners import describe_owner, owner_evidence, server_name
from landiag.checks.listening.translated import may_be_translated
from landiag.checks.ports.bind_test import bind_error, bind_source
from landiag.checks.systems import ending, passing_on, port_findings
from landiag.collect.exchanges.bind import BindTest, parse_bind_test
from landiag.model.facts import Call, Socket, Unknown
from landiag.model.process import Process
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.servers.relays import relay_of, without_inner_relays


def plan(case: Case) -> tuple[Call, ...]:
    """Ask for the bind test where nothing of ours listens on the port, and no rule gives it to another server."""
    if isinstance(case.facts.sockets, Unknown) or case.listeners:
        return ()
    if case.way is not None and destination_of(case, case.way).rule_text:
        return ()
    return (bind_source(case.target),)


def plan_after(case: Case) -> tuple[Call, ...]:
    """Ask both programs that have the port where there are two."""
    return same_answer.plan(case) if len(_unrelated_owners(case, case.listeners)) > 1 else ()


def check(case: Case) -> Answer:
    """Check whether the port is the right program's, could be bound, and is one that browsers ask for."""
    special = port_findings(case, bind_error(case))
    general = [] if special else [*_check_owners(case), *_check_bind(case)]
    findings = [*special, *general, *_check_browsers(case)]
    return answer(findings, _summary(case))


def _summary(case: Case) -> str:
    listeners = case.listeners
    if not listeners:
        return f"{case.port} is free"
    names = " and ".join(dict.fromkeys(describe_owner(case, socket) for socket in listeners))
    return f"{case.port} is used by {names}"


def _check_owners(case: Case) -> list[Finding]:
    listeners = case.listeners
    if case.program is not None:
        strangers = [socket for socket in listeners if _is_other_program(case, socket, case.program)]
        hidden = [socket for socket in listeners if not case.owners(socket)]
        if not strangers and hidden:
            return [_whose(case, hidden[0], case.program)]
        if strangers:
            return [_taken(case, strangers[0], f"Port {case.port} is used by", f", not by {case.program}")]
    groups = _unrelated_owners(case, listeners)
    if len(groups) < 2:
        return _check_hidden(case, listeners)
    names = " and ".join(describe_owner(case, socket) for socket in groups)
    # Linux lets two share an address only where both ask for it (SO_REUSEPORT): each then serves its part.
    is_shared = case.facts.os == "linux" and len({socket.address for socket in groups}) == 1
    is_same = same_answer.is_same_answer(case)
    return [
        Finding(
            code="port-taken",
            outcome=Outcome.WARNS if is_shared or is_same else Outcome.BLOCKS,
            title=f"Two programs are listening on port {case.port}: {names}",
            detail=_SAME if is_same else _SHARED if case.facts.os == "windows" else _EITHER,
            evidence=tuple(owner_evidence(case, socket) for socket in groups),
            fixes=(_end_one(case, groups, names),),
        )
    ]


def _end_one(case: Case, groups: list[Socket], names: str) -> Fix:
    """How one of several is ended: a relay by what it relays, what Windows itself holds by giving it up."""
    relays = [relay for socket in groups for relay in map(relay_of, case.owners(socket)) if relay is not None]
    given_up = next((fix for socket in groups if (fix := ending(case, socket)) is not None), None)
    which = f"Look which of {names} is yours"
    by_relay = f"{which}. {relays[0].stop}" if relays else None
    if given_up is None:
        step = by_relay or f"{which}, and end the other with {_end(case)} and its pid."
        return Fix("End the one that you do not mean", needs="user-action", steps=(step,))
    step = by_relay or f"{which}. The process of a service is never to be ended."
    title = f"{given_up.title}, or end the other one"
    return replace(given_up, title=title, steps=(step, *given_up.steps))


_SAME = "Other devices get the same page from one as this machine from the other: it seems to pass them on."
_EITHER = "Each gets a part of the connections, or this machine reaches one and other devices the other."
_SHARED = (
    "Windows lets both have it without an error (SO_REUSEADDR, which most servers set): clients reach one of them, "
    "this machine perhaps the other, and the older one may go on answering."
)


def _unrelated_owners(case: Case, listeners: tuple[Socket, ...]) -> list[Socket]:
    """List one socket for each group of owners that do not belong together; empty where owners are hidden."""
    groups: dict[object, Socket] = {}
    relays = passing_on(case)
    for socket in listeners:
        if relays & set(socket.pids):
            continue
        owners = case.owners(socket)
        if not owners:
            return []
        groups.setdefault(_family_of(case, owners[0]), socket)
    return list(without_inner_relays(groups).values())


def _check_hidden(case: Case, listeners: tuple[Socket, ...]) -> list[Finding]:
    """Two listeners that nobody sees behind, and that are not of one process or not of one user."""
    relays = passing_on(case)
    ours = [socket for socket in listeners if not relays & set(socket.pids)]
    if all(map(case.owners, ours)):
        return []
    pair = next((pair for pair in combinations(ours, 2) if _may_be_unrelated(*pair)), None)
    if pair is None:
        return []
    names = " and ".join(describe_owner(case, socket) for socket in pair)
    title = f"Whether two programs are listening on port {case.port}: {names} could not be looked at"
    return [_unseen(case, title, pair)]


def _may_be_unrelated(one: Socket, other: Socket) -> bool:
    if one.pids and other.pids:
        return not set(one.pids) & set(other.pids)
    return one.uid is not None and other.uid is not None and one.uid != other.uid


_MOST_ANCESTORS = 8
"""What a recording says of parents may go round in a circle."""


def _family_of(case: Case, process: Process) -> object:
    """Name what processes of one server have in common: workers of a master, siblings in one folder, one product."""
    relay = relay_of(process)
    if relay is not None:
        return relay.key
    processes = {} if isinstance(case.facts.processes, Unknown) else case.facts.processes
    top = process
    for _ in range(_MOST_ANCESTORS):
        parent = processes.get(top.parent or 0)
        if parent is None or parent is top or parent.exe != process.exe:
            break
        top = parent
    if case.facts.os == "windows":
        return top.pid  # there the old server goes on beside the new one: SO_REUSEADDR lets it
    return (top.exe or top.name, top.cwd, top.argv[:3])


def _is_other_program(case: Case, socket: Socket, program: str) -> bool:
    wanted = program.lower()
    owners = case.owners(socket)
    words = [
        word.lower()
        for process in owners
        for word in (process.name, process.exe or "", server_name(case, process), *process.argv[:3])
    ]
    return bool(owners) and not any(wanted in word for word in words)


def _whose(case: Case, socket: Socket, program: str) -> Finding:
    """The listener's program is not known, and one was named that it should be."""
    why = "could not be read" if case.machine.info.privileged else "can only be seen as root"
    return _unseen(case, f"Whether {program} has port {case.port}: whose listener it is {why}", (socket,))


def _unseen(case: Case, title: str, sockets: Iterable[Socket]) -> Finding:
    """What hangs on whose a listener is; root, who sees all that can be seen, is not sent to root."""
    again = Fix("Look again as root", (f"{case.machine.landiag} {case.asks_again}",), needs="root")
    return Finding(
        code="port-taken",
        outcome=Outcome.UNKNOWN,
        title=title,
        evidence=tuple(owner_evidence(case, socket) for socket in sockets),
        fixes=() if case.machine.info.privileged else (again,),
    )


def _taken(case: Case, socket: Socket, before: str, after: str) -> Finding:
    return Finding(
        code="port-taken",
        outcome=Outcome.BLOCKS,
        title=f"{before} {describe_owner(case, socket)}{after}",
        evidence=(owner_evidence(case, socket),),
        fixes=(_stop_fix(case, socket),),
    )


def _stop_fix(case: Case, socket: Socket) -> Fix:
    relay = next((one for one in map(relay_of, case.owners(socket)) if one is not None), None)
    if relay is not None:
        return Fix(
            f"Stop what {relay.title} publishes there, or use another port",
            needs="user-action",
            steps=(relay.stop,),
        )
    given_up = ending(case, socket)
    if given_up is not None:
        return given_up
    commands = tuple(f"{_end(case)} {pid}" for pid in socket.pids[:1])
    return Fix(
        "End the other program, or use another port",
        commands,
        needs="user-action",
        risk="ends that program",
        steps=(f"Make sure that {describe_owner(case, socket)} is not needed before you end it.",),
    )


def _end(case: Case) -> str:
    """The command that ends a process by its pid."""
    return "taskkill /f /pid" if case.facts.os == "windows" else "kill"


def _check_bind(case: Case) -> list[Finding]:
    test = case.parse(bind_source(case.target), parse_bind_test)
    if test is None or isinstance(test, Unknown) or test.free:
        return []
    found = {"EACCES": _privileged, "EADDRINUSE": _held}.get(test.error or "")
    if found is None:
        return []
    finding = found(case, test)
    return [milder(finding, f"port {case.port}")] if may_be_translated(case) else [finding]


def _privileged(case: Case, test: BindTest) -> Finding:
    first = case.facts.first_unprivileged
    return Finding(
        code="port-privileged",
        outcome=Outcome.BLOCKS,
        title=f"Port {case.port} is below {first}, so only root's servers may take it",
        detail="Ports below that number need root"
        + (" or the capability CAP_NET_BIND_SERVICE (capabilities(7))." if case.facts.os == "linux" else "."),
        evidence=(Evidence("bind()", f"{test.address}:{test.port}: EACCES, user id {case.machine.user_id}"),),
        fixes=(
            Fix(
                "Use a higher port, for example 8080",
                needs="user-action",
                steps=("Start the server on a port above 1023, and open that one on the client.",),
            ),
        ),
    )


def _held(case: Case, test: BindTest) -> Finding:
    return Finding(
        code="port-taken",
        outcome=Outcome.BLOCKS,
        title=f"Port {case.port} is taken by a program that does not listen on it",
        detail="A socket is bound to it, or a connection of this machine uses it as its own port.",
        evidence=(Evidence("bind()", f"{test.address}:{test.port}: {test.error}"),),
        fixes=(words.see_holders(case),),
    )


def _check_browsers(case: Case) -> list[Finding]:
    from landiag.collect.ports import is_unsafe_in_browsers

    if not is_unsafe_in_browsers(case.port) or case.target.scheme == "tcp" or speaks_http(case) is False:
        return []
    return [
        Finding(
            code="port-unsafe-in-browsers",
            outcome=Outcome.BLOCKS if speaks_http(case) else Outcome.WARNS,
            title=f"Browsers refuse to open port {case.port} (ERR_UNSAFE_PORT), without asking this machine",
            detail="The port is on the list of the Fetch standard; curl and other programs still connect.",
            evidence=(Evidence("fetch.spec.whatwg.org, port blocking", str(case.port)),),
            fixes=(
                Fix(
                    "Use another port, for example 8080",
                    needs="user-action",
                    steps=("Start the server on another port, and open that one on the client.",),
                ),
            ),
        )
    ]
