"""Texts and fields come back as they went in, whatever is in them."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.models import Article, Chunk, StoredArticle
from index.segments.store import NO_DATE, Store, day_number, save_store
from tests.conftest import article

NAMES = st.text(min_size=1, max_size=8)
DAYS = st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)).map(date.isoformat)
ARTICLES = st.builds(
    Article,
    article_id=NAMES,
    title=st.text(max_size=8),
    text=st.text(max_size=30),
    source=st.none() | NAMES,
    published=DAYS,
    tags=st.lists(NAMES, max_size=2).map(tuple),
    meta=st.dictionaries(NAMES, NAMES, max_size=2),
)


def stored(article: Article, pieces: int = 2) -> StoredArticle:
    edges = [len(article.text) * i // pieces for i in range(pieces + 1)]
    spans = tuple((a, b, "节") for a, b in zip(edges, edges[1:], strict=False))
    return StoredArticle(article, spans, f"hash of {article.article_id!r}")


def test_a_phrase_is_looked_for_in_title_and_text_alone(tmp_path):
    made = [
        article("灯塔", '酵母"和"面', title="蒸馒头", source="电梯报", meta={"text": "海岛"}),
        article("b", "一\n二\\三"),
    ]
    save_store(tmp_path, [StoredArticle(one, ((0, 3, ""),), "h") for one in made])
    store = Store(tmp_path)
    for phrase, want in (
        ("酵母", True),
        ("馒头", True),
        ('母"和', True),
        ("灯塔", False),
        ("电梯", False),
        ("海岛", False),
    ):
        assert store.mentions(0, phrase) is want
    assert store.mentions(0, "馒头", title=True)
    assert not store.mentions(0, "酵母", title=True)
    assert store.mentions(1, "一\n二\\三")
    assert not store.mentions(1, "一二")


@settings(max_examples=40)
@given(articles=st.lists(ARTICLES, max_size=5, unique_by=lambda item: item.article_id))
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, articles):
    folder = tmp_path_factory.mktemp("store")
    items = [stored(item, pieces=number % 3 + 1) for number, item in enumerate(articles)]
    save_store(folder, items)
    store = Store(folder)
    assert store.articles == len(items)
    assert store.chunks == sum(len(item.spans) for item in items)
    for row, item in enumerate(items):
        assert store.get(row) == item
        assert store.article_id(row) == item.article.article_id
        assert store.article_row(item.article.article_id) == row
        published = item.article.published
        assert store.published[row] == (day_number(date.fromisoformat(published)) if published else NO_DATE)
        first, end = store.chunk_starts[row : row + 2]
        assert (store.chunk_articles[first:end] == row).all()
        assert end - first == len(item.spans)
    titles = [item.article.title for item in items]
    assert store.titles() == titles == [store.title(row) for row in range(len(items))]
    for name in ("titles.utf8", "titles.ends.npy"):  # as an earlier version leaves a segment
        (folder / name).unlink()
    assert Store(folder).titles() == titles
    assert store.article_row("no such article") == -1


def test_a_chunk_is_a_slice_of_the_display_text():
    item = stored(Article("a:1", "题", "年轻干部双导师"))
    assert item.chunk(1) == Chunk("a:1:1", "a:1", "部双导师", 3, 7, "节")


def test_two_articles_of_one_id_are_refused(tmp_path):
    twice = [stored(Article("a", "", "文")), stored(Article("a", "", "章"))]
    with pytest.raises(ValueError, match="2 articles, 1 ids"):
        save_store(tmp_path, twice)


def test_days_count_from_1970():
    assert day_number(date(1970, 1, 1)) == 0
    assert day_number(date(1969, 12, 31)) == -1
    assert np.iinfo(np.int32).min == NO_DATE
