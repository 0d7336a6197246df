"""What people type with operators: understood, or plain words with a warning, and never an error."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.fold import fold
from index.analysis.tokenizer import Tokenizer
from index.connect import open_backend
from index.models import AllOf, AnyOf, Begins, Filters, HasValue, Holds, Not, Within
from search.engine import SearchEngine
from search.models import SearchOptions
from search.query.language import Spoken, narrowed, quoted, understand
from search.ranking.ranker import NOTHING_MEETS, NOTHING_PASSES
from tests.conftest import CORPUS, HashEncoder

TOKENIZER = Tokenizer()


def word(text):
    return Holds(fold(text), tuple(dict.fromkeys(TOKENIZER.terms(text))))


@pytest.mark.parametrize(
    "text",
    [
        "年轻干部 双导师",
        "GPT-4 和 2024-03 的 C++",
        "- 电梯 + 补贴",
        "国发(2023)1号 国发〔2023〕1号",
        "关于印发（试行）的通知",
        "（试行）通知",
        "“十四五”规划 《求是》",
        "http://example.com/a:b",
        "source 与 author",
        "ORACLE OR-MAPPER ORANGE",
        "--help 电梯",
        "比分3:2",
        "？！",
        "干部 “雙導師” 制度",
        "「雙導師」",
        "＂双导师＂",
        "“双导师 干部",
        "国发(2023 1号",
        "(电梯 馒头",
        "电梯) 补贴",
        "）电梯（",
        "1) 电梯 2) 馒头",
        "A* 算法",
        "5 * 5 和 3*4",
        "* 电梯 **重点**",
        "位于(41.655805 , -76.850706)的峡谷",
        '"航班"真实、"旅程"虚假，是否诈骗？',
        '什么是"速成"和“仓颉”？',
    ],
)
def test_plain_words_stay_as_they_are(text):
    assert understand(text, TOKENIZER) == Spoken(text)


@pytest.mark.parametrize(
    ("text", "words", "where"),
    [
        ('"双导师"', "双导师", Holds("双导师")),
        ('干部"双导师"制度', "干部 双导师 制度", Holds("双导师")),
        ("+「雙導師」", "雙導師", Holds("双导师")),
        ("+＂双导师＂ 干部", "双导师 干部", Holds("双导师")),
        ("電梯* 补贴", "電梯 补贴", Begins("电梯")),
        ("电梯﹡", "电梯", Begins("电梯")),  # a sign that only folding makes one
        ("补贴 -ISO9＊", "补贴", Not(Begins("iso9"))),
        ("海* OR 岛*", "海 岛", AnyOf((Begins("海"), Begins("岛")))),
        ("+电梯 补贴", "电梯 补贴", word("电梯")),
        ("＋電梯", "電梯", word("电梯")),
        ("补贴 -电梯", "补贴", Not(word("电梯"))),
        ('补贴 －“加装电梯”', "补贴", Not(Holds("加装电梯"))),
        ("通知 source:汉东日报", "通知", HasValue("source", "汉东日报")),
        ('通知 Author："王 元"', "通知", HasValue("author", "王 元")),
        ("通知 -tag:住房", "通知", Not(HasValue("tag", "住房"))),
        ("title:电梯", "电梯", Holds("电梯", ("电梯",), title=True)),
        ("水 after:2025-01", "水", Within(after=date(2025, 1, 1))),
        ("水 before:2025-02", "水", Within(before=date(2025, 2, 28))),
        ("水 before：2025/3/5", "水", Within(before=date(2025, 3, 5))),
        ("电梯 OR 馒头", "电梯 馒头", AnyOf((word("电梯"), word("馒头")))),
        ("(电梯 OR 馒头) 补贴", "电梯 馒头 补贴", AnyOf((word("电梯"), word("馒头")))),
        ("电梯 OR 馒头 补贴", "电梯 馒头 补贴", AnyOf((word("电梯"), word("馒头")))),
        ("-（电梯 OR 馒头） 水", "水", Not(AnyOf((word("电梯"), word("馒头"))))),
        ("(电梯 补贴) OR 馒头", "电梯 补贴 馒头", AnyOf((AllOf((word("电梯"), word("补贴"))), word("馒头")))),
        ("+电梯 -补贴", "电梯", AllOf((word("电梯"), Not(word("补贴"))))),
        ("水 source:甲 source:乙", "水", AnyOf((HasValue("source", "甲"), HasValue("source", "乙")))),
        ("+GPT-4", "GPT-4", word("GPT-4")),
    ],
)  # fmt: skip
def test_operators_become_conditions(text, words, where):
    spoken = understand(text, TOKENIZER)
    assert (spoken.text, spoken.where, spoken.warnings) == (words, where, ())


def test_phrases_are_kept_for_marking_and_excluded_words_are_not():
    spoken = understand('"年輕幹部" -"双导师" +培训', TOKENIZER)
    assert spoken.phrases == ("年轻干部",)
    assert spoken.text == "年輕幹部 培训"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('"双导师', "a quote is not closed"),
        ('""', "no word between the quotes"),
        ('"，。"', "no word between the quotes"),
        ("source: 汉东日报", "source: has no value"),
        ('author:""', "author: has no value"),
        ("after:昨天 水", "after: got '昨天'"),
        ("before:2025-13", "before: got '2025-13'"),
        ("OR 电梯", "OR needs something on both sides"),
        ("电梯 OR", "OR needs something on both sides"),
        ("电梯 OR OR 水", "OR needs something on both sides"),
        ("(" * 30 + "电梯" + ")" * 30, "nested too deep"),
    ],
)
def test_what_is_broken_is_plain_words_with_a_warning(text, complaint):
    spoken = understand(text, TOKENIZER)
    assert (spoken.text, spoken.where) == (text, None)
    assert complaint in spoken.warnings[0]
    assert spoken.warnings[0].endswith("taken as plain words")


@given(st.text(alphabet='ab电梯水 +-"“”「」():（）：OR source:after2025-1', max_size=60) | st.text(max_size=30))
def test_no_text_is_an_error(text):
    spoken = understand(text, TOKENIZER)
    if spoken.where is None:
        assert spoken.text == text
    assert len(spoken.text) <= len(text) + 1


ONLY = "only exclusions and filters: add a word to look for"


def test_a_query_of_fields_alone_finds_what_has_their_values_and_says_so(engine):
    answer = engine.search("-电梯 source:汉东日报")
    assert {result.article_id for result in answer.results} == {"train", "water"}
    assert answer.warnings == (ONLY,)


@pytest.mark.parametrize(
    ("question", "filters", "said"),
    [
        ("龘龘", Filters(source=("汉东日报",)), NOTHING_PASSES),
        ("电梯", Filters(source=("无此来源",)), NOTHING_PASSES),
        ("电梯 after:2031", Filters(before=date(1990, 1, 1)), "is later than before"),
        ("电梯", Filters(after=date(2031, 1, 1), before=date(2030, 1, 1)), "is later than before"),
    ],
)
def test_an_answer_that_filters_leave_empty_says_so_once(engine, question, filters, said):
    answer = engine.search(question, SearchOptions(mode="bm25", filters=filters))
    assert not answer.results
    (warning,) = answer.warnings
    assert said in warning


@pytest.mark.parametrize("signs", ['"电梯加装"', "+电梯 +馒头", "电梯 source:无此来源", "电梯 before:1990", "-电梯"])
@pytest.mark.parametrize("mode", ["bm25", "dense", "hybrid"])
def test_conditions_that_nothing_meets_cost_no_answer_and_a_warning_says_so(engine, signs, mode):
    answer = engine.search(signs, SearchOptions(mode=mode))
    assert answer.results
    only = (ONLY,) if signs == "-电梯" else ()
    assert answer.warnings in ((*only, NOTHING_MEETS), only or (NOTHING_MEETS,))


def test_filters_given_beside_a_question_are_never_dropped(engine):
    only = SearchOptions(filters=Filters(source=("码农周刊",)))
    assert [result.article_id for result in engine.search("+馒头", only).results] == ["search"]
    assert engine.search("+馒头", SearchOptions(filters=Filters(source=("无此来源",)))).results == ()


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("“十四五”规划 《求是》", ("十四五", "求是")),
        ("「雙導師」和『师傅』", ("双导师", "师傅")),
        ("＂双导师＂制度 ＂双导师＂", ("双导师",)),
        ("没有 “引号 的一句", ()),
        ("“？”", ()),
    ],
)
def test_what_is_merely_quoted_is_known(text, phrases):
    assert quoted(text) == phrases


def test_a_condition_joins_the_filters_that_are_there():
    where = Holds("电梯")
    assert narrowed(Filters(source=("甲",)), where) == Filters(source=("甲",), where=where)
    assert narrowed(Filters(where=Within()), where).where == AllOf((Within(), where))


def found(engine, text, mode="hybrid"):
    answer = engine.search(text, SearchOptions(mode=mode, k=50))
    assert answer.warnings == ()
    return {result.article_id for result in answer.results}


WIDE = "的 一 用 年 月 三 水 文 飞机 馒头 电梯 干部"


@pytest.mark.parametrize(
    ("operators", "want"),
    [
        ('"双导师"', {"train"}),
        ('"導師制"', {"train"}),  # in the title, across its words, in the other script
        ('"加装电梯"', {"lift"}),
        ('"C919"', {"plane"}),
        ('"18万"', {"lift"}),
        ('"铁"', {"water"}),
        ("+电梯", {"lift"}),
        ("+王元", {"search", "train"}),  # who wrote them
        ("-电梯 -馒头 -干部", {"water", "plane", "search"}),
        ("source:汉东日报 -tag:通知", {"train"}),
        ("source:漢東日報", {"train", "water"}),
        ("source:汉东日报 source:空港新闻", {"train", "water", "plane"}),
        ("author:王元 OR author:李明", {"train", "search", "plane"}),
        ("title:停水", {"water"}),
        ("after:2025-01 before:2025-02", {"water", "search"}),
        ("(电梯 OR 馒头) -酵母", {"lift"}),
        ("-after:2000", {"bread"}),
    ],
)
@pytest.mark.parametrize("mode", ["bm25", "hybrid"])
def test_conditions_hold_in_the_engine(engine, operators, want, mode):
    assert found(engine, f"{WIDE} {operators}", mode) == want


@pytest.mark.parametrize("mode", ["bm25", "dense", "hybrid"])
def test_the_one_article_that_passes_comes_however_far_down_it_ranks(index_path, mode, monkeypatch):
    monkeypatch.setattr("search.ranking.ranker.CANDIDATES", 1)
    monkeypatch.setattr("search.ranking.ranker._CANDIDATES_PER_RESULT", 1)
    with SearchEngine(open_backend(index_path), HashEncoder()) as engine:
        answer = engine.search('的 年 一 馒头 文章 "管壁的铁锈"', SearchOptions(mode=mode, k=1))
    assert [result.article_id for result in answer.results] == ["water"]


def test_a_phrase_is_marked_whole(engine):
    passage = engine.search('"加装电梯"').results[0].passages[0]
    assert "加裝電梯" in [passage.text[a:b] for a, b in passage.highlights]


def test_excluded_words_are_not_marked_and_do_not_rank(engine):
    answer = engine.search("干部 -电梯", SearchOptions(explain=True, mode="bm25"))
    assert all("电梯" not in (result.explain.bm25.terms or {}) for result in answer.results)
    assert len(CORPUS) > len(answer.results) > 0
