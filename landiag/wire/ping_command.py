"""The system's own ping, which may what this process may not."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from landiag.collect.exchanges.icmp import Ping
from landiag.host.programs import SAFE_PATH, find_program
from landiag.wire.sockets import error_name


def ping_by_command(address: str, count: int, size: int, timeout: float) -> Ping:
    """Send ``count`` echo requests with ``size`` bytes of payload by the system's own ping."""
    path = (
        (os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32"),)
        if os.name == "nt"
        else SAFE_PATH
    )
    program = find_program("ping.exe" if os.name == "nt" else "ping", path)
    if program is None:
        return Ping(address, "none", 0, error="EPERM", size=size)
    try:
        done = subprocess.run(
            [program, *ping_arguments(address, count, size)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(0.1, timeout),
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        output = done.stdout
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    except OSError as error:
        return Ping(address, "none", 0, error=error_name(error.errno or 0), size=size)
    rtts = parse_ping_output(output.decode("utf-8", "replace"))[:count]
    return Ping(address, "command", count, rtts, size=size)


def ping_arguments(address: str, count: int, size: int) -> list[str]:
    """The arguments of this system's ping command."""
    if sys.platform == "win32":
        return ["-n", str(count), "-w", "1000", "-l", str(size), address]
    return ["-n", "-c", str(count), "-s", str(size), address]


def parse_ping_output(text: str) -> tuple[float, ...]:
    """The round-trip times in ping's output, in seconds; in any language they stand before ``ms``."""
    replies = re.findall(
        r"[=<] ?(\d+(?:[.,]\d+)?) ?ms\b(?=.*\b(?:ttl|hlim)\b|\s*$)", text, re.IGNORECASE | re.MULTILINE
    )
    return tuple(round(float(number.replace(",", ".")) / 1000, 6) for number in replies)
