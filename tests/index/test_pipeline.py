"""Many processes give what one gives, in the same order, and stop when they are told to."""

import pytest

from index import pipeline
from index.builder import ArticleBuilder, update_index
from index.config import IndexConfig
from index.embedded import EmbeddedIndex
from index.layout import read_manifest
from index.pipeline import Task, prepare_all
from index.terms import Vocabulary
from tests.conftest import CORPUS, PLAIN, HashEncoder, article, article_builder

MANY = [
    article(f"{item.article_id}-{n}", f"{item.text}第{n}篇。", title=item.title) for n in range(20) for item in CORPUS
]


def tasks(articles, chrome=frozenset()):
    return [Task(item, False, chrome) for item in articles]


def test_processes_give_what_one_gives_in_order(monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 7)
    config = IndexConfig(chunk_chars=40, overlap_chars=12)
    work = tasks(MANY, frozenset({"馒头"}))
    several = list(prepare_all(ArticleBuilder(config, HashEncoder()), iter(work), 2))
    one = list(prepare_all(ArticleBuilder(config, HashEncoder()), iter(work), 1))
    assert several == one
    assert [task.article for task, _ in several] == MANY


def test_few_articles_start_no_process(monkeypatch):
    monkeypatch.setattr(pipeline, "ProcessPoolExecutor", None)
    assert len(MANY) > pipeline.ALONE > len(CORPUS)
    assert len(list(prepare_all(article_builder(), tasks(CORPUS), 4))) == len(CORPUS)
    with pytest.raises(TypeError):
        list(prepare_all(article_builder(), tasks(MANY), 4))


def test_an_index_built_by_processes_is_byte_for_byte_that_of_one(tmp_path):
    manifests = []
    for workers in (1, 2):
        root = tmp_path / str(workers)
        report = update_index(MANY, root, PLAIN, encoder=HashEncoder(), workers=workers)
        assert (report.added, report.chunks) == (len(MANY), EmbeddedIndex.open(root).stats().chunks)
        manifests.append(read_manifest(root))
    assert [entry.files for entry in manifests[0].segments] == [entry.files for entry in manifests[1].segments]


def test_an_interruption_stops_at_a_commit_and_leaves_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr("index.builder.SEGMENT_CHUNKS", 60)

    def progress(articles, chunks):
        if articles == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_index(MANY, tmp_path / "index", PLAIN, encoder=HashEncoder(), workers=2, progress=progress)
    done = EmbeddedIndex.open(tmp_path / "index").stats().articles
    assert 1 <= done < 100
    report = update_index(MANY, tmp_path / "index", encoder=HashEncoder(), workers=2)
    assert (report.unchanged, report.added) == (done, len(MANY) - done)


def test_an_error_in_a_process_is_raised_here(monkeypatch):
    bad = [*MANY[:70], article("bad", None, title="x")]
    with pytest.raises((TypeError, AttributeError)):
        list(prepare_all(article_builder(), tasks(bad), 2))


def test_articles_of_a_batch_share_a_vocabulary_and_say_what_they_say_alone():
    vocabulary = Vocabulary()
    builder = article_builder()
    alone = [builder.prepare(item) for item in CORPUS]
    together = [builder.prepare(item, vocabulary=vocabulary) for item in CORPUS]
    assert together == alone
    assert all(terms.vocabulary is vocabulary.strings for _, terms, _ in together)
    assert len(set(vocabulary.strings)) == len(vocabulary.strings)
