"""nft rules as text turned into the JSON of `nft -j`, by nft itself, in a network namespace of its own."""

from __future__ import annotations

import os
import subprocess

from landiag.model.facts import ParseError

ARGV = ("unshare", "-U", "-r", "-n", "nft", "-j", "-e", "-f")
SECONDS = 30.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def read_nft_text(text: bytes) -> bytes | None:
    """Load a text into an empty network namespace and read what nft made of it; None where no nft can be run.

    Nothing outside of that namespace changes. Raises ParseError with what nft says when it refuses the text.
    """
    if not hasattr(os, "memfd_create"):
        return None
    file = os.memfd_create("ruleset")
    try:
        with os.fdopen(os.dup(file), "wb") as writer:
            writer.write(text)
        argv = (*ARGV, f"/proc/self/fd/{file}")
        environment = {"PATH": PATH, "LC_ALL": "C"}
        done = subprocess.run(
            argv, pass_fds=(file,), capture_output=True, timeout=SECONDS, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    finally:
        os.close(file)
    said = done.stderr.decode("utf-8", "backslashreplace").replace(f"/proc/self/fd/{file}", "line")
    if done.returncode == 0 and done.stdout.strip():
        return done.stdout
    if "unshare" in said or not said.strip():
        return None
    raise ParseError(f"nft refuses it: {said.splitlines()[0]}")
