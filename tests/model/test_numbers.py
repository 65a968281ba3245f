"""Numbers that others wrote: digits of other scripts are none, and thousands of them raise nothing."""

from __future__ import annotations

import pytest

from landiag.model.numbers import parse_number, parse_port
from landiag.model.process import Process
from landiag.servers.arguments import with_forward
from landiag.servers.carried import Carried, carried_to
from tests.cases import replay
from tests.checks.test_hostile_process import hostile

STRANGE = ("9" * 5000, "²", "５０００", "-1", "1_0", " 1", "")


@pytest.mark.parametrize("text", STRANGE)
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_number(text) is None
    assert parse_port(text) is None
    assert with_forward(("ssh", "-L", f"{text}:localhost:80"), ("-L",), "0.0.0.0", 5000) is None
    for argv in (
        ("pasta", "-t", f"5000:{text}"),
        (
            "docker-proxy",
            "-proto",
            "tcp",
            "-host-port",
            text,
            "-container-port",
            "80",
            "-container-ip",
            "10.0.0.2",
        ),
    ):
        assert carried_to(Process(1, argv[0], argv), 5000) is None
        replay(hostile(list(argv)))


def test_what_is_one_is_read() -> None:
    assert (parse_number("4294967296"), parse_port("65535"), parse_port("65536")) == (4294967296, 65535, None)
    assert carried_to(Process(1, "pasta", ("pasta", "-t", "5000-5001:80-81")), 5001) == Carried(81)
