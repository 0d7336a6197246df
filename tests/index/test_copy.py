"""Copies between engines: nothing is encoded, what is there is passed over, both answer alike."""

import itertools
import pydoc

import pytest

from index.connect import open_backend, open_writer
from index.copy import compare, copy_index
from index.errors import BadOption, IndexMissing, SelfCheckFailed
from tests.conftest import CORPUS, article, article_builder, prepared, recipe


def made(path, articles):
    with open_writer(path, recipe()) as writer:
        writer.upsert(*prepared(articles))
        writer.boilerplate = frozenset({"版权所有"})
        writer.calibrate("tuned", {"weight": 0.5, "encoder": "hash-64"})
        writer.commit()
    return path


@pytest.fixture(params=["folder", "milvus-lite"])
def target(request, tmp_path):
    if request.param == "folder":
        return tmp_path / "copy"
    pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
    pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
    return f"milvus+lite://{tmp_path}/copy.db?name=copied"


@pytest.mark.filterwarnings("ignore")
def test_a_copy_there_and_back_is_the_same_index(tmp_path, target):
    source = made(tmp_path / "source", CORPUS)
    encoded = len(article_builder().encoder.encoded)
    report = copy_index(source, target)
    assert (report.copied, report.there, report.compared) == (len(CORPUS), 0, len(CORPUS))
    again = copy_index(source, target)
    assert (again.copied, again.there, again.removed) == (0, len(CORPUS), 0)
    copy_index(target, tmp_path / "back")
    assert len(article_builder().encoder.encoded) == encoded
    for path in (target, tmp_path / "back"):
        backend = open_backend(path)
        assert compare(open_backend(source), backend, article_builder().tokenizer) == len(CORPUS)
        assert backend.calibration["tuned"]["weight"] == 0.5
        assert list(backend.calibration["boilerplate"]) == ["版权所有"]


@pytest.mark.filterwarnings("ignore")
def test_a_copy_goes_on_where_it_ended_and_drops_what_the_source_has_not(tmp_path, target):
    source = made(tmp_path / "source", CORPUS)
    made(target, [*CORPUS[:2], article("gone", "海岛上的灯塔亮了。")])
    report = copy_index(source, target)
    assert (report.copied, report.there, report.removed) == (len(CORPUS) - 2, 2, 1)


def cut_off(monkeypatch, source, target, name, at):
    """Copy, interrupted when the function `name` is called for the `at`-th time; whether it was called so often."""
    module, _, function = name.rpartition(".")
    owner = pydoc.locate(module)
    whole, calls = getattr(owner, function), itertools.count(1)

    def interrupted(*args, **kwargs):
        if next(calls) == at:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, function, interrupted)
        try:
            copy_index(source, target)
        except KeyboardInterrupt:
            return True
    return False


@pytest.mark.filterwarnings("ignore")
def test_a_copy_that_is_cut_off_anywhere_goes_on_there_and_back(tmp_path, target, monkeypatch):
    monkeypatch.setattr("index.copy._CHUNKS_AT_ONCE", 3)
    source, back = made(tmp_path / "source", CORPUS), tmp_path / "back"
    if "://" in str(target):
        for at in (2, 3, 4, 5):
            assert cut_off(monkeypatch, source, target, "index.milvus.client.Client.write", at)
    assert cut_off(monkeypatch, source, target, "index.copy.terms_of", 4) or "://" in str(target)
    cut_off(monkeypatch, source, target, "index.copy.terms_of", 2)
    assert copy_index(source, target).compared == len(CORPUS)
    assert cut_off(monkeypatch, target, back, "index.copy.terms_of", 4)
    report = copy_index(target, back)
    assert report.compared == len(CORPUS)
    assert 0 < report.there < len(CORPUS)
    assert compare(open_backend(source), open_backend(back), article_builder().tokenizer) == len(CORPUS)


def test_what_differs_is_said(tmp_path):
    source, other = made(tmp_path / "source", CORPUS), made(tmp_path / "other", CORPUS[:2])
    with pytest.raises(SelfCheckFailed):
        compare(open_backend(source), open_backend(other), article_builder().tokenizer)
    with pytest.raises(IndexMissing):
        copy_index(tmp_path / "nowhere", tmp_path / "new")
    with pytest.raises(BadOption):
        copy_index(source, source)
