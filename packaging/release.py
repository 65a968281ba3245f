#!/usr/bin/env python3
"""Prepare and check a release: prepare 0.2.0 | check [--tag v0.2.0] | fill DIST --url URL --homepage URL.

The version stands in landiag/version.py. ``prepare`` writes it there and wherever a format wants it beside (the
changelogs, the manual page); ``check`` refuses what does not agree; ``fill`` makes the Homebrew formula and the winget
manifests of the files that were built.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import re
import sys
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).with_name("templates")
VERSION = re.compile(r'__version__ = "([^"]+)"')
RELEASED = re.compile(r"\d+\.\d+\.\d+")
PLACEHOLDER = re.compile(r"@(VERSION|URL|HOMEPAGE|SHA256 [^@]+)@")
TITLE = re.compile(r'(\.TH LANDIAG 1 )"[^"]*" "landiag [^"]*"')
UNRELEASED = "## Unreleased\n"
ENTRY = """landiag ({version}) unstable; urgency=medium

  * What this version brings stands in CHANGELOG.md.

 -- The landiag authors <landiag@landiag.example>  {date}

"""


class Refused(Exception):  # noqa: N818 - not an error: a sentence to end with
    """The release cannot be made: one sentence."""


def main() -> int:
    """Do what the command line says; 1 with a sentence where the release is refused."""
    asked = _arguments()
    try:
        asked.act(asked)
    except Refused as refused:
        sys.stderr.write(f"release: {refused}\n")
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prepare and check a release.")
    actions = parser.add_subparsers(required=True)
    prepare = actions.add_parser("prepare", help="write the version wherever it stands")
    prepare.add_argument("version")
    prepare.set_defaults(act=lambda asked: write_version(ROOT, asked.version, _now()))
    check = actions.add_parser("check", help="refuse a version that is not the same everywhere")
    check.add_argument("--tag", help="the tag of the release, v and the version")
    check.set_defaults(act=lambda asked: check_version(ROOT, asked.tag))
    fill = actions.add_parser("fill", help="make the formula and the manifests of the files in a folder")
    fill.add_argument("folder", type=Path)
    fill.add_argument("--url", required=True, help="where the files of the release will lie")
    fill.add_argument("--homepage", required=True)
    fill.set_defaults(act=lambda asked: fill_templates(asked.folder, asked.url, asked.homepage))
    return parser.parse_args()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def read_version(root: Path) -> str:
    """Give the version, from the one place where it stands."""
    found = VERSION.search((root / "landiag" / "version.py").read_text(encoding="utf-8"))
    if found is None:
        raise Refused("landiag/version.py names no version")
    return found[1]


def write_version(root: Path, version: str, now: datetime.datetime) -> None:
    """Write a version wherever it stands; what CHANGELOG.md has under Unreleased becomes its section.

    The package's changelog begins with one entry for it: that of a version that was not released yet is written anew.
    """
    if not RELEASED.fullmatch(version):
        raise Refused(f"{version} is not a version like 1.2.3")
    changes = root / "CHANGELOG.md"
    if not _section(changes.read_text(encoding="utf-8"), "Unreleased"):
        raise Refused("CHANGELOG.md has nothing under Unreleased")
    _replace(changes, re.compile(UNRELEASED), f"{UNRELEASED}\n## {version} - {now:%Y-%m-%d}\n")
    _replace(root / "landiag" / "version.py", VERSION, f'__version__ = "{version}"')
    _replace(root / "man" / "landiag.1", TITLE, rf'\1"{now:%B %Y}" "landiag {version}"')
    entry = ENTRY.format(version=version, date=format_datetime(now))
    own = re.compile(rf"\A(landiag \({re.escape(version)}\).*?\n -- .*?\n\n?)?", re.DOTALL)
    _replace(root / "debian" / "changelog", own, entry)


def _replace(file: Path, pattern: re.Pattern[str], text: str) -> None:
    old = file.read_text(encoding="utf-8")
    file.write_text(pattern.sub(text, old, count=1), encoding="utf-8")


def check_version(root: Path, tag: str | None) -> None:
    """Refuse a version that the changelogs, the manual page or the tag do not have."""
    version = read_version(root)
    for sentence in _disagreements(root, version, tag):
        raise Refused(sentence)
    sys.stdout.write(f"{version} is the same everywhere\n")


def _disagreements(root: Path, version: str, tag: str | None) -> Iterator[str]:
    if tag is not None and tag != f"v{version}":
        yield f"the tag is {tag}, and landiag/version.py says {version}"
    if not _section((root / "CHANGELOG.md").read_text(encoding="utf-8"), version):
        yield f"CHANGELOG.md has no entry for {version}"
    if not (root / "debian" / "changelog").read_text(encoding="utf-8").startswith(f"landiag ({version})"):
        yield f"debian/changelog does not begin with {version}"
    if f'"landiag {version}"' not in (root / "man" / "landiag.1").read_text(encoding="utf-8"):
        yield f"man/landiag.1 is not of {version}"


def _section(text: str, name: str) -> str:
    """Give what stands under a heading of the changelog; empty where there is no such heading."""
    found = re.search(
        rf"^## {re.escape(name)}(?: - [^\n]*)?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def fill_templates(folder: Path, url: str, homepage: str) -> None:
    """Write every template into the folder, with the version, the addresses and the files' sums."""
    values = {"VERSION": read_version(ROOT), "URL": url.rstrip("/"), "HOMEPAGE": homepage}
    for template in sorted(TEMPLATES.rglob("*.*")):
        text = template.read_text(encoding="utf-8").replace("@VERSION@", values["VERSION"])
        text = PLACEHOLDER.sub(lambda found: values.get(found[1]) or _sum(folder, found[1]), text)
        target = folder / template.relative_to(TEMPLATES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _sum(folder: Path, word: str) -> str:
    file = folder / word.removeprefix("SHA256 ")
    if not file.is_file():
        raise Refused(f"{file} has not been built")
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
