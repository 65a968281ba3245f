"""How a TLS handshake went."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.x509 import Certificate


class Tls(Struct, frozen=True):
    """How a handshake went. ``version`` is None when it failed, and ``error`` says why.

    ``not-tls``: the peer speaks, but not TLS; ``closed``, ``reset``, ``silent`` as they say; else OpenSSL's
    reason. ``certificate`` is None where the peer showed none that can be read.
    """

    version: str | None
    error: str | None = None
    certificate: Certificate | None = None
