"""Why services of systemd leave a port unheard: networks of their own, failures, and a start that takes its time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from landiag.checks.case import Case
from landiag.checks.fixes.units import file_fix
from landiag.checks.listening.socket_units import apart_unit, told_units
from landiag.collect.groups import service_of
from landiag.collect.machine import parse_processes, process_source
from landiag.collect.selinux import ENFORCE, denials_source
from landiag.collect.systemd import SERVICES, USERS_SERVICES, journal_source
from landiag.collect.units import Unit
from landiag.journey.ways import Way
from landiag.model.facts import Command, Socket, Source, Unknown
from landiag.model.process import Service
from landiag.model.regex import regex
from landiag.model.report import Evidence, Finding, Outcome
from landiag.redact.masking import mask_text

_MOST = 3
"""So many services that fail are looked at."""

PLACES = {SERVICES: "", USERS_SERVICES: "--user "}
"""The systemd of the machine, and that of the user who asks: what its commands have to say for it."""


def plan(case: Case) -> tuple[Source, ...]:
    """Ask systemd for its services where nobody listens, and whether SELinux may be why."""
    return (SERVICES, USERS_SERVICES, ENFORCE) if case.facts.os == "linux" and not case.listeners else ()


def plan_after(case: Case) -> tuple[Source, ...]:
    """Read the last words of services that fail, and what runs in networks of its own."""
    words = tuple(
        journal_source(unit.name, whose) for source, whose in PLACES.items() for unit in failing(case, source)
    )
    pids = _private_pids(case)
    looks = (process_source(pids),) if pids else ()
    is_labelled = bool(words) and case.parse(ENFORCE, str.strip) in ("0", "1")
    return (*words, *looks, *((denials_source(case.port),) if is_labelled else ()))


def in_own_network(case: Case, way: Way, socket: Socket | None) -> Finding | None:
    """Say which unit has a network of its own and listens there; ``socket`` is what was seen there, if anything."""
    unit = _unit_inside(case, socket) if socket is not None else apart_unit(case) or _unit_by_command(case)
    if unit is None or not unit.network_setting:
        return None
    setting = unit.network_setting
    reset = "NetworkNamespacePath=" if unit.namespace_path else "PrivateNetwork=no"
    return Finding(
        code="listening-in-namespace",
        outcome=Outcome.BLOCKS,
        title=f"{unit.name} has a network of its own ({setting}), so nothing is listening on port {case.port} "
        "where other devices come in",
        detail="What listens in there is reached by nobody outside, not even from this machine.",
        evidence=(Evidence(unit.shown, setting),),
        fixes=(
            file_fix(
                f"Let {unit.name} use this machine's network",
                unit,
                (reset,),
                unit.anew,
                risk="the service then reaches every network that this machine reaches",
            ),
        ),
        paths=(way.id,),
    )


def failures(case: Case) -> tuple[Evidence, ...]:
    """What services say that do not come to listen."""
    return tuple(Evidence(source, f"{name} {what}") for source, name, what in _unheard(case))


def hints(case: Case) -> tuple[str, ...]:
    """The same for a person whose server may be one of them; a sentence each."""
    return tuple(f"If it is {name}: it {what}" for _, name, what in _unheard(case))


def _unheard(case: Case) -> Iterator[tuple[str, str, str]]:
    """Where it was seen, the service's name, and what it does instead."""
    for source, whose in PLACES.items():
        for unit in failing(case, source):
            yield f"journalctl {whose}-u {unit.name}", unit.name, _how(case, unit)
        starting = (unit for unit in told_units(case, source) if unit.starting)
        for unit in islice(starting, _MOST):
            yield unit.shown, unit.name, f"is still starting ({unit.starting})"


def _how(case: Case, unit: Unit) -> str:
    how = f"started again {unit.restarts} times" if unit.restarts > 1 else unit.result or unit.state
    said = last_line(case, unit)
    return f"fails ({how}){': ' if said else ''}{said}"


def last_line(case: Case, unit: Unit) -> str:
    """The last line of a service that tells why it ends, else its last; empty where none could be read.

    Servers say more after it (Node.js, uvicorn, gunicorn), and one that is just being started has begun anew.
    """
    text = case.parse(journal_source(unit.name, "--user " if unit.is_users else ""), str.strip)
    lines = text.splitlines() if isinstance(text, str) else []
    telling = [line for line in lines if _TELLS.search(line) and not line[0].isspace()] or lines
    return mask_text(telling[-1].strip()) if telling else ""


_TELLS = regex(
    r"errno|(?:error|exception|fatal|panic|emerg)\w*\W*:|\]\s*(?:error|fatal)|\bfail(?:s|ed|ure)\b"
    r"|\bdenied\b|\bnot (?:permitted|supported|found)\b|\bno such\b|\bin use\b",
    re.IGNORECASE,
)


def failing(case: Case, source: Command) -> tuple[Unit, ...]:
    """The services of a systemd that fail; first those whose sandbox bears on sockets."""
    found = [unit for unit in told_units(case, source) if unit.keeps_failing]
    found.sort(key=lambda unit: (unit.families is None and not unit.bind_deny, -unit.restarts))
    return tuple(found[:_MOST])


def _private_pids(case: Case) -> tuple[int, ...]:
    return tuple(sorted(unit.pid for unit in _private(case) if unit.pid)[:24])


def _unit_inside(case: Case, socket: Socket) -> Unit | None:
    """The service that holds a socket of another network namespace, by its control group."""
    held_by = service_of(socket.cgroup)
    found = (unit for unit in _loaded(case) if Service(unit.name, unit.is_users) == held_by)
    return next(found, None)


def _unit_by_command(case: Case) -> Unit | None:
    """The service in a network of its own whose command names the port: who may not look inside sees no more."""
    pids = _private_pids(case)
    known = case.parse(process_source(pids), parse_processes) if pids else None
    if known is None or isinstance(known, Unknown):
        return None
    named = {pid for pid, one in known.items() if any(_names_port(word, case.port) for word in one.argv)}
    return next((unit for unit in _private(case) if unit.pid in named), None)


def _private(case: Case) -> Iterator[Unit]:
    """The services that have another network than this machine's."""
    return (unit for unit in _loaded(case) if unit.network_setting)


def _loaded(case: Case) -> Iterator[Unit]:
    return (unit for source in PLACES for unit in told_units(case, source))


def _names_port(word: str, port: int) -> bool:
    return re.search(rf"(?<!\d){port}(?!\d)", word) is not None
