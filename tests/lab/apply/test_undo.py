"""``landiag undo``: only what landiag added goes, only where it is as landiag left it; and fixes that do not help."""

from __future__ import annotations

import re
import shlex

import pytest
from msgspec.structs import replace

from landiag.model.changes import NftRule
from landiag.model.lines import undo_line
from tests.lab.apply.terminal import QUESTIONS, client_gets, converse, go_on, journal, prepare, spawn, state
from tests.lab.build import take
from tests.lab.network import build_lab
from tests.lab.scenario import background, iptables, nft_input, sh, ufw
from tests.lab.servers import flask

pytestmark = pytest.mark.lab

OPEN = flask("--host 0.0.0.0")
ALLOW = "from 192.168.77.0/24 to any port 5000 proto tcp"
SAME = "-s 192.168.77.0/24 -p tcp -m tcp --dport 5000 -j ACCEPT"


def test_a_rule_of_ufw_that_was_there_before_stays() -> None:
    """ufw skips a rule that it has already: landiag adds one for the clients' interface, and takes back that alone."""
    with build_lab() as lab:
        prepare(lab, (ufw("deny 5000/tcp", f"allow {ALLOW}"),), OPEN)
        before = state(lab)
        fixed = converse(lab, "check --port 5000 --fix")
        assert (fixed.status, client_gets(lab)) == (0, "served"), fixed.text
        assert "in on eth0" in fixed.text
        assert converse(lab, "undo").status == 0
        assert state(lab) == before
        assert state(lab) == before


@pytest.mark.parametrize("behind", [True, False], ids=["behind", "in-front"])
def test_an_equal_rule_of_iptables_that_was_there_before_stays_where_it_was(behind: bool) -> None:
    drop = "-A INPUT -p tcp --dport 5000 -j DROP"
    # In front of it stands another rule that stops the client first.
    rules = (
        [drop, f"-A INPUT {SAME}"]
        if behind
        else ["-A INPUT -s 192.168.77.20 -j DROP", f"-A INPUT {SAME}", drop]
    )
    with build_lab() as lab:
        prepare(lab, (iptables("\n".join(rules), "iptables-legacy"),), OPEN)
        before = state(lab)
        peer = "" if behind else " --peer 192.168.77.20"
        fixed = converse(lab, f"check --port 5000 --fix{peer}")
        assert (fixed.status, client_gets(lab)) == (0, "served"), fixed.text
        assert state(lab) != before
        assert converse(lab, "undo").status == 0
        assert state(lab) == before


def test_an_equal_rule_of_nftables_that_was_there_before_stays() -> None:
    same = 'ip saddr 192.168.77.0/24 tcp dport 5000 accept comment "landiag 5000"'
    with build_lab() as lab:
        prepare(lab, (nft_input(f"tcp dport 5000 drop\n{same}"),), OPEN)
        before = state(lab)
        fixed = converse(lab, "check --port 5000 --fix")
        assert (fixed.status, client_gets(lab)) == (0, "served"), fixed.text
        assert converse(lab, "undo").status == 0
        assert state(lab) == before


@pytest.mark.parametrize("clients", ["192.168.77.0/24", "192.168.77.20/32"])
def test_the_printed_undo_of_a_rule_of_nftables_leaves_what_was_there_before(clients: str) -> None:
    """An equal rule, and one for others that bears the same comment."""
    rule = 'ip saddr {} tcp dport 5000 accept comment "landiag 5000"\n'
    with build_lab() as lab:
        take(lab, nft_input(rule.format("10.0.0.0/8") + "tcp dport 5000 drop\n" + rule.format(clients)))
        before = state(lab)
        change = NftRule("inet", "filter", "input", clients, 5000)
        handle = next(iter(re.findall(r"drop # handle (\d+)", lab.server.run("nft -a list ruleset").stdout)))
        lab.server.run(shlex.join(replace(change, before=int(handle)).argv))
        assert state(lab) != before
        lab.server.run(undo_line(change))
        assert state(lab) == before


def test_what_somebody_removed_already_is_gone_and_forgotten() -> None:
    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"),), OPEN)
        assert converse(lab, "check --port 5000 --fix").status == 0
        lab.server.run("nft flush ruleset")
        undone = converse(lab, "undo")
        assert (undone.status, journal(lab)) == (0, [])
        assert "It was gone already" in undone.text


def test_a_setting_that_somebody_changed_since_is_left_alone() -> None:
    with build_lab() as lab:
        prepare(lab, (sh("sysctl -w net.ipv4.conf.all.arp_ignore=8"),), OPEN)
        assert converse(lab, "check --port 5000 --fix").status == 0
        lab.server.run("sysctl -w net.ipv4.conf.all.arp_ignore=2")
        undone = converse(lab, "undo")
        assert (undone.status, len(journal(lab))) == (1, 1)
        assert "Not possible" in undone.text
        assert lab.server.run("cat /proc/sys/net/ipv4/conf/all/arp_ignore").stdout == "2\n"
        assert converse(lab, "undo --forget").status == 0
        assert (journal(lab), converse(lab, "undo").status) == ([], 2)


RIVAL = """
import subprocess, time
print("ready", flush=True)
while "landiag" not in subprocess.run(("nft", "list", "ruleset"), capture_output=True, text=True).stdout:
    time.sleep(0.02)
subprocess.run(("nft", "insert", "rule", "inet", "filter", "input", "tcp", "dport", "5000", "drop", "comment", "rival"))
"""


def test_a_fix_that_does_not_help_is_taken_back() -> None:
    """Another program puts its own rule in front of landiag's as soon as that is there."""
    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"), background(RIVAL, "server")), OPEN)
        child = spawn(lab, "check --port 5000 --fix --yes --confirm-within 60")
        child.expect(QUESTIONS[3])
        lab.server.run("until nft list ruleset | grep -q rival; do sleep 0.1; done")
        child.sendline("")
        said = go_on(child)
        assert (said.status, client_gets(lab), journal(lab)) == (1, "timeout", []), said.text
        assert "did not help" in said.text
        assert "landiag 5000" not in lab.server.run("nft list ruleset").stdout


def test_a_fix_that_fails_changes_nothing() -> None:
    refuse = "mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys"
    with build_lab() as lab:
        prepare(lab, (sh(f"sysctl -w net.ipv4.conf.all.arp_ignore=8; {refuse}"),), OPEN)
        before = state(lab)
        said = converse(lab, "check --port 5000 --fix")
        assert (said.status, state(lab), journal(lab)) == (1, before, []), said.text
        assert "That did not work" in said.text


@pytest.mark.parametrize(
    "spoil",
    [
        "mv /var/lib/landiag /srv/other; ln -s /srv/other /var/lib/landiag",
        "chmod 777 /var/lib/landiag; mv /srv/kept.json /var/lib/landiag",
        "rm /var/lib/landiag/*.json; ln -s /srv/kept.json /var/lib/landiag/01.json",
    ],
    ids=["folder-is-a-link", "folder-for-all", "entry-is-a-link"],
)  # fmt: skip
def test_root_reads_no_journal_that_somebody_else_could_have_written(spoil: str) -> None:
    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"),), OPEN)
        assert converse(lab, "check --port 5000 --fix").status == 0
        before = state(lab)
        lab.server.run(f"cp /var/lib/landiag/*.json /srv/kept.json; {spoil}")
        assert (converse(lab, "undo").status, state(lab)) == (1, before)
