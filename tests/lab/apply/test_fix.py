"""``check --fix`` at a real terminal: the client connects, the account is right, ``undo`` leaves all as it was."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.lab.apply.terminal import client_gets, converse, journal, prepare, state
from tests.lab.network import build_lab
from tests.lab.scenario import Step, firewalld, iptables, nft_input, sh, ufw
from tests.lab.scenarios.routing import tunnel
from tests.lab.servers import Server, flask

pytestmark = pytest.mark.lab


# ufw writes its limit chains anew at the first change of a rule; what it looks like after that is what undo keeps.
_ANY = "allow from 10.0.0.0/8 to any port 9 proto tcp"
SETTLE = f"ufw prepend {_ANY}; ufw delete {_ANY}"


OPEN, CLOSED = flask("--host 0.0.0.0"), flask("--host 127.0.0.1")


@dataclass(frozen=True, slots=True)
class Fault:
    """A machine on which something is wrong; ``says`` stands in what landiag prints, ``lasts`` only where it is so."""

    name: str
    steps: tuple[Step, ...]
    truth: str
    says: tuple[str, ...]
    server: Server = OPEN
    lasts: bool = True
    options: str = ""
    status: int = 0  # 3: landiag's own connection is dropped by a rule that clients do not meet


FAULTS = (
    Fault("ufw", (ufw(), sh(SETTLE)), "timeout", ("ufw prepend allow from 192.168.77.0/24",), lasts=False),
    Fault("nft", (nft_input("tcp dport 5000 drop"),), "timeout", ("nft insert rule inet filter input",)),
    Fault("nft-policy", (nft_input("}; chain last { type filter hook input priority 10; policy drop;"),),
          "timeout", ("nft add rule inet filter last",), status=3),
    Fault("iptables-legacy", (iptables("-A INPUT -p tcp --dport 5000 -j DROP", "iptables-legacy"),), "timeout",
          ("iptables-legacy -I INPUT 1",)),
    Fault("iptables-nft", (iptables("-A INPUT -p tcp --dport 5000 -j REJECT"),), "rejected port-unreachable",
          ("iptables-nft -I INPUT 1",)),
    Fault("firewalld", (firewalld(),), "rejected admin-prohibited", ("firewall-cmd --permanent",), lasts=False),
    Fault("sysctl", (sh("sysctl -w net.ipv4.conf.all.arp_ignore=8"),), "timeout",
          ("sysctl -w net.ipv4.conf.all.arp_ignore=0", "/etc/sysctl.d")),
    Fault("route", (sh("ip route add blackhole 192.168.77.20/32"),), "timeout",
          ("ip route del blackhole 192.168.77.20/32",), options="--peer 192.168.77.20"),
    Fault("vpn-by-rule", (tunnel("ip route add default dev tun0 table 52; ip rule add pref 5270 table 52"),), "timeout",
          ("rule add to 192.168.77.0/24 lookup main pref 5269",)),
    Fault("vpn-by-routes", (tunnel("for half in 0 128; do ip route add 192.168.77.$half/25 dev tun0; done"),),
          "timeout", ("ip route del 192.168.77.0/25 dev tun0", "ip route del 192.168.77.128/25 dev tun0")),
    Fault("loopback", (), "refused", ("kill ", "--host 0.0.0.0"), CLOSED, lasts=False),
    Fault("loopback-and-nft", (nft_input("tcp dport 5000 drop"),), "timeout", ("Fix 1: ", "Fix 2: "),
          CLOSED),
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fix_lets_the_client_in_and_undo_takes_it_back(fault: Fault) -> None:
    with build_lab() as lab:
        prepare(lab, fault.steps, fault.server)
        before = state(lab)
        assert client_gets(lab) == fault.truth
        fixed = converse(lab, f"check --port 5000 --fix {fault.options}")
        assert client_gets(lab) == "served", fixed.text
        assert fixed.status == fault.status, fixed.text
        for words in (*fault.says, "What landiag did:", "undo"):
            assert words in " ".join(fixed.text.split()), fixed.text
        assert ("until this machine restarts" in " ".join(fixed.text.split())) is fault.lasts
        undone = converse(lab, "undo")
        assert undone.status == 0, undone.text
        assert client_gets(lab) == fault.truth
        assert state(lab) == before
        assert journal(lab) == []
        assert converse(lab, "undo").status == 2


def test_nothing_is_changed_without_a_yes() -> None:
    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"),), flask("--host 0.0.0.0"))
        before = state(lab)
        said = converse(lab, "check --port 5000 --fix", says="n")
        assert (said.status, state(lab), journal(lab)) == (1, before, [])
        assert "Nothing was changed." in said.text


def test_a_server_without_a_terminal_is_fixed_by_yes_alone() -> None:
    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"),), flask("--host 0.0.0.0"))
        line = "python -m landiag check --port 5000 --fix"
        assert lab.server.run(line, check=False).returncode == 2
        assert client_gets(lab) == "timeout"
        done = lab.server.run(f"{line} --yes", check=False)
        assert (done.returncode, client_gets(lab)) == (0, "served"), done.stdout
        assert lab.server.run("python -m landiag undo --yes").returncode == 0
        assert client_gets(lab) == "timeout"


@pytest.mark.parametrize(
    "more", ["--json", "--only firewall", "--replay x.json", "--redact", "--confirm-within 5"]
)
def test_fix_alone_changes_things(more: str) -> None:
    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"),), flask("--host 0.0.0.0"))
        before = state(lab)
        done = lab.server.run(f"python -m landiag check --port 5000 --fix --yes {more}", check=False)
        assert (done.returncode, done.stdout, state(lab)) == (2, "", before)
        assert more.split(maxsplit=1)[0] in done.stderr
