"""Names and makers of many machines, as far as this system knows them without long questions."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

from landiag.collect.exchanges.names import HostNames
from landiag.collect.exchanges.transcript import encode
from landiag.wire.deadline import Deadline


def host_names(params: Mapping[str, str], timeout: float) -> bytes:
    """Ask the system resolver for the names of ``addresses`` (commas between), all at once.

    The resolver has no deadline: what has not come in time is left out, and its threads are left behind.
    """
    deadline = Deadline.after(timeout)
    addresses = params["addresses"].split(",")[:256]
    names: dict[str, str] = {}

    def ask(address: str) -> None:
        try:
            names[address] = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)[0]
        except OSError:
            return

    threads = [threading.Thread(target=ask, args=(address,), daemon=True) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(deadline.left())
    return encode(HostNames(dict(names)))
