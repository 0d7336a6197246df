"""Conditions give what a plain search through the texts gives, whatever narrowing went before."""

import random
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.fold import fold
from index.analysis.gaps import close_gaps
from index.analysis.terms import MIXED_BIGRAMS
from index.embedded.reader import EmbeddedIndex
from index.models import AllOf, AnyOf, Begins, Filters, HasValue, Holds, Not, Within
from index.retrieval import conditions
from index.retrieval.conditions import meets
from tests.conftest import CORPUS, article, open_writer, prepared

LETTERS = '简单單安装裝电電梯干部幹导師导abn12 ，。（"\\'
TEXTS = st.text(alphabet=LETTERS, min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def _narrow_always(monkeypatch):
    monkeypatch.setattr(conditions, "_MAX_ARTICLES_TO_READ", 0)


def index_of(articles, root):
    writer = open_writer(root)
    writer.upsert(*prepared(articles))
    writer.commit()
    writer.close()
    return EmbeddedIndex.open(root)


def as_an_older_version_wrote(segment):
    """The segment without what it had not."""
    fields = {
        name: replace(postings, positions=None) for name, postings in segment.fields.items() if name != MIXED_BIGRAMS
    }
    segment.fields = fields
    return segment


def passing(index, where):
    out = set()
    for segment in index.segments:
        mask = meets(segment, where, segment.live_articles)
        out |= {segment.store.article_id(row) for row in np.flatnonzero(mask)}
    return out


@settings(max_examples=60)
@given(
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6),
    st.text(alphabet=LETTERS, min_size=1, max_size=5),
    st.data(),
)
def test_a_phrase_is_found_wherever_it_stands(tmp_path_factory, texts, asked, data):
    articles = [article(f"a{i}", text, title=title) for i, (title, text) in enumerate(texts)]
    index = index_of(articles, tmp_path_factory.mktemp("phrase") / "index")
    start = data.draw(st.integers(0, len(texts[0][1]) - 1))
    for sought in map(fold, (asked, texts[0][1][start : start + 7])):
        in_title = {a.article_id for a in articles if says(a.title, sought)}
        want = in_title | {a.article_id for a in articles if says(a.text, sought)}
        for older in (False, True):
            if older:
                index.segments[0] = as_an_older_version_wrote(index.segments[0])
            assert passing(index, Holds(sought)) == want
            assert passing(index, Not(Holds(sought))) == {a.article_id for a in articles} - want
            assert passing(index, Holds(sought, title=True)) == in_title


def says(text, sought):
    return close_gaps(sought.strip(), marks=True).text in close_gaps(fold(text), marks=True).text


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("渔 船 靠 在 石 埠 头 ， 船 家 补 网 。", "石埠头"),
        ("渔 船 靠 在 石 埠 头 ， 船 家 补 网 。", "石埠头，船家"),
        ("值日：王　芳、李 小 满", "王芳"),
        ("晒场上铺满了稻\n谷，麻雀飞来啄食。", "稻谷，麻雀"),
        ("晒场上铺满了稻谷，\n麻雀飞来啄食。", "稻谷，麻雀"),
        ("晒\n场\n上\n的\n稻\n谷", "晒场上的稻谷"),
        ("晒\n\n场\n\n上\n\n的", "晒场上的"),
        ("晒场铺满稻谷", "晒场 铺满"),
        ("一共用了 25 根木料", "用了25根"),
        ("葛\U000e0100洲坝", "葛洲坝"),
        ("⻔前有⻢", "门前有马"),
    ],
)
def test_a_gap_between_chinese_characters_parts_no_phrase(tmp_path, text, phrase):
    filler = [article(f"f{n}", f"第{n}篇说的是别的事。") for n in range(40)]  # so many that postings are asked
    index = index_of([article("a", text), *filler], tmp_path / "index")
    assert passing(index, Holds(fold(phrase))) == {"a"}


