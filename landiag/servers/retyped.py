"""The command of a server typed again, with what has to change in it; in words where it may not be shown."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.model.actions import Run
from landiag.model.lines import is_windows_path, shell_line
from landiag.redact.masking import is_masked
from landiag.servers.advice import RestartAdvice
from landiag.servers.debugger import EXPLAINED, needs_a_person, told_without, without_debugger
from landiag.servers.invocation import Invocation, of_environment
from landiag.servers.recognise import Server


def again(
    advice: RestartAdvice, server: Server, called: Invocation | None, extra: dict[str, str] | None = None
) -> RestartAdvice:
    """The advice with the command typed again, where it may be shown."""
    if called is None:
        return replace(advice, steps=(*advice.steps, "Start it again with your own command."))
    return typed(advice, server, called, extra)


def typed(
    advice: RestartAdvice, server: Server, called: Invocation, extra: dict[str, str] | None = None
) -> RestartAdvice:
    """The advice with a command that is shown, unless it holds a secret or may only be typed by a person."""
    if needs_a_person(server.kind, called.arguments):
        step = f"Start it again with your own command{told_without(server.kind)}: {EXPLAINED}."
        return replace(advice, steps=(*advice.steps, step))
    called = replace(called, arguments=without_debugger(server.kind, called.arguments))
    words = of_environment(called.words, server.process.environment)
    words = (*words, *called.arguments) if called.arguments or words[-1:] != ("--",) else words[:-1]
    variables = _variables(server) | (extra or {})
    everything = [*words, *variables.values()]
    if is_masked(everything):
        step = f"Its command line holds a secret, which is not shown. {_instead(server, called)}"
        return replace(advice, steps=(*advice.steps, step))
    if not all(word.isprintable() for word in everything):
        step = f"Its command line holds characters that cannot be shown. {_instead(server, called)}"
        return replace(advice, steps=(*advice.steps, step))
    run = Run(words, advice.cwd, tuple(variables.items()), detached=True, user=server.process.user)
    return replace(advice, run=run, os="windows" if _is_windows(server) else "linux")


def _variables(server: Server) -> dict[str, str]:
    """The variables that it needs again, and those that keep its debugger off."""
    seen = server.process.environment
    kept = {name: seen[name] for name in server.kind.environment if name in seen}
    return kept | dict(server.kind.debugger_variables)


def _is_windows(server: Server) -> bool:
    """Whether it runs on Windows, by its program or its folder."""
    return any(is_windows_path(path or "") for path in (server.process.exe, server.process.cwd))


def _instead(server: Server, called: Invocation) -> str:
    """What to change in the command, when the command itself may not be printed."""
    shown = [word for word in called.arguments if word not in (server.invocation or called).arguments]
    if shown and not is_masked(shown):
        line = shell_line(shown, {}, powershell=_is_windows(server))
        return f"Start it again with your own command and this in it: {line}"
    return "Start it again with your own command, changed so that it listens on all addresses."
