"""The read path: every mode, filter, page and explanation, by ids and values."""

import math
import threading
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.fold import fold
from index.analysis.tokenizer import Tokenizer
from index.builder import update_index
from index.connect import open_backend
from index.embedded.reader import EmbeddedIndex
from index.errors import BadOption, BadQuery, IndexMismatch, IndexMissing, NotFound
from index.models import Article, Filters
from index.retrieval.signals import scale_cosine
from search.engine import SearchEngine
from search.models import MODES, SearchOptions
from tests.conftest import CORPUS, PLAIN, HashEncoder, article

QUESTIONS = (
    "年轻干部 双导师",
    "老小区加装电梯",
    "自来水发黄怎么办",
    "C919",
    "馒头为什么发不起来",
    "GB/T 7714",
    "语义检索",
)


def ids(answer):
    return [result.article_id for result in answer.results]


@pytest.mark.parametrize("mode", ["bm25", "hybrid"])
@pytest.mark.parametrize(
    ("question", "want"),
    [
        ("年轻干部 双导师", "train"),
        ("老小区加装电梯 业主同意", "lift"),
        ("電梯補貼多少錢", "lift"),
        ("自来水发黄怎么办", "water"),
        ("国发(2023)1号", "water"),
        ("国产大飞机 C919", "plane"),
        ("馒头发不起来 酵母", "bread"),
        ("引文格式 GB/T7714", "search"),
    ],
)
def test_the_article_that_is_meant_comes_first(engine, mode, question, want):
    assert ids(engine.search(question, SearchOptions(mode=mode)))[0] == want


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_well_formed(engine, mode, question):
    answer = engine.search(question, SearchOptions(mode=mode, k=4, explain=True))
    assert (answer.query, answer.mode, answer.k, answer.offset, answer.commit) == (question, mode, 4, 0, 2)
    assert answer.took_ms > 0
    assert answer.total >= sum(not result.chance for result in answer.results) > 0
    scores = [result.score for result in answer.results]
    assert scores == sorted(scores, reverse=True)
    assert len(set(ids(answer))) == len(answer.results)
    for result in answer.results:
        assert 0 < result.score <= 1
        assert result.score == result.passages[0].score
        assert 1 <= len(result.passages) <= 3
        assert [p.score for p in result.passages] == sorted((p.score for p in result.passages), reverse=True)


@pytest.mark.parametrize("question", QUESTIONS)
def test_offsets_slice_the_display_text_and_marks_the_passage(engine, question):
    terms = set(Tokenizer().terms(question))
    for result in engine.search(question, SearchOptions(mode="bm25")).results:
        text = engine.article(result.article_id).article.text
        for passage in result.passages:
            assert passage.text == text[passage.start : passage.end]
            assert passage.text == passage.text.strip() != ""
            assert {fold(passage.text[a:b]) for a, b in passage.highlights} <= terms
    assert any(p.highlights for r in engine.search(question).results for p in r.passages)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("group", ["article", "chunk"])
def test_the_numbers_of_an_explanation_recombine_to_the_score(engine, question, mode, group):
    answer = engine.search(question, SearchOptions(mode=mode, group=group, explain=True))
    for result in answer.results:
        why = result.explain
        assert why is not None
        mixed = why.weight * why.normalised["bm25"] + (1 - why.weight) * why.normalised["dense"]
        assert bool(why.alignment) == (mode == "hybrid")
        if why.alignment:
            weight = why.alignment["weight"]
            mixed = (1 - weight) * mixed + weight * why.alignment["value"]
        # What is shown is rounded to four digits.
        assert why.named + why.rest * mixed == pytest.approx(result.score, abs=2e-4)
        assert why.named == 0 or why.rest < 1
        assert why.reason.endswith("。")
        assert sum((why.bm25.terms or {}).values()) == pytest.approx(why.bm25.score, abs=1e-3)
        assert (why.bm25.rank is None) == (why.bm25.score == 0)
    explained = [result.explain for result in answer.results if result.explain]
    orders = [why.alignment.get("weight", 0.0) for why in explained]
    shares = {round(why.weight * (1 - order) + order, 3) for why, order in zip(explained, orders, strict=True)}
    assert len(shares) <= 1
    if mode != "hybrid":
        assert shares <= {{"bm25": 1.0, "dense": 0.0}[mode]}
    assert all(share >= round(engine.mix.weight, 3) for share in shares if mode == "hybrid")


