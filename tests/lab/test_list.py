"""``landiag list``: for every listener the answer that a real client gets."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.lab.build import build
from tests.lab.client import measure
from tests.lab.hosts import PROJECT
from tests.lab.network import SERVER, Lab
from tests.lab.scenario import CLEAR, Scenario, nft_input, sh
from tests.lab.servers import script

pytestmark = pytest.mark.lab

# Port, the address it is bound to, what a client gets, the code that landiag must give as root (None: reached).
LISTENERS = (
    (5000, "0.0.0.0", "connected", None),
    (5001, "127.0.0.1", "refused", "bound-to-loopback"),
    (5002, "::", "connected", None),
    (5003, "0.0.0.0", "timeout", "firewall-drops"),
    (5004, "0.0.0.0", "rejected port-unreachable", "firewall-rejects"),
    (5005, SERVER, "connected", None),
    (5006, "10.8.0.2", "refused", "bound-to-other-address"),
    (5007, "::1", "refused", "bound-to-loopback"),
    (5008, "0.0.0.0", "timeout", "firewall-drops-replies"),
)
SERVE = f"""
import socket, time
kept = []
for port, address in {[(port, address) for port, address, *_ in LISTENERS]!r}:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kept.append(socket.create_server((address, port), family=family, dualstack_ipv6=address == "::"))
time.sleep(600)
"""
FILTER = """
tcp dport 5003 drop
tcp dport 5004 reject
  }
  chain output {
    type filter hook output priority 0;
    tcp sport 5008 oifname != lo drop
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    scenario = Scenario(
        "list",
        fault="many listeners, some of them out of reach",
        before=(
            sh(
                "ip link add tun0 type veth peer name far0; ip addr add 10.8.0.2/24 dev tun0; ip link set tun0 up"
            ),
            nft_input(FILTER),
        ),
        servers=(script(SERVE, port=5008),),
        truth="connected",
        expected=CLEAR,
    )
    with build(scenario) as lab:
        yield lab


def listed(lab: Lab, *, user: bool) -> dict[int, tuple[str, str | None]]:
    done = lab.server.landiag("list --json", user=user, folder=PROJECT)
    return {row["port"]: (row["reached"], row["cause"]) for row in json.loads(done.stdout)["listeners"]}


def test_truth(lab: Lab) -> None:
    measured = {port: measure(lab.client, SERVER, port, "tcp") for port, *_ in LISTENERS}
    assert measured == {port: truth for port, _, truth, _ in LISTENERS}


def test_root_sees_what_clients_get(lab: Lab) -> None:
    assert listed(lab, user=False) == {
        port: ("no", cause) if cause else ("yes", None) for port, _, _, cause in LISTENERS
    }


def test_user_is_never_told_a_wrong_thing(lab: Lab) -> None:
    for port, (reached, cause) in listed(lab, user=True).items():
        truth = next(truth for number, _, truth, _ in LISTENERS if number == port)
        if truth == "connected":
            assert reached in {"yes", "unknown"}, (port, cause)
        else:
            assert reached in {"no", "unknown"}, (port, cause)


def test_the_table_names_every_port(lab: Lab) -> None:
    done = lab.server.landiag("list", folder=PROJECT)
    assert [str(port) for port, *_ in LISTENERS if str(port) not in done.stdout] == []
    assert "\x1b" not in done.stdout
