"""What name servers and mDNS said about a name."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.transcript import decode


class Answers(Struct, frozen=True):
    """What one server said. ``error``: NXDOMAIN, SERVFAIL, REFUSED, ``no-answer`` or an errno's name."""

    server: str
    addresses: tuple[str, ...] = ()
    error: str | None = None

    @property
    def shown(self) -> str:
        """The server as people call it."""
        return "mDNS" if self.server == "mdns" else self.server


class NameServers(Struct, frozen=True):
    """The transcript of ``ask_name_servers``: one entry a server, ``mdns`` for multicast."""

    name: str
    answers: tuple[Answers, ...]

    def of(self, server: str) -> Answers | None:
        """What that server said; None when it was not asked."""
        return next((answers for answers in self.answers if answers.server == server), None)


def parse_name_servers(text: str) -> NameServers:
    """The transcript that ``ask_name_servers`` wrote. Raises ParseError."""
    return decode(text, NameServers)
