"""Manifests, the pointer, checksums, and the state of what is at a path."""

import json
import shutil

import numpy as np
import pytest

from index.embedded.reader import EmbeddedIndex
from index.errors import IndexCorrupt, IndexMismatch, IndexMissing
from index.storage.layout import (
    CURRENT,
    FORMAT_VERSION,
    IndexState,
    Manifest,
    check_sizes,
    checksum,
    damaged_files,
    last_commit,
    publish,
    read_manifest,
    state,
    write_synced,
)
from tests.conftest import CORPUS, open_writer, prepared


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two segments, one with tombstones."""
    root = tmp_path_factory.mktemp("layout") / "index"
    writer = open_writer(root)
    writer.upsert(*prepared(CORPUS[:4]))
    writer.commit()
    writer.upsert(*prepared(CORPUS[3:]))
    writer.commit()
    writer.close()
    return root


@pytest.fixture
def root(made, tmp_path):
    """A copy that a test may break."""
    return shutil.copytree(made, tmp_path / "index")


def files_of(root):
    return [name for name, _ in read_manifest(root).files()]


def test_a_manifest_comes_back_from_its_text(root):
    manifest = read_manifest(root)
    assert Manifest.loads(manifest.dumps()) == manifest
    assert manifest.commit == last_commit(root) == 2
    assert [entry.dead_articles for entry in manifest.segments] == [1, 0]


def test_every_file_on_disk_is_named_by_a_kept_manifest(root):
    named = {name for commit in (1, 2) for name, _ in read_manifest(root, commit).files()}
    on_disk = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert on_disk - named == {CURRENT, "commit-000001.json", "commit-000002.json"}
    assert named <= on_disk


def test_a_missing_or_short_file_of_any_kind_is_named(made, tmp_path):
    assert len(files_of(made)) > 40
    for number, name in enumerate(files_of(made)):
        root = shutil.copytree(made, tmp_path / str(number))
        data = (root / name).read_bytes()
        if data:
            (root / name).write_bytes(data[:-1])
            with pytest.raises(IndexCorrupt) as short:
                EmbeddedIndex.open(root)
            assert name in short.value.message
            assert f"{len(data) - 1} bytes, want {len(data)}" in short.value.message
        (root / name).unlink()
        with pytest.raises(IndexCorrupt) as missing:
            EmbeddedIndex.open(root)
        assert f"{name} is missing" in missing.value.message
        assert "--rebuild" in missing.value.hint
        assert state(root) == IndexState.CORRUPT
        shutil.rmtree(root)


def test_a_flipped_byte_of_any_file_is_found_by_its_checksum(root):
    manifest = read_manifest(root)
    assert damaged_files(root, manifest) == []
    for name in files_of(root):
        path = root / name
        data = bytearray(path.read_bytes())
        if data:
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
            check_sizes(root, manifest)  # which sees lengths only
            assert damaged_files(root, manifest) == [name]
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    assert damaged_files(root, manifest) == []


def test_an_altered_manifest_does_not_match_the_pointer(root):
    path = root / "commit-000002.json"
    path.write_text(path.read_text("utf-8").replace('"dim": 64', '"dim": 65'), "utf-8")
    with pytest.raises(IndexCorrupt, match=r"commit-000002\.json does not match its checksum"):
        read_manifest(root)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "want a manifest's name and its checksum"),
        ("commit-000002.json\n", "want a manifest's name and its checksum"),
        ("commit-000009.json abc\n", r"commit-000009\.json is missing"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_broken_pointer_says_what_is_wrong(root, content, message):
    (root / CURRENT).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(IndexCorrupt, match=message):
        read_manifest(root)
    assert state(root) == IndexState.CORRUPT


def test_a_pointer_that_is_gone_while_commits_are_there_is_corrupt(root):
    (root / CURRENT).unlink()
    with pytest.raises(IndexCorrupt, match="CURRENT is missing"):
        read_manifest(root)


def test_a_first_commit_that_died_before_the_pointer_was_never_made(tmp_path):
    root = tmp_path / "index"
    writer = open_writer(root)
    writer.upsert(*prepared(CORPUS[:1]))
    writer.commit()
    (root / CURRENT).unlink()
    with pytest.raises(IndexMissing):
        read_manifest(root)
    writer = open_writer(root)
    writer.upsert(*prepared(CORPUS[:2]))
    assert writer.commit() == 2
    assert EmbeddedIndex.open(root).stats().articles == 2
    assert damaged_files(root, read_manifest(root)) == []


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"format": 1}', "null"])
def test_a_manifest_that_is_none_is_corrupt(root, text):
    (root / "commit-000002.json").write_text(text, "utf-8")
    write_synced(root / CURRENT, f"commit-000002.json {checksum(text.encode())}\n")
    with pytest.raises(IndexCorrupt, match="is not one"):
        read_manifest(root)


def test_another_format_is_a_mismatch_that_says_both(root):
    manifest = json.loads(read_manifest(root).dumps()) | {"format": FORMAT_VERSION + 1}
    text = json.dumps(manifest)
    (root / "commit-000002.json").write_text(text, "utf-8")
    write_synced(root / CURRENT, f"commit-000002.json {checksum(text.encode())}\n")
    with pytest.raises(IndexMismatch, match=f"format {FORMAT_VERSION + 1}, this program reads formats"):
        EmbeddedIndex.open(root)
    assert state(root) == IndexState.OTHER_FORMAT


def test_no_index_is_missing(tmp_path):
    for root in (tmp_path / "absent", tmp_path):
        with pytest.raises(IndexMissing, match="no index at"):
            read_manifest(root)
        assert state(root) == IndexState.MISSING


def test_state_compares_the_fingerprint_where_one_is_given(root):
    assert state(root) == IndexState.EQUAL
    assert state(root, fingerprint=read_manifest(root).fingerprint) == IndexState.EQUAL
    assert state(root, fingerprint="another") == IndexState.OTHER_OPTIONS


def test_publishing_is_writing_the_pointer_last(root, monkeypatch):
    written = []

    def watch(path, text):
        written.append(path.name)
        write_synced(path, text)

    monkeypatch.setattr("index.storage.layout.write_synced", watch)
    publish(root, read_manifest(root))
    assert written == ["commit-000002.json", CURRENT]
    assert not list(root.glob(".*.tmp"))


def test_nothing_on_disk_is_a_pickle(root):
    arrays = 0
    for path in root.rglob("*"):
        if path.is_file():
            assert not path.read_bytes().startswith((b"\x80\x03", b"\x80\x04", b"\x80\x05")), path
        if path.suffix in (".npy", ".npz"):
            loaded = np.load(path, allow_pickle=False)
            for array in loaded.values() if path.suffix == ".npz" else [loaded]:
                assert array.dtype != object
                arrays += 1
    assert arrays > 40
