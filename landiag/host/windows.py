"""The door's differences on Windows: where programs are, and pipes that no selector can wait for."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from msgspec import Struct

from landiag.model.facts import ReadStatus


def system_folders() -> tuple[str, ...]:
    """The folders of Windows' own programs, as the system names them; empty elsewhere."""
    if sys.platform != "win32":
        return ()
    import ctypes

    buffer = ctypes.create_unicode_buffer(260)
    ctypes.windll.kernel32.GetSystemDirectoryW(buffer, 260)
    system = buffer.value or r"C:\Windows\System32"
    return (system, rf"{system}\WindowsPowerShell\v1.0", rf"{system}\OpenSSH")


def _left(deadline: float) -> float:
    """The seconds that are left; at most a day, for no lock can wait for ever."""
    return min(max(0.0, deadline - time.monotonic()), 86400.0)


class Room(Struct):
    """How many bytes all commands together may still say."""

    left: int


def drain(
    child: subprocess.Popen[bytes], deadline: float, max_bytes: int, room: Room
) -> tuple[bytes, bytes, ReadStatus | None]:
    """Read both pipes until they close, each in a thread. The status is None when the child ended in time."""
    pieces: dict[str, list[bytes]] = {"out": [], "err": []}
    too_large = threading.Event()

    def pump(name: str, pipe: object) -> None:
        read = pipe.read1  # type: ignore[attr-defined]
        total = 0
        while chunk := read(1 << 16):
            pieces[name].append(chunk)
            total += len(chunk)
            room.left -= len(chunk)
            if total > max_bytes or room.left < 0:
                too_large.set()
                return

    threads = [
        threading.Thread(target=pump, args=(name, pipe), daemon=True)
        for name, pipe in (("out", child.stdout), ("err", child.stderr))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_left(deadline))
    status: ReadStatus | None = ReadStatus.TOO_LARGE if too_large.is_set() else None
    try:
        child.wait(_left(deadline) if status is None else 0)
    except subprocess.TimeoutExpired:
        status = status or ReadStatus.TIMED_OUT
        child.kill()
        child.wait()
    return b"".join(pieces["out"]), b"".join(pieces["err"]), status
