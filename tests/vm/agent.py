"""What a machine is asked by: a shell line out, its result back, one line of JSON each."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.lab.hosts import LabError

BOOT_SECONDS = 900.0  # with SELinux, on a busy machine


@dataclass(frozen=True, slots=True)
class Done:
    """How a command on the machine ended."""

    status: int
    out: str
    err: str


class Agent:
    """The near end of the port at which a machine's lab-agent.py waits."""

    def __init__(self, descriptor: int, console: Callable[[], str]) -> None:
        """``descriptor`` is the port; ``console`` tells what the machine printed, where it does not answer."""
        self._descriptor, self._console = descriptor, console
        self._number = 0
        self._waiting = b""

    def run(self, command: str, *, user: str, stdin: str, seconds: float) -> Done:
        """Type a shell line on the machine and wait for its end."""
        self._number += 1
        order = {"id": self._number, "command": command, "user": user, "stdin": stdin, "seconds": seconds}
        self._send(order)
        answer = self._answer(self._number, seconds + 30)
        return Done(answer["status"], answer["out"], answer["err"])

    def tell(self, command: str) -> None:
        """Type a shell line after which the machine may be gone: nobody waits for its end."""
        self._send({"id": 0, "command": command})

    def wait_until_up(self) -> None:
        """Wait until everything that starts with the machine has started; some of it may have failed."""
        line = "systemctl is-system-running --wait || true"
        self.run(line, user="root", stdin="", seconds=BOOT_SECONDS)

    def _send(self, order: dict[str, Any]) -> None:
        data = json.dumps(order).encode() + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]

    def _answer(self, number: int, seconds: float) -> dict[str, Any]:
        """The answer to one order; those of orders before a restore are thrown away."""
        deadline = time.monotonic() + seconds
        while True:
            *lines, self._waiting = self._waiting.split(b"\n")
            for line in lines:
                found: dict[str, Any] = json.loads(line)
                if found["id"] == number:
                    return found
            self._waiting += self._receive(deadline - time.monotonic())

    def _receive(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        if not ready:
            raise LabError(f"the machine does not answer; its console: {self._console()[-800:]}")
        try:
            data = os.read(self._descriptor, 65536)
        except OSError as error:
            raise LabError(f"the machine is gone: {error}") from error
        if not data:
            raise LabError(f"the machine is gone; its console: {self._console()[-800:]}")
        return data


class Guest:
    """A machine that commands are typed on: emulated, or in namespaces."""

    agent: Agent

    def close(self) -> None:
        """End the machine."""
        raise NotImplementedError

    def run(
        self, command: str, *, user: str = "root", stdin: str = "", seconds: float = 60, check: bool = True
    ) -> Done:
        """Type a shell line on the machine and wait for it; with ``check`` a failure is a LabError."""
        done = self.agent.run(command, user=user, stdin=stdin, seconds=seconds)
        if check and done.status:
            raise LabError(f"on the machine: {command}\nexit {done.status}: {done.out}{done.err}"[:1500])
        return done

    def write(self, path: str, text: str) -> None:
        """Write a file on the machine."""
        self.run(f'mkdir -p "$(dirname {path})"; cat > {path}', stdin=text)

    def restore(self) -> None:
        """Put everything back to the moment when the machine had booted."""
        raise NotImplementedError

    def reboot(self) -> None:
        """Start the machine anew, with what its disk now holds."""
        raise NotImplementedError
