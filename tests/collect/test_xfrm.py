"""IPsec policies as ``ip xfrm policy`` prints them, and which of them decides."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.collect.xfrm import deciding, is_in_use, parse_policies
from landiag.model.facts import ParseError
from landiag.model.packet import Packet

PRINTED = """\
src fd77::/64 dst ::/0 
\tdir out priority 0 ptype main 
\tmark 0x5/0xff 
\ttmpl src fd77::1 dst fd77::2
\t\tproto esp reqid 0 mode tunnel
\tif_id 0x7
src 0.0.0.0/0 dst 0.0.0.0/0 
\tsocket in priority 0 
src 192.168.77.0/24 dst 0.0.0.0/0 
\tdir in priority 300 ptype main 
\ttmpl src 0.0.0.0 dst 0.0.0.0
\t\tproto esp reqid 0 mode tunnel
\t\tlevel use 
src 192.168.77.0/24 dst 192.168.77.10/32 proto tcp dport 5000 
\tdir in action block priority 400 ptype main 
src 192.168.77.10/32 dst 0.0.0.0/0 
\tdir out priority 300 
\ttmpl src 192.168.77.10 dst 203.0.113.5
\t\tproto esp reqid 1 mode tunnel
"""  # noqa: W291 - so it is printed
PASSES = "src 192.168.77.0/24 dst 192.168.77.0/24 \n\tdir out priority 100 \n"
CLIENT, SERVER = ip_address("192.168.77.20"), ip_address("192.168.77.10")


def test_every_policy_but_those_of_sockets() -> None:
    policies = parse_policies(PRINTED)
    assert [(one.way, one.rank, one.blocks, one.takes, one.perhaps) for one in policies] == [
        ("out", 0, False, True, True),
        ("in", 300, False, False, False),
        ("in", 400, True, True, True),
        ("out", 300, False, True, False),
    ]
    assert parse_policies("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "cannot",
        "src 1.2.3.4/32\n",
        "src a dst b \n\tdir in priority 0 \n",
        "src ::/0 dst ::/0 \n",
        PRINTED.replace("\ttmpl", "\ttmp"),
        PRINTED + "\n\tmore\n",
        PRINTED.replace("300 ptype main", "300 ptype ma\xfcn"),
    ],
)
def test_what_is_no_list_of_policies(text: str) -> None:
    with pytest.raises(ParseError):
        parse_policies(text)


def test_the_lowest_number_decides() -> None:
    answer = Packet(40000, source=SERVER, destination=CLIENT, source_port=5000)
    taken = deciding(parse_policies(PRINTED), "out", answer)
    assert taken is not None
    assert taken.rank == 300
    assert deciding(parse_policies(PRINTED + PASSES), "out", answer) is None
    assert deciding(parse_policies(PRINTED), "fwd", answer) is None
    asked = Packet(5000, source=CLIENT, destination=SERVER)
    assert (
        deciding(parse_policies(PRINTED), "in", asked) is None
    )  # one that asks for no more lets it pass first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("XfrmInError             \t0\nXfrmInNoPols            \t12\n", True),
        ("XfrmInError             \t0\nXfrmInNoPols            \t0\n", False),
        (
            "  sl  local_address rem_address   st\n  100: 00000000:1194 00000000:0000 07 00000000:00000000\n",
            True,
        ),
        (
            "  sl  local_address rem_address   st\n  100: 0100007F:0035 00000000:0000 07 00000000:00000000\n",
            False,
        ),
        ("", False),
    ],
)
def test_what_anybody_may_read_shows_whether_ipsec_is_in_use(text: str, expected: bool) -> None:
    assert is_in_use(text) is expected


def test_an_address_that_lost_its_prefix_is_damage() -> None:
    begin, rest = PRINTED.split("/", 1)
    with pytest.raises(ParseError):
        parse_policies(begin + rest)


def test_a_template_that_lost_its_word_is_damage() -> None:
    with pytest.raises(ParseError):
        parse_policies(PRINTED.replace("\ttmpl ", "\t ", 1))


def test_a_template_whose_word_is_garbled_is_damage() -> None:
    with pytest.raises(ParseError):
        parse_policies(
            "src 10.0.0.0/24 dst 10.1.0.0/24 \n\tdir out priority 5 \n\ttmpl\x15\\xd8 src 1.1.1.1 dst 2.2.2.2\n"
        )
