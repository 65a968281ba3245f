"""Formats of saved rulesets are told apart by their grammar, before any tool is asked; a wrong guess tries the next."""

from __future__ import annotations

import pytest

from landiag.firewall.command import judge_packets
from landiag.firewall.nft.listing import parse_listing as parse_nft_text
from landiag.firewall.pf import parse_pf
from landiag.firewall.pf.compare import is_loaded_from
from landiag.firewall.pf.parse import parse_listing
from landiag.firewall.saved import find_kind, parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Verdict

TABLE = "table <bad> { 1.2.3.4, 10/8 }\nblock in quick from <bad>\npass in proto tcp to port 5000\n"
PERSIST = "table <bad> persist {\n  1.2.3.4\n}\nset skip on lo\nblock in all\n"
COMMENT = "# table filter {\nblock in all\npass in on em0 proto tcp to port 5000 tracker 1000000103\n"


def refuse(data: bytes) -> bytes | None:
    """An nft that is installed, and refuses everything."""
    raise ParseError(f"nft refuses it: {data[:20]!r}")


def judge(text: str, port: int = 5000, **fields: str) -> Verdict:
    ruleset = parse_saved([SavedFile("pf.conf", text.encode())], refuse)
    (found,) = judge_packets(ruleset, [Packet(port, in_interface="em0", **fields)])  # type: ignore[arg-type]
    return found.told.verdict


def test_a_table_of_pf_is_none_of_nft() -> None:
    assert judge(TABLE) is not Verdict.DROP
    assert judge(PERSIST) is Verdict.DROP
    assert judge(COMMENT) is Verdict.ACCEPT


@pytest.mark.parametrize("protocol", ["carp", "pfsync", "pim", "ospf", "vrrp", "igmp", "{ esp ah }"])
def test_another_protocol_decides_nothing_for_tcp(protocol: str) -> None:
    assert (
        judge(f"block in all\npass in proto tcp to port 5000\nblock in quick proto {protocol}\n")
        is Verdict.ACCEPT
    )


def test_a_protocol_that_nobody_knows_leaves_it_open() -> None:
    assert judge("pass in all\nblock in quick proto tpc\n") is Verdict.UNKNOWN


def test_the_loopback_group_holds_no_card() -> None:
    assert judge("set skip on lo\nblock in all\n") is Verdict.DROP
    assert judge("set skip on lan\nblock in all\n") is Verdict.UNKNOWN


CONF = 'ext = "em0"\nset block-policy drop\nblock in all\npass in on $ext proto tcp to port { 22, 80 }\npass out all\n'
LOADED = (
    "block drop in all\npass in on em0 proto tcp from any to any port = ssh flags S/SA keep state\n"
    "pass in on em0 proto tcp from any to any port = http flags S/SA keep state\npass out all flags S/SA keep state\n"
)


def test_loaded_rules_are_known_by_their_file() -> None:
    loaded = parse_pf(LOADED)
    assert is_loaded_from(loaded, parse_pf(CONF))
    assert not is_loaded_from(loaded, parse_pf(CONF.replace("80", "443")))
    assert not is_loaded_from(loaded, parse_pf(CONF.replace("pass out all\n", "")))
    assert not is_loaded_from(parse_pf(LOADED + "block drop out quick on em0 all\n"), parse_pf(CONF))
    assert not is_loaded_from(parse_pf("pass out all user root\n"), parse_pf("pass out all\n"))


NFT = "table inet filter\n{\n  chain input {\n    type filter hook input priority 0; policy drop;\n  }\n}\n"
SAVE = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"


def test_a_brace_on_a_line_of_its_own_is_nft_too() -> None:
    assert find_kind(NFT.encode()) == "nft-text"
    assert find_kind(NFT.replace("inet filter\n", "filter  ").encode()) == "nft-text"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
@pytest.mark.parametrize("text", [SAVE, SAVE.replace("\n", "\r\n"), "block in all\n"])
def test_a_file_that_windows_saved_is_read(text: str, encoding: str) -> None:
    """Editors of Windows write a byte order mark, and PowerShell's > writes UTF-16."""
    ruleset = parse_saved([SavedFile("rules", text.encode(encoding))], refuse)
    (found,) = judge_packets(ruleset, [Packet(5000, in_interface="em0")])
    assert found.told.verdict is Verdict.DROP


@pytest.mark.parametrize(
    "cut", ["pass", "pass in proto tcp", 'scrub-anchor "com.apple/*"', "block drop in quick"]
)
def test_a_rule_in_a_listing_that_is_cut_off_is_a_problem(cut: str) -> None:
    """pf.conf may say just pass; pfctl always writes for whom a rule is."""
    assert parse_listing(f"block drop in all\n{cut}").problems
    assert not parse_pf(f"block drop in all\n{cut}\n").problems
    assert not parse_listing("block drop in all\npass in proto tcp from any to any port = 22\n").problems


def test_pfctl_lists_no_comments() -> None:
    assert parse_listing("pass all flags S/SA\n#block drop in on guests all\n").problems
    assert not parse_listing('block drop in all label "#1"\n').problems


@pytest.mark.parametrize("line", ["ort = 5000", "table <bad> persist", "set skip on lo0"])
def test_what_pfctl_does_not_list_among_rules_is_a_problem(line: str) -> None:
    """The end of a line whose beginning is lost may look like the definition of a macro."""
    assert parse_listing(f"{line}\nblock drop in all\n").problems
    assert not parse_pf(f"{line}\nblock drop in all\n").problems


@pytest.mark.parametrize("device", ["'eth0'", "\u201ceth0\u201d", "e\\th0", "\u200beth0"])
def test_a_device_in_other_quotes_is_damage(device: str) -> None:
    """nft writes ASCII double quotes, or none: a chain at a device of another name would meet no packet."""
    chain = "\tchain c {\n\t\ttype filter hook ingress device DEVICE priority 0; policy drop;\n\t}\n"
    text = f"table netdev f {{\n{chain}}}\n"
    for plain in ('"eth0"', "eth0", "br-lan.5@x"):
        assert parse_nft_text(text.replace("DEVICE", plain)).devices
    with pytest.raises(ParseError):
        parse_nft_text(text.replace("DEVICE", device))
