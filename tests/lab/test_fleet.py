"""The matrix of real hosts, recorded by the recorder for hosts without landiag, is what their connections meet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from landiag.fleet.exposed import list_cells
from landiag.fleet.fate import CellVerdict
from landiag.fleet.hosts import make_host
from landiag.fleet.reach import Reach
from landiag.host import parse_recording
from landiag.record.recorder import write_recorder
from landiag.replay import Rulesets
from tests.lab.fleet.compare import try_cells
from tests.lab.network import Lab, build_lab

pytestmark = pytest.mark.lab

PORTS = (80, 81, 82, 5432, 5433, 9000)
SERVE = """
import socket, sys, time
kept = []
for port, address in ((80, "0.0.0.0"), (81, "::"), (5432, "0.0.0.0"), (5433, "127.0.0.1"), (82, sys.argv[1])):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kept.append(socket.create_server((address, port), family=family, dualstack_ipv6=address == "::"))
print("up", flush=True)
time.sleep(600)
"""
RULES = {
    "server": """table inet f {
      chain in { type filter hook input priority 0; policy drop;
        ct state established,related accept
        ip saddr 192.168.77.20 tcp dport { 80, 5432 } accept
        ip saddr 10.99.0.0/24 tcp dport 81 accept
        ip6 saddr fd77::21 tcp dport 81 reject with tcp reset
        meta l4proto { icmp, ipv6-icmp } accept
        ip6 saddr fd77::/64 tcp dport 80-90 accept
      }
    }
""",
    "client": """table ip f {
      chain out { type filter hook output priority 0; policy accept;
        ip daddr 192.168.77.21 tcp dport 80 drop
        ip daddr 10.99.0.20 tcp dport 5432 reject
      }
    }
""",
    "neighbour": """table ip f {
      set ours { type ipv4_addr; flags interval; elements = { 192.168.77.1-192.168.77.10, 10.99.0.0/25 } }
      chain in { type filter hook input priority 0; policy accept;
        tcp dport 81 ip saddr != @ours reject
        tcp sport 82 drop
      }
    }
""",
    "stranger": """table inet f {
      chain in { type filter hook input priority 0; policy accept; iifname "eth0" ct state new tcp dport 9000 drop; }
      chain out { type filter hook output priority 0; policy accept; tcp sport 80 ip daddr 192.168.77.21 drop
      }
    }
""",
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with build_lab() as built:
        for name, text in RULES.items():
            built.host(name).run("nft -f -", stdin=text)
        for number, host in enumerate(built.hosts()):
            address = "127.0.0.1" if number % 2 else "0.0.0.0"
            host.run(f"cat > /srv/serve.py; (python3 /srv/serve.py {address} > /run/up 2>&1 &) ; "
                     "until grep -q . /run/up; do sleep 0.1; done; cat /run/up", stdin=SERVE)  # fmt: skip
        yield built


def record(lab: Lab) -> Reach:
    rulesets: Rulesets = {}
    hosts = []
    for host in lab.hosts():
        said = host.run("cat > /srv/recorder.py; python3 -I /srv/recorder.py", stdin=write_recorder()).stdout
        hosts.append(make_host(host.name, host.name, parse_recording(said), rulesets))
    return Reach(hosts)


def test_real_connections_agree_with_the_matrix(lab: Lab) -> None:
    reach = record(lab)
    assert {host.name: host.problem for host in reach.hosts if host.problem} == {}
    cells = list(list_cells(reach, PORTS))
    wrong = []
    for client in lab.hosts():
        mine = [cell for cell in cells if cell.client == client.name]
        for cell, outcome in zip(mine, try_cells(client, mine), strict=True):
            if not agrees(cell.fate.verdict, outcome):
                wrong.append((cell.client, cell.server, str(cell.address), cell.port, cell.fate, outcome))
    assert len(cells) > 200
    assert wrong == []


def agrees(verdict: CellVerdict, outcome: str) -> bool:
    """Whether a real connection's outcome is what the cell says."""
    if verdict is CellVerdict.NO_LISTENER:
        return outcome == "refused"
    return verdict is not CellVerdict.UNKNOWN and (verdict is CellVerdict.REACHABLE) is (
        outcome == "answered"
    )
