"""A number that is drawn leads into chains: where each of them ends all, nothing is left for the rules behind."""

from __future__ import annotations

import pytest

from tests.firewall.rules import ACCEPT, DROP, chain, nft, rule, verdict


@pytest.mark.parametrize(
    ("ends", "expected"), [((ACCEPT,), "accept"), ((ACCEPT, ACCEPT), "accept"), ((ACCEPT, DROP), "unknown")]
)
def test_where_every_chain_ends_all_the_policy_is_not_met(ends: tuple[object, ...], expected: str) -> None:
    leads = [[number, {"goto": {"target": f"c{number}"}}] for number in range(len(ends))]
    draw = {"numgen": {"mode": "random", "mod": len(ends), "offset": 0}}
    rules = nft(
        *(chain(f"c{number}") for number in range(len(ends))),
        *(rule(f"c{number}", end) for number, end in enumerate(ends)),
        chain("in", "input", policy="drop"),
        rule("in", {"match": {"op": "==", "left": {"ct": {"key": "state"}}, "right": "established"}}, ACCEPT),
        rule("in", {"vmap": {"key": draw, "data": {"set": leads}}}),
    )
    assert verdict(rules) == expected
