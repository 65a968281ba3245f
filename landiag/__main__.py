"""The entry point: ``landiag`` and ``python -m landiag``."""

from __future__ import annotations

import sys


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
