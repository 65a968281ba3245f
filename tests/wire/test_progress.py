"""How far a long exchange is."""

from __future__ import annotations

from landiag.wire.progress import bar


def test_the_bar() -> None:
    assert bar(5, 10, 10) == "[#####     ]"
    assert bar(0, 0, 4) == "[####]"
