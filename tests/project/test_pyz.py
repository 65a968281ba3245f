"""landiag.pyz: built from wheels, unpacked once into a cache of its user's own, a sentence where it cannot run."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
STUB = "import sys\n\n\ndef main() -> None:\n    print('landiag from', __file__, *sys.argv[1:])\n"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "packaging" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _run(file: Path, cache: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, str(file), *words),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/",
        env={**os.environ, "LANDIAG_PYZ_CACHE": str(cache)},
    )


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file with a stub of landiag in it, for this Python."""
    return _build(tmp_path, _load("pyz_unpack").suffix())


def _build(folder: Path, suffix: str) -> Path:
    wheels = folder / "wheels"
    wheels.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheels / "landiag-0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("landiag/__init__.py", "")
        wheel.writestr("landiag/__main__.py", STUB)
        wheel.writestr("landiag-0.data/data/share/man/man1/landiag.1", ".TH")
    output = folder / "landiag.pyz"
    _load("build_pyz").write_archive(output, wheels, {suffix: ["landiag-0-py3-none-any.whl"]})
    return output


def test_runs_from_its_cache_and_unpacks_once(small: Path, tmp_path: Path) -> None:
    first = _run(small, tmp_path / "cache", "check")
    folder = next((tmp_path / "cache").iterdir())
    made = folder.stat().st_mtime_ns
    second = _run(small, tmp_path / "cache", "check")
    assert first.stdout == second.stdout == f"landiag from {folder}/landiag/__main__.py check\n"
    assert (folder.stat().st_mode & 0o777, sorted(one.name for one in folder.iterdir())) == (
        0o700,
        ["landiag"],
    )
    assert (made, len(list((tmp_path / "cache").iterdir()))) == (folder.stat().st_mtime_ns, 1)


def test_equal_wheels_make_an_equal_file(small: Path, tmp_path: Path) -> None:
    before = small.read_bytes()
    assert _build(tmp_path, _load("pyz_unpack").suffix()).read_bytes() == before


def test_program_of_windows_is_the_same_behind_a_launcher(small: Path, tmp_path: Path) -> None:
    program, build = tmp_path / "landiag.exe", _load("build_pyz")
    if not build.LAUNCHER.is_file():
        pytest.skip("this pip comes without Windows' launcher (Debian's does)")
    build.write_program(program, small)
    assert program.read_bytes().startswith(b"MZ")
    assert b"#!/usr/bin/env python\n" in program.read_bytes()
    assert zipfile.ZipFile(program).testzip() is None


def test_cache_that_others_may_write_to_is_not_run(small: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _run(small, cache)
    next(cache.iterdir()).chmod(0o777)
    _says(_run(small, cache), "others may write to it")


def test_cache_that_cannot_be_written_is_named(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _says(_run(small, tmp_path / "file" / "cache"), "LANDIAG_PYZ_CACHE")


def test_python_without_its_compiled_modules_gets_a_sentence(tmp_path: Path) -> None:
    _says(_run(_build(tmp_path, "cpython-27-vax"), tmp_path / "cache"), "nothing for this Python (cpython-3")


def test_python_that_is_too_old_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as stopped:
        _load("pyz_main").main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("landiag.pyz: it needs Python 3.10 or newer")


def test_python_that_is_not_whole_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(ROOT / "packaging")
    monkeypatch.setitem(sys.modules, "json", None)
    with pytest.raises(SystemExit) as stopped:
        _load("pyz_main").main()
    assert stopped.value.code == 2
    assert "lacks a part of its standard library (json)" in capsys.readouterr().err


def test_python_without_pip_builds_nothing_and_says_so() -> None:
    script = str(ROOT / "packaging" / "build_pyz.py")
    done = subprocess.run((sys.executable, "-I", "-S", script), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "build_pyz: this Python has no pip: run it with the one that ./setup made, .venv/bin/python\n"
    )


def _says(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert sentence in done.stderr


@pytest.mark.skipif(
    "LANDIAG_BUILD" not in os.environ, reason="LANDIAG_BUILD=1 builds the real file, with pip"
)
def test_real_file_checks_this_machine(tmp_path: Path) -> None:
    file, version = tmp_path / "landiag.pyz", f"{sys.version_info.major}.{sys.version_info.minor}"
    words = ("--output", str(file), "--python", version, "--platform", "linux-x86_64")
    subprocess.run((sys.executable, ROOT / "packaging" / "build_pyz.py", *words), check=True)
    alone = (
        "unshare",
        "-U",
        "-r",
        "-n",
        sys.executable,
        "-S",
        str(file),
        "check",
        "--port",
        "5000",
        "--quiet",
    )
    environment = {"PATH": os.environ["PATH"], "LANDIAG_PYZ_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        alone, capture_output=True, text=True, check=False, cwd="/", env=environment, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("Blocked: ")
