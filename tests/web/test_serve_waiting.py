"""Connections that wait make room for new ones: by prefix first, then the most crowded prefix."""

from __future__ import annotations

import pytest

from landiag.web.serve.waiting import Waiting, prefix_of


class Connection:
    def __init__(self, number: int) -> None:
        self.number = number

    def give_way(self) -> None:
        raise AssertionError("only the server closes")


def held(waiting: Waiting, prefix: str, count: int) -> list[Connection]:
    found = [Connection(number) for number in range(count)]
    for one in found:
        waiting.wait(one, prefix)
    return found


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("192.168.77.20", "192.168.77.21", False),
        ("fd77::1", "fd77::ffff:1:2:3", True),
        ("fd77::1", "fd77:0:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_prefix(first: str, second: str, is_same: bool) -> None:
    assert (prefix_of(first) == prefix_of(second)) is is_same


def test_the_oldest_of_a_full_prefix_goes() -> None:
    waiting = Waiting(most=100, most_per_prefix=3)
    found = held(waiting, "a", 5)
    assert waiting.take_surplus() == found[:2]
    assert waiting.take_surplus() == []


def test_the_most_crowded_prefix_makes_room_for_others() -> None:
    waiting = Waiting(most=10, most_per_prefix=9)
    crowd = held(waiting, "a", 9)
    alone = held(waiting, "b", 1) + held(waiting, "c", 1)
    surplus = waiting.take_surplus()
    assert surplus == crowd[:1]
    assert not set(alone) & set(surplus)


def test_who_is_served_or_gone_no_longer_counts() -> None:
    waiting = Waiting(most=10, most_per_prefix=2)
    first, second = held(waiting, "a", 2)
    waiting.leave(first, "a")
    waiting.leave(first, "a")
    held(waiting, "a", 1)
    assert waiting.take_surplus() == []
    waiting.wait(second, "a")
    assert waiting.take_surplus() == []
