"""The entry point: ``landiag`` and ``python -m landiag``."""

from __future__ import annotations

import sys

from landiag import __version__


def main() -> None:
    """Run the command line. ``--version`` answers before the heavy imports: programs ask it often."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"landiag {__version__}\n")
        return
    from landiag.cli import run

    run()


if __name__ == "__main__":
    main()
