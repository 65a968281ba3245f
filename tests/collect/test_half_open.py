"""Half-open connections and dropped packets, as ss of iproute2 6.1 and 6.15 prints them."""

from __future__ import annotations

import pytest

from landiag.collect.half_open import AtPort, parse_half_open
from landiag.model.facts import ParseError

SHOWN = (
    "LISTEN   0      4            0.0.0.0:5000       0.0.0.0:*    \n"
    "\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d100)\n"
    "SYN-RECV 0      0      192.168.77.10:5000 192.168.77.21:43886\n"
    "\t                                                 \n"
    "SYN-RECV 0      0      [::ffff:192.168.77.10]:5000 [::ffff:192.168.77.21]:43900\n"
    "\t\n"
    "SYN-RECV 0      0      192.168.77.10:5001 192.168.77.21:43870\n"
    "LISTEN   0      4          [fe80::1]%eth0:5000        [::]:*\n"
    "\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d3)\n"
    "LISTEN   0      4            0.0.0.0:22       0.0.0.0:*    \n"
    "\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d7)\n"
)


def test_one_port_of_several() -> None:
    assert parse_half_open(SHOWN, 5000) == AtPort(half_open=2, dropped=103)
    assert parse_half_open(SHOWN, 5001) == AtPort(half_open=1, dropped=0)
    assert parse_half_open("", 5000) == AtPort(0, 0)


def test_other_words_are_damage() -> None:
    with pytest.raises(ParseError):
        parse_half_open(f"{SHOWN}Netid State", 5000)
