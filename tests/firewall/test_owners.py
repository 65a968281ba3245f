"""Owners as people know them: from rules that the tools wrote themselves (ufw 0.36.2, firewalld 1.3.3, docker,
fail2ban's actions, libvirt, Tailscale, NordVPN, Mullvad)."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from landiag.firewall.build import build_ruleset
from landiag.firewall.command import Judge, saved_around
from landiag.firewall.ipt.parse import parse_iptables_save
from landiag.firewall.linux import add_origins
from landiag.firewall.opened import Opening
from landiag.firewall.openings import propose
from landiag.firewall.owners import Manager, Owner, find_owner
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.firewall.ufw import USER_RULES, USER_RULES6
from landiag.model.changes import UfwRule
from landiag.model.facts import Reading, ReadStatus
from landiag.model.packet import Packet
from landiag.model.ruleset import Chain, Hook, Rule, Ruleset, TraceLine, Verdict

USER_RULES_TEXT = """\
*filter
:ufw-user-input - [0:0]
### RULES ###

### tuple ### deny any any 0.0.0.0/0 any 192.168.77.20 in
-A ufw-user-input -s 192.168.77.20 -j DROP

### tuple ### allow any 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT
-A ufw-user-input -p udp --dport 22 -j ACCEPT

### tuple ### allow tcp 139,445 0.0.0.0/0 any 0.0.0.0/0 Samba - in
-A ufw-user-input -p tcp -m multiport --dports 139,445 -j ACCEPT -m comment --comment 'dapp_Samba'

### tuple ### allow udp 137,138 0.0.0.0/0 any 0.0.0.0/0 Samba - in
-A ufw-user-input -p udp -m multiport --dports 137,138 -j ACCEPT -m comment --comment 'dapp_Samba'

### tuple ### route:deny tcp 80 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-forward -p tcp --dport 80 -j DROP

### tuple ### deny tcp 5001:5010 0.0.0.0/0 any 0.0.0.0/0 in_eth0 comment=6d792072756c65
-A ufw-user-input -i eth0 -p tcp -m multiport --dports 5001:5010 -j DROP

### tuple ### deny_log tcp 5000 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 5000 -j ufw-user-logging-input
-A ufw-user-input -p tcp --dport 5000 -j DROP

### tuple ### limit tcp 8000 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 8000 -m conntrack --ctstate NEW -m recent --set
-A ufw-user-input -p tcp --dport 8000 -m recent --update --seconds 30 --hitcount 6 -j ufw-user-limit
-A ufw-user-input -p tcp --dport 8000 -j ufw-user-limit-accept

### END RULES ###
-A ufw-user-limit -j REJECT
COMMIT
"""
USER6_RULES_TEXT = """\
*filter
:ufw6-user-input - [0:0]
### RULES ###

### tuple ### deny tcp 5000 ::/0 any fd77::/64 in
-A ufw6-user-input -p tcp --dport 5000 -s fd77::/64 -j DROP

