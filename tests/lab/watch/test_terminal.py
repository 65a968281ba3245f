"""``landiag watch`` at a real terminal: an attempt's line is written anew when it is concluded."""

from __future__ import annotations

import pexpect
import pytest

from tests.lab.apply.terminal import spawn
from tests.lab.build import start
from tests.lab.network import SERVER, build_lab
from tests.lab.servers import sockets

pytestmark = pytest.mark.lab

SILENT = sockets("s = socket.create_server(('0.0.0.0', 5000))", serve=False)
CLEARED = "\r\x1b[K"


def test_what_waits_is_told_and_then_replaced() -> None:
    with build_lab() as lab:
        start(lab, SILENT, "server")
        child = spawn(lab, "watch --port 5000 --duration 6")
        child.expect("Watching port 5000")
        lab.client.spawn(f"curl -s -m 6 http://{SERVER}:5000/")
        child.expect_exact(f"{CLEARED}192.168.77.20: it has asked, and the server has not answered yet ...")
        child.expect_exact(CLEARED)
        child.expect(r"✗ [0-9:]{8}  192\.168\.77\.20: the connection opened, but the server does not answer")
        child.expect_exact("Blocked")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 1
