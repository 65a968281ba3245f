"""Both halves of real faults: ``check`` on the server's machine, ``probe`` on the client's, joined by ``report``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.build import build, take
from tests.lab.probe.scenarios.shared import OPEN, PORT, PORT6, filtering, listing, reject
from tests.lab.rota import is_taken
from tests.lab.scenario import CLEAR, Scenario, Step, nft_input, nft_output, sh
from tests.lab.servers import Server, flask, http_server, script, sockets

pytestmark = pytest.mark.lab


@dataclass(frozen=True, slots=True)
class Pair:
    """A fault, and the one verdict that both reports must give.

    ``line`` is what the client types after ``landiag probe``, ``on`` the host where it is typed. ``between`` is
    done after ``check`` and before ``probe``. ``says`` must stand in the summary, ``notes`` among the notes; no
    note may come where ``notes`` is empty. ``check`` are more options of ``check``.
    """

    name: str
    status: str
    cause: str | None = None
    confirmed: bool = False
    says: str = ""
    notes: str = ""
    servers: tuple[Server, ...] = OPEN
    before: tuple[Step, ...] = ()
    between: tuple[Step, ...] = ()
    line: str = PORT
    on: str = "client"
    check: str = ""
    user: bool = False


DROP = nft_input("tcp dport 5000 drop")
BRIDGE_DROPS = sh(
    "nft add table bridge p; nft 'add chain bridge p c { type filter hook forward priority 0; }'\n"
    "nft add rule bridge p c tcp dport 5000 drop",
    on="switch",
)
WORSE_FOR_OTHERS = """
import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.client_address[0] == "127.0.0.1" else 500)
        self.end_headers()

