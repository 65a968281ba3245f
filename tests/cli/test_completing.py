"""What a shell completes, asked as bash asks it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest


def completed(*words: str) -> list[str]:
    """The words that bash is offered for the last of these."""
    line = " ".join(("landiag", *words))
    asked = {"_LANDIAG_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    program = "import sys; sys.argv = ['landiag']; from landiag.__main__ import main; main()"
    done = subprocess.run(
        (sys.executable, "-W", "ignore", "-c", program), capture_output=True, text=True, check=False,
        env={**os.environ, **asked},
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("explain", "bound-to-l"), ["bound-to-loopback"]),
        (("check", "--scheme", "h"), ["http", "https"]),
        (("check", "--only", "listening,f"), ["listening,firewall"]),
        (("check", "--only", "firewall,f"), []),
        (("check", "--interface", "l"), [name for _, name in socket.if_nameindex() if name[0] == "l"]),
        (("firewall", "--profile", "p"), ["private", "public"]),
        (("firewall", "--protocol", ""), ["tcp", "udp"]),
    ],
)
def test_values_are_offered(words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words) == offered


def test_a_port_that_is_listened_on_is_offered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert completed("check", "--port", port[:-1]).count(port) == 1
