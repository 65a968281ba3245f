"""A release is refused where the version is not the same everywhere; templates get the sums of what was built."""

from __future__ import annotations

import datetime
import hashlib
import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from landiag.version import __version__

ROOT = Path(__file__).parents[2]
NOW = datetime.datetime(2027, 2, 1, 12, 0, tzinfo=datetime.timezone.utc)
FILES = ("CHANGELOG.md", "landiag/version.py", "man/landiag.1", "debian/changelog")


@pytest.fixture(scope="module")
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / "packaging" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files of a clone that hold the version."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_version_is_the_same_wherever_a_format_wants_it() -> None:
    assert (ROOT / "debian" / "changelog").read_text(encoding="utf-8").startswith(f"landiag ({__version__}) ")
    assert f'"landiag {__version__}"' in (ROOT / "man" / "landiag.1").read_text(encoding="utf-8")


def test_prepared_release_is_let_through(release: ModuleType, clone: Path) -> None:
    changes = (clone / "CHANGELOG.md").read_text(encoding="utf-8").partition("## Unreleased\n")[2]
    release.write_version(clone, "0.2.0", NOW)
    release.check_version(clone, "v0.2.0")
    assert (
        (clone / "CHANGELOG.md")
        .read_text(encoding="utf-8")
        .endswith(f"## Unreleased\n\n## 0.2.0 - 2027-02-01\n{changes}")
    )
    assert '.TH LANDIAG 1 "February 2027" "landiag 0.2.0"' in (clone / "man" / "landiag.1").read_text("utf-8")
    assert "Mon, 01 Feb 2027 12:00:00 +0000\n\nlandiag (" in (clone / "debian" / "changelog").read_text(
        "utf-8"
    )


def test_first_release_is_of_the_version_that_stands(release: ModuleType, clone: Path) -> None:
    release.write_version(clone, __version__, NOW)
    release.check_version(clone, f"v{__version__}")
    entries = (clone / "debian" / "changelog").read_text(encoding="utf-8")
    assert entries.count(f"landiag ({__version__})") == 1
    assert entries.count(" -- ") == 1
    assert "Mon, 01 Feb 2027" in entries


def test_release_without_an_entry_is_refused(release: ModuleType, clone: Path) -> None:
    release.write_version(clone, "0.2.0", NOW)
    changes = clone / "CHANGELOG.md"
    changes.write_text(changes.read_text(encoding="utf-8").replace("## 0.2.0", "## 0.1.9"), encoding="utf-8")
    with pytest.raises(release.Refused, match=re.escape("CHANGELOG.md has no entry for 0.2.0")):
        release.check_version(clone, None)


@pytest.mark.parametrize(
    ("name", "says"), [("man/landiag.1", "man/landiag.1 is not"), ("debian/changelog", "begin with")]
)
def test_version_that_was_left_behind_is_refused(
    release: ModuleType, clone: Path, name: str, says: str
) -> None:
    old = (clone / name).read_text(encoding="utf-8")
    release.write_version(clone, "0.2.0", NOW)
    (clone / name).write_text(old, encoding="utf-8")
    with pytest.raises(release.Refused, match=says):
        release.check_version(clone, None)


def test_other_tag_is_refused(release: ModuleType, clone: Path) -> None:
    with pytest.raises(release.Refused, match="the tag is v9"):
        release.check_version(clone, "v9")


def test_nothing_is_released_from_nothing(release: ModuleType, clone: Path) -> None:
    release.write_version(clone, "0.2.0", NOW)
    with pytest.raises(release.Refused, match="nothing under Unreleased"):
        release.write_version(clone, "0.3.0", NOW)
    with pytest.raises(release.Refused, match="not a version"):
        release.write_version(clone, "next", NOW)


def test_templates_get_the_sums_of_what_was_built(release: ModuleType, tmp_path: Path) -> None:
    built = (f"landiag-{__version__}.tar.gz", "landiag.pyz", "landiag.exe")
    for name in built:
        (tmp_path / name).write_text(name, encoding="utf-8")
    release.fill_templates(tmp_path, "https://files.example/v1/", "https://landiag.example")
    formula = (tmp_path / "homebrew" / "landiag.rb").read_text(encoding="utf-8")
    manifests = [file.read_text(encoding="utf-8") for file in (tmp_path / "winget").glob("*.yaml")]
    assert len(manifests) == 3
    whole = "\n".join([formula, *manifests])
    assert f'url "https://files.example/v1/landiag-{__version__}.tar.gz"' in formula
    assert [hashlib.sha256(name.encode()).hexdigest() in whole for name in built] == [True] * 3
    assert "@VERSION" not in whole
    assert "@URL" not in whole
    assert "@SHA256" not in whole
    assert "@HOMEPAGE" not in whole


def test_file_that_was_not_built_is_named(release: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(release.Refused, match="has not been built"):
        release.fill_templates(tmp_path, "https://files.example", "https://landiag.example")
