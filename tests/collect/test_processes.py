"""The list of processes in a recording: what a hand wrote into it may be of any kind."""

from __future__ import annotations

import json

import pytest

from landiag.collect.machine import parse_processes
from landiag.model.facts import ParseError

ONE = {"pid": 7, "name": "python", "argv": ["python"], "exe": "/usr/bin/python", "user": "ada", "cwd": None}


def test_a_process_has_its_fields_of_their_kinds() -> None:
    found = parse_processes(json.dumps([ONE]))[7]
    assert (found.exe, found.user, found.cwd, found.environment) == ("/usr/bin/python", "ada", None, {})


@pytest.mark.parametrize(
    "changed",
    [{"exe": 5}, {"user": -5.5}, {"cwd": []}, {"argv": [None]}, {"pid": "7"}, {"environment": {"A": 1}}],
)
def test_a_field_of_another_kind_makes_it_no_list_of_processes(changed: dict[str, object]) -> None:
    with pytest.raises(ParseError):
        parse_processes(json.dumps([{**ONE, **changed}]))
    with pytest.raises(ParseError):
        parse_processes(json.dumps([[]]))
