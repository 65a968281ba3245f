"""A server's debugger is switched off by the very command that opens the server to other devices. Pure.

What a debugger runs is the caller's code. Debug mode may come from where nobody sees it (``.flaskenv``, the
application itself), so the switch is always written. ``python_edit`` does the same for calls in a source.
"""

from __future__ import annotations

from landiag.servers.kinds import ServerKind

EXPLAINED = "other devices could run code on this machine through its debugger"


def without_debugger(kind: ServerKind, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """These arguments with the debugger's switch turned off, and nothing else changed."""
    words = tuple(kind.plain_words.get(word, word) for word in arguments if word not in kind.debugger_on)
    missing = tuple(word for word in kind.debugger_off if word not in words)
    at = words.index("--") if "--" in words else len(words)
    return (*words[:at], *missing, *words[at:])


def needs_a_person(kind: ServerKind, arguments: tuple[str, ...]) -> bool:
    """Whether the command without a debugger does not know an option that this one was started with."""
    if not set(kind.plain_words) & set(arguments):
        return False
    options = {word.split("=", 1)[0] for word in arguments if word.startswith("-")}
    return not options <= set(kind.plain_options)


def told_without(kind: ServerKind) -> str:
    """In words, what else to write so that no debugger is reachable; empty where the server has none."""
    if kind.plain_words:
        return "".join(f", {new} in place of {old}" for old, new in kind.plain_words.items())
    words = (*kind.debugger_off, *(f"{name}={value}" for name, value in kind.debugger_variables.items()))
    return f", and {' '.join(words)} ({EXPLAINED})" if words else ""
