"""SELinux: whether it has a policy, and the last time that it kept a program from a port.

Sources: selinux(8); the kernel's security/selinux/avc.c for the form of a denial.
"""

from __future__ import annotations

from msgspec import Struct

from landiag.model.facts import Command, File
from landiag.model.regex import regex

ENFORCE = File("/sys/fs/selinux/enforce")
"""``1`` where it enforces its policy, ``0`` where it only tells; not there without SELinux."""


def denials_source(port: int) -> Command:
    """Name the source of the last denial to bind to a port, whoever keeps such messages: the kernel's log, or audit."""
    said = f"--grep=avc: +denied +.*name_bind.* src={port} "
    shown = ("journalctl", "--quiet", "--no-pager", "--output=cat", "--boot", "--lines=1", said)
    return Command(f"selinux-denials {port}", (*shown, "_TRANSPORT=kernel", "_TRANSPORT=audit"))


class Denial(Struct, frozen=True):
    """A program of this ``domain`` may not bind to ports of this ``type``; ``text`` is what the kernel wrote."""

    domain: str
    type: str
    text: str


_DENIAL = regex(
    r"avc: +denied .* scontext=[^: ]+:[^: ]+:(\w+)\S* tcontext=[^: ]+:[^: ]+:(\w+)\S* .*permissive=0"
)
"""One that was carried out: a permissive domain is only told of."""


def parse_denial(text: str) -> Denial | None:
    """The last denial of a journal; None where there is none."""
    found = _DENIAL.search(text)
    return Denial(found[1], found[2], found[0].strip()) if found else None
