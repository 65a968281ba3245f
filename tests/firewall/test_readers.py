"""Readers take their seeds whole, and refuse or read them damaged."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landiag.firewall.linux import parse_ruleset
from landiag.model.facts import Reading, ReadStatus
from tests.firewall.readers import READERS, read, seeds
from tests.firewall.rules import verdict


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_its_seeds(name: str) -> None:
    for data in seeds(name):
        assert read(name, data)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_seeds_are_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(READERS)))
    text = data.draw(st.sampled_from(seeds(name)))
    at, size = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
    assert read(name, text[:at] + data.draw(st.binary(max_size=8)) + text[at + size :]) in (True, False)


FOUND = (
    ("nft", seeds("nft")[0].replace(b'"comment"', b'"x"').replace(b'"prefix": "x"', b'"prefix": "\xba"')),
    ("nft", seeds("nft")[0].replace(b'"elem": ["1.2.3.4"', b'"elem": ["\xba"')),
    ("ipset", b"create x hash:ip,port family inet\nadd x 10.0.0.1,tcp:80-create\n"),
    ("ipset", b"create n hash:net,iface family inet netmask 99\nadd n 10.0.0.0,eth0\n"),
    ("ufw", seeds("ufw")[0].replace(b"-A ufw-user-input -i", b"-A ")),
    ("recording", seeds("recording")[0].replace(b'"port": 5000', b'"port": null')),
    ("recording", seeds("recording")[0].replace(b"uid:1000", b"uid:10x00")),
)
"""What the fuzzer has found, with the reader that failed at it."""


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_the_fuzzer_has_found(name: str, data: bytes) -> None:
    assert data not in seeds(name)
    assert read(name, data) in (True, False)


def test_a_set_with_an_element_that_is_not_understood_is_unknown() -> None:
    rules = b"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m set --match-set x src,dst -j DROP\nCOMMIT\n"
    answers = {}
    for element in ("10.0.0.1,tcp:80", "10.0.0.1,tcp:80-x", "192.168.77.20,tcp:5000"):
        sets = f"create x hash:ip,port family inet\nadd x {element}\n".encode()
        both = {"iptables-save": rules, "ipset-save": sets}
        readings = {name: Reading(name, ReadStatus.OK, data) for name, data in both.items()}
        answers[element] = verdict(parse_ruleset(readings))
    assert list(answers.values()) == ["accept", "unknown", "drop"]
