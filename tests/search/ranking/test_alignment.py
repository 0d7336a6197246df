"""How much of a question a passage says in its order: the definition, what it is told apart by, and how it counts."""

import random

import numpy as np
import pytest

from index.analysis.fold import fold
from index.builder import update_index
from index.models import Article
from search.engine import SearchEngine
from search.models import SearchOptions
from search.query.parse import MAX_QUERY
from search.ranking import alignment
from search.ranking.alignment import BY_CHANCE, POOL, WEIGHT, Asked, aligned, readings


def alignments(question, idf, passages):
    asked = Asked.of(fold(question), idf)
    return asked.alignments(readings(passages, digits=asked.has_numbers))


def one(question, passage, idf=None):
    return float(alignments(question, idf or {}, [passage])[0])


def common(one, other):
    """Length of the longest common subsequence, as it is defined."""
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + common(one[1:], other[1:])
    return max(common(one[1:], other), common(one, other[1:]))


def test_it_is_the_square_of_the_longest_common_subsequence():
    rng = random.Random(3)
    for _ in range(200):
        question, passage = ("".join(rng.choices("甲乙丙丁戊", k=rng.randint(1, 7))) for _ in range(2))
        assert one(question, passage) == pytest.approx((common(question, passage) / len(question)) ** 2)


def test_passages_of_any_length_stand_beside_each_other():
    passages = ["", "桥", "修桥的人", "人在桥上修了一天", "无关"]
    together = alignments("修桥的人", {}, passages)
    assert together.tolist() == [one("修桥的人", passage) for passage in passages]
    assert together[2] == pytest.approx(1)
    assert together[0] == together[4] == 0


@pytest.mark.parametrize("question", ["", "？！", " \n"])
def test_a_question_without_letters_is_aligned_with_nothing(question):
    assert alignments(question, {"桥": 2.0}, ["修桥", ""]).tolist() == [0, 0]
    assert len(alignments("修桥", {}, [])) == 0


def test_order_counts():
    assert one("从苏州到杭州的船", "这是从苏州到杭州的船票") == pytest.approx(1)
    assert one("从苏州到杭州的船", "这是从杭州到苏州的船票") < 0.8


def test_script_case_width_and_marks_do_not():
    assert one("软件ABC设计", "軟件，ａｂｃ 設計。") == pytest.approx(1)


@pytest.mark.parametrize(
    ("question", "same", "like"),
    [
        ("2024年7月1日起收费", "自2024年7月1日起收费", "自2024年7月21日起收费"),
        ("2024年7月1日起收费", "自二〇二四年七月一日起收费", "自二〇二一年七月一日起收费"),
        ("二〇二四年七月一日起收费", "自2024年07月01日起收费", "自2014年7月1日起收费"),
        ("第十二条怎么说", "第12条怎么说", "第1条、第2条怎么说"),
        ("第3期公告", "第三期公告", "第33期公告"),
        ("100 号公告", "100号公告", "1000号公告"),
    ],
)
def test_a_number_is_one_letter_in_either_spelling(question, same, like):
    assert one(question, same) == pytest.approx(1)
    assert one(question, like) < 0.9
    assert one(question, same, {"公告": 3.0, "100": 5.0}) == pytest.approx(1)


def test_a_letter_counts_by_the_word_it_stands_in():
    idf = {"的": 0.2, "水库": 6.0}
    assert one("水库的", "水库", idf) > one("水库的", "库的", idf) > one("水库的", "的", idf)
    assert one("水库的", "水库", idf) > one("水库的", "水库")  # where all count alike