def test_the_fixed_mix_and_reciprocal_ranks_are_options(engine):
    convex = engine.search("电梯补贴", SearchOptions(fusion="convex", explain=True)).results
    for why in (result.explain for result in convex):  # the words' share, of which their order has a part
        order = why.alignment["weight"]
        assert why.weight * (1 - order) + order == pytest.approx(engine.mix.weight)
    rrf = engine.search("电梯补贴", SearchOptions(fusion="rrf", group="chunk", explain=True)).results
    ranks = [(why.bm25.rank, why.dense.rank) for result in rrf if (why := result.explain)]
    assert ranks[0][0] is not None
    assert rrf[0].score == pytest.approx(
        engine.mix.weight / (60 + ranks[0][0]) + (1 - engine.mix.weight) / (60 + ranks[0][1]), abs=1e-6
    )
    with pytest.raises(BadOption, match="fusion"):
        engine.search("电梯补贴", SearchOptions(fusion="mean"))


def test_hybrid_scales_from_anchors(engine):
    options = SearchOptions(group="chunk", k=50, explain=True)
    explained = [result.explain for result in engine.search("电梯补贴", options).results]
    ranking = engine._ranker.rank("电梯补贴", options)
    top_bm25 = max(*(why.bm25.score for why in explained), engine.mix.strength * sum(ranking.idf.values()))
    floor = engine.mix.floor
    for why in explained:
        assert why.normalised["bm25"] == pytest.approx(why.bm25.score / top_bm25, abs=1e-3)
        share = scale_cosine(np.array([why.dense.score]), floor=floor)[0]
        assert why.normalised["dense"] == pytest.approx(share, abs=1e-3)
    assert sorted(why.dense.rank for why in explained)[0] == 1


def test_without_explain_there_is_none(engine):
    answer = engine.search("电梯")
    assert all(result.explain is None for result in answer.results)
    assert all("explain" not in result for result in answer.to_json()["results"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("group", ["article", "chunk"])
@pytest.mark.parametrize("step", [1, 2, 5])
def test_pages_join_to_one_big_page(engine, mode, group, step):
    options = SearchOptions(k=1_000, mode=mode, group=group)
    whole = engine.search("的 电梯 干部 飞机", options)
    paged = []
    for offset in range(0, len(whole.results) + step, step):
        page = engine.search("的 电梯 干部 飞机", replace(options, k=step, offset=offset))
        assert page.total == whole.total
        paged += page.results
    assert tuple(paged) == whole.results
    assert len(paged) >= whole.total >= 3
    assert [result.chance for result in paged] == sorted(result.chance for result in paged)
    assert sum(not result.chance for result in paged) == whole.total


def test_a_page_past_the_end_is_empty(engine):
    answer = engine.search("电梯", SearchOptions(offset=500))
    assert answer.results == ()
    assert answer.total > 0


def test_chunks_are_results_of_their_own_when_grouped_so(engine):
    answer = engine.search("飞机 航程 座位", SearchOptions(group="chunk", k=50))
    assert all(len(result.passages) == 1 for result in answer.results)
    names = [result.passages[0].chunk_id for result in answer.results]
    assert len(set(names)) == len(names) >= answer.total
    assert ids(answer).count("plane") == 2


def test_an_article_shows_at_most_so_many_passages(engine, tmp_path):
    for passages in (1, 2):
        for result in engine.search("飞机 航程", SearchOptions(passages=passages)).results:
            assert len(result.passages) <= passages
    between = "\n\n".join(f"渡口第{n}天照常开船，天气晴，水位平稳。" for n in range(8))  # or they would be one passage
    long = article("long", f"飞机首航很顺利，旅客都说好。\n\n{between}\n\n这条航程有五千公里，座位很宽。", title="日志")
    update_index([long], tmp_path / "index", PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(tmp_path / "index"), HashEncoder()) as own:
        shown = own.search("飞机 航程 座位", SearchOptions(passages=2)).results[0]
    assert len(shown.passages) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("filters", "want"),
    [
        (Filters(source=("汉东日报",)), {"train", "water"}),
        (Filters(author=("王元",)), {"train", "search"}),
        (Filters(tag=("住房",)), {"lift", "water"}),
        (Filters(after=date(2025, 1, 1)), {"train", "water", "search"}),
        (Filters(before=date(2024, 12, 31)), {"lift", "plane"}),
        (Filters(source=("汉东日报",), after=date(2025, 6, 1)), {"train"}),
        (Filters(source=("没有",)), set()),
    ],
)
def test_filters_hold_in_every_mode(engine, mode, filters, want):
    found = set(ids(engine.search("的 一 用 年 截止 飞机 考核", SearchOptions(mode=mode, filters=filters))))
    assert found <= want
    if mode == "bm25":
        assert found == want
    assert bool(found) == bool(want)


def test_a_result_carries_the_fields_of_its_article(engine):
    result = engine.search("语义检索 向量").results[0]
    want = CORPUS[5]
    for name in ("article_id", "title", "source", "author", "published", "path", "url", "tags"):
        assert getattr(result, name) == getattr(want, name)
    assert result.duplicates == ()


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_query_is_a_bad_query(engine, text):
    with pytest.raises(BadQuery, match="empty"):
        engine.search(text)


def test_a_query_of_ten_thousand_characters_is_a_bad_query(engine):
    with pytest.raises(BadQuery, match="10000 characters"):
        engine.search("文" * 10_000)


@pytest.mark.parametrize("k", [0, -1, 1_000_000])
def test_a_k_of_zero_or_a_million_is_a_bad_option(engine, k):
    with pytest.raises(BadOption, match=f"k: got {k}"):
        engine.search("电梯", k=k)


def test_an_unknown_mode_or_grouping_is_a_bad_option(engine):
    with pytest.raises(BadOption, match="mode: got 'best'"):
        engine.search("电梯", SearchOptions(mode="best"))  # type: ignore[arg-type]
    with pytest.raises(BadOption, match="group: got 'day'"):
        engine.search("电梯", SearchOptions(group="day"))  # type: ignore[arg-type]


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=40).filter(str.strip), st.sampled_from(MODES))
def test_any_other_text_has_an_answer(engine, text, mode):
    answer = engine.search(text, SearchOptions(mode=mode, explain=True))
    assert answer.query == text
    assert all(math.isfinite(result.score) for result in answer.results)


