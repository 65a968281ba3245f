"""What cannot be typed, in landiag's words: click says which kind of mistake it is, never how it is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from difflib import get_close_matches

from landiag.cli.app import COMMANDS
from landiag.cli.arguments import is_address, is_host_and_port
from landiag.model.regex import regex
from landiag.model.urls import bracketed

_TAKE_PORT = ("check", "probe", "firewall")
_EXTRA = regex(r"unexpected extra arguments?(?:\(s\))? \((.+)\)", re.IGNORECASE)


def describe_usage(error: Exception, words: Sequence[str]) -> str | None:
    """One sentence that says what is wrong with the line and names the help of its command; None for other errors."""
    message = getattr(error, "format_message", None)
    if message is None:
        return None
    called = next((word for word in words if not word.startswith("-")), "")
    asked = f"landiag {called}" if called in COMMANDS else "landiag"
    said = _describe(error, message(), asked, called)
    meant = _meant(words, called) or _meant_port(words, called, message())
    return f"{said}. {meant or f'{asked} --help shows what there is'}"


def _describe(error: Exception, message: str, asked: str, called: str) -> str:
    option, kind = getattr(error, "option_name", ""), type(error).__name__
    extra = _EXTRA.search(message)
    if kind == "NoSuchOption":
        near = list(getattr(error, "possibilities", None) or [])
        return f"there is no option {option}" + (f" (did you mean {near[0]}?)" if near else "")
    if kind == "BadOptionUsage":
        return f"{option} takes no value" if "not take" in message else f"{option} needs a value behind it"
    if kind == "MissingParameter":
        name = getattr(getattr(error, "param", None), "name", None) or "argument"
        return f"{asked} needs {name.upper()}"
    if extra:
        return f"{extra[1]!r} is too much for {asked}"
    if called not in COMMANDS:
        near = get_close_matches(called, COMMANDS, 1)
        return f"there is no command {called!r}" + (f" (did you mean {near[0]}?)" if near else "")
    return f"{message[:1].lower()}{message[1:]}".rstrip(".")


def _meant(words: Sequence[str], called: str) -> str:
    """The line with the command that somebody left out, where a port or a URL stands in its place; else empty."""
    first = words[0].partition("=")[0] if words and called not in COMMANDS else ""
    if is_address(first):
        return f"Did you mean: landiag probe {shlex.join(words)}"
    is_server = first in ("--port", "-p") or first.isdecimal() or "://" in first or is_host_and_port(first)
    return f"Did you mean: landiag check {shlex.join(words)}" if is_server else ""


def _meant_port(words: Sequence[str], called: str, message: str) -> str:
    """The line as landiag takes it, where a port stands alone or behind the host, as nc has it; else empty."""
    extra = _EXTRA.search(message)
    if called not in _TAKE_PORT or not extra or not extra[1].isdecimal():
        return ""
    at = max(number for number, word in enumerate(words) if word == extra[1])
    before, port, behind = words[: at - 1], words[at], words[at + 1 :]
    host = words[at - 1]
    asked = [called, "--port", port] if host == called else [f"{bracketed(host)}:{port}"]
    return f"Did you mean: landiag {shlex.join([*before, *asked, *behind])}"
