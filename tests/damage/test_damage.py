"""A fixed sample of the hunt (``python -m tests.damage`` runs more), and the kinds of damage that it has found."""

from __future__ import annotations

import json
from random import Random

import pytest

from landiag.firewall.command import judge_packets
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.host import parse_recording, render_recording
from landiag.host.nft_text import read_nft_text
from landiag.host.recording import undamaged
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.packet import Packet
from landiag.model.report import Status
from tests.cases import load, replay
from tests.damage.damage import Damage, choose_damage, parse_damage
from tests.damage.hunt import hunt, repeat
from tests.damage.same_shape import is_another_machine
from tests.damage.subjects import case_subject, list_subjects

SAMPLE = 300
NFT = (
    '{"nftables": [{"table": {"family": "inet", "name": "t"}}, {"chain": {"family": "inet", "table": "t",'
    ' "name": "i", %s]}'
)
HEAD = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"


def test_a_sample_of_damage_turns_nothing_clear() -> None:
    subjects = [one for one in list_subjects() if not one.name.startswith("rules:") or "/" not in one.name]
    assert not [one.text for one in hunt(subjects, "sample", SAMPLE)]


def test_a_damage_is_written_down_and_done_again() -> None:
    data = b"a line of text\nanother\n"
    for seed in range(50):
        damage = choose_damage(data, Random(seed))
        assert parse_damage(damage.written) == damage
        assert parse_damage(damage.written).apply(data) == damage.apply(data)


@pytest.mark.parametrize(
    "name",
    ["linux-clear", "macos-firewall-drops-pf-anchor", "windows-firewall-drops-powershell-group-policy"],
)
def test_what_was_answered_before_is_what_the_whole_diagnosis_says(name: str) -> None:
    subject, random = case_subject(name), Random(name)
    for source, data in random.sample(sorted(subject.texts.items()), 10):
        for _ in range(3):
            damaged = choose_damage(data, random).apply(data)
            whole = subject.judge({**subject.texts, source: damaged})
            assert [subject.judge_one(source, damaged) for _ in range(2)] == [whole] * 2, (source, damaged)


@pytest.mark.parametrize(
    ("old", "new", "is_another"),
    [
        (b"  192.168.77.0/24\n", b"  192.168.77.24\n", True),
        (b"  192.168.77.0/24\n", b" 92.168.77.0/24\n", True),
        (b"to 192.168.77.0/24\n", b"to92.168.77.0/24\n", False),
        (b"  192.168.77.0/24\n", b"  192.168.77.0/2\n", True),
        (b"  192.168.77.0/24\n", b"  192.168.770/24\n", False),
        (rb'{"Program": "C:\\a\\b.exe"}', rb'{"Program": "C:\\a\\b&.exe"}', True),
        (rb'{"Program": "C:\\a\\b.exe"}', b'{"Program": "C:\\\\a\\\\b\xff.exe"}', False),
        (b'{"Service": ["Any"]}', b'{"Service": ["xny"]}', True),
        (b'{"Service": ["Any"]}', b'{"Service": ["A\0ny"]}', False),
        (b'{"name": "iphlpsvc"}', b'{"name": "ihlpsvc"}', True),
        (b'{"Action": ["Any"]}', b'{"Action": ["xny"]}', False),
    ],
)
def test_another_value_of_the_same_form_is_another_machine(old: bytes, new: bytes, is_another: bool) -> None:
    start = next(at for at in range(len(old)) if old[at] != new[at])
    end = (
        next(at for at in range(1, len(old)) if old[-at] != new[-at] or min(len(old), len(new)) - at < start)
        - 1
    )
    damage = Damage("garble", start, len(old) - end, new[start : len(new) - end])
    assert damage.apply(old) == new
    assert is_another_machine(old, damage, frozenset()) is is_another


