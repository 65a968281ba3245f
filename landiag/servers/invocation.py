"""A command line taken apart: which program it runs, with which arguments, and how it is typed again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from landiag.model.lines import is_windows_path
from landiag.model.process import Process
from landiag.model.regex import regex

_RUNTIMES = {
    "python": "python",
    "pythonw": "python",
    "py": "python",
    "pypy": "python",
    "node": "node",
    "nodejs": "node",
    "ruby": "ruby",
    "jruby": "ruby",
    "php": "php",
    "java": "java",
}
# Options of the interpreters that take the next word as their value.
_WITH_VALUE = {
    "python": {"-W", "-X", "--check-hash-based-pycs"},
    "node": {
        "-r",
        "--require",
        "--import",
        "--loader",
        "--experimental-loader",
        "-C",
        "--conditions",
        "--env-file",
    },
    "ruby": {"-I", "-r", "-C", "-E"},
    "php": {"-d", "-c", "-t", "-z"},
    "java": {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens"},
}
# Titles that psutil takes apart at their blanks, and one in which the command line still stands.
_TITLE = regex(r"[^\s/\\]+: |next-server \(|puma [\d.]+ \(|\S*(redis|valkey)-server \S+:\d+$")
_TITLE_WITH_COMMAND = regex(r"nginx: master process (\S.*)")
_SHELLS = {"sh", "bash", "dash", "ash", "zsh", "busybox"}
_SUFFIXES = (
    ".py",
    ".pyw",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".mts",
    ".rb",
    ".php",
    ".sh",
    ".exe",
    ".cmd",
    ".bat",
    ".ps1",
)


class Invocation(Struct, frozen=True):
    """How a program was started.

    ``words`` is what stands before ``arguments`` when it is typed again. ``program`` is its canonical name
    (``flask`` for ``python -m flask`` and ``/venv/bin/flask`` alike), ``runtime`` the interpreter's,
    ``script`` the source file it runs. ``complete`` is False when the process has overwritten its command
    line with a title, so that the arguments are gone. ``from_shell``: it is the command of a ``sh -c``.
    """

    words: tuple[str, ...]
    program: str
    arguments: tuple[str, ...] = ()
    runtime: str = ""
    script: str | None = None
    complete: bool = True
    from_shell: bool = False


def invocation(process: Process) -> Invocation | None:
    """Take the command line of a process apart; None when it has none that this user may see."""
    argv = _without_trailing_blanks(process.argv)
    if not argv or not argv[0]:
        return None
    title = " ".join(argv)
    if match := _TITLE_WITH_COMMAND.match(title):
        return _parse(tuple(re.findall(r"(?<=-g ).+;|\S+", match[1])))
    if (len(argv) == 1 and _is_title(title, process)) or _TITLE.match(title):
        return Invocation((title,), base_name(title.split()[0]), complete=False)
    if base_name(argv[0]) in _SHELLS and len(argv) > 2 and argv[1] == "-c":
        return _shell_command(argv[2])
    return _parse(argv)


def package_script(process: Process) -> Invocation | None:
    """The package manager's command that this process is (``npm run dev``), or None.

    ``arguments`` are those that go to the script. npm shows itself as a title in which blanks inside
    arguments are no longer to be told from blanks between them.
    """
    argv = _without_trailing_blanks(process.argv)
    if len(argv) == 1 and re.match(r"npm (run|run-script|exec|start|test|x)\b", argv[0]):
        return _npm(tuple(argv[0].split()))
    called = _parse(argv) if argv and argv[0] else None
    if called is None or called.program not in {"npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx"}:
        return None
    words = (called.program, *called.arguments)
    return _npm(words) if called.program in {"npm", "npx"} else _other_manager(words)


@lru_cache(1024)
def base_name(path: str) -> str:
    """The name of a program without folder, suffix and version: ``/usr/bin/python3.11`` -> ``python``."""
    name = re.split(r"[\\/]", path.rstrip("\\/"))[-1]
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
            break
    bare = re.sub(r"w?[\d.]+$", "", name) or name
    return bare if bare.lower() in _RUNTIMES else name


def of_environment(words: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words with the interpreter of their virtual environment, when its own name does not lead there."""
    venv = environment.get("VIRTUAL_ENV")
    if not venv or not words or not re.fullmatch(r"python[\w.]*|.*/Contents/MacOS/Python", words[0]):
        return words
    folder = f"{venv}\\Scripts\\" if is_windows_path(venv) else f"{venv}/bin/"
    return (folder + words[0].rpartition("/")[2].lower(), *words[1:])