http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
"""
ISOLATED = sh("bridge link set dev server isolated on; bridge link set dev client isolated on", on="switch")

PAIRS = (
    Pair("fine", "clear", None, True),
    Pair("drop", "blocked", "firewall-drops", True, before=(DROP,)),
    Pair(
        "drop-replies", "blocked", "firewall-drops-replies", True, before=(nft_output("tcp sport 5000 drop"),)
    ),
    Pair("reject", "blocked", "firewall-rejects", True, before=reject("icmp-admin-prohibited")),
    Pair("reject-reset", "blocked", "firewall-rejects", True, before=reject("tcp-reset")),
    Pair("loopback", "blocked", "bound-to-loopback", True, servers=(flask(),)),
    Pair(
        "loopback-and-drop",
        "blocked",
        "firewall-drops",
        True,
        notes="listening on 127.0.0.1",
        servers=(flask(),),
        before=(DROP,),
    ),
    Pair("nothing-listens", "blocked", "nothing-listening", True, servers=()),
    Pair("other-family", "blocked", "bound-to-ipv4-only", True, servers=(http_server(),), line=PORT6),
    Pair(
        "drop-ipv6-only",
        "blocked",
        "firewall-drops",
        True,
        before=(nft_input("meta nfproto ipv6 tcp dport 5000 drop"),),
        line=PORT6,
    ),
    Pair(
        "one-client-banned",
        "blocked",
        "firewall-drops",
        True,
        before=(nft_input("ip saddr 192.168.77.20 tcp dport 5000 drop"),),
    ),
    Pair(
        "other-client-banned",
        "clear",
        None,
        True,
        before=(nft_input("ip saddr 192.168.77.21 tcp dport 5000 drop"),),
    ),
    Pair(
        "stopped-server",
        "blocked",
        "server-silent",
        True,
        servers=(sockets("s = socket.create_server(('0.0.0.0', 5000))", serve=False),),
    ),
    Pair(
        "network-between-drops",
        "blocked",
        "connection-filtered",
        says="between",
        notes="landiag watch",
        before=(BRIDGE_DROPS,),
    ),
    Pair(
        "router-drops",
        "blocked",
        "connection-filtered",
        says="between",
        notes="landiag watch",
        before=(filtering("tcp dport 5000 drop", "forward", "gateway"),),
        on="stranger",
    ),
    Pair(
        "router-rejects",
        "blocked",
        "connection-rejected",
        says="between",
        notes="landiag watch",
        before=(filtering("tcp dport 5000 reject with icmpx admin-prohibited", "forward", "gateway"),),
        on="stranger",
    ),
    Pair(
        "isolated",
        "blocked",
        "peer-down",
        says="keeps its clients apart",
        notes="landiag watch",
        before=(ISOLATED,),
    ),
    Pair(
        "other-address",
        "blocked",
        "wrong-address",
        True,
        says="192.168.77.21",
        line="192.168.77.21 --port 5000",
    ),
    Pair(
        "absent-address",
        "blocked",
        "wrong-address",
        True,
        says="192.168.77.99",
        line="192.168.77.99 --port 5000",
    ),
    Pair(
        "other-machine-serves",
        "blocked",
        "wrong-address",
        True,
        line="192.168.77.21 --port 5000",
        servers=(*OPEN, *listing(on="neighbour")),
    ),
    Pair(
        "name-of-another",
        "blocked",
        "name-resolves-elsewhere",
        True,
        before=(sh("echo 192.168.77.21 shop.lan >> /etc/hosts", on="client"),),
        line="shop.lan --port 5000",
    ),
    Pair(
        "no-name",
        "blocked",
        "name-does-not-resolve",
        notes="http://192.168.77.10:5000/",
        line="shop.lan --port 5000",
    ),
    Pair(
        "mended-in-between",
        "clear",
        None,
        True,
        notes="contradict",
        before=(DROP,),
        between=(sh("nft flush ruleset"),),
    ),
    Pair("broken-in-between", "blocked", "connection-filtered", notes="landiag watch", between=(DROP,)),
    Pair(
        "stopped-in-between",
        "blocked",
        "connection-refused",
        servers=listing(),
        between=(sh("kill $(ss -Hltnp sport = :5000 | sed 's/.*pid=//; s/,.*//')"),),
        says="stopped",
        notes="landiag watch",
    ),
    Pair(
        "another-fault-in-between",
        "blocked",
        "firewall-drops",
        notes="contradict",
        servers=listing(),
        before=(DROP,),
        between=(sh("nft flush ruleset; kill $(ss -Hltnp sport = :5000 | sed 's/.*pid=//; s/,.*//')"),),
    ),
    Pair(
        "user-drop",
        "blocked",
        "connection-filtered",
        user=True,
        notes="not everything could be read",
        before=(DROP,),
    ),
    Pair("user-fine", "clear", None, True, user=True),
    Pair("user-refused", "blocked", "bound-to-loopback", True, servers=(flask(),), user=True),
    Pair(
        "own-vpn",
        "blocked",
        "no-route-to-server",
        before=(
            sh(
                "ip link add tun0 type veth peer name tun1; ip link set tun0 up; ip link set tun1 up\n"
                "ip addr add 10.8.0.2/24 dev tun0; ip route add 192.168.77.0/25 dev tun0",
                on="client",
            ),
        ),
        notes="http://192.168.77.10:5000/",
    ),
    Pair(
        "rp-filter",
        "blocked",
        "reverse-path-filter",
        True,
        before=(
            sh(
                "ip route add 10.99.0.0/24 dev lo\n"
                "for f in all eth0; do echo 1 > /proc/sys/net/ipv4/conf/$f/rp_filter; done"
            ),
        ),
        on="stranger",
        check="--peer 10.99.0.20",
    ),
    Pair(
        "no-way-back",
        "blocked",
        "no-route-to-client",
        True,
        before=(sh("ip route del default"),),
        on="stranger",
        check="--peer 10.99.0.20",
    ),
    Pair(
        "no-way-back-unasked",
        "blocked",
        "connection-filtered",
        before=(sh("ip route del default"),),
        on="stranger",
        notes="--peer 10.99.0.20",
    ),
    Pair(
        "answers-others-worse",
        "blocked",
        "client-rejected",
        True,
        says="500 to other devices",
        servers=(script(WORSE_FOR_OTHERS),),
    ),
)


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(pair, id=pair.name)
        for number, pair in enumerate(PAIRS)
        if is_taken(number, user=False, period=2, root_only=True)
    ],
)
def test_pair(pair: Pair, tmp_path: Path) -> None:
    server, client = tmp_path / "server.json", tmp_path / "client.json"
    scenario = Scenario(pair.name, pair.line, "", CLEAR, servers=pair.servers, before=pair.before)
    with build(scenario) as lab:
        check = f"check --port 5000 --json {pair.check}"
        server.write_text(lab.server.landiag(check, user=pair.user).stdout)
        for step in pair.between:
            take(lab, step)
        client.write_text(lab.host(pair.on).landiag(f"probe {pair.line} --json").stdout)
    joined = json.loads(_report(server, client, "--json"))
    verdict, notes = joined["verdict"], " ".join(joined.get("notes", ()))
    assert (verdict["status"], verdict["cause"]) == (pair.status, pair.cause), verdict["summary"]
    assert verdict["confirmed_by"] == ("peer" if pair.confirmed else None)
    assert verdict["status"] != "blocked" or verdict["client_sees"]["outcome"] != "unknown"
    assert pair.says in verdict["summary"]
    assert pair.notes in notes
    assert bool(notes) == bool(pair.notes), notes
    assert pair.cause is None or joined["findings"][0]["code"] == pair.cause
    assert verdict["summary"][1:40] in _report(server, client, "--quiet")


def _report(server: Path, client: Path, *options: str) -> str:
    argv = (sys.executable, "-m", "landiag", "report", str(server), str(client), *options)
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "80"}
    )
    assert done.returncode in (0, 1, 3), done.stderr
    return done.stdout
