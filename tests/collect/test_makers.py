"""The makers of network cards."""

from __future__ import annotations

from landiag.collect.makers import is_random, parse_makers


def test_makers_from_both_kinds_of_list() -> None:
    macs = ("b8:27:eb:01:02:03", "02:42:ac:11:00:02")
    assert parse_makers("B827EB Raspberry Pi Foundation\n", macs) == {macs[0]: "Raspberry Pi Foundation"}
    assert parse_makers("B8-27-EB   (hex)\t\tRaspberry Pi\n", macs) == {macs[0]: "Raspberry Pi"}
    assert (is_random(macs[0]), is_random(macs[1])) == (False, True)
