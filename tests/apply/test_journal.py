"""The journal and the edits: whose folder, whose file, reached by no link, whole or not at all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from landiag.apply import CannotApply
from landiag.apply.edit import is_line, remove_unfinished, replace_line
from landiag.apply.entries import Entry, State
from landiag.apply.journal import Journal, boot_id, new_id
from landiag.apply.journal import _open_in as open_in
from landiag.apply.undo import last_run, take_back_entry
from landiag.model.changes import Sysctl, UfwRule


def journal_in(folder: Path, *, create: bool = True) -> Journal | None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return open_in(descriptor, str(folder / "landiag"), "landiag", create=create)
    finally:
        os.close(descriptor)


def entry(run: str = "1", fix: int = 1) -> Entry:
    return Entry(
        new_id(), run, fix, "2026-11-29T00:00:00+00:00", boot_id(), "t", 5000, UfwRule("10.0.0.0/8", 5000)
    )


def test_what_a_kill_left_unfinished_is_swept_under_the_lock(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    assert journal is not None
    journal.write(entry())
    for name in (f".{new_id()}", "server-1.log"):
        (tmp_path / "landiag" / name).write_text("")
    with journal.locked():
        assert len(journal.read()) == 1
    assert sorted(one.suffix for one in (tmp_path / "landiag").iterdir()) == [".json", ".log"]


def test_an_edit_that_was_killed_leaves_nothing_beside_its_file(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("old\n")
    (tmp_path / ".app.py.landiag").write_text("half")
    replace_line(str(file), 1, "old", "new")
    assert [one.name for one in tmp_path.iterdir()] == ["app.py"]
    (tmp_path / ".app.py.landiag").write_text("half")
    remove_unfinished(str(file))
    assert [one.name for one in tmp_path.iterdir()] == ["app.py"]


def test_entries_come_back_as_they_were_written(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    assert journal is not None
    written = [entry(), entry(), entry("2")]
    for one in written:
        journal.write(one)
    assert journal.read() == tuple(written)
    assert (tmp_path / "landiag").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "landiag").iterdir()} == {0o600}
    assert last_run(journal.read()) == (written[2],)
    journal.remove(written[2])
    assert last_run(journal.read()) == (written[1], written[0])


def test_there_is_none_until_it_is_made(tmp_path: Path) -> None:
    assert journal_in(tmp_path, create=False) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o755])
def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "landiag").mkdir()
    (tmp_path / "landiag").chmod(mode)
    with pytest.raises(CannotApply, match="others may"):
        journal_in(tmp_path)


def test_a_folder_above_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(CannotApply, match="others may"):
        journal_in(tmp_path)


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "landiag").symlink_to("real")
    with pytest.raises(CannotApply, match="cannot be used"):
        journal_in(tmp_path)


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: the folder has to belong to somebody else")
    (tmp_path / "landiag").mkdir(mode=0o700)
    os.chown(tmp_path / "landiag", 65534, 65534)
    with pytest.raises(CannotApply, match="another user"):
        journal_in(tmp_path)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"id": 1}', b'{"change": {"change": "shell", "argv": ["id"]}}']
)
def test_a_damaged_entry_is_named_and_nothing_is_undone(tmp_path: Path, text: bytes) -> None:
    journal = journal_in(tmp_path)
    assert journal is not None
    (tmp_path / "landiag" / "1.json").write_bytes(text)
    with pytest.raises(CannotApply, match=r"1\.json is damaged"):
        journal.read()


def test_what_the_last_start_took_is_forgotten_without_a_look(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    assert journal is not None
    gone = msgspec.structs.replace(
        entry(), boot="another", state=State.DONE, change=Sysctl("landiag.no.such", "0", "1")
    )
    journal.write(gone)
    assert take_back_entry(gone, journal) is False
    assert journal.read() == ()


TEXT = b"import app\r\napp.run(host='127.0.0.1')  # \xff\nlast"
OLD, NEW = "app.run(host='127.0.0.1')  # \udcff", "app.run(host='0.0.0.0')  # \udcff"


def test_a_line_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_bytes(TEXT)
    file.chmod(0o640)
    replace_line(str(file), 2, OLD, NEW)
    assert file.read_bytes() == TEXT.replace(b"127.0.0.1", b"0.0.0.0")
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]
    replace_line(str(file), 2, NEW, OLD)
    assert file.read_bytes() == TEXT


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(TEXT.replace(b"run", b"start")),
        lambda file: file.write_bytes(b"one line"),
        lambda file: (file.rename(f"{file}.real"), file.symlink_to(f"{file}.real")),
        lambda file: os.link(file, f"{file}.other"),
        lambda file: (file.unlink(), subprocess.run(("mkfifo", file), check=True)),
        lambda file: (file.unlink(), file.mkdir()),
        lambda file: file.unlink(),
    ],
    ids=["changed", "shorter", "link", "two-names", "fifo", "folder", "gone"],
)
def test_a_file_that_is_not_as_it_was_read_is_left_alone(tmp_path: Path, spoil: object) -> None:
    file = tmp_path / "app.py"
    file.write_bytes(TEXT)
    assert callable(spoil)
    spoil(file)
    with pytest.raises(CannotApply):
        replace_line(str(file), 2, OLD, NEW)
    assert not is_line(str(file), 2, OLD)


def test_a_folder_on_the_way_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "app.py").write_bytes(TEXT)
    (tmp_path / "shop").symlink_to("real")
    with pytest.raises(CannotApply, match="link"):
        replace_line(str(tmp_path / "shop" / "app.py"), 2, OLD, NEW)
    assert (tmp_path / "real" / "app.py").read_bytes() == TEXT


def test_a_file_of_another_user_is_left_alone(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: the file has to belong to somebody else")
    file = tmp_path / "app.py"
    file.write_bytes(TEXT)
    os.chown(file, 65534, 65534)
    with pytest.raises(CannotApply, match="another user"):
        replace_line(str(file), 2, OLD, NEW)
