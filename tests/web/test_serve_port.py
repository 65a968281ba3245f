"""The page's own port: never the server's, whose owner has yet to start it."""

from __future__ import annotations

import subprocess
import sys

from landiag.web.serve.server import FIRST_PAGE_PORT, choose_port


def test_the_page_never_takes_the_servers_port() -> None:
    sockets = choose_port(None, FIRST_PAGE_PORT)
    try:
        assert sockets[0].getsockname()[1] != FIRST_PAGE_PORT
    finally:
        for one in sockets:
            one.close()


def test_a_page_port_that_is_the_servers_gets_a_sentence() -> None:
    argv = (sys.executable, "-m", "landiag", "serve", "--port", "5000", "--page-port", "5000")
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "the page never takes that" in done.stderr