@pytest.mark.parametrize("phrase", ["第二段", "灯塔海岛", "in no", "inno"])
def test_an_empty_line_and_a_blank_between_latin_words_part_phrases(tmp_path, phrase):
    index = index_of([article("a", "他说第\n\n二段，灯塔\n\n海岛。in  no way")], tmp_path / "index")
    assert passing(index, Holds(phrase)) == set()


SECOND = "第二句说2023年3月A股上涨5%，《民法典》已施行。"
LONG = "第一句话在这里说的是天气，很热。" * 4 + SECOND + "别的句子也很长，说的是电梯。" * 4


@pytest.mark.parametrize(
    "phrase",
    ["2023年3月", "23年3", "A股", "股上涨5", "5%", "《民法典》", "民法典》已施行", "典》已", "年3月A股上涨5%,《民"],
)
def test_a_phrase_of_letters_digits_and_marks_is_found_in_any_passage(tmp_path, phrase):
    articles = [article("long", LONG), article("apart", "典》已。2023年。3月。A、股。《民》法典。5 %，股上涨。")]
    index = index_of(articles, tmp_path / "index")
    assert index.segments[0].store.chunks > 2
    want = {"long", "apart"} if phrase == "典》已" else {"long"}
    assert passing(index, Holds(fold(phrase))) == want


def test_a_phrase_that_goes_on_in_the_next_passage_is_found(tmp_path):
    one, other = "天" * 30 + "灯塔很高。", "海岛很远，" + "地" * 24 + "。"
    index = index_of([article("a", one + other)], tmp_path / "index")
    stored = index.segments[0].store.get(0)
    assert not any(start < 34 and end > 36 for start, end, _ in stored.spans), stored.spans  # no passage holds it
    assert passing(index, Holds("很高。海岛")) == {"a"}
    assert passing(index, Holds("很高。海鸟")) == set()


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
    assert not read  # positions tell
    assert passing(index, Holds("加装电梯,须")) == {"lift"}
    assert len(read) == 1
    index.segments[0] = as_an_older_version_wrote(index.segments[0])
    assert passing(index, Holds("加装电梯")) == {"lift"}
    assert len(read) == 2
    assert passing(index, AllOf((HasValue("source", "空港新闻"), Holds("加装电梯")))) == set()
    assert len(read) == 2


def test_a_condition_is_worked_out_once_for_both_legs(tmp_path, monkeypatch):
    index = index_of(CORPUS, tmp_path / "index")
    asked = []
    monkeypatch.setattr("index.embedded.filtering.meets", lambda *args: asked.append(args) or meets(*args))
    filters = Filters(where=Holds("电梯"))
    first = [index.passing(segment, filters) for segment in index.segments]
    again = [index.passing(segment, filters) for segment in index.segments]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len(asked) == len(index.segments)


@pytest.mark.parametrize("most_read", [0, 1_000])
def test_a_phrase_across_the_border_of_two_passages_is_found(tmp_path, most_read, monkeypatch):
    monkeypatch.setattr("index.retrieval.phrase._MAX_CHUNKS_TO_READ", most_read)
    generator = random.Random(4)
    letters = "帆缆锚桨舵橹舷艄艏艉桅樯篙篷舱闸埠渡津洲渚汀"
    long = "".join(generator.choice(letters) for _ in range(900))  # no mark to cut at
    wrapped = "\n".join(long[at : at + 31] for at in range(0, 900, 31))
    for text in (long, wrapped):
        articles = [article("long", text), *(article(f"s{n}", long[::-1][n : n + 40]) for n in range(9))]
        index = index_of(articles, tmp_path / f"index{len(text)}")
        assert sum(segment.store.chunks for segment in index.segments) > len(articles) + 2
        missed = [
            long[at : at + size]
            for size in (2, 3, 7)
            for at in range(len(long) - size)
            if "long" not in passing(index, Holds(long[at : at + size]))
        ]
        assert not missed
