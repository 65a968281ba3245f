"""The conditions of Windows Firewall on the program that owns the socket: path, package, service."""

from __future__ import annotations

import hashlib
import struct

from msgspec import Struct

from landiag.firewall.windows.conditions import ANY_WORDS, packet_of
from landiag.firewall.windows.text import may_be
from landiag.model.match import Match
from landiag.model.operands import Fields
from landiag.model.regex import regex

OF_LINUX = "/"
"""Stands for the path of a program of Linux in WSL1: a file below rootfs, which nobody can tell from inside."""

_VARIABLES = {
    "systemroot": "c:\\windows", "windir": "c:\\windows", "systemdrive": "c:",
    "programfiles": "c:\\program files", "programw6432": "c:\\program files",
    "programfiles(x86)": "c:\\program files (x86)", "commonprogramfiles": "c:\\program files\\common files",
    "programdata": "c:\\programdata", "allusersprofile": "c:\\programdata",
}  # fmt: skip
_VARIABLE = regex(r"%([^%]*)%")
_PACKAGED = ("\\windowsapps\\", "\\systemapps\\")


def normal_path(path: str) -> str:
    """A program's path as it is compared: lower case, variables of a default installation filled in."""
    text = path.strip().strip('"').lower().replace("/", "\\")
    text = text.removeprefix("\\\\?\\").removeprefix("\\??\\")
    return _VARIABLE.sub(lambda found: _VARIABLES.get(found[1], found[0]), text)


_PATH = regex(r'"?(?:\\\\\?\\|\\\?\?\\)?(?:[A-Za-z]:)?[^:<>|?*"\x00-\x1f]*"?')


def is_path(written: str) -> bool:
    """Whether Windows could have such a path: one with other characters was damaged, and may be any."""
    return _PATH.fullmatch(written.strip()) is not None


class Program(Match, Struct, frozen=True):
    """The program that owns the socket has this path (normalised)."""

    path: str
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Compare paths; what cannot be resolved or was decoded by a guess leaves an equal rest unknown."""
        program = fields["program"]
        if not isinstance(program, str):
            return None
        if program == OF_LINUX:
            return False if self.path.endswith(".exe") else None
        actual = normal_path(program)
        if actual == self.path:
            return True
        if "%" in self.path:
            return None if actual.endswith(self.path.rpartition("%")[2]) else False
        if "~" in self.path or "~" in actual:
            return None if _short_name_may_match(self.path, actual) else False
        return None if may_be(self.path, actual) or not is_path(self.path) else False


def _short_name_may_match(left: str, right: str) -> bool:
    """Whether 8.3 names (``progra~1``) could make two paths the same."""
    ours, theirs = left.split("\\"), right.split("\\")
    if len(ours) != len(theirs):
        return False
    return all("~" in one or "~" in two or one == two for one, two in zip(ours, theirs, strict=True))


def program(path: str) -> Match | None:
    """The rule is for one program; None where it is for every one."""
    if path.strip().lower() in ANY_WORDS:
        return None
    return Program(normal_path(path), f"program {path}")


class Package(Match, Struct, frozen=True):
    """The program belongs to one Store package: ``name`` is its family name, or the identifier made of that."""

    name: str
    text: str

    def test(self, fields: Fields) -> bool | None:
        """False for programs of no package, and of another one.

        Whether a program of this very package runs in its container is unknown: those with full trust do not.
        """
        path = fields["program"]
        if not isinstance(path, str):
            return None
        actual = normal_path(path)
        if not any(folder in actual for folder in _PACKAGED):
            return False
        family = package_family(actual)
        names = () if family is None else (family, package_sid(family).lower())
        return None if family is None or any(may_be(self.name.lower(), one) for one in names) else False


_FAMILY = regex(
    r"\\windowsapps\\([^\\_]+)_[^\\_]+_[^\\_]*_[^\\_]*_([a-z0-9]{13})\\|\\systemapps\\([^\\_]+)_([a-z0-9]{13})\\"
)


def package_family(path: str) -> str | None:
    """The family name of the package in whose folder a program lies (a normal path); None where it shows none."""
    found = _FAMILY.search(path)
    return None if found is None else f"{found[1] or found[3]}_{found[2] or found[4]}"


def package_sid(family: str) -> str:
    """The identifier of a package's container: ``S-1-15-2-``, and 28 bytes of the SHA-256 of its family name."""
    digest = hashlib.sha256(family.lower().encode("utf-16-le")).digest()
    return "S-1-15-2-" + "-".join(map(str, struct.unpack("<7I", digest[:28])))


class Service(Match, Struct, frozen=True):
    """The program that owns the socket runs this service; ``*`` stands for any."""

    name: str
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Compare with the services that run in the process, where they are known."""
        packet = packet_of(fields)
        if packet is None or packet.services is None:
            return None
        known = {one.lower() for one in packet.services}
        name = self.name.lower()
        if name == "*" or name in known:
            return bool(known)
        return None if not _SERVICE.fullmatch(name) or any(may_be(name, one) for one in known) else False


_SERVICE = regex(r"[ -.0-\[\]-~]+")
"""What the name of a service is made of: another character is a damage, and the name may be any."""
