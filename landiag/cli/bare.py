"""Bare ``landiag``: finds the server that the person means, and checks it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from landiag.cli.early import begin_reading
from landiag.cli.files.outputs import Stop
from landiag.cli.fixing.asking import wrapped
from landiag.host import Recorder, live_recorder
from landiag.model.facts import Unknown
from landiag.model.numbers import parse_number
from landiag.question import UsageError
from landiag.render.escape import escape_text
from landiag.terminal import terminal_style

if TYPE_CHECKING:
    from landiag.own_servers import OwnServer

SECONDS = 10.0
SEVERAL = 3


def check_own_server(render_help: Callable[[], str]) -> NoReturn:
    """Check the one server that looks meant; list them where there are several; print the help where none is.

    Ends with the status of ``check``, with 3 for several servers, with 2 for none.
    """
    deadline = time.monotonic() + SECONDS
    try:
        with live_recorder(deadline) as recorder:
            meant, others = _find(recorder, deadline)
    except UsageError as error:
        raise Stop(str(error)) from error
    if not meant:
        sys.stdout.write(f"{render_help()}\n")
        raise _none_of_yours(others)
    _check(meant[0])


def _find(recorder: Recorder, deadline: float) -> tuple[tuple[OwnServer, ...], tuple[int, ...]]:
    """The one server that is meant; or none, and the ports that others listen on. Of several a list, and the end."""
    begin_reading(recorder)
    from landiag.own_servers import find_own_servers, likely, ports_of_others

    found = find_own_servers(recorder, deadline, _folder(), _user_id())
    if isinstance(found, Unknown):
        raise Stop(f"the servers of this machine could not be read: {found.reason}", SEVERAL)
    meant = likely(found)
    if len(meant) > 1:
        _list(recorder, deadline, meant)
        raise SystemExit(SEVERAL)
    return meant, () if meant else ports_of_others(recorder, deadline)


_FEW = 3
"""Ports that one sentence names."""


def _none_of_yours(others: tuple[int, ...]) -> Stop:
    """What a person whose server is a container's, or another user's, types next."""
    from landiag.host.calls import own_name

    if not 0 < len(others) <= _FEW:
        return Stop(
            "no web server of yours runs here: start it, or name its port (landiag check --port 5000); "
            "landiag list shows every port that is listened on, those of containers too"
        )
    ports = ", ".join(map(str, others))
    said = f"no web server of yours runs here, but something listens on port{'s' if len(others) > 1 else ''} {ports}"
    return Stop(said, command=f"{own_name()} check --port {others[0]}")


def _folder() -> str:
    """The folder whose servers are meant; home and the root hold everything, so nothing is of them in particular."""
    folder = os.getcwd()
    return "" if folder in ("/", os.path.expanduser("~")) else folder


def _user_id() -> int | None:
    """The person's user id, also behind sudo; None on a system without."""
    if sys.platform == "win32":
        return None
    behind_sudo = parse_number(os.environ.get("SUDO_UID", ""))
    return os.getuid() if behind_sudo is None or os.geteuid() != 0 else behind_sudo


def _check(server: OwnServer) -> NoReturn:
    where = "runs from this folder" if server.is_here else "is yours"
    said = f"Checking {server.title} on port {server.port} (pid {server.pid}), which {where}."
    width = terminal_style(no_color=True).width
    sys.stderr.write("".join(f"{line}\n" for line in wrapped(escape_text(said), width)))
    from landiag.cli.checking import CheckOptions, run_check

    run_check(CheckOptions(port=str(server.port)))


def _list(recorder: Recorder, deadline: float, meant: tuple[OwnServer, ...]) -> None:
    from landiag.host.calls import own_name
    from landiag.listeners import list_listeners
    from landiag.render.listeners import render_listeners

    ports = {server.port for server in meant}
    every = list_listeners(recorder, deadline)
    found = () if isinstance(every, Unknown) else tuple(one for one in every if one.port in ports)
    table = render_listeners(found, terminal_style(no_color=False), own_name())
    sys.stdout.write(f"Several servers of yours are running:\n\n{table}")
    sys.stdout.write(f"\nChoose one: {own_name()} check --port {meant[0].port}\n")