def test_what_was_not_looked_at_counts_as_chance_and_what_nothing_finds_stays_at_zero():
    mixed = np.array([0.8, 0.4, 0.2, 0.0])
    scores = aligned(mixed, np.array([0, 1]), np.array([0.0, 1.0]), WEIGHT)
    assert scores == pytest.approx(
        [(1 - WEIGHT) * 0.8, (1 - WEIGHT) * 0.4 + WEIGHT, (1 - WEIGHT) * 0.2 + WEIGHT * BY_CHANCE, 0]
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    texts = {
        "there": "周六有一班船从苏州开往杭州，早上六点离港，下午到。",
        "back": "周六有一班船从杭州开往苏州，早上六点离港，下午到。",
        **{f"other{i}": f"第{i}号公告：苏州、杭州两地的船周六照常开，从早到晚。" for i in range(POOL + 10)},
    }
    path = tmp_path_factory.mktemp("alignment") / "index"
    update_index([Article(article_id=name, title="", text=text) for name, text in texts.items()], path)
    with SearchEngine.open(path) as engine:
        yield engine


@pytest.mark.parametrize(("question", "first"), [("船从苏州开往杭州", "there"), ("船从杭州开往苏州", "back")])
def test_of_two_with_the_same_words_the_one_in_the_questions_order_comes_first(engine, question, first):
    results = engine.search(question, SearchOptions(explain=True)).results
    assert results[0].article_id == first
    assert results[0].explain.alignment == {"value": 1.0, "weight": WEIGHT}


def test_what_fields_say_is_laid_beside_the_question_too(tmp_path):
    articles = [
        Article(
            article_id="tagged",
            title="石磨",
            text="昨天学凿磨齿，磨盘要八区六线。",
            tags=("舂米机",),
            author="宋荞麦",
            meta={"subtitle": "纹路札记"},
        ),
        Article(article_id="other", title="植树", text="东坡补种香樟和乌桕，挖坑、浇水。"),
        Article(article_id="lights", title="路灯", text="北环路换上节能灯，夜里自动调暗。"),
    ]
    update_index(articles, tmp_path / "index")
    with SearchEngine.open(tmp_path / "index") as engine:
        for question in ("舂米机", "宋荞麦", "纹路札记"):
            results = engine.search(question, SearchOptions(explain=True)).results
            assert results[0].article_id == "tagged"
            assert results[0].explain.alignment["value"] == 1


def test_only_the_best_are_looked_at(engine):
    ranking = engine.ranking("船从苏州开往杭州", SearchOptions(k=50))
    assert len(ranking.alignments) == POOL < len(ranking.candidates)
    assert ranking.order == WEIGHT


@pytest.mark.parametrize(
    "options", [SearchOptions(mode="bm25"), SearchOptions(mode="dense"), SearchOptions(fusion="rrf")]
)
def test_a_leg_alone_and_ranks_are_not_aligned(engine, options):
    ranking = engine.ranking("船从苏州开往杭州", options)
    assert not ranking.order
    assert not ranking.alignments


def test_an_index_that_goes_by_one_leg_has_that_legs_order(engine):
    ranking = engine.ranking("船从苏州开往杭州", SearchOptions())
    for weight in (0.0, 1.0):
        remixed = engine.remixed(ranking, SearchOptions(), weight)
        assert not remixed.order
    again = engine.remixed(ranking, SearchOptions(), ranking.reason.corpus)
    assert again.groups == ranking.groups


@pytest.mark.skipif(alignment.in_order is None, reason="nothing was compiled here")
@pytest.mark.parametrize("size", [0, 1, 70])
def test_compiled_or_not_the_weights_are_the_same_to_the_last_bit(size):
    rng = np.random.default_rng(size)
    alphabet = np.array([*map(ord, "甲乙丙丁a7"), 0, 0xF0000], np.uint32)
    for _ in range(30):
        asked = rng.choice(alphabet[:7], rng.integers(1, 25))
        sizes = rng.integers(0, size + 1, rng.integers(0, 20))
        texts, ends, weights = rng.choice(alphabet, sizes.sum()), np.cumsum(sizes), rng.random(len(asked))
        compiled, plain = np.zeros(len(ends)), np.zeros(len(ends))
        alignment.in_order(texts, ends, asked, weights, compiled)
        if len(ends):
            alignment._in_order(texts, ends, asked, weights, plain)
        assert compiled.tolist() == plain.tolist()


def test_a_question_as_long_as_may_be_is_aligned_with_itself():
    question = "".join(map(chr, range(0x4E00, 0x4E00 + MAX_QUERY)))
    assert one(question, question) == pytest.approx(1)


@pytest.mark.skipif(alignment.in_order is None, reason="nothing was compiled here")
@pytest.mark.parametrize("ends", [[5], [2, 1], [-1]])
def test_arrays_that_do_not_fit_together_are_refused(ends):
    texts, asked = np.zeros(3, np.uint32), np.zeros(2, np.uint32)
    ends = np.array(ends, np.int64)
    with pytest.raises(ValueError, match="fit together"):
        alignment.in_order(texts, ends, asked, np.zeros(2), np.zeros(len(ends)))
    with pytest.raises(ValueError, match="fit together"):
        alignment.in_order(texts, ends[:0], asked, np.zeros(3), np.zeros(0))
