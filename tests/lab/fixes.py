"""Fixes, carried out exactly as printed: then the client must connect, and nobody else may get further."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.lab.build import wait_for_listeners
from tests.lab.client import measure
from tests.lab.hosts import Host
from tests.lab.network import SERVER, Lab
from tests.lab.scenario import Scenario
from tests.lab.verdicts import Answer, ask

OTHER_PORT = 5999
ROUNDS = 3  # two faults may hide one behind the other; the third round would be one too many
ANSWERS = f"""
import socket
s = socket.create_server(("::", {OTHER_PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    client, _ = s.accept()
    client.recv(65536)
    client.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
    client.close()
"""

# All that a fix may have changed, without counters: the live rules, and those of the next start.
RULES = """
nft -s list ruleset
for names in /proc/net/ip_tables_names /proc/net/ip6_tables_names; do
  if grep -qs . $names; then iptables-legacy-save; ip6tables-legacy-save; break; fi
done | sed '/^#/d; s/\\[[0-9:]*\\]//'
ipset save
sed '/^#/d' /etc/ufw/*.rules; cat /etc/ufw/ufw.conf
if [ -S /run/dbus/system_bus_socket ]; then
  firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones
fi
"""


@dataclass(frozen=True, slots=True)
class Bystanders:
    """What must not change: what others get, and what this client gets from another port."""

    stranger: str
    other_port: str
    stranger_other_port: str


def _opened(before: Bystanders, after: Bystanders) -> bool:
    """Whether something answers now that did not, or no longer; how it stays closed may change with the time."""
    pairs = (
        (getattr(before, name), getattr(after, name))
        for name in ("stranger", "other_port", "stranger_other_port")
    )
    return any((old == "served") is not (new == "served") for old, new in pairs)


def mend(lab: Lab, scenario: Scenario, answer: Answer, *, user: bool) -> Iterator[str]:
    """Follow landiag's fixes until the client gets what it should; a sentence for all that goes wrong."""
    lab.server.spawn(f"exec {sys.executable} -I -S -c '{ANSWERS}'", log="bystander")
    wait_for_listeners(lab.server, OTHER_PORT, 1)
    before = _watch(lab, scenario)
    restarted = routed = False
    for _ in range(ROUNDS):
        fix = _first_fix(answer.report)
        if fix is None:
            cause = answer.report["verdict"]["cause"]
            yield f"no fix that can be typed for {cause}: {answer.report['verdict']['summary']}"
            return
        restarted |= fix["needs"] == "restart-server"
        routed |= fix["commands"][0].startswith("ip ")
        yield from _carry_out(lab, scenario, fix)
        if _outcome(lab, scenario) == scenario.fixed:
            break
        answer = ask(lab, scenario, user=user, more="--json")
        if user and answer.report["verdict"]["status"] == "undetermined":
            answer = ask(lab, scenario, user=False, more="--json")  # as the report then says
    else:
        yield f"mended {ROUNDS} times, and the client still gets {_outcome(lab, scenario)}"
    after = _watch(lab, scenario)
    if restarted or "sometimes" in scenario.truth:
        # A server that listens on all addresses serves other subnets too, unless a firewall is in the way; and whom
        # lots and limits let pass is chance.
        before = Bystanders(after.stranger, before.other_port, before.stranger_other_port)
    if routed:
        # Answers of all ports went astray, and all find their way now.
        before = Bystanders(before.stranger, after.other_port, before.stranger_other_port)
    if _opened(before, after):
        yield f"the fix opened more than it should: before {before}, after {after}"


def _watch(lab: Lab, scenario: Scenario) -> Bystanders:
    with ThreadPoolExecutor(3) as at_once:  # what is dropped is waited for
        return Bystanders(
            *at_once.map(
                measure,
                (lab.stranger, lab.client, lab.stranger),
                (scenario.address, scenario.address, SERVER),
                (scenario.port, OTHER_PORT, OTHER_PORT),
                (scenario.scheme, "http", "http"),
            )
        )


def _first_fix(report: dict[str, Any]) -> dict[str, Any] | None:
    """The first fix with commands of the finding that the verdict names."""
    for finding in report.get("findings", []):
        if finding["outcome"] == "blocks" and finding["code"] == report["verdict"]["cause"]:
            for fix in finding["fixes"]:
                if fix["commands"]:
                    found: dict[str, Any] = fix
                    return found
    return None


def _outcome(lab: Lab, scenario: Scenario) -> str:
    """What the client gets now; a server that was started anew has a moment to be ready."""
    for _ in range(4):
        outcome = measure(lab.host(scenario.who), scenario.address, scenario.port, scenario.scheme)
        if outcome == scenario.fixed:
            break
        time.sleep(0.3)
    return outcome


def _carry_out(lab: Lab, scenario: Scenario, fix: dict[str, Any]) -> Iterator[str]:
    if fix["needs"] == "restart-server":
        yield from _restart(lab, scenario, fix)
        return
    rules = _rules(lab.server)
    yield from _type(lab.server, fix["commands"])
    if not fix["undo"]:
        yield f"no undo for {fix['commands']}"
        return
    yield from _type(lab.server, fix["undo"])
    undone = _rules(lab.server)
    if undone != rules and "ufw " not in fix["commands"][0]:
        yield f"undo leaves something behind: {fix['undo']}: {_difference(rules, undone)}"
    yield from _type(lab.server, fix["commands"])
    yield from _type(lab.server, fix["undo"])
    if _rules(lab.server) != undone:
        yield f"undo leaves something behind: {fix['undo']}: {_difference(undone, _rules(lab.server))}"
    yield from _type(lab.server, fix["commands"])


def _type(host: Host, commands: list[str]) -> Iterator[str]:
    for command in commands:
        done = host.run(command, check=False)
        if done.returncode:
            yield f"{command}: exit {done.returncode}: {(done.stdout + done.stderr)[-300:]}"


def _restart(lab: Lab, scenario: Scenario, fix: dict[str, Any]) -> Iterator[str]:
    """End the old process as the report says, and type its commands where it says."""
    server = scenario.servers[0]
    listeners = lab.server.listeners(scenario.port)
    if fix["stop_pid"] is not None:
        lab.server.run(f"kill {fix['stop_pid']}", check=False)
        deadline = time.monotonic() + 8
        while lab.server.listeners(scenario.port) >= max(listeners, 1):
            if time.monotonic() > deadline:
                yield f"the port is still held after kill {fix['stop_pid']}"
                return
            time.sleep(0.05)
    remaining = lab.server.listeners(scenario.port)
    if fix["edit"] is not None:
        _edit(lab.server, fix["edit"])
    for command in fix["commands"]:
        lab.server.spawn(
            command,
            user=server.user,
            folder=fix["cwd"] or "/",
            environment=server.environment,
            log="restarted",
        )
    if not wait_for_listeners(lab.server, scenario.port, remaining + 1, 10):
        yield f"{fix['commands']} in {fix['cwd']}: does not listen: {lab.server.log('restarted')[-500:]}"


def _edit(host: Host, edit: dict[str, Any]) -> None:
    """Write into the file what the report says."""
    host.write(edit["file"], host.read(edit["file"]).replace(edit["find"], edit["replace"], 1))


def _rules(host: Host) -> list[str]:
    return host.run(RULES, check=False).stdout.splitlines()


def _difference(before: list[str], after: list[str]) -> str:
    gone = [f"-{line}" for line in before if line not in after]
    new = [f"+{line}" for line in after if line not in before]
    return " ".join(gone + new)[:400] or "the same lines in another order"
