"""As somebody who has never seen landiag: nothing but what it prints, and two commands until a client gets through."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.cases import is_taken
from tests.lab.build import build, take
from tests.lab.case import truth_of
from tests.lab.hosts import PROJECT, ROOT_PATH
from tests.lab.network import Lab
from tests.lab.older import missing
from tests.lab.scenario import Scenario, background
from tests.lab.scenarios import SCENARIOS
from tests.lab.stand_in import INSTALL, ROOTS

pytestmark = pytest.mark.lab

SUDO = "mkdir -p /srv/bin; printf '#!/bin/sh\\nSUDO_UID=1000 exec \"$@\"\\n' > /srv/bin/sudo; chmod +x /srv/bin/sudo"
"""The lab's root has no password to give; it is told on whose behalf it works, as by the real one (sudo(8))."""

DO_IT = re.compile(r"^Do it for me:\s+(.+?)(?:\s+·.*)?$", re.MULTILINE)
LINES = re.compile(r"^Fix: .*\n(?:  \S.*\n)*((?:    .*\n)+)", re.MULTILINE)
OPEN = re.compile(r"^  Open http://[^:/]+:(\d+)/", re.MULTILINE)
MOST = 2

FIRST = {
    "flask-run": "landiag",
    "app-run": "landiag",
    "ufw-enabled": "landiag",
    "nft-policy-drop": "landiag",
    "firewalld-public": "landiag",
    "iptables-rejects-the-rest": "landiag",
    "reverse-path-filter-all-clients": "landiag",
    "redirected-to-closed-port": "landiag",
    "server-on-5001": "landiag",
    "docker-user-drops": "sudo landiag check",  # the container is nobody's server of one's own
    "gunicorn-default": "landiag",
    "uwsgi-http-loopback": "landiag",
    "flask-server-name": "landiag",
    "ufw-deny-before-allow": "landiag",
    "nft-forgets-established": "landiag",
    "nft-netdev-ingress": "landiag",
    "nft-second-table": "landiag",
    "iptables-output-drop": "landiag",
    "ipset-of-banned-networks": "landiag",
    "firewalld-drop-zone": "landiag",
    "iptables-raw-table": "landiag",
    "iptables-accept-behind-reject": "landiag",
    "nft-output-policy": "landiag",
    "tunnel-takes-the-lan": "landiag",
    "blackhole-route": "landiag",
    "firewalld-port-in-another-zone": "landiag",
    "ufw-allows-tunnel-only": "landiag",
    "vite": "landiag",
    "nginx-loopback": "landiag",
    "django-project": "landiag",
    "ufw-enabled-and-loopback": "landiag",
    "nft-dnat-to-loopback": "landiag",
    "bound-to-another-address": "landiag",
    "nft-jump-and-return": "landiag",
    "ufw-rejects": "landiag",
    "ufw-limits": "landiag",
    "iptables-mark": "landiag",
    "firewalld-and-nft": "landiag",
    "hypercorn-loopback": "landiag",
    "stopped": "landiag",
    "prohibited-by-rule": "sudo landiag check",
    "interface-down": "sudo landiag check",
    "ufw-allows-udp": "landiag",
    "raw-prerouting-of-a-router": "landiag",
    "redirected-and-dropped": "sudo landiag check",
    "arp-requests-dropped": "sudo landiag check",
    "bridge-arp-dropped": "sudo landiag check",
    "answers-no-arp-by-setting": "landiag",
    "php-loopback": "landiag",
    "node-ipv6-loopback": "landiag",
    "nft-named-set-of-ports": "landiag",
    "firewalld-permanent-only": "landiag",
    "reverse-path-filter-and-blackhole": "landiag",
    "docker-bridge-switched-off": "sudo landiag check",
    "forwarding-off": "sudo landiag check",
}
"""The scenarios, and what is typed first: in the project's folder, as the user whose server it is."""


def type_line(lab: Lab, line: str) -> str:
    """Type a line in the project's folder; what the terminal shows. What asks first is told yes."""
    as_root = line.startswith("sudo ")
    typed = f"{line} --yes" if "--fix" in line else line
    path = {"PATH": f"/srv/bin:{ROOT_PATH}"}
    return lab.server.run(typed, user=not as_root, folder=PROJECT, environment=path, check=False).stdout


SAMPLE = 3
"""One in so many is tried in CI, all with ``LANDIAG_LAB=all``: each takes three whole checks and a fix."""


@pytest.mark.parametrize("name", [name for name in FIRST if is_taken(name, SAMPLE)])
def test_a_client_gets_through_after_two_commands(name: str) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    if reason := missing(scenario.needs):
        pytest.skip(reason)
    with build(scenario) as lab:
        lab.server.run("mount -t tmpfs -o mode=755 tmpfs /var/lib")  # root's journal, of this host alone
        lab.server.run(SUDO)
        for step in (INSTALL, background(ROOTS, "server")):
            take(lab, step)
        line, shown = FIRST[name], ""
        for _ in range(MOST):
            shown = type_line(lab, line)
            line = _next_line(shown) or line
        assert truth_of(lab, _opened(scenario, shown), scenario.who) == "served", shown


def _next_line(shown: str) -> str:
    """What landiag offers to do, else the lines of its first fix, as they are pasted."""
    found = (
        *DO_IT.findall(shown),
        *(" && ".join(map(str.strip, one.splitlines())) for one in LINES.findall(shown)),
    )
    return found[0] if found else ""


def _opened(scenario: Scenario, shown: str) -> Scenario:
    """The client opens the URL that landiag prints, where it prints one."""
    ports = OPEN.findall(shown)
    return replace(scenario, port=int(ports[0])) if ports else scenario
