"""landiag says why the other devices on this network cannot connect to your server.

>>> import landiag
>>> report = landiag.check(port=5000)  # doctest: +SKIP
>>> report.verdict.status, report.verdict.summary  # doctest: +SKIP

``check``, ``probe``, ``firewall`` and ``list`` answer as the commands do. They change, print and write nothing.
"""

from __future__ import annotations

from landiag.loading import end_by_interrupt

end_by_interrupt()  # before all that takes time

import sys  # noqa: E402
from importlib import import_module  # noqa: E402
from types import ModuleType  # noqa: E402

from landiag.version import __version__  # noqa: E402

TYPE_CHECKING = False  # typing's own takes most of the time that it takes to load this package
if TYPE_CHECKING:
    from typing import Any

    from landiag.api import check, firewall, list, probe  # noqa: A004 - named as the commands are

__all__ = ["__version__", "check", "firewall", "list", "probe"]

_FUNCTIONS = ("check", "firewall", "list", "probe")


def __getattr__(name: str) -> Any:
    """Find the functions when they are first asked for: importing the package loads nothing."""
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("landiag.api"), name)


class _Callable(ModuleType):
    """The folder of a command's parts, called like the command: Python puts it in the function's place."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Ask as the function of that name does."""
        return getattr(import_module("landiag.api"), self.__name__.rpartition(".")[2])(*args, **options)


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        """Keep ``landiag.firewall(...)`` and ``landiag.probe(...)`` callable once their folders are imported."""
        if name in _FUNCTIONS and isinstance(value, ModuleType):
            value.__class__ = _Callable
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
