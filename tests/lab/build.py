"""From a scenario to a lab in which it is so."""

from __future__ import annotations

import time

from tests.lab.hosts import Host, LabError
from tests.lab.network import Lab, add_container, add_wire, build_lab
from tests.lab.scenario import Scenario, Step
from tests.lab.servers import Server

START_SECONDS = 20.0


def build(scenario: Scenario) -> Lab:
    """A lab with the scenario's fault, its servers listening. To be closed by the caller (``with``)."""
    lab = build_lab()
    try:
        for wire in scenario.wires:
            add_wire(lab, wire.host, wire.interface)
        for container in scenario.containers:
            add_container(lab, container.name, container.address, container.bridge, container.subnet)
        for step in scenario.before:
            take(lab, step)
        for number, server in enumerate(scenario.servers):
            start(lab, server, f"server{number}")
        for step in scenario.after:
            take(lab, step)
    except BaseException:
        lab.__exit__(None, None, None)
        raise
    return lab


def take(lab: Lab, step: Step) -> None:
    """Type one step of the scenario."""
    lab.host(step.on).run(step.command, stdin=step.stdin)


def start(lab: Lab, server: Server, log: str) -> None:
    """Start a server as its user does, and wait until it listens."""
    host = lab.host(server.on)
    host.run(f"mkdir -p {server.folder}")
    for name, text in server.files.items():
        host.write(f"{server.folder}/{name}", text)
    before = host.listeners(server.port) if server.port else 0
    host.spawn(
        server.command, user=server.user, folder=server.folder, environment=server.environment, log=log
    )
    if server.port and not wait_for_listeners(host, server.port, before + 1):
        raise LabError(f"{server.command} does not listen on {server.port}: {host.log(log)}")


def wait_for_listeners(host: Host, port: int, number: int, seconds: float = START_SECONDS) -> bool:
    """Whether that many sockets listen on the host's port before the time is up."""
    deadline = time.monotonic() + seconds
    while host.listeners(port) < number:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
