"""``check --prove`` on real kernels: the rule that decides is named, and nothing stays behind, however it ends."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lab.build import start, take
from tests.lab.network import Lab, build_lab
from tests.lab.scenario import Step, background, firewalld, iptables, nft, nft_input, nft_output, sh, ufw
from tests.lab.servers import flask

pytestmark = pytest.mark.lab

# Counters count, handles go on, and check itself may knock at its own address; all else must be as it was.
STATE = r"""
nft -s list ruleset; for save in iptables-legacy-save ip6tables-legacy-save; do
  $save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
done
ip -o link | sed 's/ state .*//'; ip -o addr; ip neigh show to 192.168.77.254
tc qdisc show; tc filter show dev eth0 ingress; ss -Htan state syn-recv not dst 192.168.77.10
ps -e -o args= | grep 'monitor trace' | grep -v grep
true
"""
CHECK = "check --port 5000 --prove --json"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the firewall is, and what ``--prove`` must say. ``rule`` stands in the evidence of the first finding."""

    name: str
    steps: tuple[Step, ...]
    status: str
    cause: str | None
    rule: str = ""
    title: str = ""
    options: str = ""
    confirmed: bool = True
    needs: str = "nft"
    host: str = "0.0.0.0"


NETDEV = (
    "table netdev early {\n chain in {\n type filter hook ingress device eth0 priority -300;\n"
    " tcp dport 5000 drop\n }\n}\n"
)
BANNED = nft_input("ip saddr 192.168.77.20 tcp dport 5000 drop")

PROOFS = (
    Proof("nft-drop", (nft_input("tcp dport 5000 drop"),), "blocked", "firewall-drops", "input rule tcp dport 5000"),
    Proof("nft-policy", (nft_input("ct state established accept", "type filter hook input priority 0; policy drop"),),
          "blocked", "firewall-drops", "inet filter input policy drop"),
    Proof("nft-raw", (nft_input("tcp dport 5000 drop", "type filter hook prerouting priority -300"),),
          "blocked", "firewall-drops", "tcp dport 5000 drop"),
    Proof("nft-lower-than-raw", (nft_input("tcp dport 5000 drop", "type filter hook prerouting priority -450"),),
          "blocked", "firewall-drops", "tcp dport 5000 drop"),
    Proof("netdev-ingress", (nft(NETDEV),), "blocked", "firewall-drops", "netdev early in rule tcp dport 5000 drop"),
    Proof("nft-output", (nft_output("tcp sport 5000 drop", "type filter hook output priority 0"),),
          "blocked", "firewall-drops-replies", "tcp sport 5000 drop"),
    Proof("nft-reject", (nft_input("tcp dport 5000 reject"),), "blocked", "firewall-rejects", "reject"),
    Proof("iptables-nft", (iptables("-A INPUT -p tcp --dport 5000 -m comment --comment lan -j REJECT"),),
          "blocked", "firewall-rejects", "ip filter INPUT rule"),
    Proof("iptables-legacy", (iptables("-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp --dport 5000 -j DROP",
                                       "iptables-legacy"),),
          "blocked", "firewall-drops", "table filter of iptables-legacy", needs="iptables-legacy"),
    Proof("iptables-legacy-raw", (iptables("-t raw -A PREROUTING -p tcp --dport 5000 -j DROP", "iptables-legacy"),),
          "blocked", "firewall-drops", "table raw of iptables-legacy", needs="iptables-legacy"),
    Proof("iptables-legacy-accepts", (iptables("-A INPUT -p tcp --dport 5001 -j DROP", "iptables-legacy"),),
          "clear", None, needs="iptables-legacy"),
    Proof("ufw-default", (ufw(),), "blocked", "firewall-drops", "ip filter INPUT policy drop",
          "ufw drops connections to port 5000 (its default: deny incoming)", needs="ufw"),
    Proof("ufw-rule", (ufw("allow 22", "deny 5000/tcp"),), "blocked", "firewall-drops", "ufw-user-input rule",
          "ufw rule 2 (deny 5000/tcp)", needs="ufw"),
    Proof("firewalld", (firewalld(),), "blocked", "firewall-rejects", "inet firewalld filter_IN_public rule",
          "(zone public has no port 5000/tcp)", needs="firewalld"),
    Proof("nothing", (), "clear", None),
    Proof("accepts", (nft_input("tcp dport 5000 accept", "type filter hook input priority 0; policy drop;"
                                " ct state established accept"),), "clear", None),
    Proof("ipv6", (nft_input("ip6 saddr fd77::/64 tcp dport 5000 drop"),), "blocked", "firewall-drops",
          "ip6 saddr fd77::/64 tcp dport 5000 drop", options=" --to fd77::10", host="::"),
    Proof("ipv6-accepts", (), "clear", None, options=" --to fd77::10", host="::"),
    Proof("banned-peer", (BANNED,), "blocked", "firewall-drops", "ip saddr 192.168.77.20",
          options=" --peer 192.168.77.20"),
    Proof("ordinary-clients-of-a-ban", (BANNED,), "clear", None),
    Proof("own-mac", (sh('nft "add table inet mac; add chain inet mac in { type filter hook input priority 0 ; }";'
                         " nft add rule inet mac in ether daddr $(ip -br link show eth0 | awk '{ print $3 }')"
                         " tcp dport 5000 drop"),), "blocked", "firewall-drops", "tcp dport 5000 drop"),
    Proof("loopback-only", (), "blocked", "bound-to-loopback", host="127.0.0.1"),
    Proof("tc-takes-it-away", (sh("ip link add sink type veth peer name sunk; ip link set sink up"),
                               sh("tc qdisc add dev eth0 clsact; tc filter add dev eth0 ingress protocol ip u32"
                                  " match ip dport 5000 0xffff action mirred egress redirect dev sink")),
          "undetermined", "other-firewall", "last seen: nowhere", "before the firewall", confirmed=False, needs="tc"),
    Proof("tc-lets-it-pass", (sh("ip link add sink type veth peer name sunk; ip link set sink up"),
                              sh("tc qdisc add dev eth0 clsact; tc filter add dev eth0 ingress protocol ip u32"
                                 " match ip dport 5001 0xffff action mirred egress redirect dev sink")),
          "clear", None, needs="tc"),
)  # fmt: skip


