"""A model that takes long: its progress is what it has encoded, and what it has encoded outlives a kill."""

import pytest

from index.builder import update_index
from index.embedded.reader import EmbeddedIndex
from index.encoders.base import UNRELATED
from index.sources.articles import Meter, read_sources
from search.cli.progress import shown_progress
from tests.conftest import PLAIN, HashEncoder, article

LONG = "会议讨论了第{}条意见。下午代表们去了{}号车间，看了新的机器。" * 12


class Dying(HashEncoder):
    """Encodes so many passages and is killed in the next block."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def passages(self, texts):
        if len(self.encoded) + len(texts) > self.most:
            raise KeyboardInterrupt
        return super().passages(texts)


@pytest.fixture
def articles(monkeypatch):
    monkeypatch.setattr("index.batches.ENCODED_AT_ONCE", 4)
    monkeypatch.setattr("index.builder._WINDOW_ARTICLES", 2)
    return [article(f"a{n}", LONG.replace("{}", str(n))) for n in range(12)]


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_kill_loses_no_more_than_the_last_minutes(tmp_path, monkeypatch, articles, rebuild):
    monkeypatch.setattr("index.batches.COMMIT_SECONDS", 0.0)
    update_index([article("old", "原来的一篇。")], tmp_path, PLAIN, encoder=HashEncoder())
    whole = HashEncoder()
    update_index(articles, tmp_path / "whole", PLAIN, encoder=whole)
    killed = Dying(len(whole.encoded) * 2 // 3)
    with pytest.raises(KeyboardInterrupt):
        update_index(articles, tmp_path, PLAIN, encoder=killed, rebuild=rebuild)
    again = HashEncoder()
    report = update_index(articles, tmp_path, PLAIN, encoder=again, rebuild=rebuild)
    assert report.unchanged >= 6
    longest = 12  # passages of an article, at most, and as many of the one before it whose vectors were not all made
    assert len(again.encoded) <= len(whole.encoded) - len(killed.encoded) + 2 * longest
    index = EmbeddedIndex.open(tmp_path)
    assert index.stats().articles == len(articles) + (not rebuild)
    assert index.stats().chunks == EmbeddedIndex.open(tmp_path / "whole").stats().chunks + (not rebuild)


def test_progress_counts_what_is_encoded_block_by_block(tmp_path, articles):
    encoder = HashEncoder()
    told = []
    unrelated = len(UNRELATED)  # sentences that each build asks the encoder for

    def tell(articles, chunks):
        told.append((articles, chunks, len(encoder.encoded) - unrelated))

    update_index(articles, tmp_path, PLAIN, encoder=encoder, progress=tell)
    assert all(said == made for _, said, made in told)
    assert all(later - sooner <= 4 for (_, sooner, _), (_, later, _) in zip(told, told[1:], strict=False))
    assert told[-1][0] == len(articles)


def test_vectors_stand_by_their_passages_whatever_the_blocks(tmp_path, monkeypatch, articles):
    update_index(articles, tmp_path / "blocks", PLAIN, encoder=HashEncoder())
    monkeypatch.setattr("index.batches.ENCODED_AT_ONCE", 10_000)
    update_index(articles, tmp_path / "once", PLAIN, encoder=HashEncoder())
    blocks, once = (EmbeddedIndex.open(tmp_path / name).segments[0] for name in ("blocks", "once"))
    assert (blocks.dense.vectors[:] == once.dense.vectors[:]).all()


def test_the_bar_is_full_when_articles_are_done_with_not_when_they_are_read(tmp_path, monkeypatch):
    (tmp_path / "a.jsonl").write_text('{"text": "第一篇文章。"}\n{"text": "第二篇文章。"}\n', "utf-8")
    meter = Meter([tmp_path])
    assert len(list(read_sources([tmp_path], meter=meter))) == meter.articles == 2
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    updates = []
    monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, **given: updates.append(given))
    with shown_progress("indexing", meter) as step:
        step(1, 1)
        step(2, 2)
    assert [given["completed"] for given in updates] == [meter.done / 2, meter.done]
