"""A running engine moves to a new commit by itself, and no question fails on the way."""

import gc
import threading
import weakref
from pathlib import Path

import pytest

from index.builder import update_index
from index.errors import IndexMissing
from index.storage.layout import CURRENT, IndexState
from search.live import LiveEngine
from tests.conftest import CORPUS, PLAIN, HashEncoder, article, need_bundled_encoder


@pytest.fixture
def root(tmp_path, hash_bundled):
    update_index(CORPUS, tmp_path / "index", PLAIN, encoder=HashEncoder())
    return tmp_path / "index"


def first(live, question):
    return live.engine().search(question).results[0].article_id


def test_the_next_question_after_a_commit_is_answered_from_it(root):
    live = LiveEngine(root)
    assert live.engine().commit == 1
    before = live.engine()
    update_index([article("tower", "海岛上的灯塔，守塔人守了四十年。", title="灯塔")], root, encoder=HashEncoder())
    assert first(live, "灯塔 守塔人") == "tower"
    assert live.engine().commit == 2
    assert before.commit == 1  # who holds the old one keeps it
    assert before.search("馒头").results[0].article_id == "bread"


def test_without_a_commit_the_engine_stays_the_same(root):
    live = LiveEngine(root)
    assert live.engine() is live.engine()
    assert live.trouble is None
    assert live.state() == IndexState.EQUAL


def test_a_commit_that_cannot_be_opened_leaves_the_old_one_answering(root):
    live = LiveEngine(root)
    good = (root / CURRENT).read_text("utf-8")
    (root / CURRENT).write_text("commit-000099.json abc\n", "utf-8")
    assert first(live, "馒头") == "bread"
    assert live.trouble is not None
    assert "commit-000099.json" in live.trouble.message
    assert live.state() == IndexState.CORRUPT
    update_pointer(root, good)
    assert first(live, "馒头") == "bread"
    assert live.trouble is None


def update_pointer(root, text):
    (root / CURRENT).unlink()
    (root / CURRENT).write_text(text, "utf-8")


def test_no_index_fails_at_once(tmp_path):
    with pytest.raises(IndexMissing):
        LiveEngine(tmp_path)


def test_no_question_fails_while_commits_come_in(root):
    live = LiveEngine(root)
    done = threading.Event()
    failures, commits = [], set()

    def ask():
        while not done.is_set():
            engine = live.engine()
            commits.add(engine.commit)
            answer = engine.search("馒头 酵母")
            if answer.results[0].article_id != "bread" or answer.commit != engine.commit:
                failures.append(answer)

    def guarded():
        try:
            ask()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(8):  # more commits than are kept, the last one all new
            items = [article("tower", f"灯塔第{number}次点亮，守塔人记下了日期。")]
            update_index(items, root, compact=number % 3 == 2, encoder=HashEncoder())
        update_index(CORPUS, root, rebuild=True, encoder=HashEncoder())
        last = live.engine().commit
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert live.engine().commit == 10
    assert last >= 9
    assert len(commits) >= 3


def test_an_engine_is_handed_out_with_all_loaded_that_a_question_needs(tmp_path):
    need_bundled_encoder()
    update_index(CORPUS, tmp_path, PLAIN)
    engine = LiveEngine(tmp_path).engine()
    assert "tokenizer" in vars(engine._encoder)
    assert "_cut" in vars(engine._tokenizer)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what is mapped")
def test_what_only_the_old_commit_had_is_released_when_its_last_question_ends(root):
    def mapped():
        lines = Path("/proc/self/maps").read_text().splitlines()
        return {line.split("/segments/")[1].split("/")[0] for line in lines if f"{root}/segments/" in line}

    live = LiveEngine(root)
    engine = live.engine()
    before = mapped()
    assert before
    update_index(CORPUS, root, rebuild=True, encoder=HashEncoder())
    assert first(live, "馒头") == "bread"
    assert before < mapped()  # a question may still be asking the old one
    old = weakref.ref(engine)
    del engine
    gc.collect()
    assert old() is None
    assert mapped()
    assert not mapped() & before