### END RULES ###
COMMIT
"""


def readings(**texts: str) -> dict[str, Reading]:
    return {name: Reading(name, ReadStatus.OK, text.encode()) for name, text in texts.items()}


def ufw_ruleset(read: dict[str, Reading]) -> Ruleset:
    tables = parse_iptables_save(USER_RULES_TEXT, 4) + parse_iptables_save(USER6_RULES_TEXT, 6)
    return add_origins(build_ruleset([], {(one.family, one.name): one for one in tables}, [], None), read)


BOTH = {USER_RULES.name: USER_RULES_TEXT, USER_RULES6.name: USER6_RULES_TEXT}


def ufw_owner(ruleset: Ruleset, chain: str, position: int) -> str:
    found = next(one for one in ruleset.chains() if one.name == chain)
    rule = found.rules[position - 1]
    return find_owner(ruleset, TraceLine("input", "drop", found, rule)).text


@pytest.mark.parametrize(
    ("chain", "position", "text"),
    [
        ("ufw-user-input", 1, "ufw rule 1 (deny from 192.168.77.20)"),
        ("ufw-user-input", 3, "ufw rule 2 (allow 22)"),
        # A profile of two protocols is one rule for `ufw status`.
        ("ufw-user-input", 5, "ufw rule 3 (allow Samba)"),
        ("ufw-user-forward", 1, "ufw rule 4 (deny routed 80/tcp)"),
        ("ufw-user-input", 6, "ufw rule 5 (deny 5001:5010/tcp on eth0)"),
        ("ufw-user-input", 8, "ufw rule 6 (deny 5000/tcp)"),
        ("ufw-user-input", 10, "ufw rule 7 (limit 8000/tcp)"),
        ("ufw6-user-input", 1, "ufw rule 8 (deny 5000/tcp from fd77::/64)"),
    ],
)
def test_ufw_rules_have_the_numbers_of_ufw_status(chain: str, position: int, text: str) -> None:
    assert ufw_owner(ufw_ruleset(readings(**BOTH)), chain, position) == text


def test_saved_files_of_ufw_have_numbers_too() -> None:
    files = [
        SavedFile("user6.rules", USER6_RULES_TEXT.encode()),
        SavedFile("user.rules", USER_RULES_TEXT.encode()),
    ]
    assert ufw_owner(parse_saved(files, lambda _: None), "ufw6-user-input", 1).startswith("ufw rule 8 ")
    # Where the IPv4 rules are not known, nobody can count.
    assert ufw_owner(parse_saved(files[:1], lambda _: None), "ufw6-user-input", 1) == "ufw"


def test_where_ufws_files_are_not_read_or_say_otherwise_there_is_no_number() -> None:
    assert ufw_owner(ufw_ruleset({}), "ufw-user-input", 1) == "ufw"
    shorter = USER_RULES_TEXT.replace("-A ufw-user-input -s 192.168.77.20 -j DROP\\n", "", 1)
    shorter = shorter.replace("-A ufw-user-input -p udp --dport 22 -j ACCEPT\n", "", 1)
    shorter = shorter.replace("-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n", "", 1)
    assert ufw_owner(ufw_ruleset(readings(**{USER_RULES.name: shorter})), "ufw-user-input", 1) == "ufw"


def test_the_limit_of_a_rule_is_that_rule() -> None:
    ruleset = ufw_ruleset(readings(**BOTH))
    chains = {one.name: one for one in ruleset.chains()}
    jump = TraceLine(
        "input", "jump ufw-user-limit", chains["ufw-user-input"], chains["ufw-user-input"].rules[9]
    )
    reject = TraceLine("input", "reject", chains["ufw-user-limit"], chains["ufw-user-limit"].rules[0])
    assert find_owner(ruleset, reject, (jump,)).text == "ufw rule 7 (limit 8000/tcp)"


def owner_in_save(text: str) -> Owner:
    """The owner of what stops a neighbour's SYN to port 5000, by a saved ruleset of iptables."""
    ruleset = build_ruleset([], {}, parse_iptables_save(text, 4), None)
    ends = (ip_address("192.168.77.20"), ip_address("192.168.77.10"))
    packet = Packet(destination_port=5000, source=ends[0], destination=ends[1], in_interface="eth0")
    told = Judge(ruleset, saved_around(ruleset)).judge(packet).told
    assert told.decided_by is not None
    assert told.verdict in (Verdict.DROP, Verdict.REJECT)
    return find_owner(ruleset, told.decided_by, told.lines, 5000)


def save(*rules: str, chains: tuple[str, ...] = (), policy: str = "ACCEPT", hook: str = "INPUT") -> str:
    declared = "".join(f":{name} - [0:0]\n" for name in chains)
    lines = "".join(f"{rule}\n" for rule in rules)
    others = "".join(f":{name} ACCEPT [0:0]\n" for name in ("INPUT", "FORWARD", "OUTPUT") if name != hook)
    return f"*filter\n:{hook} {policy} [0:0]\n{others}{declared}{lines}COMMIT\n"


@pytest.mark.parametrize(
    ("text", "manager", "said"),
    [
        (
            save("-A INPUT -p tcp -m multiport --dports 5000 -j f2b-flask",
                 "-A f2b-flask -s 192.168.77.20/32 -j REJECT", "-A f2b-flask -j RETURN", chains=("f2b-flask",)),
            Manager.FAIL2BAN, "fail2ban jail flask",
        ),
        (
            save("-A INPUT -j LIBVIRT_INP", "-A LIBVIRT_INP -i eth0 -j DROP", chains=("LIBVIRT_INP",)),
            Manager.LIBVIRT, "libvirt",
        ),
        (
            save("-A INPUT -j ts-input", "-A ts-input -s 192.168.77.0/24 ! -i tailscale0 -j DROP",
                 chains=("ts-input",)),
            Manager.TAILSCALE, "Tailscale",
        ),
        (
            save("-A INPUT -i eth0 -m comment --comment nordvpn -j DROP"),
            Manager.NORDVPN, "kill switch of NordVPN",
        ),
        (
            save("-A INPUT -p tcp --dport 22 -j ACCEPT", policy="DROP", chains=("ufw-user-input",)),
            Manager.UFW, "ufw default (deny incoming)",
        ),
        (
            save("-A INPUT -j ufw-reject-input", "-A ufw-reject-input -j REJECT", chains=("ufw-reject-input",)),
            Manager.UFW, "ufw default (reject incoming)",
        ),
        (save("-A INPUT -p tcp --dport 5000 -j DROP"), Manager.IPTABLES, "iptables"),
    ],
    ids=["fail2ban", "libvirt", "tailscale", "nordvpn", "ufw-policy", "ufw-reject", "iptables"],
)  # fmt: skip
def test_managers_of_iptables_rules(text: str, manager: Manager, said: str) -> None:
    owner = owner_in_save(text)
    assert (owner.manager, owner.title) == (manager, said)