@pytest.mark.parametrize("kept", [0, 1, 20, -1])
def test_a_recorded_reading_of_another_length_is_damaged(kept: int) -> None:
    document = json.loads(render_recording(load("linux-clear").recording))
    (rules,) = (one for one in document["readings"] if one["source"] == "ip-routes-4")
    assert rules["bytes"] == len(rules["text"])
    rules["text"] = rules["text"][:kept]
    recording = parse_recording(json.dumps(document))
    assert recording.readings["ip-routes-4"].status is ReadStatus.DAMAGED
    assert replay(recording).verdict.status is Status.UNDETERMINED
    del rules["bytes"]
    is_cut = kept != -1  # the end of the line is not missed in JSON
    assert not is_cut or replay(parse_recording(json.dumps(document))).verdict.status is not Status.CLEAR


def test_a_line_without_its_end_is_damaged_where_no_length_is_recorded() -> None:
    recording = load("linux-clear").recording
    assert undamaged(recording.readings["ss-listeners"]).status is ReadStatus.OK
    subject = case_subject("linux-clear")
    data = subject.texts["ss-listeners"]
    assert subject.judge({**subject.texts, "ss-listeners": data.rstrip()})[0].name != "CLEAR"


def test_a_table_that_is_seen_to_have_ended_is_whole_without_the_end_of_its_last_line() -> None:
    whole = load("windows-clear-default-allow").recording.readings["route-print-4"].data.rstrip()
    end = whole.rindex(b"=\n")

    def is_whole(data: bytes) -> bool:
        return undamaged(Reading("route-print-4", ReadStatus.OK, data)).status is ReadStatus.OK

    assert is_whole(whole)
    cuts = [whole[:at] for at in range(1, end) if whole[at - 1 : at] != b"\n"]
    assert not [cut[-40:] for cut in cuts if is_whole(cut)]


@pytest.mark.parametrize(
    "rules",
    [
        HEAD + "-A INPUT -p tcp -m tcp --dport 50\0\0-j DROP\n-A INPUT -j ACCEPT\nCOMMIT\n",
        HEAD + "-A INPUT -p tcp -m tcp --dport 5000 -jNPUT DROP\n-A INPUT -j ACCEPT\nCOMMIT\n",
        HEAD + "-A INPUT -p tcp -m tcp --dport 5000 DROP\n-A INPUT -j ACCEPT\nCOMMIT\n",
        HEAD + "-A INPUT -p tcp -m tcp --dport 5000 -j DROQ\n-A INPUT -j ACCEPT\nCOMMIT\n",
        HEAD + "-A INPUT -p tcp -m tcp --dporX 22 -j DROP\n-A INPUT -j ACCEPT\nCOMMIT\n",
        HEAD + "-A INPUT -m addrtype --dst-typX LOCAL -j ACCEPT\nCOMMIT\n",
        HEAD + "-A INPUT -p tcp -m tcp -\\-dport 22 -j ACCEPT\nCOMMIT\n",
        HEAD + "-A INPUT -c lo -j ACCEPT\nCOMMIT\n",
        HEAD.replace(":INPUT", ":INP^T") + "-A INPUT -j ACCEPT\nCOMMIT\n",
        HEAD.replace("DROP", "DRXP") + "-A FORWARD -j ACCEPT\nCOMMIT\n",
        HEAD.replace("*filter", "*filtex") + "COMMIT\n",
        HEAD.replace("DROP", "ACCEPT") + "COMMIT\n# Completed on Mon Nov 16 17:",
        HEAD.replace("DROP", "ACCEPT") + "COMMIT\n# Gen",
        HEAD.replace("DROP", "ACCEPT") + "COMMIT\n*na",
        NFT % '"type": "filter", "hooX": "input", "prio": 0, "policy": "drop"}}',
        NFT % '"type": "filter", "hook": "inputt", "prio": 0, "policy": "drop"}}',
        NFT % '"type": "filter", "hook": "input", "prio": 0, "policy": "dropp"}}',
        NFT % '"type": "filter", "hook": "input", "prio": 0}}, {"rulX": {"expr": [{"drop": null}]}}',
        HEAD + "-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW REJECT\n-A INPUT -j ACCEPT\nCOMMIT\n",
        '{"nftables": [{"chain": {"family": "inet", "table": "t", "name": "i"}},'
        ' {"rule": {"family": "inet", "table": "u", "chain": "i", "expr": [{"drop": null}]}}]}',
        "create s hash:ip family inet\nadd s 192.168.77.",
        "pass all\nblock drtp in quick from any to any\n",
        "pass all\nblock in proto tcp from any to any port 22\nblock in al",
    ],
)  # fmt: skip
def test_a_word_that_the_format_does_not_have_is_never_accepted(rules: str) -> None:
    try:
        ruleset = parse_saved([SavedFile("x", rules.encode())], read_nft_text)
    except ParseError:
        return
    (told,) = judge_packets(ruleset, [Packet(destination_port=5000)])
    assert told.told.verdict.value != "accept"


