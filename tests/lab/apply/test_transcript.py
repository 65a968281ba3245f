"""The conversation in docs/fixing.md is the one that a real terminal shows, but for its numbers."""

from __future__ import annotations

import re

import pytest

from tests.lab.apply.terminal import converse, prepare
from tests.lab.hosts import REPOSITORY
from tests.lab.network import build_lab
from tests.lab.scenario import ufw
from tests.lab.servers import flask

pytestmark = pytest.mark.lab


def test_transcript_is_what_is_said() -> None:
    page = (REPOSITORY / "docs" / "fixing.md").read_text(encoding="utf-8")
    shown = re.findall(
        r"```console\n# landiag check --port 5000 --fix\n(.*?)# landiag undo\n(.*?)```", page, re.DOTALL
    )
    with build_lab() as lab:
        prepare(lab, (ufw(),), flask("--host 0.0.0.0"))
        said = converse(lab, "check --port 5000 --fix").text, converse(lab, "undo").text
    assert [_words(text) for text in shown[0]] == [_words(text) for text in said]


def _words(text: str) -> list[str]:
    """The words, without what differs from run to run and from place to place."""
    same = re.sub(r"(?<=back: )\S+( -m landiag)? undo", "undo", text).replace("in under 0.1 ms", "in 0.1 ms")
    return re.sub(r"\d+", "0", same).split()
