"""The program from its start to its end: every error is one sentence and a status."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import NoReturn

from landiag.cli.files.outputs import Stop
from landiag.cli.plain import run_plain
from landiag.cli.streams import complain
from landiag.version import __version__

_STACK = 1 << 20
"""Bytes for the stack of a thread: dozens of readings at once must not need the memory of a large program."""


def run() -> NoReturn:
    """Run the command line and exit: 2 for usage, 4 for a bug of landiag, 130 when interrupted."""
    try:
        threading.stack_size(_STACK)
        _listen_for_signals()
        status = _run_command(sys.argv[1:])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    except Stop as stop:
        complain(*_redacted(str(stop), stop.command))
        status = stop.status
    except KeyboardInterrupt:
        status = _complain("interrupted", 130)
    except MemoryError:
        status = _complain("there is not enough memory for this", 3)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        status = _explain_exception(error)
    if signal.getsignal(signal.SIGINT) is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end has begun: it is not interrupted any more
    # Readings that hang are left behind in daemon threads: nothing waits for them.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _redacted(sentence: str, command: str) -> tuple[str, str]:
    """What is said of a command line that cannot be used holds what was typed, which ``--redact`` masks, too."""
    if "--redact" not in sys.argv[1:]:
        return sentence, command
    from landiag.cli.files.redacting import redact_lines

    said, typed = redact_lines((sentence, command))
    return said, typed


def _run_command(words: list[str]) -> int:
    run_plain(words)
    from landiag.cli.app import run_command

    return run_command(words)


def _listen_for_signals() -> None:
    """End by signals as by errors, so that whatever was added is removed; one that was ignored stays so."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if hasattr(signal, "pthread_kill"):
            sys.unraisablehook = _interrupt_again


def _complain(sentence: str, status: int) -> int:
    complain(sentence)
    return status


def _explain_exception(error: Exception) -> int:
    """Say a usage error, and anything else as a bug, with the details in a file."""
    from landiag.cli.usage import describe_usage

    if said := describe_usage(error, sys.argv[1:]):
        return _complain(said, 2)
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="landiag-bug-", suffix=".txt", delete=False) as file:
        file.write(f"landiag {__version__}, Python {sys.version}\n")
        traceback.print_exception(error, file=file)
    return _complain(f"this is a bug of landiag ({type(error).__name__}): the details are in {file.name}", 4)


def _interrupt_again(lost: sys.UnraisableHookArgs) -> None:
    """Python drops what is raised in a callback of its own: an interrupt comes again once that has returned."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        main = threading.main_thread().ident
        again = threading.Timer(0.01, signal.pthread_kill, (main, signal.SIGINT))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(lost)