def proving_lab(*steps: Step, host: str = "0.0.0.0") -> Lab:
    lab = build_lab()
    try:
        for step in steps:
            take(lab, step)
        start(lab, flask(f"--host {host}"), "server")
    except BaseException:
        lab.__exit__(None, None, None)
        raise
    return lab


def state(lab: Lab) -> str:
    return lab.server.run(STATE).stdout


def proven(lab: Lab, options: str) -> tuple[dict[str, Any], str]:
    done = lab.server.landiag(CHECK + options, timeout=30)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report, done.stderr


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_the_kernel_says_who_decides(proof: Proof) -> None:
    if not shutil.which(proof.needs):
        pytest.skip(f"{proof.needs} is not installed")
    with proving_lab(*proof.steps, host=proof.host) as lab:
        before = state(lab)
        report, said = proven(lab, proof.options)
        after = state(lab)
    verdict = report["verdict"]
    assert (verdict["status"], verdict["cause"]) == (proof.status, proof.cause), report["findings"]
    assert verdict["confirmed_by"] == ("kernel-trace" if proof.confirmed else None)
    if proof.rule:
        finding = next(one for one in report["findings"] if one["code"] == proof.cause)
        assert any(
            proof.rule in one["text"] for one in finding["evidence"] if one["source"] == "nft monitor trace"
        )
        assert proof.title in finding["title"]
    assert "one SYN from" in said
    assert after == before


@pytest.mark.parametrize("options", ["", " --redact"])
def test_the_recording_of_a_proof_gives_the_same_verdict(options: str) -> None:
    with proving_lab(nft_input("tcp dport 5000 drop")) as lab:
        report, _ = proven(lab, f" --save /srv/home/case.json{options}")
        replayed = lab.server.landiag("check --replay /srv/home/case.json --json")
    assert json.loads(replayed.stdout)["verdict"] == report["verdict"]
    assert replayed.stderr == ""


# Runs on the client: prints every frame that speaks of the address that was made up, or comes from the server's port.
LISTEN = """
import socket
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sock.bind(("eth0", 0))
print("ready", flush=True)
while True:
    frame = sock.recv(2048)
    if bytes((192, 168, 77, 254)) in frame[14:] or frame[23:24] + frame[34:36] == bytes((6, 0x13, 0x88)):
        print(frame.hex(), flush=True)
"""


