"""Fixes built from what they change."""

from __future__ import annotations

import pytest

from landiag.checks.fixes.fix import fix_by
from landiag.model.changes import Change, LinkSetting, MainTableRule, RefusingRoute, Sysctl

RULE = MainTableRule("192.168.77.0/24", 8)
ROUTE = RefusingRoute("blackhole", "192.168.77.0/24")
FORWARDS = Sysctl("net.ipv4.ip_forward", "0", "1")


@pytest.mark.parametrize(
    ("changes", "opens"),
    [
        ((RULE,), ()),
        ((ROUTE, LinkSetting("eth0", "state", "down", "up")), ()),
        ((FORWARDS,), None),
        ((RULE, FORWARDS), None),
    ],
    ids=["a rule of the policy", "a route and a link", "a setting", "a rule and a setting"],
)
def test_only_routes_and_links_are_known_to_let_nobody_in(
    changes: tuple[Change, ...], opens: tuple[()] | None
) -> None:
    assert fix_by("title", *changes).opens == opens
