"""Arguments rewritten: an option set, an address changed; all else stays as the user typed it. Pure."""

from __future__ import annotations

import re

from msgspec import Struct

from landiag.model.numbers import parse_port
from landiag.model.regex import regex
from landiag.model.urls import bracketed

_PLACE = regex(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)?(?:(?P<host>\[[^\]]*\]|[^:/\[\]]*):)?"
    r"(?P<port>\d{1,5})(?P<tail>[,/?].*)?",
    re.ASCII,
)
# Options of Django's runserver whose value is the next word.
_WITH_VALUE = {"-v", "--verbosity", "--settings", "--pythonpath", "--cert-file", "--key-file"}


class Place(Struct, frozen=True):
    """Where an option stands: ``equals`` or ``space`` style, ``first`` or ``last``, after which word."""

    names: tuple[str, ...]
    style: str = "equals"
    insert: str = "last"
    after: str = ""


class _Found(Struct, frozen=True):
    """An option in a command line: words ``start`` to ``end``, and how its value is joined to its name."""

    start: int
    end: int
    name: str
    sign: str
    value: str

    def words(self, value: str) -> tuple[str, ...]:
        """The option with another value, written as it was."""
        if self.sign == " ":
            return (self.name, value)
        return (f"{self.name}{self.sign}{value}",)


def bind_value(host: str, port: int, form: str = "") -> str:
    """``0.0.0.0:5000``, ``[::]:5000``, or as the form says."""
    return (form or "{host}:{port}").format(host=bracketed(host), port=port)


def with_option(arguments: tuple[str, ...], place: Place, value: str, *, optional: bool) -> tuple[str, ...]:
    """Set an option to a value: the one that is there is changed, further ones go, else it is added."""
    found = _find(arguments, place, optional=optional)
    if not found:
        return _insert(arguments, place, value)
    words: list[str] = []
    position = 0
    for index, option in enumerate(found):
        words += [*arguments[position : option.start], *(option.words(value) if index == 0 else ())]
        position = option.end
    return (*words, *arguments[position:])


def with_bind(
    arguments: tuple[str, ...],
    place: Place,
    host: str,
    port: int | None,
    *,
    form: str = "",
    adds: bool = True,
) -> tuple[str, ...] | None:
    """Change the address in front of a port: ``-b 127.0.0.1:8000 -> -b 0.0.0.0:8000``.

    Other ports and Unix sockets stay. None when nothing names the port and nothing may be added.
    """
    for option in _find(arguments, place, optional=False):
        match = _PLACE.fullmatch(option.value)
        if match and (port is None or int(match["port"]) == port):
            written = (match["scheme"] or "") + bind_value(host, int(match["port"])) + (match["tail"] or "")
        elif match is None and port and re.fullmatch(r"[A-Za-z0-9.-]+|\[[0-9a-f:]+\]", option.value):
            written = bind_value(host, port)
        else:
            continue
        return (*arguments[: option.start], *option.words(written), *arguments[option.end :])
    if not adds or port is None:
        return None
    return _insert(arguments, place, bind_value(host, port, form))


def with_position(
    arguments: tuple[str, ...], commands: tuple[str, ...], host: str, port: int | None
) -> tuple[str, ...] | None:
    """Change the ``[ADDRESS:]PORT`` word behind a command such as ``runserver``, or add it."""
    start = next((index for index, word in enumerate(arguments) if word in commands), None)
    if start is None:
        return None
    for index in range(start + 1, len(arguments)):
        word = arguments[index]
        if arguments[index - 1] in _WITH_VALUE or word.startswith("-"):
            continue
        if match := re.fullmatch(r"(?:.*:)?([0-9]{1,5})", word):
            return (*arguments[:index], bind_value(host, int(match[1])), *arguments[index + 1 :])
    return (*arguments, bind_value(host, port or 8000))


def with_forward(
    arguments: tuple[str, ...], names: tuple[str, ...], host: str, port: int | None
) -> tuple[str, ...] | None:
    """Give ssh's ``-L [ADDRESS:]PORT:HOST:PORT`` or ``-D [ADDRESS:]PORT`` an address; None without one."""
    shown = bracketed(host)
    for option in _find(arguments, Place(names), optional=False):
        parts = re.findall(r"\[[^\]]*\]|[^:]+", option.value)
        ports = parts[-3:] if option.name == "-L" else parts[-1:]
        if len(ports) in {1, 3} and _is_port(ports[0], port):
            written = ":".join([shown, *ports])
            return (*arguments[: option.start], *option.words(written), *arguments[option.end :])
    return None


def _find(arguments: tuple[str, ...], place: Place, *, optional: bool) -> list[_Found]:
    """Every occurrence of an option, in its four forms: ``--host x``, ``--host=x``, ``-h x``, ``-hx``."""
    found: list[_Found] = []
    index = _start(arguments, place.after)
    while index < len(arguments) and arguments[index] != "--":
        option = _option_at(arguments, index, place.names, optional=optional)
        if option:
            found.append(option)
        index = option.end if option else index + 1
    return found


def _option_at(
    arguments: tuple[str, ...], index: int, names: tuple[str, ...], *, optional: bool
) -> _Found | None:
    word = arguments[index]
    for name in names:
        if word == name:
            following = arguments[index + 1 : index + 2]
            if not following or (optional and following[0].startswith("-")):
                return _Found(index, index + 1, name, " ", "")
            return _Found(index, index + 2, name, " ", following[0])
        if word.startswith(f"{name}="):
            return _Found(index, index + 1, name, "=", word[len(name) + 1 :])
        if len(name) == 2 and word.startswith(name) and not word.startswith("--"):
            return _Found(index, index + 1, name, "", word[2:])
    return None


def _insert(arguments: tuple[str, ...], place: Place, value: str) -> tuple[str, ...]:
    name = place.names[0]
    spaced = place.style == "space" or not name.startswith("--")
    option = (name, value) if spaced else (f"{name}={value}",)
    at = _start(arguments, place.after)
    if place.insert != "first":
        at = arguments.index("--", at) if "--" in arguments[at:] else len(arguments)
    return (*arguments[:at], *option, *arguments[at:])


def _start(arguments: tuple[str, ...], after: str) -> int:
    return arguments.index(after) + 1 if after in arguments else 0


def _is_port(text: str, port: int | None) -> bool:
    """Whether a word is this port, or any where none is asked for."""
    found = parse_port(text)
    return found is not None and port in (None, found)
