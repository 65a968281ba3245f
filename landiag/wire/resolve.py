"""Names to addresses by the system's own resolver, in bounded time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

from landiag.collect.exchanges.resolve import Resolution
from landiag.collect.exchanges.transcript import encode
from landiag.wire.deadline import Deadline

_FAMILIES = {"4": socket.AF_INET, "6": socket.AF_INET6, "": socket.AF_UNSPEC}


def resolve(params: Mapping[str, str], timeout: float) -> bytes:
    """Resolve ``name`` (``family`` 4, 6, default both). It has no deadline: a thread waits for it."""
    name = params["name"]
    deadline = Deadline.after(timeout)
    answer: list[tuple[tuple[str, ...], str | None]] = []
    thread = threading.Thread(
        target=lambda: answer.append(_ask(name, _FAMILIES[params.get("family", "")])), daemon=True
    )
    thread.start()
    thread.join(deadline.left())
    addresses, error = answer[0] if answer else ((), "timed-out")
    return encode(Resolution(name, addresses, deadline.spent(), error))


def _ask(name: str, family: socket.AddressFamily) -> tuple[tuple[str, ...], str | None]:
    try:
        found = socket.getaddrinfo(name, None, family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        return (), _gai_name(error.errno)
    except (OSError, UnicodeError) as error:
        return (), str(error)
    return tuple(dict.fromkeys(_with_zone(entry[4]) for entry in found)), None


def _gai_name(number: int | None) -> str:
    names = {value: name for name, value in vars(socket).items() if name.startswith("EAI_")}
    return names.get(number, f"error {number}")


def _with_zone(address: tuple[object, ...]) -> str:
    host = str(address[0])
    scope = address[3] if len(address) == 4 else 0
    return host if not scope or "%" in host else f"{host}%{scope}"
