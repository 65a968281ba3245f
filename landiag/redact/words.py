"""Words that nobody knows, each replaced by the same new word everywhere; numbers and known words stay. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct, field

from landiag.model.regex import regex
from landiag.redact.own_words import own_words

_TOKEN = regex(
    r"(?P<escape>%[0-9A-Fa-f]{2}|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})"
    r"|(?<=[Ww]indows[Aa]pps\\)[\w.-]{3,50}_[\d.]+_\w*__[0-9a-hjkmnp-tv-z]{13}(?![\w.])"  # a product of the store
    r"|&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|nbsp);|S-1-5-21(?:-\d+)+)|(?P<word>[^\W_]+)"
)
_SHORTEST = 3
_STEM = regex(r"([^\W\d_]+)\d+")
_COUNTED = regex(r"\d+([^\W\d_]+)")
_HEX = regex(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{6,}|[0-9a-f]{12,}")
_PREDICTABLE = regex(r"(?:en|wl|ww|ib|sl)(?:[pPsfodbcu]\d+)+(?:np\d+|v\d+)?")
"""Names that systemd gives to interfaces by their place (systemd.net-naming-scheme(7))."""

_ROUTE_FLAGS = regex(r"U[BCDGHILMRSTWXYbcdghilmnpr123]*")
"""How netstat writes the flags of a route: a letter each (netstat(1) of macOS and the BSDs)."""

_TIME = regex(r"\d+[TZ]\d*Z?")
_SHORT_HEX = regex(r"(?=.*\d)[0-9a-f]{1,5}")

_BLOTTED = regex(r"x+|0+x[0-9a-f]+")
_FORMATS = (_TIME, _BLOTTED, _PREDICTABLE, _ROUTE_FLAGS, _SHORT_HEX)
_SID = regex(r"(S-1-5-21)((?:-\d+){1,8})")


class WordMap(Struct):
    """Replaces words; the same one always by the same."""

    _new: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _kept: dict[str, bool] = field(default_factory=dict)

    def collect(self, text: str) -> None:
        """Remember the words that look like new ones already, so that none is given twice."""
        if "name" in text.lower():
            self._taken.update(re.findall(r"name\d+", text.lower()))

    def keep(self, words: Iterable[str]) -> None:
        """Leave words alone that are new already: those of other maps."""
        self._kept.update((form, True) for word in words for form in (word, word.upper()))

    def apply(self, text: str) -> str:
        """Replace every word that is not known."""
        return _TOKEN.sub(self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        word = match["word"]
        if word is None:
            return _SID.sub(self._sid, match[0]) if match[0].startswith("S-") else match[0]
        if word not in self._kept:
            self._kept[word] = is_known(word)
        return word if self._kept[word] else self._mask(word.lower())

    def _sid(self, match: re.Match[str]) -> str:
        """A security identifier of Windows: the parts that say which machine and which account."""
        return f"{match[1]}-0-0-0-{self._number(match[0])}"

    def _number(self, text: str) -> int:
        return int(self._new.setdefault(text, str(1000 + len(self._new))))

    def _mask(self, low: str) -> str:
        if low not in self._new:
            self._new[low] = self._choose(low)
        return self._new[low]

    def _choose(self, low: str) -> str:
        start = _known_start(low)
        if start is not None:  # the name of an interface, an id: its kind stays
            return start + f"{len(self._new) + 1:x}".rjust(len(low) - len(start), "0")
        numbers = (f"name{number}" for number in range(len(self._new) + 1, 1 << 24))
        return next(word for word in numbers if word not in self._taken)

    @property
    def known(self) -> dict[str, str]:
        """Every word that was replaced, with its new one."""
        return dict(self._new)


def is_known(word: str) -> bool:
    """Whether a word says nothing of anybody: a number, a short one, or one of landiag's own."""
    low = word.lower()
    if len(low) < _SHORTEST or low.isdigit() or any(known.fullmatch(word) for known in _FORMATS):
        return True
    words = own_words()
    if low in words:
        return True
    match = _STEM.fullmatch(low) or _COUNTED.fullmatch(low)
    return match is not None and (len(match[1]) < _SHORTEST or match[1] in words)


def _known_start(low: str) -> str | None:
    """What stands before the hexadecimal digits at the end of a word; None where it is another kind of word."""
    if _HEX.fullmatch(low):
        return ""
    for end in range(len(low) - 4, 1, -1):
        if low[:end] in own_words() and _HEX.fullmatch(low[end:]):
            return low[:end]
    return None