def test_a_query_without_words_says_so_and_finds_nothing_by_words(engine):
    answer = engine.search("？！", SearchOptions(mode="bm25"))
    assert answer.results == ()
    assert answer.warnings == ("no word in the query to look for",)
    assert engine.search("电梯").warnings == ()


def test_words_that_are_nowhere_find_nothing_by_words(engine):
    assert engine.search("量子纠缠", SearchOptions(mode="bm25")).results == ()


def test_both_scripts_have_the_same_answer(engine):
    for simplified, traditional in (("老旧小区加装电梯", "老舊小區加裝電梯"), ("年轻干部", "年輕幹部")):
        one, other = engine.search(simplified), engine.search(traditional)
        assert one.results == other.results


def test_synonyms_find_what_was_said_otherwise(tmp_path):
    config = replace(PLAIN, synonyms=(("升降机", "电梯"),))
    update_index(CORPUS, tmp_path / "index", config, encoder=HashEncoder())
    with SearchEngine(open_backend(tmp_path / "index"), HashEncoder()) as engine:
        assert ids(engine.search("升降机", SearchOptions(mode="bm25"))) == ["lift"]


def test_the_mix_follows_its_weight(index_path):
    question = "自来水 发黄"
    for weight, mode in ((1.0, "bm25"), (0.0, "dense")):
        with SearchEngine(open_backend(index_path), HashEncoder(), weight=weight) as engine:
            mixed = engine.search(question, SearchOptions(k=100))
            alone = engine.search(question, SearchOptions(k=100, mode=mode))
            assert [(r.article_id, r.score) for r in mixed.results] == [(r.article_id, r.score) for r in alone.results]


def test_an_article_by_its_id(engine):
    assert engine.article("train").article == CORPUS[0]
    with pytest.raises(NotFound, match="nobody"):
        engine.article("nobody")


def test_stats_and_options_are_the_indexs_own(engine):
    assert engine.stats().articles == len(CORPUS)
    assert engine.config == PLAIN
    assert engine.commit == 2