def _is_title(word: str, process: Process) -> bool:
    """Whether the only word of a command line is a title that the process wrote there."""
    if not re.search(r"\s", word):
        return len(process.argv) > 1 and not re.match(r"[./\\]", word)
    if is_windows_path(word):
        return False
    return not word.startswith("/") or bool(process.exe and word.startswith(f"{process.exe} "))


def _without_trailing_blanks(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Without the empty words at the end that a process leaves which overwrites its command line."""
    end = len(argv)
    while end and not argv[end - 1]:
        end -= 1
    retitled = len(argv) - end > 1 or (end == 1 and " " in argv[0])
    return argv[:end] if retitled else argv


@lru_cache(1024)
def _parse(argv: tuple[str, ...]) -> Invocation:
    runtime = _RUNTIMES.get(base_name(argv[0]).lower(), "")
    if not runtime:
        return Invocation(argv[:1], base_name(argv[0]), argv[1:])
    index = 1
    while index < len(argv) and argv[index].startswith("-"):
        option = argv[index]
        if runtime == "python" and option == "-m" and index + 1 < len(argv):
            return _module(argv, index)
        if runtime == "python" and option == "-c":
            spawned = index + 1 < len(argv) and "multiprocessing" in argv[index + 1]
            return Invocation(argv, "multiprocessing" if spawned else "-c", runtime=runtime)
        if (runtime == "php" and option == "-S") or (runtime == "java" and option == "-jar"):
            return Invocation(argv[:1], runtime, argv[1:], runtime)
        index += 2 if option in _WITH_VALUE.get(runtime, ()) else 1
    if index >= len(argv):
        return Invocation(argv, runtime, runtime=runtime)
    return _script(argv, index, runtime)


def _module(argv: tuple[str, ...], index: int) -> Invocation:
    name = argv[index + 1].removesuffix(".__main__")
    return Invocation(argv[: index + 2], name, argv[index + 2 :], "python")


def _script(argv: tuple[str, ...], index: int, runtime: str) -> Invocation:
    path, rest = argv[index], argv[index + 1 :]
    launcher = re.search(r"(^|[\\/])(bin|sbin|Scripts|\.bin|shims)[\\/][^\\/]+$", path)
    if launcher and not path.lower().endswith((".py", ".js", ".mjs", ".cjs", ".rb")):
        # A launcher with a #! line: the user typed its name, the kernel put the interpreter before it.
        shown = (path,) if index == 1 and not path.lower().endswith(".exe") else argv[: index + 1]
        return Invocation(shown, base_name(path), rest, runtime)
    package = re.search(r"[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]", path)
    program = package[1].replace("\\", "/") if package else base_name(path)
    return Invocation(argv[: index + 1], program, rest, runtime, script=path)


@lru_cache
def _shell_command(text: str) -> Invocation | None:
    """The command of ``sh -c``, when it is a single one."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    if not words or re.search(r"[;&|<>`$()\n]", text):
        return Invocation(("sh", "-c", text), "sh", from_shell=True)
    found = _parse(tuple(words))
    return Invocation(
        found.words, found.program, found.arguments, found.runtime, found.script, from_shell=True
    )


def _npm(words: tuple[str, ...]) -> Invocation | None:
    """npm's arguments to the script stand behind ``--``; its title shows them without it."""
    verb = words[1] if len(words) > 1 else ""
    if words[0] == "npx" or verb in {"exec", "x"}:
        rest = words[1:] if words[0] == "npx" else words[2:]
        return Invocation(("npx", *rest[:1]), "npm", rest[1:]) if rest else None
    head = 3 if verb in {"run", "run-script"} else 2
    if verb not in {"run", "run-script", "start", "test"} or len(words) < head:
        return None
    rest = words[head:]
    return Invocation((*words[:head], "--"), "npm", rest[1:] if rest[:1] == ("--",) else rest)


def _other_manager(words: tuple[str, ...]) -> Invocation | None:
    head = 3 if len(words) > 2 and words[1] in {"run", "exec", "dlx", "x"} else 2
    if len(words) < head:
        return None
    rest = words[head:]
    return Invocation(words[:head], words[0], rest[1:] if rest[:1] == ("--",) else rest)
