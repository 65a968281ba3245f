"""A fix of firewalld's and its undo, typed for the real one: all packets fare as it was told, and then as before."""

from __future__ import annotations

import shlex

import pytest

from landiag.firewall.openings import propose
from landiag.firewall.owners import find_owner
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.model.ruleset import Ruleset
from tests.firewall.rules import judge
from tests.firewall.test_undo_regions import LAN, OPENING, does
from tests.lab.build import take
from tests.lab.hosts import Host
from tests.lab.network import build_lab
from tests.lab.scenario import firewalld

pytestmark = pytest.mark.lab

SAME = f"rule family=ipv4 source address={LAN} port port=5000 protocol=tcp"
SETUPS = {
    "equal-rule-after-one-that-denies": (
        f"--zone=public --add-rich-rule='rule priority=-5 family=ipv4 source address={LAN} drop'",
        f"--zone=public --add-rich-rule='{SAME} accept'",
    ),
    "masquerade-and-forward-port": (
        "--zone=public --add-masquerade",
        "--zone=public --add-forward-port=port=80:proto=tcp:toport=5000",
        f"--zone=public --add-rich-rule='{SAME} reject'",
    ),
    "zones-of-sources": (
        "--zone=drop --add-source=192.168.77.0/24",
        "--zone=trusted --add-source=10.0.0.0/8",
        "--zone=trusted --add-interface=eth9",
    ),
}


def rules_of(host: Host) -> Ruleset:
    """What the kernel has now."""
    text = host.run("nft -j list ruleset").stdout.encode()
    return parse_saved([SavedFile("rules.json", text)], lambda _: None)


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_the_real_tool_opens_what_is_told_and_undoes_no_more(setup: tuple[str, ...]) -> None:
    with build_lab() as lab:
        take(lab, firewalld(*setup))
        before = rules_of(lab.server)
        told = judge(before)
        assert told.decided_by is not None
        owner = find_owner(before, told.decided_by, told.lines)
        proposal = propose(before, owner, told.decided_by, OPENING)[0]
        assert proposal.ruleset is not None
        for change in proposal.changes:
            lab.server.run(shlex.join(change.argv))
        fixed = rules_of(lab.server)
        for change in reversed(proposal.changes):
            lab.server.run(shlex.join(change.undo_argv))
        assert does(fixed) == does(proposal.ruleset)
        assert does(fixed) not in (None, does(before))
        assert does(rules_of(lab.server)) == does(before)
