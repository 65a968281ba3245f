"""The sockets of systemd itself: the unit that listens, what lets it listen elsewhere, and one that has stopped."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.fixes.units import file_fix
from landiag.collect.systemd import SOCKETS, USERS_SERVICES
from landiag.collect.units import Unit, parse_units
from landiag.model.addresses import ip_or_none
from landiag.model.facts import Command, IPAddress, Socket, Unknown
from landiag.model.regex import regex
from landiag.model.report import Evidence, Fix

_STREAM = regex(r"ListenStream=\[?(?P<address>[\da-fA-F:.]+)\]?:(?P<port>\d+)(?:%\S+)?")
"""A TCP socket as systemd prints it: ``[::]:5000`` where its unit names the port alone; a scope comes last."""


def plan(case: Case) -> tuple[Command, ...]:
    """Ask systemd for its sockets where it listens itself, or nobody does."""
    asked = not case.listeners or any(map(is_of_systemd, case.listeners))
    return (SOCKETS,) if asked and case.facts.os == "linux" else ()


def is_of_systemd(socket: Socket) -> bool:
    """Whether systemd itself holds a socket, for a service that it starts when somebody connects."""
    return 1 in socket.pids or (socket.cgroup or "").endswith(".socket")


def socket_unit(case: Case, socket: Socket) -> Unit | None:
    """The unit by which systemd listens on a socket; None where it is another program's, or nobody can tell."""
    if not is_of_systemd(socket):
        return None
    wanted = (socket.address, socket.port)
    return next(
        (unit for unit in told_units(case, SOCKETS) if wanted in map(_listens_on, unit.listens)), None
    )


def listen_fix(case: Case, unit: Unit, socket: Socket) -> Fix:
    """Let systemd listen on all addresses; all that the unit listens on is told anew, because a reset takes it all."""
    port = socket.port
    wide: tuple[str, ...] = (f"ListenStream={port}",)
    if unit.is_ipv6_only or case.facts.sysctls.get("net.ipv6.bindv6only") == "1":
        wide = (f"ListenStream=0.0.0.0:{port}", f"ListenStream=[::]:{port}")
    lines = [new for line in unit.listens for new in (wide if _is_on(line, port) else (line,))]
    title = f"Let systemd listen on all addresses ({unit.name})"
    return _fix(unit, title, ("ListenStream=", *dict.fromkeys(lines)))


def untie_fix(unit: Unit) -> Fix:
    """Let systemd take connections that come in by any interface."""
    return _fix(unit, f"Let systemd listen on all interfaces ({unit.name})", ("BindToDevice=",))


def silent_unit(case: Case) -> Unit | None:
    """The socket unit that is to listen on the port and does not: it has failed, or was stopped."""
    return next((unit for unit in _of_port(case) if unit.state in _STOPPED), None)


def apart_unit(case: Case) -> Unit | None:
    """The socket unit that listens on the port in a network of its own, where no process need be."""
    found = (unit for unit in _of_port(case) if unit.state not in _STOPPED)
    return next((unit for unit in found if unit.network_setting), None)


_STOPPED = ("failed", "inactive")


def _of_port(case: Case) -> Iterator[Unit]:
    units = told_units(case, SOCKETS)
    return (unit for unit in units if any(_is_on(line, case.port) for line in unit.listens))


def why_silent(unit: Unit | None) -> str:
    """What the first line of a finding says of it; empty where there is none."""
    if unit is None:
        return ""
    return f"{unit.name} has failed" if unit.state == "failed" else f"{unit.name} is stopped"


def silence(unit: Unit) -> Evidence:
    """What systemd says of it."""
    return Evidence(f"systemctl show {unit.name}", f"{unit.state} ({unit.result}): {' '.join(unit.listens)}")


def told_units(case: Case, source: Command) -> tuple[Unit, ...]:
    """The units that systemd told of; none where it was not asked, or the answer could not be read."""
    found = case.parse(source, parse_units)
    units = () if found is None or isinstance(found, Unknown) else found
    return tuple(replace(unit, is_users=True) for unit in units) if source == USERS_SERVICES else units


def _listens_on(line: str) -> tuple[IPAddress, int] | None:
    found = _STREAM.fullmatch(line)
    address = ip_or_none(found["address"]) if found else None
    return (address, int(found["port"])) if found and address else None


def _is_on(line: str, port: int) -> bool:
    found = _listens_on(line)
    return found is not None and found[1] == port


def _fix(unit: Unit, title: str, lines: tuple[str, ...]) -> Fix:
    return file_fix(title, unit, lines, unit.anew)
