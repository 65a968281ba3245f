"""Regular expressions that are compiled when they are first used: of landiag's hundreds a command needs few."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Late:
    """Stands for a compiled pattern: what is asked of it the first time is kept, so later calls cost nothing."""

    def __init__(self, text: Any, flags: int) -> None:
        self._written = (text, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copying asks for methods that a pattern has not
            raise AttributeError(name)
        found = getattr(re.compile(*self._written), name)
        setattr(self, name, found)
        return found


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A pattern of a module's own, as ``re.compile`` would give it; one that is no pattern fails when it is used."""
    return cast("re.Pattern[AnyStr]", _Late(text, flags))
