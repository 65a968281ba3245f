"""Clients' questions for an address of ours, by ARP or ND, and which of them get no answer. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator

from msgspec import Struct, field

from landiag.watch.events import Question

PATIENCE = 1.5
"""Seconds after a client's first question when it counts as unanswered.

Systems ask once a second, three times (RFC 4861; mcast_solicit in arp(7)); the kernel answers at once.
"""

AGAIN = 60.0
"""Seconds after which the same client's question is told again."""

MOST_OPEN = 256
MOST_TOLD = 4096

_NOBODY = ("0.0.0.0", "::")
"""Senders of questions that only try whether an address is free (RFC 5227, RFC 4862)."""


class Questions(Struct):
    """Open questions, by sender and target, in the order in which they were first asked."""

    open: OrderedDict[tuple[str, str], Question] = field(default_factory=OrderedDict)
    told: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def deadline(self) -> float | None:
        """When the patience with the oldest one ends; None without any."""
        first = next(iter(self.open.values()), None)
        return None if first is None else first.at + PATIENCE

    def ask(self, question: Question, own: Collection[str] | None) -> None:
        """Take a client's question; ``own`` are this machine's addresses, None where they are not known."""
        key = (question.sender, question.target)
        is_trial = question.sender in (*_NOBODY, question.target)
        if own is None or is_trial or question.sender in own or key in self.open:
            return
        if len(self.open) < MOST_OPEN and question.at - self.told.get(key, -AGAIN) >= AGAIN:
            self.open[key] = question

    def answer(self, target: str) -> None:
        """This machine said where an address is: whoever asked for it has heard it."""
        for key in [one for one in self.open if one[1] == target]:
            del self.open[key]

    def drop(self, sender: str, target: str) -> None:
        """The client sends packets to the address: it knows the way."""
        self.open.pop((sender, target), None)

    def take(self, now: float) -> Iterator[Question]:
        """Take those with which the patience is over."""
        for key, question in list(self.open.items()):
            if now < question.at + PATIENCE:
                return
            del self.open[key]
            if len(self.told) < MOST_TOLD:
                self.told[key] = now
            yield question
