"""Conditions give what a plain search through the texts gives, whatever narrowing went before."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import conditions
from index.conditions import meets
from index.embedded import EmbeddedIndex
from index.fold import fold
from index.models import AllOf, AnyOf, Begins, Filters, HasValue, Holds, Not, Within
from tests.conftest import CORPUS, article, open_writer, prepared

LETTERS = "简单單安装裝电電梯干部幹导師导ab12 ，。"
TEXTS = st.text(alphabet=LETTERS, min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def _narrow_always(monkeypatch):
    monkeypatch.setattr(conditions, "_FEW_ARTICLES", 0)


def index_of(articles, root):
    writer = open_writer(root)
    writer.upsert(*prepared(articles))
    writer.commit()
    writer.close()
    return EmbeddedIndex.open(root)


def passing(index, where):
    out = set()
    for segment in index.segments:
        mask = meets(segment, where, segment.live_articles)
        out |= {segment.store.article_id(row) for row in np.flatnonzero(mask)}
    return out


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.text(alphabet=LETTERS, min_size=1, max_size=5))
def test_a_phrase_is_found_wherever_it_stands(tmp_path_factory, texts, phrase):
    articles = [article(f"a{i}", text, title=title) for i, (title, text) in enumerate(texts)]
    index = index_of(articles, tmp_path_factory.mktemp("phrase") / "index")
    phrase = fold(phrase)
    want = {a.article_id for a in articles if phrase in fold(a.title) or phrase in fold(a.text)}
    assert passing(index, Holds(phrase)) == want
    assert passing(index, Not(Holds(phrase))) == {a.article_id for a in articles} - want
    assert passing(index, Holds(phrase, title=True)) == {a.article_id for a in articles if phrase in fold(a.title)}


@pytest.mark.parametrize(
    ("where", "want"),
    [
        (Holds("简单", ("简单",)), {"whole", "hidden"}),
        (Holds("简单", ("简单",), title=True), set()),
        (Holds("装简", ()), {"hidden"}),
        (Holds("甲乙", ("甲", "乙")), {"whole"}),  # both words, not together
        (Begins("简"), {"whole", "hidden"}),
        (Begins("单"), set()),  # within a word
        (Begins("别"), {"other"}),
        (AllOf((Begins("做"), Holds("甲"))), {"whole"}),
        (HasValue("source", "漢東日報"), {"whole"}),
        (HasValue("source", "日报"), set()),
        (Within(after=date(2025, 1, 2)), set()),
        (Within(after=date(2025, 1, 1), before=date(2025, 1, 1)), {"whole"}),
        (Within(), {"whole"}),
        (AnyOf((Holds("甲"), Holds("安装"))), {"whole", "hidden"}),
        (AllOf((Holds("甲"), Not(Holds("乙")))), set()),
        (AnyOf(()), set()),
        (AllOf(()), {"whole", "hidden", "other"}),
    ],
)
def test_leaves_and_groups(tmp_path, where, want):
    articles = [
        article("whole", "做法简单，甲在先，乙在后。", source="汉东日报", published="2025-01-01"),
        article("hidden", "安装简单明了。"),
        article("other", "别的。"),
    ]
    assert passing(index_of(articles, tmp_path / "index"), where) == want


def test_only_articles_that_may_hold_the_phrase_are_read(tmp_path, monkeypatch):
    index = index_of(CORPUS, tmp_path / "index")
    read = []
    for segment in index.segments:
        get = segment.store.get
        monkeypatch.setattr(segment.store, "get", lambda row, get=get: read.append(row) or get(row))
    assert passing(index, Holds("加装电梯")) == {"lift"}
    assert len(read) == 1
    assert passing(index, AllOf((HasValue("source", "空港新闻"), Holds("加装电梯")))) == set()
    assert len(read) == 1


def test_a_condition_is_worked_out_once_for_both_legs(tmp_path, monkeypatch):
    index = index_of(CORPUS, tmp_path / "index")
    asked = []
    monkeypatch.setattr("index.embedded.meets", lambda *args: asked.append(args) or meets(*args))
    filters = Filters(where=Holds("电梯"))
    first = [index._passing(segment, filters) for segment in index.segments]
    again = [index._passing(segment, filters) for segment in index.segments]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len(asked) == len(index.segments)
