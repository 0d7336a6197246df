"""What is only so on one system is hidden here, and all goes on working."""

import os
from pathlib import Path

import numpy as np
import pytest

from index.builder import update_index
from index.embedded.reader import EmbeddedIndex
from index.models import Filters, LexicalQuery
from index.storage import system
from index.storage.arrays import RowFile
from index.storage.layout import read_manifest, write_synced
from tests.conftest import CORPUS, PLAIN, HashEncoder, article

BREAD = LexicalQuery({"馒头": 1.0})


@pytest.fixture
def another_system(monkeypatch):
    """As on Windows: no `pread`, no flushing of folders, and flushing only by who may write."""
    monkeypatch.delattr(os, "pread")
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    opened, sync = os.open, os.fsync

    def no_folders(path, flags, *args, **kwargs):
        if os.path.isdir(path) and not flags & getattr(os, "O_DIRECTORY", 0):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", no_folders)
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(system, "POSIX", False)


def test_rows_are_read_without_pread(tmp_path, monkeypatch):
    rows = np.arange(60, dtype=np.float32).reshape(20, 3)
    np.save(tmp_path / "a.npy", rows)
    monkeypatch.delattr(os, "pread")
    assert np.array_equal(RowFile(tmp_path / "a.npy").take(np.array([7, 0, 19])), rows[[7, 0, 19]])


def test_an_index_is_built_changed_and_asked_without_what_is_posix(tmp_path, another_system):
    update_index(CORPUS[:3], tmp_path / "index", PLAIN, encoder=HashEncoder())
    update_index(CORPUS[3:], tmp_path / "index", encoder=HashEncoder())
    index = EmbeddedIndex.open(tmp_path / "index")
    assert index.lexical(BREAD, k=1, filters=Filters())[0].chunk_id.startswith("bread:")
    index.close()


class InUse:
    """A file system that neither deletes nor replaces what somebody has open, as Windows'."""

    def __init__(self, monkeypatch):
        self.held: set[Path] = set()
        unlink, replace, remove = Path.unlink, Path.replace, os.unlink

        def guarded(path):
            if any(Path(path).resolve() == one for one in self.held):
                raise PermissionError(13, "in use", str(path))

        def path_unlink(path, missing_ok=False):
            guarded(path)
            unlink(path, missing_ok=missing_ok)

        def path_replace(path, target):
            guarded(target)
            return replace(path, target)

        def os_unlink(path, *args, **kwargs):
            folder = kwargs.get("dir_fd")
            whole = Path(os.readlink(f"/proc/self/fd/{folder}")) / path if folder is not None else Path(path)
            guarded(whole)
            remove(path, *args, **kwargs)

        monkeypatch.setattr(Path, "unlink", path_unlink)
        monkeypatch.setattr(Path, "replace", path_replace)
        monkeypatch.setattr(os, "unlink", os_unlink)
        monkeypatch.setattr(system, "POSIX", False)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc to stand in for Windows")
def test_what_a_reader_has_open_is_left_and_goes_later(tmp_path, monkeypatch):
    root = tmp_path / "index"
    update_index(CORPUS[:3], root, PLAIN, encoder=HashEncoder())
    files = InUse(monkeypatch)
    reader = EmbeddedIndex.open(root)
    old = [root / name for name, _ in read_manifest(root).files()]
    files.held = {path.resolve() for path in old}
    for number in range(8):  # more commits than are kept, all of them new segments
        update_index([article("tower", f"灯塔第{number}次点亮。")], root, compact=True, encoder=HashEncoder())
    assert all(path.exists() for path in old)
    assert reader.lexical(BREAD, k=1, filters=Filters()) == []
    assert EmbeddedIndex.open(root).stats().articles == 4
    files.held = set()
    update_index([article("tower", "灯塔又亮了。")], root, compact=True, encoder=HashEncoder())
    assert not any(path.exists() for path in old)


def test_a_pointer_that_is_just_being_read_is_replaced_a_moment_later(tmp_path, monkeypatch):
    write_synced(tmp_path / "CURRENT", "one")
    files = InUse(monkeypatch)
    files.held = {(tmp_path / "CURRENT").resolve()}
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            files.held = set()

    monkeypatch.setattr(system.time, "sleep", wait)
    write_synced(tmp_path / "CURRENT", "two")
    assert ((tmp_path / "CURRENT").read_text(), len(waits)) == ("two", 3)
    files.held = {(tmp_path / "CURRENT").resolve()}
    with pytest.raises(PermissionError):
        write_synced(tmp_path / "CURRENT", "three")
    assert (tmp_path / "CURRENT").read_text() == "two"


def test_removing_what_is_not_there_is_no_failure(tmp_path):
    assert system.remove_file(tmp_path / "none")
    assert system.remove_folder(tmp_path / "none")
    (tmp_path / "some" / "more").mkdir(parents=True)
    (tmp_path / "some" / "more" / "file").write_text("x")
    assert system.remove_folder(tmp_path / "some")
    assert not (tmp_path / "some").exists()
