"""HTTP exchanges: what was asked of whom, what came, and how each attempt ended."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from msgspec import Meta, Struct

from landiag.collect.exchanges.message import header
from landiag.collect.exchanges.tcp import Connect
from landiag.collect.exchanges.tls import Tls
from landiag.collect.exchanges.transcript import NOTHING, Blob, decode


class End(str, Enum):
    """How an attempt ended."""

    COMPLETE = "complete"  # the whole answer came, or all that we read of it
    CUT_OFF = "cut-off"  # closed before the answer was whole
    STALLED = "stalled"  # some of the answer came, then nothing until the deadline
    SILENT = "silent"  # not a byte came before the deadline
    CLOSED_EMPTY = "closed-empty"  # closed without a byte
    RESET = "reset"  # RST, before or within the answer
    TOO_LARGE = "too-large"  # it went on after MOST_BYTES; what came is kept
    TLS_FAILED = "tls-failed"
    NOT_CONNECTED = "not-connected"


class Answer(Struct, frozen=True):
    """An HTTP answer. ``body`` is its beginning; ``body_bytes`` counts what came, without chunk marks.

    ``loads_local`` is an address of localhost from which something is loaded behind that beginning, where it is cut.
    """

    status: int
    reason: str
    version: str
    headers: tuple[tuple[str, str], ...]
    body: Blob
    body_bytes: int
    loads_local: str | None = None

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case; None when there is none."""
        return header(self.headers, name)


class Attempt(Struct, frozen=True):
    """One connection and what was said on it.

    ``scheme`` is ``http``, ``https`` or ``tcp`` (nothing was asked). ``answer`` is None when no HTTP answer
    came; ``first`` holds the first bytes then, empty when there were none. Seconds count from the beginning.
    ``confirmed``: of a silent peer, whether its kernel has confirmed all that was sent (TCP_INFO, tcp(7)); None where
    that is not known.
    """

    scheme: str
    connect: Connect
    end: End
    tls: Tls | None = None
    answer: Answer | None = None
    first: Blob = NOTHING
    first_byte_seconds: float | None = None
    seconds: float = 0.0
    confirmed: bool | None = None

    @property
    def speaks_tls(self) -> bool:
        """Whether the peer completed a TLS handshake."""
        return self.tls is not None and self.tls.version is not None

    @property
    def refuses_tls(self) -> bool:
        """Whether the peer speaks TLS and ended the handshake, or all that came behind it."""
        if self.scheme != "https" or self.tls is None or self.answer is not None:
            return False
        return self.tls.version is not None or self.tls.error not in (None, "not-tls")

    @property
    def breaks_off(self) -> bool:
        """Whether an answer that says where it ends did not come to its end; a stream that pauses says nothing."""
        if self.answer is None or self.end is End.CUT_OFF:
            return self.answer is not None
        return self.end in (End.RESET, End.STALLED) and self.answer.header("Content-Length") is not None


class Exchange(Struct, frozen=True):
    """The transcript of ``exchange``: what was asked of whom, and each attempt in order."""

    address: str
    port: int
    host: str
    path: str
    scheme: str
    attempts: Annotated[tuple[Attempt, ...], Meta(min_length=1)]

    @property
    def best(self) -> Attempt:
        """The attempt that got furthest: an HTTP answer before TLS alone, before the first.

        A plain answer after which TLS was tried, too, is a TLS server's complaint: no browser asks it so.
        """
        first, last = self.attempts[0], self.attempts[-1]
        if self.scheme == "auto" and first.answer is not None and last.refuses_tls:
            return last
        return max(self.attempts, key=lambda attempt: (attempt.answer is not None, attempt.speaks_tls))

    def is_answered_in(self, scheme: str) -> bool:
        """Whether an answer came in this scheme: where there is no TLS the other one is asked, too."""
        return any(attempt.answer is not None and attempt.scheme == scheme for attempt in self.attempts)

    @property
    def speaks_tls(self) -> bool:
        """Whether the peer completed a TLS handshake in any attempt."""
        return any(attempt.speaks_tls for attempt in self.attempts)


def parse_exchange(text: str) -> Exchange:
    """The transcript that ``exchange`` wrote. Raises ParseError."""
    return decode(text, Exchange)
