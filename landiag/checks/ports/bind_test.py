"""The bind test of the port: whether a server could take it now."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.collect.exchanges.bind import parse_bind_test
from landiag.model.facts import Call, Unknown
from landiag.model.report import Target


def bind_source(target: Target) -> Call:
    """Name the bind test: could a server take the port on all addresses now?"""
    return Call("bind", (("address", "0.0.0.0"), ("port", str(target.port))), seconds=1.0)


def bind_error(case: Case) -> str | None:
    """Return the error with which the bind test ended; None where the port was free or not tried."""
    test = case.parse(bind_source(case.target), parse_bind_test)
    return None if test is None or isinstance(test, Unknown) or test.free else test.error
