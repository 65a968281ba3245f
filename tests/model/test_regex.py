"""Patterns that are compiled when they are first used: each is a pattern, and does what a compiled one does."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
from copy import copy

import pytest

import landiag
from landiag.model import regex as module
from landiag.model.regex import regex

APART = ("scapy", "__main__")  # needs a library that a machine may lack; runs the program


def test_every_pattern_of_landiag_is_one() -> None:
    for found in pkgutil.walk_packages(landiag.__path__, "landiag."):
        if not found.name.endswith(APART):
            importlib.import_module(found.name)
    late = [one for one in gc.get_objects() if type(one) is module._Late]
    assert len(late) > 250
    for one in late:
        assert re.compile(*one._written)


def test_nothing_is_compiled_before_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    real = re.compile

    def counted(text: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(text)
        return real(text, flags)

    monkeypatch.setattr(re, "compile", counted)
    pattern = regex(r"(\d+)x")
    assert compiled == []
    found = pattern.fullmatch("12x")
    assert found is not None
    assert (found[1], pattern.fullmatch("x")) == ("12", None)
    assert compiled == [r"(\d+)x"]


def test_flags_bytes_and_copies() -> None:
    assert regex("A", re.IGNORECASE).sub("b", "aA") == "bb"
    assert regex(rb"\d").findall(b"1a2") == [b"1", b"2"]
    assert copy(regex("a")).pattern == "a"


def test_what_is_no_pattern_fails_when_it_is_used() -> None:
    broken = regex("(")
    with pytest.raises(re.error):
        broken.search("")
