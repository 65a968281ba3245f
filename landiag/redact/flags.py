"""Numbers behind short flags of programs: a password may be one, so only ports that are known of stay. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from landiag.model.regex import regex

_FLAG = regex(r"-[A-Za-z]")
_BEHIND = regex(r"(?<![\w-])(-[A-Za-z][\"',\s=]{0,4})(\d{4,})(?![\w.:/])")
_NUMBER = regex(r"\d{4,}")
_PORT = regex(r"(?<=:)\d{1,5}(?!\d)")


def find_ports(text: str) -> set[str]:
    """The ports of addresses in a text."""
    return set(_PORT.findall(text)) if ":" in text else set()


def mask_numbers(text: str, ports: Collection[str]) -> str:
    """A text with the numbers of four digits and more behind short flags made zero, but for ports."""
    if "-" not in text:
        return text
    return _BEHIND.sub(lambda match: match[1] + _zero(match[2], ports), text)


def mask_words(words: Sequence[str], ports: Collection[str]) -> tuple[str, ...]:
    """The same for a command line as words."""
    done = []
    before = ""
    for word in words:
        is_value = _FLAG.fullmatch(before) and _NUMBER.fullmatch(word)
        done.append(_zero(word, ports) if is_value else mask_numbers(word, ports))
        before = word
    return tuple(done)


def _zero(number: str, ports: Collection[str]) -> str:
    return number if number in ports else "0" * len(number)
