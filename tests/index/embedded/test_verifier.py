"""What is too large to check at opening is checked in the background, and damage is then raised by every question."""

import shutil

import pytest

from index.embedded.reader import EmbeddedIndex
from index.embedded.verifier import Verifier
from index.errors import IndexCorrupt
from index.models import Filters, LexicalQuery
from index.storage.layout import check_small, large_files, read_manifest

QUERY = LexicalQuery({"馒头": 1.0})


@pytest.fixture
def large(monkeypatch):
    """Every file counts as large."""
    monkeypatch.setattr("index.storage.layout.FILE_ALWAYS_CHECKED", 0)
    monkeypatch.setattr("index.storage.layout.COMMIT_CHECKED_WHOLE", 0)


def damaged_copy(index_path, tmp_path, ending):
    root = shutil.copytree(index_path, tmp_path / "index")
    name = next(name for name, _ in read_manifest(root).files() if name.endswith(ending))
    data = bytearray((root / name).read_bytes())
    data[-1] ^= 1
    (root / name).write_bytes(data)
    return root, name


@pytest.mark.parametrize("ending", ["words.lengths.npy", "titles.utf8", "ids.utf8", "words.terms.utf8", "vectors.npy"])
def test_a_small_commit_is_checked_whole_at_opening(index_path, tmp_path, ending):
    root, name = damaged_copy(index_path, tmp_path, ending)
    with pytest.raises(IndexCorrupt, match=name.rpartition("/")[2]):
        EmbeddedIndex.open(root)


def test_large_files_are_left_for_later(index_path, tmp_path, large):
    root, name = damaged_copy(index_path, tmp_path, "words.lengths.npy")
    manifest = read_manifest(root)
    assert name in large_files(manifest)
    check_small(root, manifest)  # says nothing
    index = EmbeddedIndex.open(root)
    assert index.stats().checksums.startswith("small files")
    assert index.lexical(QUERY, k=3, filters=Filters())  # other scores, which nothing tells yet
    index.verify_in_background()
    index._verifier.wait()
    assert index.stats().checksums == "damaged"
    for ask in (
        lambda: index.lexical(QUERY, k=3, filters=Filters()),
        lambda: list(index.titles()),
        lambda: list(index.words()),
        lambda: index.article("bread"),
        lambda: list(index.article_ids()),
        lambda: index.document_frequency("馒头"),
    ):
        with pytest.raises(IndexCorrupt, match="lengths"):
            ask()


def test_a_whole_commit_stays_whole(index_path, large):
    index = EmbeddedIndex.open(index_path)
    index.verify_in_background()
    index._verifier.wait()
    assert index.stats().checksums == "whole"
    assert index.lexical(QUERY, k=3, filters=Filters())


def test_a_commit_that_is_no_longer_kept_is_not_called_damaged(index_path, tmp_path, large):
    root = shutil.copytree(index_path, tmp_path / "index")
    manifest = read_manifest(root)
    shutil.rmtree(root)
    verifier = Verifier(root, manifest)
    verifier.wait()
    assert verifier.damage is None


def test_damaged_segments_are_not_merged_into_sound_ones(index_path, tmp_path, large):
    from tests.conftest import open_writer

    root, name = damaged_copy(index_path, tmp_path, "words.lengths.npy")
    writer = open_writer(root)
    with pytest.raises(IndexCorrupt, match=name.rpartition("/")[2]):
        writer.compact()
    writer.close()
