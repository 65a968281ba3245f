"""NIKA's kinds of faults: each is made, or it is said why not."""

from __future__ import annotations

from tests.lab.exams import nika


def test_every_kind_is_made_or_explained() -> None:
    assert not set(nika.MADE) & set(nika.NOT_MADE)
    assert len(nika.MADE) + len(nika.NOT_MADE) == nika.ALL
    assert all(nika.MADE.values())
    assert all(nika.NOT_MADE.values())


def test_questions_have_names_of_their_own() -> None:
    names = [question.name for question in nika.QUESTIONS]
    assert len(set(names)) == len(names)
