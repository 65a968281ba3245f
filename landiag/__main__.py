"""The entry point: ``landiag`` and ``python -m landiag``."""

from __future__ import annotations

import os
import signal
import sys


def _end_at_once(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a handler
    """End while landiag is still being loaded: nothing has been done yet."""
    os._exit(130)


_IS_COMMAND = __name__ == "__main__" or os.path.basename((*sys.argv, "")[0]).startswith("landiag")
# A signal that was ignored when landiag was started (nohup) stays so.
if _IS_COMMAND and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end_at_once)


def main() -> None:
    """Run the command line. ``--version`` answers before the heavy imports: programs ask it often."""
    import gc

    from landiag import __version__
    from landiag.cli.streams import guard_streams

    guard_streams()
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"landiag {__version__}\n")
        sys.stdout.flush()
        return
    # Start-up makes no garbage, and looking for it takes a fifth of the time.
    gc.set_threshold(100_000, 50, 50)
    from landiag.cli import run

    run()


if __name__ == "__main__":
    main()
