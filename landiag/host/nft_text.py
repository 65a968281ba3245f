"""nft rules as text turned into the JSON of `nft -j`, by nft itself, in a network namespace of its own."""

from __future__ import annotations

import os
import subprocess

from landiag.model.facts import ParseError

NFT = ("nft", "-j", "-e", "-f")
AS_ROOT = ("unshare", "-n", *NFT)
"""In the namespace of the host's users: the kernel lets no other one load more than one socket buffer of rules."""
AS_USER = ("unshare", "-U", "-r", "-n", *NFT)
SECONDS = 30.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
MESSAGE_TOO_LONG = "Message too long"
TOO_LARGE = (
    "only the host's root may load so many rules from nft's text: run it as root, or save them on the server with "
    "sudo nft -j list ruleset"
)
"""nft hands a text over whole, and the kernel refuses what exceeds its socket buffer (SO_SNDBUFFORCE)."""


def read_nft_text(text: bytes) -> bytes | None:
    """Load a text into an empty network namespace and read what nft made of it; None where no nft can be run.

    Nothing outside of that namespace changes. Raises ParseError with what nft says when it refuses the text,
    and where the text is larger than whoever runs this may load.
    """
    if not hasattr(os, "memfd_create"):
        return None
    file = os.memfd_create("ruleset")
    try:
        with os.fdopen(os.dup(file), "wb") as writer:
            writer.write(text)
        as_root = _load(AS_ROOT, file) if os.geteuid() == 0 else None
        return as_root or _load(AS_USER, file)
    except (OSError, subprocess.TimeoutExpired):
        return None
    finally:
        os.close(file)


def _load(program: tuple[str, ...], file: int) -> bytes | None:
    """What nft lists of the rules in an open file; None where no namespace or no nft is to be had."""
    argv = (*program, f"/proc/self/fd/{file}")
    environment = {"PATH": PATH, "LC_ALL": "C"}
    done = subprocess.run(
        argv, pass_fds=(file,), capture_output=True, timeout=SECONDS, check=False, env=environment
    )
    said = done.stderr.decode("utf-8", "backslashreplace").replace(f"/proc/self/fd/{file}", "line")
    if done.returncode == 0 and done.stdout.strip():
        return done.stdout
    if "unshare" in said or not said.strip():
        return None
    if MESSAGE_TOO_LONG in said:
        raise ParseError(TOO_LARGE)
    raise ParseError(f"nft refuses it: {said.splitlines()[0]}")
