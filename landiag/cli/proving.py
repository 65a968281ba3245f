"""``--prove`` on the command line: who may, what is said before, and the clean-up after a kill."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from landiag.cli.files.outputs import Stop


def refuse_proof_without_root() -> None:
    """Stop at once where the kernel could not be asked anyway."""
    if sys.platform != "linux":
        raise Stop("--prove asks the Linux kernel: run check without it here")
    if os.geteuid() != 0:
        raise Stop(
            "--prove adds a packet and a trace to the kernel, which only root may do: run it with sudo"
        )


def announce_proof(lines: Sequence[str]) -> None:
    """Show on standard error what is about to be added."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()


def clean_up_proof(*, prove: bool) -> None:
    """Remove what a killed ``--prove`` left, say what it was, and end the command."""
    if not prove:
        raise Stop("--cleanup belongs to --prove: landiag check --prove --cleanup")
    refuse_proof_without_root()
    from landiag.prove.run import clean_up, find_leftovers

    found = find_leftovers()
    problems = clean_up()
    if problems:
        raise Stop("; ".join(problems), 4)
    said = f"removed: {', '.join(found)}" if found else "nothing was left behind"
    sys.stderr.write(f"landiag: {said}\n")
    raise SystemExit(0)
