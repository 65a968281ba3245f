"""What the terminal says of each device: one line, when it is known, however often the device asks. Pure."""

from __future__ import annotations

from msgspec import Struct

from landiag.web.serve.judge import Answer

MAX_NAMED = 100
"""Devices that get a line; further ones are on the page for the person at the computer."""

MAX_LINES = 3
"""Lines that one device gets in all: what it met, and what became of that."""

QUIET_SECONDS = 15.0
"""How long a device that has opened the page may take to tell something before that is said."""

CHECK_SECONDS = 11.0
"""How long the look at this machine for a device may take before its answer is told without."""


class _Device(Struct):
    agent: str
    due: float | None
    answer: Answer | None = None
    told: tuple[str, ...] = ()


class Telling:
    """Which lines are due. Times are on the caller's clock."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}
        self._is_full = False

    def arrive(self, address: str, agent: str, now: float) -> str | None:
        """A device has opened the page. The line that is due at once, if any: there are too many."""
        if address in self._devices or self._is_full:
            return None
        if len(self._devices) >= MAX_NAMED:
            self._is_full = True
            return f"More than {MAX_NAMED} devices have come: the page for this computer shows the last ones."
        self._devices[address] = _Device(agent, now + QUIET_SECONDS)
        return None

    def answer(self, address: str, answer: Answer, due: float) -> None:
        """A device is told something; the terminal follows by ``due``, where that is new."""
        device = self._devices.get(address)
        if device is None or not answer.is_final:
            return
        device.answer = answer
        is_new = device.told[-1:] != (answer.status,) and len(device.told) < MAX_LINES
        device.due = due if is_new else None

    def take_due(self, now: float) -> list[str]:
        """The lines that are due."""
        return [
            self._line(address, device)
            for address, device in self._devices.items()
            if device.due is not None and device.due <= now
        ]

    def _line(self, address: str, device: _Device) -> str:
        device.due = None
        who = f"{address} ({device.agent})"
        if device.answer is None:
            return f"{who} has opened the page, and has told nothing yet"
        device.told = (*device.told, device.answer.status)
        cause = f" [{device.answer.code}]" if device.answer.code else ""
        return f"{who}: {device.answer.headline}{cause}"
