"""Bytes that programs of Windows wrote, as text: UTF-16, UTF-8, or the OEM code page of some country.

A console program that is redirected writes the OEM code page; PowerShell 5's ``>`` writes UTF-16 with a BOM,
and turns the UTF-8 of others into mojibake. Only the words in the text tell which code page it was.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection
from functools import lru_cache

from landiag.model.regex import regex

OEM_CODE_PAGES = (
    "cp437",
    "cp850",
    "cp866",
    "gbk",
    "cp932",
    "cp949",
    "cp950",
    "cp852",
    "cp857",
    "cp1252",
    "cp1251",
)
"""Code pages in the order in which they are tried (chcp of Western, Russian, East Asian hosts)."""

SAMPLE = 20_000
"""How much of a text is looked through for words."""

_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


def decode_console(data: bytes, words: Collection[str] = ()) -> str:
    """Decode what a Windows program wrote. Never raises.

    Of several encodings that fit, the one with most of the ``words`` wins; where none of them is found, the
    first that fits. A NUL in every second byte is UTF-16 without its mark.
    """
    text = _by_mark(data)
    if text is None:
        text = _by_trial(data, words)
    return _repair(text, words).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")


def may_be(written: str, actual: str) -> bool:
    """Whether a name or path that a Windows program wrote could be this one, in letters that ASCII lacks.

    Those were decoded by a code page that is guessed, and what damage does to bytes looks the same: from the first
    of them to the last stands for anything.
    """
    if written == actual or written.isascii():
        return written == actual
    parts = _NOT_ASCII.split(written)
    head, tail = parts[0], parts[-1]
    return len(actual) > len(head) + len(tail) and actual.startswith(head) and actual.endswith(tail)


_NOT_ASCII = regex(r"[^\x00-\x7f]+")


def _by_mark(data: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    head = data[:400]
    if len(head) >= 4 and head[1::2].count(0) > len(head) // 3:
        return data.decode("utf-16-le", "replace")
    if len(head) >= 4 and head[::2].count(0) > len(head) // 3:
        return data.decode("utf-16-be", "replace")
    return None


def _by_trial(data: bytes, words: Collection[str]) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for encoding in _likely_encodings(data[: 4 * SAMPLE], frozenset(words)):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp437", "replace")


@lru_cache(maxsize=8)
def _likely_encodings(sample: bytes, words: frozenset[str]) -> tuple[str, ...]:
    """The code pages in which a sample can be read, the likeliest first; a letter cut at its end counts for none."""
    scores: dict[str, int] = {}
    for encoding in OEM_CODE_PAGES:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeDecodeError:
            continue
        scores[encoding] = 100 * count_words(text, words) + _readability(text)
    return tuple(sorted(scores, key=lambda encoding: -scores[encoding]))


_UNLIKELY = frozenset("\ufffd¤¥¦§¨©¬®¯±²³´µ¶·¸¹¼½¾×÷")
_LETTERS = regex(r"[^\W\d_]+")


def _readability(text: str) -> int:
    """How much a text looks like one: a wrong code page mixes scripts in a word and makes frames of letters."""
    head = text[:SAMPLE]
    score = 0
    for word in _LETTERS.findall(head):
        strange = [letter for letter in word if letter > "\x7f"]
        if strange:
            scripts = {_script(letter) for letter in word}
            likely = len(scripts) == 1 and not (scripts == {"latin"} and len(strange) * 2 > len(word) > 1)
            score += len(strange) if likely else -4 * len(strange)
    return score - 4 * sum("\u2190" <= letter <= "\u25ff" or letter in _UNLIKELY for letter in head)


def _script(letter: str) -> str:
    """The script of a letter, roughly: enough to tell Latin, Greek, Cyrillic and East Asian letters apart."""
    if letter < "\u0250":
        return "latin"
    if letter < "\u0400":
        return "greek"
    return "cyrillic" if letter < "\u0530" else "east"


def _repair(text: str, words: Collection[str]) -> str:
    """Undo UTF-8 that was read as an OEM code page, where that makes more of the words readable."""
    if not words or text.isascii():
        return text
    best, best_score = text, count_words(text, words)
    for encoding in ("cp850", "cp437", "cp1252"):
        sample = text[:SAMPLE].encode(encoding, "replace").decode("utf-8", "replace")
        score = count_words(sample, words)
        if score > best_score:
            best, best_score = text.encode(encoding, "replace").decode("utf-8", "replace"), score
    return best


def count_words(text: str, words: Collection[str]) -> int:
    """How many of the words stand at the beginning of a text, each once."""
    head = text[:SAMPLE]
    return sum(word in head for word in words)
