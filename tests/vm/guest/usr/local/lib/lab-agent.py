"""Runs what the test types on the emulated machine: one JSON line a command, one a result, over a serial port.

A port of its own, because the scenarios break the network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from typing import Any, BinaryIO

PORT = "/dev/virtio-ports/landiag"
PATHS = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """Type a shell line as root or as the user; files take the output, so that servers may keep running."""
    user = order.get("user", "root")
    home = "/root" if user == "root" else f"/home/{user}"
    argv = ["/bin/sh", "-c", order["command"]]
    if user != "root":
        argv = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *argv]
    environment = {**PATHS, "HOME": home, "USER": user, "XDG_RUNTIME_DIR": f"/run/lab-{user}"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as typed:
        typed.write(order.get("stdin", "").encode())
        typed.seek(0)
        child = subprocess.Popen(
            argv, stdin=typed, stdout=out, stderr=err, env=environment, cwd=home, start_new_session=True
        )
        try:
            status = child.wait(order.get("seconds", 60))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            status = 124
        return {"id": order["id"], "status": status, "out": whole(out), "err": whole(err)}


def whole(file: BinaryIO) -> str:
    """All that a file holds, as text."""
    file.seek(0)
    return file.read().decode(errors="replace")


def main() -> None:
    """Take orders for ever; nothing to read means that nobody is connected yet."""
    port = open(PORT, "r+b", buffering=0)  # noqa: SIM115 - held as long as the machine runs
    waiting = b""
    while True:
        data = port.read(65536)
        if not data:
            time.sleep(0.1)
            continue
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            answer = memoryview(json.dumps(carry_out(json.loads(line))).encode() + b"\n")
            while answer:
                answer = answer[port.write(answer) or 0 :]


if __name__ == "__main__":
    main()
