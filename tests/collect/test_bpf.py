"""What bpftool lists of programs that see packets."""

from __future__ import annotations

import pytest

from landiag.collect.bpf import Program, parse_attached
from landiag.model.facts import ParseError

LISTING = """[{"xdp":[{"devname":"eth1","ifindex":3,"mode":"driver","id":9}],
"tc":[{"devname":"eth0","ifindex":2,"kind":"tcx/ingress","name":"cil_from_netdev","prog_id":7,"prog_flags":[]},
{"devname":"eth0","ifindex":2,"kind":"clsact/egress","name":"old.o","id":8},
{"devname":"nk0","ifindex":5,"kind":"netkit/peer","name":"cil_from_container","prog_id":6}],
"flow_dissector":[],"netfilter":[{"id":3,"hook":"prerouting"}]}]"""


def test_programs_that_tc_does_not_show_are_told() -> None:
    assert parse_attached(LISTING) == (
        Program("tcx/ingress", "eth0"),
        Program("netkit/peer", "nk0"),
        Program("netfilter", None),
    )


def test_nothing_is_attached() -> None:
    assert parse_attached('[{"xdp":[],"tc":[],"flow_dissector":[],"netfilter":[]}]') == ()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '[{"xdp":[]}]', '[{"tc":[{"kind":"tcx/ingress"}]}]', '[{"tc":[']
)
def test_what_is_no_such_list_is_told(text: str) -> None:
    with pytest.raises(ParseError):
        parse_attached(text)