def nft_owner(
    table: str, chain: str, text: str, *path: tuple[str, str], family: str = "inet", port: int = 5000
) -> Owner:
    key = ("nftables", family, table)
    decided = TraceLine("input", "drop", Chain(*key, chain, (), Hook("input")), Rule(1, text, ()))
    lines = tuple(TraceLine("input", result, Chain(*key, name)) for name, result in path)
    return find_owner(Ruleset(), decided, (*lines, decided), port)


def test_fail2ban_sets_of_nftables_name_the_jail() -> None:
    rule = "tcp dport { 5000 } ip saddr @addr-set-flask reject with icmp port-unreachable"
    assert nft_owner("f2b-table", "f2b-chain", rule).text == "fail2ban jail flask"


def test_mullvads_table_is_its_kill_switch() -> None:
    owner = nft_owner("mullvad", "input", "reject")
    assert (owner.manager, owner.text) == (Manager.MULLVAD, "kill switch of Mullvad")


def test_firewalld_says_why_its_zone_stops_clients() -> None:
    way = ("filter_INPUT_ZONES", "goto filter_IN_public")
    end = nft_owner("firewalld", "filter_IN_public", "reject with icmpx admin-prohibited", way)
    assert (end.text, end.title) == ("firewalld zone public", "firewalld: zone public has no port 5000/tcp")
    assert end.place == "public"
    # Older ones end in the base chain.
    base = nft_owner("firewalld", "filter_INPUT", "reject with icmpx admin-prohibited", way)
    assert base.title == "firewalld: zone public has no port 5000/tcp"
    denied = nft_owner("firewalld", "filter_IN_public_deny", "meta nfproto ipv4 tcp dport 5000 drop", way)
    assert denied.title == "firewalld: a rule of zone public denies it"


def test_panic_mode_of_firewalld_is_left_by_its_own_command() -> None:
    owner = nft_owner("firewalld_policy_drop", "raw_prerouting", "policy drop")
    assert (owner.subject, owner.reason, owner.panics) == ("firewalld", "its panic mode is on", True)
    reloading = nft_owner("firewalld_policy_drop", "filter_input", "policy drop")
    assert not reloading.panics
    chain = Chain("nftables", "inet", "firewalld_policy_drop", "raw_prerouting", (), Hook("prerouting"))
    line = TraceLine("prerouting", "drop", chain, None, "policy drop")
    (proposal,) = propose(Ruleset(), owner, line, Opening(ip_network("192.168.77.0/24"), 5000))
    assert proposal.told is not None
    assert proposal.told.argv == ("firewall-cmd", "--panic-off")


UFW = """\
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 5000 -j DROP
{}COMMIT
"""


@pytest.mark.parametrize(
    ("more", "argv"),
    [
        ("", "ufw prepend allow from 192.168.77.0/24 to any port 5000 proto tcp"),
        ("-s 192.168.77.0/24 -p tcp -m tcp --dport 5000 -j ACCEPT",
         "ufw prepend allow in on eth0 from 192.168.77.0/24 to any port 5000 proto tcp"),
        ("-s 192.168.77.0/24 -p tcp -m tcp --dport 5000 -j REJECT --reject-with tcp-reset",
         "ufw prepend allow in on eth0 from 192.168.77.0/24 to any port 5000 proto tcp"),
    ],
)  # fmt: skip
def test_a_rule_that_ufw_would_skip_is_for_an_interface(more: str, argv: str) -> None:
    text = UFW.format(f"-A ufw-user-input {more}\n" if more else "")
    (table,) = parse_iptables_save(text, 4)
    chains = table.chains("iptables-nft", {})
    ruleset = Ruleset({("iptables-nft", "ip", "filter"): chains})
    line = TraceLine("input", "drop", chains["ufw-user-input"], chains["ufw-user-input"].rules[0])
    opening = Opening(ip_network("192.168.77.0/24"), 5000, device="eth0")
    proposal, _beside = propose(ruleset, Owner(Manager.UFW, "ufw"), line, opening)
    assert [" ".join(change.argv) for change in proposal.changes if isinstance(change, UfwRule)] == [argv]


DOCKER = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -j DOCKER
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
"""


def test_docker_sets_the_policy_of_forward() -> None:
    ruleset = build_ruleset([], {}, parse_iptables_save(DOCKER, 4), None)
    forward = next(one for one in ruleset.chains() if one.name == "FORWARD")
    assert find_owner(ruleset, TraceLine("forward", "drop", forward, None, "policy drop")).text == "docker"
