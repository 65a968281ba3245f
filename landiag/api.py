"""What a Python program asks: the commands as functions, typed, with errors instead of exit statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from landiag.firewall.command import Judged
    from landiag.model.listener import Listener
    from landiag.model.report import Report


def check(
    port: int = 5000, *, peer: str | None = None, address: str | None = None, timeout: float = 10.0
) -> Report:
    """Say why other devices cannot connect to a port of this machine, as ``landiag check`` does.

    ``peer`` is the client that fails, by address or name; ``address`` the address of this machine that clients
    use; ``timeout`` bounds the whole call, in seconds. Nothing is changed, printed or written. The report's
    ``verdict`` is the answer; its fields are those of the JSON report. Raises ``landiag.diagnose.UsageError``,
    a ValueError, where the question does not fit the machine; ValueError or TypeError for what is no port.
    """
    import time

    _hold_port(port)
    _hold_texts(peer=peer, address=address)
    _hold_timeout(timeout)
    from landiag.diagnose import diagnose
    from landiag.host import live_recorder
    from landiag.model.report import Target
    from landiag.question import Question

    deadline = time.monotonic() + timeout
    with live_recorder(deadline) as recorder:
        return diagnose(Question(Target(port, peer, address)), recorder, deadline)


def probe(target: str, port: int | Sequence[int] | None = None, *, timeout: float = 10.0) -> Report:
    """Say what stands between this machine and a server, as ``landiag probe`` does.

    ``target`` is an address, a name, a URL or a network of at most 256 addresses; ``port`` one port or several,
    None for those of development servers. Raises ValueError for a target that is none, or this machine itself.
    """
    import time

    if not isinstance(target, str):
        raise TypeError(f"target is {type(target).__name__}, not str")
    ports = _list_ports(port)
    _hold_timeout(timeout)
    from landiag.host import live_recorder
    from landiag.probe.target import parse_request
    from landiag.probing import run

    request = parse_request(target, tuple(map(str, ports)), yes=False)
    deadline = time.monotonic() + timeout
    with live_recorder(deadline) as recorder:
        return run(request, recorder, deadline)


def firewall(
    port: int = 5000,
    *,
    source: str | None = None,
    destination: str | None = None,
    in_interface: str | None = None,
    protocol: str = "tcp",
    rulesets: Sequence[str | Path] = (),
    timeout: float = 60.0,
) -> Judged:
    """Say what the firewall does with a client's conversation, as ``landiag firewall`` does.

    Without ``rulesets`` (files of one machine, in any format that the command reads) it is this machine's own;
    without ``source`` the answer is that of the ordinary clients. ``told.verdict`` of what is returned is accept,
    drop, reject or unknown, ``told.decided_by`` the rule. Raises ValueError for files that cannot be used.
    """
    import time
    from ipaddress import ip_address

    _hold_port(port)
    _hold_texts(source=source, destination=destination, in_interface=in_interface)
    _hold_timeout(timeout)
    if isinstance(rulesets, str | bytes | Path):
        raise TypeError(f"rulesets is {type(rulesets).__name__} ({rulesets!r}), not a sequence of files")
    if protocol not in ("tcp", "udp"):
        raise ValueError(f"protocol is {protocol!r}: tcp or udp")
    from landiag.cli.files.outputs import Stop
    from landiag.cli.firewall_answer import open_judge
    from landiag.host import live_recorder
    from landiag.model.packet import Packet

    asked = Packet(
        destination_port=port,
        protocol=protocol,
        source=None if source is None else ip_address(source),
        destination=None if destination is None else ip_address(destination),
        in_interface=in_interface,
    )
    deadline = time.monotonic() + timeout
    try:
        with live_recorder(deadline) as recorder:
            asked, judge = open_judge(asked, recorder, tuple(map(Path, rulesets)), deadline)
            return judge.whole(asked)
    except Stop as stop:
        raise ValueError(str(stop)) from stop


def list(*, timeout: float = 10.0) -> tuple[Listener, ...]:  # noqa: A001 - named as the command is
    """List every listener of this machine, and whether LAN clients reach it, as ``landiag list`` does.

    Raises OSError where the listeners could not be read.
    """
    import time

    _hold_timeout(timeout)
    from landiag.host import live_recorder
    from landiag.listeners import list_listeners
    from landiag.model.facts import Unknown

    deadline = time.monotonic() + timeout
    with live_recorder(deadline) as recorder:
        found = list_listeners(recorder, deadline)
    if isinstance(found, Unknown):
        raise OSError(f"the listeners could not be read: {found.reason}")
    return found


def _hold_port(port: object) -> None:
    if not isinstance(port, int) or isinstance(port, bool):
        raise TypeError(f"port is {type(port).__name__} ({port!r}), not int")
    if not 1 <= port <= 65535:
        raise ValueError(f"port is {port}: ports are the numbers 1 to 65535")


def _list_ports(port: object) -> tuple[int, ...]:
    """The ports of one or of several; empty for None."""
    if port is None:
        return ()
    are_several = isinstance(port, Iterable) and not isinstance(port, str | bytes | Mapping)
    ports: tuple[int, ...] = tuple(port) if are_several else (port,)  # type: ignore[arg-type, assignment]
    if not ports:
        raise ValueError("port is empty: name one port, several, or None")
    for one in ports:
        _hold_port(one)
    return ports


def _hold_texts(**values: object) -> None:
    for name, value in values.items():
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} is {type(value).__name__} ({value!r}), not str")


def _hold_timeout(timeout: object) -> None:
    if not isinstance(timeout, int | float) or isinstance(timeout, bool):
        raise TypeError(f"timeout is {type(timeout).__name__} ({timeout!r}), not a number of seconds")
    from landiag.question import A_DAY

    if not 0 < timeout <= A_DAY:
        raise ValueError(f"timeout is {timeout}: it must be more than 0 seconds, and {A_DAY:g} at most")
