"""The walls of the house hold: no circle of imports, and each contract falls when it is broken once."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
CONTRACTS = {one["id"]: one for one in CONFIG["importlinter"]["contracts"]}
PURE: tuple[str, ...] = tuple(CONTRACTS["pure"]["source_modules"])
FORBIDDEN: tuple[str, ...] = tuple(CONTRACTS["pure"]["forbidden_modules"])


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of landiag, to break walls in."""
    shutil.copytree(ROOT / "landiag", tmp_path / "landiag", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def write(house: Path, module: str, text: str) -> None:
    """Add text to the end of a module, which may be a package or a new one."""
    path = house.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"\n{text}\n")


def lint(house: Path) -> tuple[int, str]:
    """The exit status of import-linter in that copy, and what it said."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        (sys.executable, "-c", command, "--no-cache"),
        check=False,
        cwd=house,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return run.returncode, run.stdout + run.stderr


def broken(said: str) -> set[str]:
    """The contracts, by their ids, that import-linter calls broken."""
    return {key for key, one in CONTRACTS.items() if f"{one['name']} BROKEN" in said}


def test_the_copy_is_whole(house: Path) -> None:
    status, said = lint(house)
    assert (status, broken(said)) == (0, set()), said


def test_every_pure_room_and_everything_that_is_forbidden_there(house: Path) -> None:
    for module in PURE:
        write(house, module, "import socket")
    for module in FORBIDDEN:
        write(house, "landiag.checks.words", f"def _late() -> None:\n    import {module}")
    status, said = lint(house)
    assert (status, "pure" in broken(said)) == (1, True), said
    pairs = {*((room, "socket") for room in PURE), *(("landiag.checks", module) for module in FORBIDDEN)}
    assert {pair for pair in pairs if "{} is not allowed to import {}:".format(*pair) not in said} == set()


def test_no_import_goes_up_by_types_either(house: Path) -> None:
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from landiag.journey.ways import Way"
    write(house, "landiag.firewall.sources", typed)
    status, said = lint(house)
    assert (status, broken(said)) == (1, {"down"}), said


def test_a_new_room_says_where_it_stands(house: Path) -> None:
    write(house, "landiag.attic", "")
    status, said = lint(house)
    assert (status, broken(said)) == (1, {"down"}), said
    assert "attic" in said


def test_what_is_heavy_is_imported_late() -> None:
    heavy = CONFIG["ruff"]["lint"]["flake8-tidy-imports"]["banned-module-level-imports"]
    assert lint_heavy("".join(f"import {module}\n" for module in heavy)) == len(heavy)
    assert lint_heavy("".join(f"def use_{module}() -> None:\n    import {module}\n" for module in heavy)) == 0


def lint_heavy(text: str) -> int:
    """How many imports on module level ruff refuses in a file of landiag."""
    command = ("ruff", "check", "--select", "TID253", "--output-format", "concise", "--stdin-filename")
    run = subprocess.run(
        (sys.executable, "-m", *command, "landiag/new.py", "-"),
        check=False,
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
    )
    return run.stdout.count(": TID253 ")


def modules_of(root: Path) -> dict[str, Path]:
    """Every module of landiag by its name; a package by its own."""
    found = {}
    for path in sorted(root.rglob("landiag/**/*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of landiag that a file names in imports: late ones and those for types too.

    A package that is imported only on the way to a module in it does not count.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import: write the whole name"
            for one in node.names:
                inner = f"{node.module}.{one.name}"
                yield from (name for name in (inner if inner in known else node.module,) if name in known)


def find_cycle(root: Path) -> list[str]:
    """One circle of imports, as the modules on it; empty where there is none."""
    known = modules_of(root)
    graph = {name: set(imports_of(path, known)) for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_imports() -> None:
    assert find_cycle(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "import landiag.one",
        "def _late() -> None:\n    from landiag.one import name",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from landiag import one",
    ],
)
def test_a_circle_is_seen(tmp_path: Path, text: str) -> None:
    (tmp_path / "landiag").mkdir()
    for module, source in (("__init__", ""), ("one", "from landiag.two import name"), ("two", text)):
        (tmp_path / "landiag" / f"{module}.py").write_text(source)
    assert set(find_cycle(tmp_path)) == {"landiag.one", "landiag.two"}
