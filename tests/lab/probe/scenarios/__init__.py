"""Every scenario of the client's side, by family."""

from __future__ import annotations

from tests.lab.probe.scenarios.application import APPLICATION
from tests.lab.probe.scenarios.basic import BASIC
from tests.lab.probe.scenarios.firewalls import FIREWALLS
from tests.lab.probe.scenarios.link import LINK
from tests.lab.probe.scenarios.names import NAMES
from tests.lab.probe.scenarios.routers import ROUTERS
from tests.lab.probe.scenarios.surveys import SURVEYS

SCENARIOS = (*BASIC, *FIREWALLS, *ROUTERS, *LINK, *APPLICATION, *NAMES, *SURVEYS)

USAGE = (
    "localhost", "127.0.0.1", "0.0.0.0", "::1", "''", "192.168.77.20", "192.168.77.255", "224.0.0.1",
    "192.168.77.10 --port 9-5", "192.168.77.10 --port 0", "192.168.77.10 --port 70000", "192.168.77.10 --port abc",
    "192.168.77.10 --interface nosuch0", "10.0.0.0/8", "172.16.0.0/16", "fe80::1", "192.168.77.300", "'a b'",
    "192.168.77.10 --scheme ftp", "192.168.77.10 --ipv4 --ipv6", "fe80::1%nosuch0", "192.168.77.10 --interface lo",
    "192.168.77.10 --path '/\t'", "192.168.77.10 --host-header 'a\tb'", "ff02::1", "192.168.77.0/33",
)  # fmt: skip
"""Lines that cannot be answered: each gets one sentence and exit status 2."""
