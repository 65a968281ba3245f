"""The line that a terminal shows while an attempt is not concluded."""

from __future__ import annotations

import pytest

from landiag.watch.attempts import Watcher
from landiag.watch.events import Event
from landiag.watch.packets import SYN
from landiag.watch.waiting import MOMENT, describe_waiting
from tests.watch.test_attempts import CLIENT, HANDSHAKE, REQUEST, incoming

LATER = 1.2


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((incoming(1.0, SYN),), f"{CLIENT} (Acme): its packet has arrived, and nothing has answered yet ..."),
        (HANDSHAKE[:2], f"{CLIENT} (Acme): this machine has answered, and it has not confirmed yet ..."),
        (HANDSHAKE, f"{CLIENT} (Acme): it is connected ..."),
        (
            (*HANDSHAKE, REQUEST),
            f"{CLIENT} (Acme): it has asked, and the server has not answered yet ...",
        ),
        (
            (incoming(1.0, SYN), incoming(1.05, SYN, port=40001)),
            f"{CLIENT} (Acme), 1 more: its packet has arrived, and nothing has answered yet ...",
        ),
        ((), ""),
        ((incoming(LATER - MOMENT / 2, SYN),), ""),
    ],
)
def test_the_newest_attempt_says_what_it_waits_for(events: tuple[Event, ...], said: str) -> None:
    watcher = Watcher(5000)
    for event in events:
        assert list(watcher.feed(event)) == []
    assert describe_waiting(watcher.waiting.values(), LATER, {"52:54:00:0a:0b:0c": "Acme"}) == said
