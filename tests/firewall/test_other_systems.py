"""A kind of saved rules is one row: it is told from all others, refused by name, and its rules have an owner."""

from __future__ import annotations

import pytest

from landiag.firewall.command import judge_packets
from landiag.firewall.other_systems import KINDS, Kind, find_other_kind, join_rulesets, parse_other
from landiag.firewall.owners import Manager, find_owner
from landiag.firewall.saved import find_kind, parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import TraceLine, Verdict
from tests.firewall.seeds import SEEDS

TEXTS = [text for name, texts in SEEDS.items() if name not in ("trace", "host") for text in texts]


def own(kind: Kind) -> list[bytes]:
    return [text for text in TEXTS if find_other_kind(text) == kind.name]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_has_a_seed_that_nobody_else_takes(kind: Kind) -> None:
    assert own(kind), f"tests/firewall/seeds.py has no text of {kind.name}"
    for text in own(kind):
        assert [one.name for one in KINDS if one.is_it(text)] == [kind.name]
        saved = parse_saved([SavedFile("rules", text)], lambda _: None)
        assert list(saved.tables) == list(parse_other([SavedFile("rules", text)]).tables)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_rules_of_a_kind_have_an_owner_of_their_own(kind: Kind) -> None:
    ruleset = parse_other([SavedFile("rules", own(kind)[0])])
    for chains in ruleset.tables.values():
        for chain in chains.values():
            found = find_owner(ruleset, TraceLine("input", "drop", chain))
            assert found.manager not in (Manager.NFTABLES, Manager.IPTABLES), "firewall/owners.py has no line"


def test_who_gives_something_else_is_told_every_kind() -> None:
    with pytest.raises(ParseError) as refused:
        find_kind(b"hello")
    for kind in KINDS:
        assert kind.saved_by in str(refused.value)


def test_the_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ParseError, match=r"^notes\.txt: no ruleset was found"):
        parse_other([SavedFile("notes.txt", b"hello")])


def test_files_of_two_systems_are_not_of_one_machine() -> None:
    files = [SavedFile(name, SEEDS[name][0]) for name in ("registry", "pf")]
    with pytest.raises(ParseError, match="different systems"):
        parse_other(files)


def test_a_packet_must_pass_both_firewalls_of_a_mac() -> None:
    """The application firewall is off, and pf blocks; then pf passes, and the application firewall blocks all."""
    alf = "Firewall is %s\n"
    for state, pf, verdict in (
        ("disabled. (State = 0)", "pass in all\n", Verdict.ACCEPT),
        ("disabled. (State = 0)", "block in all\n", Verdict.DROP),
        ("blocking all (State = 2)", "pass in all\n", Verdict.DROP),
    ):
        files = [SavedFile("alf", (alf % state).encode()), SavedFile("pf", pf.encode())]
        (found,) = judge_packets(parse_other(files), [Packet(5000, in_interface="en0", program="/opt/x")])
        assert found.told.verdict is verdict


def test_answers_in_several_files_are_one_application_firewall() -> None:
    """socketfilterfw answers one question at a time: state here, entries there."""
    texts = (
        "Firewall is enabled. (State = 1)\n",
        "Total number of apps = 1\n1 : /opt/x (Block incoming connections)\n",
    )
    ruleset = parse_other([SavedFile(str(at), text.encode()) for at, text in enumerate(texts)])
    (found,) = judge_packets(ruleset, [Packet(5000, in_interface="en0", program="/opt/x")])
    assert found.told.verdict is Verdict.DROP
    decided_by = found.told.decided_by
    assert decided_by is not None
    assert decided_by.rule is not None
    assert "/opt/x" in decided_by.rule.text


def test_nothing_joined_is_a_ruleset_without_rules() -> None:
    assert not join_rulesets([]).tables