def test_nothing_of_it_reaches_the_network() -> None:
    with proving_lab(background(LISTEN, "client")) as lab:
        for options in ("", " --peer 192.168.77.20"):
            report, _ = proven(lab, options)
            assert report["verdict"]["confirmed_by"] == "kernel-trace"
        lab.server.run("sleep 1.5")
        seen = lab.client.run("cat /run/lab/started").stdout
        lab.client.run(
            "python -c 'import socket; socket.create_connection((\"192.168.77.10\", 5000)).close()'"
        )
        then = lab.client.run("sleep 0.2; cat /run/lab/started").stdout
    assert seen == "ready\n"
    assert len(then) > len(seen), "the listener hears nothing at all"


def test_a_port_that_is_forwarded_to_another_device_sends_it_nothing() -> None:
    chain = "type nat hook prerouting priority -100;\n tcp dport 5000 dnat to 192.168.77.20\n"
    forwards = nft(f"table ip nat {{\n chain in {{\n {chain} }}\n}}\n")
    steps = (sh("echo 1 > /proc/sys/net/ipv4/ip_forward"), forwards, background(LISTEN, "client"))
    with proving_lab(*steps) as lab:
        report, _ = proven(lab, "")
        seen = lab.client.run("sleep 1; cat /run/lab/started").stdout
    assert any(one["source"].startswith("prove ") for one in report["readings"])
    assert report["verdict"]["confirmed_by"] is None
    # check itself asks the device behind the translation; the made-up client must not show.
    assert "c0a84dfe" not in seen


# Runs on the server: starts landiag, sends it a signal when the trace is in place, prints how it ended. On a busy
# machine it may have ended by itself in the meantime: then it is tried again.
INTERRUPT = """
import os, signal, subprocess, sys, time
for one in (signal.SIGHUP, signal.SIGINT):
    signal.signal(one, signal.SIG_DFL)  # nohup and `&` have them ignored, and children inherit that
for attempt in range(5):
    landiag = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while time.monotonic() < end and landiag.poll() is None:
        if subprocess.run(["nft", "list", "table", "inet", "landiag_prove"], capture_output=True).returncode == 0:
            for again in range(3):  # people press Ctrl-C until something happens
                landiag.send_signal(getattr(signal, sys.argv[1]))
                time.sleep(0.01)
            break
    _, errors = landiag.communicate(timeout=20)
    if landiag.returncode not in (0, 1, 3):
        break
print(landiag.returncode, errors.splitlines()[-1])
"""


def interrupt(lab: Lab, signal: str) -> str:
    line = f"{sys.executable} - {signal} {sys.executable} -m landiag {CHECK}"
    return lab.server.run(line, stdin=INTERRUPT, timeout=60).stdout


@pytest.mark.parametrize(("signal", "status"), [("SIGINT", "130"), ("SIGTERM", "143"), ("SIGHUP", "129")])
def test_an_interrupted_proof_leaves_nothing(signal: str, status: str) -> None:
    with proving_lab(nft_input("tcp dport 5000 drop")) as lab:
        before = state(lab)
        ended = interrupt(lab, signal)
        after = state(lab)
    assert ended.split()[0] == status
    assert after == before


def test_a_killed_proof_is_cleaned_up() -> None:
    with proving_lab(nft_input("tcp dport 5000 drop")) as lab:
        before = state(lab)
        interrupt(lab, "SIGKILL")
        assert "landiag_prove" in state(lab)
        refused = lab.server.landiag(CHECK)
        cleaned = lab.server.landiag("check --prove --cleanup")
        after = state(lab)
        again = lab.server.landiag("check --prove --cleanup")
    assert refused.returncode == 2
    assert "landiag check --prove --cleanup" in refused.stderr.splitlines()[-1]
    assert "inet landiag_prove" in cleaned.stderr
    assert after == before
    assert "nothing was left behind" in again.stderr


def test_refusals_are_one_sentence() -> None:
    with proving_lab() as lab:
        user = lab.server.landiag(CHECK, user=True)
        bridge = "ip link add br0 type bridge; ip link set br0 up; ip addr add 10.5.0.1/24 dev br0"
        lab.server.run(bridge)
        other = lab.server.landiag(f"{CHECK} --to 10.5.0.1")
        alone = lab.server.landiag("check --cleanup")
    assert (user.returncode, len(user.stderr.splitlines())) == (2, 1)
    assert "root" in user.stderr
    assert (other.returncode, len(other.stderr.splitlines())) == (2, 1)
    assert "br0 is a" in other.stderr
    assert (alone.returncode, "--prove --cleanup" in alone.stderr) == (2, True)
