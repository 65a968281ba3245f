"""Files appear whole or not at all, and an interrupt leaves nothing beside them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from landiag.cli.files import whole
from landiag.cli.files.whole import write_whole


@pytest.fixture(params=["nameless", "beside"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "beside":  # as on systems and file systems without O_TMPFILE
        monkeypatch.setattr(whole, "_open_nameless", lambda _: None)
    return tmp_path


def test_a_file_is_new_or_takes_the_old_ones_place(folder: Path) -> None:
    for text in (b"first", b"second"):
        write_whole(folder / "out.json", text)
        assert (folder / "out.json").read_bytes() == text
        assert (folder / "out.json").stat().st_mode & 0o777 == 0o600
        assert os.listdir(folder) == ["out.json"]


def test_an_interrupt_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "out.json").write_bytes(b"old")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(folder / "out.json", b"new")
    assert [(one.name, one.read_bytes()) for one in folder.iterdir()] == [("out.json", b"old")]
