"""Servers are recognised by their command lines, and told in the user's own words to listen everywhere."""

from __future__ import annotations

import shlex

import pytest

from landiag.collect.restart import restart_command
from landiag.collect.servers import recognise
from landiag.model.facts import Process

# What the user typed as /proc shows it, the server, its port, and what makes it listen on all addresses.
LINES = [
    (
        "/v/bin/python3 /v/bin/flask --app shop run --port 5000",
        "flask",
        "/v/bin/flask --app shop run --port 5000 --host=0.0.0.0",
    ),
    ("flask run --host 127.0.0.1 -p 5000", "flask", "flask run --host 0.0.0.0 -p 5000"),
    ("flask run -h127.0.0.1", "flask", "flask run -h0.0.0.0"),
    ("flask -h run --host=localhost", "flask", "flask -h run --host=0.0.0.0"),
]


@pytest.mark.parametrize(("typed", "key", "expected"), LINES)
def test_the_users_own_command_is_rewritten(typed: str, key: str, expected: str) -> None:
    process = Process(4321, "x", tuple(shlex.split(typed)), cwd="/home/u/shop")
    server = recognise(process, {})
    assert server is not None
    assert server.key == key
    advice = restart_command(server, process)
    assert advice.commands == (expected,)
    assert (advice.cwd, advice.stop_pid) == ("/home/u/shop", 4321)
