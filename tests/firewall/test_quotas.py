"""Quotas of nft: one that not even the smallest packet fits into says the same of every packet."""

from __future__ import annotations

import pytest

from landiag.firewall.nft.limits import lower_limit
from landiag.model.chance import Limited
from landiag.model.match import Always


@pytest.mark.parametrize(("size", "used"), [(10, 0), (1000, 990), (1000, 4000)])
@pytest.mark.parametrize("is_over", [True, False])
def test_a_quota_without_room_for_a_packet_is_decided(size: int, used: int, is_over: bool) -> None:
    found = lower_limit("quota", {"bytes": size, "used": used, "inv": is_over}, "quota")
    assert found == Always(is_over, "quota")


def test_a_quota_with_room_for_packets_is_left_to_the_visit() -> None:
    assert isinstance(lower_limit("quota", {"bytes": 5000, "used": 0, "inv": True}, "quota"), Limited)
