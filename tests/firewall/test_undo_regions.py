"""A fix and its undo, carried out by models of the tools: all packets fare as it is told, and then as before.

The tools go by text, handle or comment, and rules that equal the fix's own stand in the chains already.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from ipaddress import ip_network
from random import Random

import pytest

from landiag.firewall.compared import digest
from landiag.firewall.opened import Opening
from landiag.firewall.openings import propose
from landiag.firewall.owners import find_owner
from landiag.firewall.proposal import Proposal
from landiag.firewall.regions import find_regions
from landiag.firewall.scope import Scope
from landiag.model.changes import IptablesRule, NftRule, UfwRule
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from tests.firewall.rules import ACCEPT, DROP, chain, dport, judge, match, nft, rule, saved

LAN = "192.168.77.0/24"
OPENING = Opening(ip_network(LAN), 5000)
SAME = f"-s {LAN} -p tcp -m tcp --dport 5000 -j ACCEPT"
LINES = (
    SAME, "-p tcp -m tcp --dport 5000 -j DROP", "-s 192.168.77.20/32 -j DROP", "-p tcp -m tcp --dport 22 -j ACCEPT",
    "-s 10.0.0.0/8 -p tcp -m tcp --dport 5000 -j ACCEPT", f"-s {LAN} -j RETURN", "-p tcp -j inner",
)  # fmt: skip

Chains = dict[str, list[str]]


def does(ruleset: Ruleset) -> str | None:
    """What a ruleset does with all packets."""
    return digest(find_regions(ruleset, Scope.of_saved(ruleset, Packet(in_interface="eth0"))))


def proposals(ruleset: Ruleset) -> Sequence[Proposal]:
    """What would let the client in; empty where nothing stops it."""
    told = judge(ruleset)
    if told.verdict is Verdict.ACCEPT or told.decided_by is None:
        return ()
    owner = find_owner(ruleset, told.decided_by, told.lines)
    return [one for one in propose(ruleset, owner, told.decided_by, OPENING) if one.ruleset is not None]


def of_chains(chains: Chains) -> Ruleset:
    lines = [f"-A {name} {line}" for name, several in chains.items() for line in several]
    heads = [f":{name} {'DROP' if name == 'INPUT' else '-'} [0:0]" for name in chains]
    return saved(
        "*filter\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + "\n".join((*heads, *lines, "COMMIT\n"))
    )


def iptables(chains: Chains, argv: Sequence[str]) -> Chains:
    """What ``iptables -I, -A, -D`` make of chains (iptables(8)): -D takes the first that matches."""
    _, verb, name, *words = argv
    lines = list(chains[name])
    if verb == "-D":
        lines.remove(shlex.join(words))
    elif verb == "-A":
        lines.append(shlex.join(words))
    else:
        lines.insert(int(words[0]) - 1, shlex.join(words[1:]))
    return {**chains, name: lines}


@pytest.mark.parametrize("seed", range(60))
def test_iptables(seed: int) -> None:
    random = Random(seed)
    chains = {"INPUT": random.choices(LINES, k=4), "inner": random.choices(LINES[:-1], k=3)}
    for proposal in proposals(of_chains(chains)):
        (change,) = proposal.changes
        assert isinstance(change, IptablesRule)
        assert proposal.ruleset is not None
        fixed = iptables(chains, change.argv)
        assert does(of_chains(fixed)) == does(proposal.ruleset)
        assert does(of_chains(iptables(fixed, change.undo_argv))) == does(of_chains(chains))


UFW = {
    "allow from 192.168.77.0/24 to any port 5000 proto tcp": SAME,
    "allow in on eth0 from 192.168.77.0/24 to any port 5000 proto tcp": f"-i eth0 {SAME}",
    "deny 5000/tcp": LINES[1],
    "deny from 192.168.77.20": LINES[2],
    "allow 22/tcp": LINES[3],
}  # fmt: skip


def chains_of_ufw(rules: Sequence[str]) -> Chains:
    return {"INPUT": ["-j ufw-user-input"], "ufw-user-input": [UFW[one] for one in rules]}


def of_ufw(rules: Sequence[str]) -> Ruleset:
    return of_chains(chains_of_ufw(rules))


def ufw(rules: Sequence[str], argv: Sequence[str]) -> list[str]:
    """What ``ufw prepend`` and ``ufw delete`` make of its rules: it skips one that it has (ufw(8))."""
    text = shlex.join(argv[2:])
    if argv[1] == "delete":
        return [one for one in rules if one != text]
    return [text, *rules] if text not in rules else list(rules)


@pytest.mark.parametrize("seed", range(40))
def test_ufw(seed: int) -> None:
    random = Random(seed)
    rules = random.sample(sorted(UFW), k=random.randint(0, 5))
    for proposal in proposals(of_ufw(rules)):
        (change,) = proposal.changes
        assert proposal.ruleset is not None
        if isinstance(change, UfwRule):
            fixed = ufw(rules, change.argv)
            undone, after = of_ufw(ufw(fixed, change.undo_argv)), of_ufw(fixed)
        else:  # beside ufw, where its own rule would not help
            assert isinstance(change, IptablesRule)
            chains = iptables(chains_of_ufw(rules), change.argv)
            undone, after = of_chains(iptables(chains, change.undo_argv)), of_chains(chains)
        assert does(after) == does(proposal.ruleset)
        assert does(undone) == does(of_ufw(rules))


FROM_LAN = match(
    {"payload": {"protocol": "ip", "field": "saddr"}}, {"prefix": {"addr": "192.168.77.0", "len": 24}}
)
OWN = (FROM_LAN, dport(5000), ACCEPT)
NFT = (
    (OWN, "landiag 5000"), (OWN, None), ((dport(5000), DROP), None), ((dport(22), ACCEPT), "landiag 5000"),
    ((FROM_LAN, DROP), None),
)  # fmt: skip

Handled = list[tuple[int, tuple[object, ...], str | None]]


def of_handles(rules: Handled) -> Ruleset:
    comments = [{} if comment is None else {"comment": comment} for _, _, comment in rules]
    written = [
        rule("in", *expr, handle=handle, **comment)
        for (handle, expr, _), comment in zip(rules, comments, strict=True)
    ]
    return nft(chain("in", "input", policy="drop"), *written)


def nft_add(rules: Handled, change: NftRule) -> Handled:
    """What ``nft insert`` at a position, or ``nft add``, make of a chain (nft(8))."""
    handles = [handle for handle, *_ in rules]
    at = len(rules) if change.before is None else handles.index(change.before)
    return [*rules[:at], (max(handles, default=1) + 1, OWN, change.comment), *rules[at:]]


def nft_undo(rules: Handled, change: NftRule) -> Handled:
    """What the line that is printed takes: the first that bears the comment, of those for the same clients."""
    own = next(one for one in rules if one[1] == OWN and one[2] == change.comment)
    return [one for one in rules if one is not own]


@pytest.mark.parametrize("seed", range(60))
def test_nft(seed: int) -> None:
    random = Random(seed)
    chosen = random.choices(NFT, k=random.randint(0, 5))
    rules = [(handle, *one) for handle, one in enumerate(chosen, 4)]
    for proposal in proposals(of_handles(rules)):
        (change,) = proposal.changes
        assert isinstance(change, NftRule)
        assert proposal.ruleset is not None
        fixed = nft_add(rules, change)
        assert does(of_handles(fixed)) == does(proposal.ruleset)
        assert does(of_handles(nft_undo(fixed, change))) == does(of_handles(rules))