@pytest.mark.parametrize(
    "found",
    [
        "case:linux-container-without-a-way-back;namespaces;garble,42,43,3b",
        "case:linux-recent-listed;iptables-save;drop,208,213,",
        "case:windows-firewall-blocks-program-powershell;powershell-rules;garble,1051,1054,894bd3",
        "case:wsl2-firewall-drops-mirrored-group-policy;wsl-windows-group-policy;drop,906,1256,",
        "case:linux-nft-netdev-ingress;nft-text;garble,71,72,71",
        "case:linux-container-without-a-way-back;ip-addresses netns=4026532911;word,486,487,51",
        "case:linux-container-without-a-way-back;ip-routes-4 netns=4026532911;drop,414,417,",
        "case:linux-container-without-a-way-back;ip-rules-6 netns=4026532911;word,48,49,51",
        "case:linux-address-of-two;"
        "arp addresses=192.168.77.10 interface=eth0 probe=1 rounds=2 wait=0.02 duplicates=1;cut,9,92,",
        "case:linux-ipsec-takes-answers;xfrm-policies;garble,74,84,a82e09bdba32ab25af42",
        "case:linux-ipsec-takes-answers;xfrm-policies;word,60,61,54",
        "case:linux-prohibited-by-rule;ip-rules-4;word,97,98,54",
        "case:freebsd-firewall-drops-replies;pf-rules;add,90,90,6b",
        "case:wsl2-firewall-drops-mirrored-other-clients;wsl-windows-state;word,326,327,49",
        "case:openbsd-firewall-rejects;ifconfig;garble,0,1,1d",
        "case:linux-queue-of-no-packet;tc-qdiscs;garble,84,85,1a",
        "case:linux-sandbox-denies-interface;unit shop.service;garble,96,98,6400",
        "case:macos-firewall-drops-pf-anchor;pf-anchors;drop,33,47,",
        "case:macos-firewall-drops-pf-anchor;pf-rules;drop,43,55,",
        "case:windows-firewall-drops-powershell-group-policy;powershell-rules;drop,662,866,",
        "case:wsl2-firewall-drops-mirrored-group-policy;wsl-windows-group-policy;drop,797,1111,",
        "case:freebsd-server-silent-stopped;arp;word,21,22,50",
        "case:freebsd-server-silent-stopped;arp;drop,21,23,",
        "case:wsl2-port-not-forwarded-windows-alone-stale;registry;drop,2817,3114,",
        "case:windows-port-not-forwarded-hyperv-nat;route-print-4;garble,673,674,84",
        "case:wsl2-firewall-drops-mirrored-group-policy;wsl-windows-group-policy;drop,1040,1081,",
        "case:windows-firewall-blocks-program-powershell;powershell-rules;add,1155,1155,b1cc77d89c",
        "case:wsl2-port-not-forwarded-windows-alone-stale;registry;word,3170,3171,51",
    ],
)
def test_what_the_hunt_has_found_stays_unknown(found: str) -> None:
    subject = case_subject(found.partition(";")[0].removeprefix("case:"))
    assert repeat(found, {subject.name: subject}) is None
