"""landiag.pyz unpacks what this Python needs into the user's cache once, and runs what lies there."""

from __future__ import annotations

import importlib.machinery
import io
import json
import os
import platform
import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Callable

ARCHIVE = os.path.dirname(os.path.abspath(__file__))


class Stop(Exception):  # noqa: N818 - not an error: a sentence to end with
    """It cannot run here, in one sentence."""


def unpacked() -> Callable[[], None]:
    """Unpack what is not unpacked yet, and give what starts landiag."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        index = json.loads(archive.read("index.json"))
        wheels = index["wheels"].get(suffix())
        if wheels is None:
            raise Stop(
                f"it has nothing for this Python ({suffix()}): install landiag from a clone or a wheel instead"
            )
        sys.path[0] = _unpacked(archive, index["digest"], wheels)
    from landiag.__main__ import main

    return main


def suffix() -> str:
    """Name the interpreter as it names its compiled modules; macOS leaves the machine out there."""
    name = importlib.machinery.EXTENSION_SUFFIXES[0].strip(".").rpartition(".")[0]
    return f"{name}-{platform.machine()}" if sys.platform == "darwin" else name


def _unpacked(archive: zipfile.ZipFile, digest: str, wheels: list[str]) -> str:
    """Give the folder with the modules, made now where it is not there yet."""
    folder = os.path.join(_cache(), f"{digest}-{suffix()}")
    try:
        if not os.path.isdir(folder):
            _unpack(archive, wheels, folder)
        if not _is_own(folder):
            raise Stop(f"{folder} belongs to somebody else, or others may write to it: remove it")
    except OSError as error:
        raise Stop(
            f"it cannot unpack itself ({error}): name a folder of your own in LANDIAG_PYZ_CACHE"
        ) from error
    return folder


def _unpack(archive: zipfile.ZipFile, wheels: list[str], folder: str) -> None:
    """Unpack the wheels beside the folder and rename them: whoever starts at the same time sees all or nothing."""
    os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
    new = tempfile.mkdtemp(dir=os.path.dirname(folder))
    try:
        for name in wheels:
            with zipfile.ZipFile(io.BytesIO(archive.read(name))) as wheel:
                wheel.extractall(new, [entry for entry in wheel.namelist() if ".data/" not in entry])
        os.rename(new, folder)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        if not os.path.isdir(folder):
            raise


def _cache() -> str:
    """Give the user's cache; HOME is not asked, which sudo may leave at another user's."""
    chosen = os.environ.get("LANDIAG_PYZ_CACHE")
    if chosen:
        return os.path.abspath(chosen)
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA") or tempfile.gettempdir(), "landiag", "pyz")
    import pwd

    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError as error:
        raise Stop(
            f"user {os.geteuid()} has no home: name a folder of your own in LANDIAG_PYZ_CACHE"
        ) from error
    return os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache", "landiag", "pyz")


def _is_own(folder: str) -> bool:
    """Tell whether nobody else can have put code into the folder."""
    if sys.platform == "win32":
        return True
    found = os.lstat(folder)
    others = stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & others
