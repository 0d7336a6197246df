"""Many processes give what one gives, in the same order, and stop when they are told to."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from index import pipeline
from index.analysis.terms import Vocabulary
from index.builder import update_index
from index.config import IndexConfig
from index.embedded.reader import EmbeddedIndex
from index.pipeline import Task, prepare_articles
from index.prepare import ArticlePreparer
from index.sources.articles import Meter, read_sources
from index.storage.layout import damaged_files, read_manifest
from tests.conftest import CORPUS, PLAIN, ROOT, HashEncoder, article, article_builder

MANY = [
    article(f"{item.article_id}-{n}", f"{item.text}第{n}篇。", title=item.title) for n in range(20) for item in CORPUS
]


def tasks(articles, boilerplate=frozenset()):
    return [Task(item, False, boilerplate) for item in articles]


def test_processes_give_what_one_gives_in_order(monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 7)
    config = IndexConfig(chunk_chars=40, overlap_chars=12)
    work = tasks(MANY, frozenset({"馒头"}))
    several = list(prepare_articles(ArticlePreparer(config, HashEncoder()), iter(work), 2))
    one = list(prepare_articles(ArticlePreparer(config, HashEncoder()), iter(work), 1))
    assert several == one
    assert [task.article for task, _ in several] == MANY


def test_few_articles_start_no_process(monkeypatch):
    monkeypatch.setattr(pipeline, "ProcessPoolExecutor", None)
    assert len(MANY) > pipeline.ALONE > len(CORPUS)
    assert len(list(prepare_articles(article_builder(), tasks(CORPUS), 4))) == len(CORPUS)
    with pytest.raises(TypeError):
        list(prepare_articles(article_builder(), tasks(MANY), 4))


def test_an_index_built_by_processes_is_byte_for_byte_that_of_one(tmp_path):
    manifests = []
    for workers in (1, 2):
        root = tmp_path / str(workers)
        report = update_index(MANY, root, PLAIN, encoder=HashEncoder(), workers=workers)
        assert (report.added, report.chunks) == (len(MANY), EmbeddedIndex.open(root).stats().chunks)
        manifests.append(read_manifest(root))
    assert [entry.files for entry in manifests[0].segments] == [entry.files for entry in manifests[1].segments]


def test_an_interruption_stops_at_a_commit_and_leaves_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr("index.batches.SEGMENT_CHUNKS", 60)

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
        list(prepare_articles(article_builder(), tasks(bad), 2))


def test_articles_of_a_batch_share_a_vocabulary_and_say_what_they_say_alone():
    vocabulary = Vocabulary()
    builder = article_builder()
    alone = [builder.prepare(item) for item in CORPUS]
    together = [builder.prepare(item, vocabulary=vocabulary) for item in CORPUS]
    assert together == alone
    assert all(terms.vocabulary is vocabulary.strings for _, terms, _ in together)
    assert len(set(vocabulary.strings)) == len(vocabulary.strings)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_ctrl_c_at_a_terminal_stops_at_a_commit_without_a_word_from_the_workers(tmp_path):
    articles = tmp_path / "articles.jsonl"
    lines = [json.dumps({"id": f"a{n}", "text": f"灯塔第{n}次亮起来，海岛上的人都看见了。"}) for n in range(30_000)]
    articles.write_text("\n".join(lines), "utf-8")
    root = tmp_path / "index"
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"  # background jobs ignore it
        "import index.batches; index.batches.SEGMENT_CHUNKS = 200; from search.cli import main; main()"
    )
    words = ["index", str(articles), "--index", str(root), "--workers", "2"]
    command = [sys.executable, "-c", code, *words]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True)
    while not (root / "CURRENT").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, said = process.communicate()
    assert (process.returncode, said) == (130, "wensou: stopped; the last commit stands\n")
    index = EmbeddedIndex.open(root)
    assert damaged_files(root, index.manifest) == []
    done = index.stats().articles
    assert 200 <= done < len(lines)
    assert index.article(f"a{done - 1}").spans
    report = update_index([article("new", "海岛很远。")], root)  # nobody holds the lock any more
    assert (report.added, report.unchanged) == (1, 0)


def test_small_jobs_and_unknown_ones_stay_in_one_process(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4), raising=False)
    assert [pipeline.automatic_workers(size) for size in (None, 0, 1_000_000, 50_000_000)] == [1, 1, 1, 4]
    assert pipeline.automatic_workers(5_000_000, packed=True) == 4
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)
    assert pipeline.automatic_workers(50_000_000) == 8


def test_processes_encode_with_the_bundled_encoder(monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 50)
    builder = ArticlePreparer(IndexConfig(chunk_chars=40, overlap_chars=12))
    made = list(prepare_articles(builder, tasks(MANY), 2))
    passages = [text for _, (stored, *_) in made for text in builder.passages(stored)]
    want = builder.encoder.passages(passages).astype(np.float16)
    assert np.array_equal(np.concatenate([vectors for _, (*_, vectors) in made]), want)


def test_a_meter_knows_how_far_the_reading_is(tmp_path):
    for name, lines in (("a.jsonl", 400), ("b.jsonl", 100)):
        (tmp_path / name).write_text("\n".join(json.dumps({"text": f"灯塔第{n}次亮。" * 50}) for n in range(lines)))
    (tmp_path / "c.txt").write_text("海岛很远。", "utf-8")
    meter = Meter([tmp_path])
    assert (meter.total, meter.done) == (sum(path.stat().st_size for path in tmp_path.iterdir()), 0)
    seen = [meter.done for _ in read_sources([tmp_path], meter=meter)]
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    assert meter.done == meter.total
    assert Meter([tmp_path, "-"]).total is None


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="finds the processes by Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_processes_end_with_the_one_that_started_them(tmp_path, number):
    lines = [
        json.dumps({"id": str(n), "text": "水稻破口期要防稻瘟病。" * 300}, ensure_ascii=False) for n in range(4_000)
    ]
    (tmp_path / "many.jsonl").write_text("\n".join(lines), "utf-8")
    # Whoever runs the tests in the background may have hanging up ignored.
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\nfrom search.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "index", str(tmp_path / "many.jsonl"),
         "--index", str(tmp_path / "index"), "--workers", "2", "--rebuild"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    children: list[str] = []
    while len(children) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
            children = file.read().split()
    process.send_signal(number)
    process.communicate()  # returns when nobody holds the pipes any more
    while any(os.path.exists(f"/proc/{child}") for child in children):
        time.sleep(0.05)
    assert process.returncode == -number
