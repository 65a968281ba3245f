"""What runs a container, by the name of its control group, and how a port of one is published."""

from __future__ import annotations

import re

from msgspec import Struct

from landiag.collect.groups import service_of
from landiag.model.facts import Socket
from landiag.model.regex import regex
from landiag.model.report import Fix


class Engine(Struct, frozen=True):
    """What runs containers: how it names their control groups, and how it publishes a port.

    In ``option`` and ``step``, ``{port}`` is the port of this machine and ``{inside}`` that of the container.
    """

    groups: re.Pattern[str]
    option: str
    step: str


_DOCKER = Engine(
    regex(r"/docker/|[/-](?:docker|containerd|crio)-[0-9a-f]|/kubepods"),
    "docker: -p {port}:{inside}",
    "Start the container again with its port published, for example docker run -p {port}:{inside} IMAGE,"
    ' or in compose: ports: - "{port}:{inside}".',
)
_PODMAN = Engine(
    regex(r"[/-]libpod-[0-9a-f]"),
    "podman: -p {port}:{inside}",
    "Start the container again with its port published: podman run -p {port}:{inside} IMAGE, or in a quadlet:"
    " PublishPort={port}:{inside}.",
)
_LXC = Engine(
    regex(r"/lxc[./]"),
    "a proxy device",
    "lxc (Incus: incus) config device add CONTAINER shop proxy listen=tcp:0.0.0.0:{port}"
    " connect=tcp:127.0.0.1:{inside}",
)
_NSPAWN = Engine(
    regex(r"/machine\.slice/|/payload(?:/|$)"),
    "systemd-nspawn: --port={port}:{inside}",
    "Start it again with --network-veth --port={port}:{inside}, or without --private-network: it then uses this"
    " machine's network.",
)
_ENGINES = (_PODMAN, _NSPAWN, _LXC, _DOCKER)


def engine_of(socket: Socket) -> Engine | None:
    """What runs the container that holds a socket; None where its control group is that of none."""
    return next((one for one in _ENGINES if one.groups.search(socket.cgroup or "")), None)


def publish_fix(port: int, socket: Socket) -> Fix:
    """Publish a port of a container as one of this machine; what is in no container starts in its network instead."""
    engine = engine_of(socket) or (_DOCKER if socket.cgroup in (None, "", "/") else None)
    if engine is None:
        return _leave(socket)
    option, step = (one.format(port=port, inside=socket.port) for one in (engine.option, engine.step))
    return Fix(f"Publish the container's port on the host ({option})", needs="user-action", steps=(step,))


def _leave(socket: Socket) -> Fix:
    service = service_of(socket.cgroup)
    step = (
        "Take what gives it a network of its own (ip netns exec, unshare --net, PrivateNetwork=) out of its command or"
        " unit, and start it anew."
    )
    shown = () if service is None else (f"Its unit is {service.name}: {service.typed('cat')} shows it.",)
    return Fix("Let the server use this machine's network", needs="user-action", steps=(step, *shown))
