"""Programs that hold a container's published port open while rules of the firewall are to carry connections in.

dockerd does so without its proxy (``userland-proxy``), conmon for podman: neither ever accepts a connection. Where the
rules are gone (``nft flush ruleset``) or were never written (``iptables: false``), clients connect and wait.
"""

from __future__ import annotations

from msgspec import Struct

from landiag.model.process import Process
from landiag.model.report import Fix


class Holder(Struct, frozen=True):
    """Who holds the port, as people call it, and what lets connections reach the container again."""

    name: str
    fix: Fix


_HOLDERS = {
    "dockerd": Holder(
        "Docker",
        Fix(
            "Let Docker carry connections into its container",
            needs="user-action",
            steps=(
                'Remove "iptables": false and "userland-proxy": false from /etc/docker/daemon.json, if they are there.',
                "Then let Docker write its rules anew: systemctl restart docker (its containers stop meanwhile).",
            ),
        ),
    ),
    "conmon": Holder(
        "Podman",
        Fix("Let Podman write its rules anew", ("podman network reload --all",), needs="root"),
    ),
}


def holder_of(process: Process | None) -> Holder | None:
    """The engine that holds a port for a container; None where a server of its own listens."""
    return None if process is None else _HOLDERS.get(process.name)
