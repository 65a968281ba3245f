"""The collection as a package: it builds, documents itself, and holds what landiag itself holds."""

from __future__ import annotations

import ast
import gzip
import importlib
import json
import sys
import tarfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.fleet import names
from landiag.fleet.names import file_name
from landiag.record.recorder import write_recorder
from landiag.version import __version__
from tests.ansible.collection import COLLECTION, lay_out, run

pytest.importorskip("ansible", reason="ansible-core is not installed (./setup test)")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="controllers of Ansible are no Windows")

ON_HOSTS = [*COLLECTION.glob("plugins/modules/*.py"), *COLLECTION.glob("plugins/module_utils/*.py")]
UTILS = "ansible_collections.landiag.landiag.plugins.plugin_utils"


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("collections"))


@pytest.fixture(scope="module")
def importable(collections: Path) -> Iterator[Path]:
    sys.path.insert(0, str(collections))
    yield collections
    sys.path.remove(str(collections))


def util(name: str) -> ModuleType:
    return importlib.import_module(f"{UTILS}.{name}")


def test_the_recorder_is_up_to_date() -> None:
    """Compared as programs: Pythons write the same program in different words."""
    kept = (COLLECTION / "plugins" / "module_utils" / "recorder.py").read_text(encoding="utf-8")
    same = ast.dump(ast.parse(kept)) == ast.dump(ast.parse(write_recorder()))
    assert same, "run .venv/bin/python ansible/update"


def test_the_names_of_files_are_those_of_fleet() -> None:
    kept = COLLECTION / "plugins" / "plugin_utils" / "names.py"
    assert kept.read_bytes() == Path(names.__file__).read_bytes(), "run .venv/bin/python ansible/update"


@pytest.mark.parametrize("file", ON_HOSTS, ids=lambda file: file.stem)
def test_what_runs_on_hosts_is_python_3_6(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 6))
    assert "from __future__ import annotations" not in text


def test_it_builds(tmp_path: Path, collections: Path) -> None:
    words = ("collection", "build", COLLECTION, "--output-path", tmp_path)
    done = run("ansible-galaxy", *words, home=tmp_path, collections=collections)
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / f"landiag-landiag-{__version__}.tar.gz") as built:
        names = set(built.getnames())
    assert {"plugins/module_utils/recorder.py", "plugins/action/record.py", "playbooks/policy.yml"} <= names
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("module", {"record": "Record a host for landiag fleet", "probe": "over after 30 seconds"}),
        ("role", {"record": "landiag_recordings", "probe": "landiag_stub"}),
    ],
)
def test_it_documents_itself(kind: str, words: dict[str, str], tmp_path: Path, collections: Path) -> None:
    names = [f"landiag.landiag.{name}" for name in words]
    done = run("ansible-doc", "-t", kind, "-j", *names, home=tmp_path, collections=collections)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    for name, word in zip(names, words.values(), strict=True):
        assert word in json.dumps(said[name])


@given(st.text(min_size=1))
@pytest.mark.usefixtures("importable")
def test_names_of_files_are_those_of_landiag(name: str) -> None:
    assert util("names").file_name(name) == file_name(name)


@pytest.mark.usefixtures("importable")
def test_files_are_private_and_links_are_not_followed(tmp_path: Path) -> None:
    aim, file = tmp_path / "aim", tmp_path / "new" / "host.json.gz"
    aim.write_text("mine")
    file.parent.mkdir()
    file.symlink_to(aim)
    util("files").write_private(str(file), b"1")
    assert (aim.read_text(), file.read_bytes(), file.is_symlink()) == ("mine", b"1", False)
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def packed(text: bytes) -> str:
    return b64encode(gzip.compress(text)).decode()


HOSTILE: dict[str, Callable[[], str | None]] = {
    "none": lambda: None,
    "empty": lambda: "",
    "words": lambda: "no base64",
    "bytes": lambda: b64encode(b"no gzip").decode(),
    "text": lambda: packed(b"no json"),
    "list": lambda: packed(b"[1]"),
    "schema": lambda: packed(b'{"schema": "landiag.recording/9"}'),
    "deep": lambda: packed(b"[" * 100_000),
    "bomb": lambda: packed(b" " * (65 << 20)),
    "cut": lambda: packed(b'{"schema": "landiag.recording/1"}')[:-16],
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.usefixtures("importable")
def test_what_a_hostile_host_sends_is_refused(kind: str) -> None:
    recordings = util("recordings")
    with pytest.raises(recordings.NoRecordingError, match=r"what it sent is no recording|larger than 64 MB"):
        recordings.unpack(HOSTILE[kind]())


@pytest.mark.usefixtures("importable")
def test_groups_are_the_word_of_the_inventory() -> None:
    sent = {"schema": "landiag.recording/1", "options": {"groups": "db", "problem": "x"}, "readings": []}
    recordings = util("recordings")
    data, _ = recordings.pack(recordings.unpack(packed(json.dumps(sent).encode())), ["web"])
    assert json.loads(gzip.decompress(data))["options"] == {"command": "record", "groups": "web"}


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "[]",
        "{}",
        '{"from": "a", "to": "b", "address": "0.0.0.0", "port": 1, "expect": "blocked"}',
        '{"from": "a", "to": "b", "address": "10.0.0.1", "port": 0, "expect": "blocked"}',
        '{"from": "a", "to": "b", "address": "example.com", "port": 1, "expect": "blocked"}',
        '{"from": 1, "to": "b", "address": "10.0.0.1", "port": 1, "expect": "blocked"}',
        '{"from": "a", "to": "b", "address": "224.0.0.1", "port": 1, "expect": "blocked"}',
    ],
)
@pytest.mark.usefixtures("importable")
def test_a_line_that_is_no_probe_is_named(line: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan.jsonl"
    plan.write_text(f"\n{line}\n")
    with pytest.raises(util("plans").PlanError, match="line 2 "):
        util("plans").read_plan(str(plan))