def test_opening_checks_the_encoder(index_path, hash_bundled, monkeypatch, tmp_path):
    with SearchEngine.open(index_path) as engine:
        assert ids(engine.search("馒头"))[0] == "bread"
    monkeypatch.setattr("search.engine.load_encoder", lambda name: HashEncoder("another"))
    with pytest.raises(IndexMismatch, match="built with encoder hash-64, 'bundled' is now another"):
        SearchEngine.open(index_path)
    with pytest.raises(IndexMissing):
        SearchEngine.open(tmp_path / "nowhere")
    with pytest.raises(BadOption, match="engine 'redis'"):
        SearchEngine.open("redis://x")


def test_many_threads_get_the_same_answers(engine):
    want = {question: engine.search(question).results for question in QUESTIONS}
    wrong = []

    def ask():
        wrong.extend(
            question for _ in range(5) for question in QUESTIONS if engine.search(question).results != want[question]
        )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_equal_articles_come_in_the_order_of_their_ids(tmp_path):
    twins = [article(name, "夜市今晚八点开门，欢迎光临。", title="夜市") for name in "cab"]
    for item in twins:  # a segment each
        update_index([item], tmp_path / "index", PLAIN, encoder=HashEncoder())
    with SearchEngine(EmbeddedIndex.open(tmp_path / "index"), HashEncoder()) as engine:
        for mode in MODES:
            assert ids(engine.search("夜市开门", SearchOptions(mode=mode))) == ["a", "b", "c"]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """700 short articles: more than the candidates of a first page, so that deep pages look further."""
    pieces = [part for item in CORPUS for part in item.text.replace("\n", "").split("。") if part]
    items = [
        article(f"n{n}", f"{pieces[n % 13]}，{pieces[n * 7 % 17 % len(pieces)]}，第{n}件。", title=f"记事{n}")
        for n in range(700)
    ]
    path = tmp_path_factory.mktemp("crowded") / "index"
    update_index(items, path, PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder(), threshold=-99.0) as opened:
        yield opened


@pytest.mark.parametrize("mode", MODES)
def test_deep_pages_join_too(crowded, mode):
    question = "飞机 电梯 记事 第一件"
    whole = crowded.search(question, SearchOptions(k=200, mode=mode))
    paged = [
        result
        for offset in range(0, 200, 10)
        for result in crowded.search(question, SearchOptions(offset=offset, mode=mode)).results
    ]
    assert ids(whole) == [result.article_id for result in paged]
    assert len(set(ids(whole))) == 200


def test_a_near_duplicate_is_one_cluster_and_deleting_one_keeps_the_other(tmp_path):
    encoder = HashEncoder()
    cluster = (
        "望榆县图书馆夜间服务昨晚启动。读者可以在一楼大厅自助借书，也可以在二楼自习到晚上十点半。"
        "馆长介绍说，夜间时段安排了四名馆员和两名保安值守，末班公交也延后到十一点。"
    )
    articles = [
        Article("first", "图书馆夜间开放", cluster, source="望榆日报", published="2024-05-01"),
        Article("second", "夜里也能去图书馆了", "（转载）" + cluster, source="云汀晚报", published="2024-05-02"),
        Article("other", "暖气", "供暖从十一月十五日开始，请各户提前试水，发现漏水及时关闭阀门。" * 3),
    ]
    update_index(articles, tmp_path / "x", encoder=encoder)
    with SearchEngine(open_backend(tmp_path / "x"), encoder) as engine:
        answer = engine.search("图书馆夜间服务")
        assert [result.article_id for result in answer.results][:1] == ["first"] or answer.results[0].duplicates
        ids = {answer.results[0].article_id, *(copy["article_id"] for copy in answer.results[0].duplicates)}
        assert ids == {"first", "second"}
        assert {copy["source"] for copy in answer.results[0].duplicates} <= {"望榆日报", "云汀晚报"}
        assert answer.total == len(answer.results)
    update_index([], tmp_path / "x", delete=["first"], encoder=encoder)
    with SearchEngine(open_backend(tmp_path / "x"), encoder) as engine:
        best = engine.search("图书馆夜间服务").results[0]
        assert (best.article_id, best.duplicates) == ("second", ())
