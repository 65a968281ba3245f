"""landiag says why the other devices on this network cannot connect to your server.

>>> import landiag
>>> report = landiag.check(port=5000)  # doctest: +SKIP
>>> report.verdict.status, report.verdict.summary  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from landiag.version import __version__

if TYPE_CHECKING:
    from landiag.model.report import Report

__all__ = ["__version__", "check"]


def check(
    port: int = 5000, *, peer: str | None = None, address: str | None = None, timeout: float = 10.0
) -> Report:
    """Say why LAN clients cannot connect to a port of this machine, as ``landiag check`` does.

    ``peer`` is the client that fails, by address or name; ``address`` the address of this machine that clients
    use; ``timeout`` bounds the whole call, in seconds. Nothing is changed, printed or written. The report's
    ``verdict`` is the answer; its fields are those of the JSON report. Raises ``landiag.diagnose.UsageError``,
    a ValueError, where the question does not fit the machine.
    """
    import time

    from landiag.diagnose import diagnose
    from landiag.host import LiveHost, Recorder
    from landiag.model.report import Target
    from landiag.question import Question

    deadline = time.monotonic() + timeout
    host = LiveHost(deadline)
    try:
        return diagnose(Question(Target(port, peer, address)), Recorder(host), deadline)
    finally:
        host.close()
