#!/usr/bin/env python3
"""Build landiag.pyz, one file that runs without an install: packaging/build_pyz.py [--output FILE] [--python 3.11]...

landiag and what it depends on go in as the wheels that they are: pure ones once, compiled ones for each Python and
platform. index.json says which of them a Python needs; pyz_unpack.py unpacks those.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRST = {"__main__.py": "pyz_main.py", "pyz_unpack.py": "pyz_unpack.py"}
"""The modules of landiag.pyz itself, and where they stand here."""

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
OLDEST = PYTHONS[0]
PLATFORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "linux-x86_64": ("cpython-{}-x86_64-linux-gnu", ("manylinux_2_17_x86_64", "manylinux2014_x86_64")),
    "linux-aarch64": ("cpython-{}-aarch64-linux-gnu", ("manylinux_2_17_aarch64", "manylinux2014_aarch64")),
    "macos-arm64": ("cpython-{}-darwin-arm64", ("macosx_11_0_arm64",)),
    "macos-x86_64": ("cpython-{}-darwin-x86_64", ("macosx_10_15_x86_64",)),
    "windows-amd64": ("cp{}-win_amd64", ("win_amd64",)),
}
"""How each platform's Python names its compiled modules, and the platforms of wheels that it takes."""

ELSEWHERE = ("tomli", "colorama")
"""What landiag or its dependencies need on another Python or system than the one that builds."""

LIGHTER = ("typer<0.26", "click<8.4")
"""From 0.26 on typer brings pydantic: two megabytes for each Python and platform, which landiag never loads."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every entry: equal contents make an equal file."""

try:
    LAUNCHER = files("pip") / "_vendor" / "distlib" / "t64.exe"
except ModuleNotFoundError:
    sys.exit("build_pyz: this Python has no pip: run it with the one that ./setup made, .venv/bin/python")
"""What pip puts before the commands that it installs on Windows; Debian's pip is without it."""

Needed = dict[str, list[str]]
"""The names of the wheels for each Python."""


def main() -> int:
    """Build the file; 1 where pip cannot get a wheel, or has no launcher."""
    asked = _arguments()
    if asked.windows and not LAUNCHER.is_file():
        sys.stderr.write("build_pyz: this pip comes without Windows' launcher: pip install --upgrade pip\n")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            pure, compiled = _gather(folder, asked.python, asked.platform)
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"build_pyz: pip could not do: {' '.join(error.cmd[3:])}\n")
            return 1
        needed = {key: sorted({*pure, *names}) for key, names in compiled.items()}
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        write_archive(asked.output, folder, needed)
        if asked.windows:
            write_program(asked.windows, asked.output)
    sys.stdout.write(f"{asked.output}: {asked.output.stat().st_size / 1e6:.1f} MB, {len(needed)} Pythons\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build landiag.pyz.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist" / "landiag.pyz")
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only for this one; repeatable")
    parser.add_argument(
        "--platform", action="append", choices=tuple(PLATFORMS), help="only for this one; repeatable"
    )
    parser.add_argument(
        "--windows", type=Path, help="also write it as a program of Windows, which starts Python"
    )
    asked = parser.parse_args()
    asked.python, asked.platform = asked.python or list(PYTHONS), asked.platform or list(PLATFORMS)
    return asked


def _gather(folder: Path, pythons: Iterable[str], platforms: Iterable[str]) -> tuple[list[str], Needed]:
    """Fetch every wheel into the folder: the pure ones, and the names of the compiled ones for each Python."""
    first = folder / "first"
    _pip("wheel", "--no-deps", "--wheel-dir", str(first), str(ROOT))
    own = next(first.glob("landiag-*.whl"))
    _download(first, "--python-version", OLDEST, str(own), *LIGHTER)
    _download(first, "--no-deps", "--platform", "any", "--implementation", "py", "--abi", "none", *ELSEWHERE)
    pure = [wheel.name for wheel in first.glob("*-none-any.whl")]
    compiled = sorted(_requirement(wheel.name) for wheel in first.glob("*.whl") if wheel.name not in pure)
    for name in pure:
        (first / name).rename(folder / name)
    chosen = [(python, platform) for python in pythons for platform in platforms]
    return pure, {_key(*one): _compiled(folder, *one, compiled) for one in chosen}


def _key(python: str, platform: str) -> str:
    return PLATFORMS[platform][0].format(python.replace(".", ""))


def _compiled(folder: Path, python: str, platform: str, requirements: list[str]) -> list[str]:
    """The wheels of compiled requirements for one Python on one platform."""
    place = folder / _key(python, platform)
    tags = [word for tag in PLATFORMS[platform][1] for word in ("--platform", tag)]
    _download(place, "--no-deps", "--python-version", python, "--implementation", "cp", *tags, *requirements)
    wheels = list(place.glob("*.whl"))
    return [wheel.rename(folder / wheel.name).name for wheel in wheels]


def _requirement(wheel: str) -> str:
    """The very version that a wheel is of, by its file's name."""
    name, version, *_ = wheel.split("-")
    return f"{name}=={version}"


def _download(folder: Path, *words: str) -> None:
    _pip("download", "--only-binary", ":all:", "--dest", str(folder), *words)


def _pip(*words: str) -> None:
    argv = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words)
    subprocess.run(argv, check=True)


def write_archive(output: Path, folder: Path, needed: Needed) -> None:
    """Write the file from wheels in a folder; ``needed`` names those of each Python."""
    wheels = sorted({name for names in needed.values() for name in names})
    digest = hashlib.sha256()
    with output.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "a") as archive:
            for name in wheels:
                data = (folder / name).read_bytes()
                digest.update(f"{name}\n{len(data)}\n".encode() + data)
                _add(archive, name, data)
            for name, source in FIRST.items():
                _add(archive, name, Path(__file__).with_name(source).read_bytes())
            index = {"digest": digest.hexdigest()[:16], "wheels": needed}
            _add(archive, "index.json", json.dumps(index, sort_keys=True, indent=1).encode())
    output.chmod(0o755)


def write_program(output: Path, archive: Path) -> None:
    """Write the file behind the launcher that pip itself puts before the commands that it installs on Windows."""
    output.write_bytes(
        LAUNCHER.read_bytes() + b"#!/usr/bin/env python\n" + archive.read_bytes().partition(b"\n")[2]
    )


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


if __name__ == "__main__":
    sys.exit(main())
