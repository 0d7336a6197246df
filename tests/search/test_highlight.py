"""Marks fall on characters that fold to what was asked for, in either script."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.fold import fold
from index.analysis.gaps import close_gaps
from index.analysis.tokenizer import Tokenizer
from index.builder import update_index
from index.connect import open_backend
from index.models import Article
from index.sources.articles import read_sources
from search.engine import SearchEngine
from search.highlight import focus, highlight, surroundings
from search.models import SearchOptions
from search.query.parse import parse
from search.query.stopwords import FUNCTION_WORDS
from tests.conftest import HashEncoder, need_shared

TOKENIZER = Tokenizer()
CHARACTERS = "年轻輕幹干部簡简單单裝装電电梯雙导導師的ＣC919 ，。12"
TEXTS = st.text(alphabet=CHARACTERS, max_size=60) | st.text(max_size=30)


def one(text, terms, tokenizer=TOKENIZER):
    (spans,) = highlight([text], terms, tokenizer)
    return spans


def closed(folded):
    """Without the gaps over which a term may stand."""
    return close_gaps(folded, marks=True).text


def marked(text, terms):
    return [text[start:end] for start, end in one(text, terms)]


@given(TEXTS, st.text(alphabet=CHARACTERS, min_size=1, max_size=8))
def test_marks_are_apart_in_order_and_fold_to_a_term(text, question):
    terms = TOKENIZER.terms(question)
    spans = one(text, terms)
    assert list(spans) == sorted(spans)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    for start, end in spans:
        assert 0 <= start < end <= len(text)
        assert closed(fold(text)[start:end]) in set(map(closed, terms))


@given(st.text(alphabet="年轻幹部簡單電梯雙導師，", min_size=2, max_size=6), TEXTS)
def test_a_long_term_that_stands_in_the_text_is_marked_in_either_script(word, around):
    term = fold(word)
    spans = one(around + word, [term])
    covered = {i for start, end in spans for i in range(start, end)}
    assert covered & set(range(len(around), len(around) + len(word)))


@pytest.mark.parametrize(
    ("text", "terms", "want"),
    [
        ("加裝電梯很簡單", ["电梯", "简单"], ["電梯", "簡單"]),
        ("年轻干部和年轻人", ["年轻", "年轻干部"], ["年轻干部", "年轻"]),
        ("2012年12月", ["12"], ["12"]),
        ("C919和XC919", ["c919"], ["C919"]),
        ("GB/T 7714", ["gb", "7714"], ["GB", "7714"]),
        ("他的馒头的确好", ["的", "馒头"], ["馒头"]),
        ("他的书", ["的"], ["的"]),
        ("没有", ["电梯"], []),
        ("他在馒头店买了糖", ["的", "在", "馒头", "了", "糖"], ["馒头", "糖"]),
        ("為什麼馒头發不起來", ["为什么", "馒头"], ["馒头"]),
        ("為什麼", ["为什么"], ["為什麼"]),
        ("", ["电梯"], []),
        ("电梯", [], []),
    ],
)
def test_marks(text, terms, want):
    assert marked(text, terms) == want


@given(st.lists(TEXTS, max_size=5), st.text(alphabet=CHARACTERS, min_size=1, max_size=8))
def test_texts_do_not_meet_one_another(texts, question):
    terms = TOKENIZER.terms(question)
    assert highlight(texts, terms, TOKENIZER) == [one(text, terms) for text in texts]


def test_a_phrase_is_not_marked_from_one_text_into_the_next():
    assert highlight(["加装", "电梯"], ["加装\n电梯", "电梯"], TOKENIZER) == [(), ((0, 2),)]


def test_a_lone_character_inside_a_word_is_not_marked():
    assert marked("目的地", ["的"]) == []


def test_function_words_are_folded_as_terms_are():
    assert {fold(word) for word in FUNCTION_WORDS} == FUNCTION_WORDS


SYNONYMS = Tokenizer(synonyms=[["电梯", "升降机", "垂直升降设备"], ["干部", "公务人员"]])
NOISE = st.text(alphabet="电電梯升降机機垂直设備备干幹部公务務人员員的了在 \n\x00\ufeff\u200bA1１Ａ，。", max_size=60)


@given(NOISE, st.text(alphabet="电電梯幹部干的在A1１", min_size=1, max_size=10).filter(str.strip))
def test_marks_fold_to_a_term_of_the_query_or_to_a_synonyms(text, question):
    query = parse(question, SYNONYMS)
    typed = set(SYNONYMS.terms(question))
    meant = typed | {term for word in typed for phrase in SYNONYMS.synonyms(word) for term in phrase}
    spans = one(text, query.terms, SYNONYMS)
    marks = {closed(fold(text[a:b])) for a, b in spans}
    assert marks <= set(map(closed, meant))
    assert not marks & FUNCTION_WORDS or marks <= FUNCTION_WORDS


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """The crawled articles as they come: mixed scripts, pinyin in the text, bytes lost."""
    path = tmp_path_factory.mktemp("noisy") / "index"
    update_index(read_sources([need_shared("seeds")]), path, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder()) as engine:
        yield engine


def test_marks_in_crawled_articles_fold_to_a_term(noisy):
    rng = random.Random(0)
    articles = [item for item in read_sources([need_shared("seeds")]) if isinstance(item, Article)]
    marked = 0
    for _ in range(60):
        text = rng.choice(articles).text
        start = rng.randrange(max(1, len(text) - 12))
        question = text[start : start + rng.randint(2, 12)]
        if not question.strip():
            continue
        terms = {*parse(question, noisy._tokenizer).marked}
        for result in noisy.search(question, SearchOptions(mode="bm25", k=5)).results:
            text_of = noisy.article(result.article_id).article.text
            for passage in result.passages:
                assert passage.text == text_of[passage.start : passage.end]
                marks = {fold(passage.text[a:b]) for a, b in passage.highlights}
                assert marks <= terms
                marked += len(marks)
    assert marked > 100


def test_the_sentences_around_a_passage_end_and_begin_where_it_does():
    text = "先看表。再关阀。打开龙头。放五分钟水。最后检查。"
    start = text.index("打开")
    assert surroundings(text, start, start + 5, 1) == ("再关阀。", "放五分钟水。")
    assert surroundings(text, start, start + 5, 9) == ("先看表。再关阀。", "放五分钟水。最后检查。")
    assert surroundings(text, start + 2, start + 4, 1) == ("打开", "。")
    assert surroundings(text, 0, len(text), 3) == ("", "")


@given(st.text(alphabet="水电，。\n甲乙！", max_size=60), st.data())
def test_what_stands_around_a_passage_joins_it(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    before, after = surroundings(text, start, end, data.draw(st.integers(1, 4)))
    assert text[:start].endswith(before)
    assert text[end:].startswith(after)


def test_the_sentence_nearest_by_meaning_is_set_off():
    encoder = HashEncoder()
    texts = ["先放水。\n  变清后再用！还有别的。", "？！", "只有一句"]
    asked = []
    spans = focus(
        texts, encoder.queries(["变清后用"])[0], lambda pieces: asked.append(pieces) or encoder.queries(pieces)
    )
    assert [text[slice(*span)] if span else None for text, span in zip(texts, spans, strict=True)] == [
        "变清后再用！",
        None,
        "只有一句",
    ]
    assert asked == [["先放水。", "变清后再用！", "还有别的。"]]
    assert focus(texts, np.zeros(64, np.float32), encoder.queries) == [None, None, None]
    assert focus([], encoder.queries(["水"])[0], encoder.queries) == []


@pytest.mark.parametrize("mode", ["dense", "hybrid", "bm25"])
def test_an_answer_sets_off_a_sentence_of_each_best_passage(engine, mode):
    answer = engine.search("飞机由上海飞往北京", SearchOptions(mode=mode, focus=True))
    spans = [result.passages[0].focus for result in answer.results]
    assert all(passage.focus is None for result in answer.results for passage in result.passages[1:])
    assert spans
    assert all((span is None) == (mode == "bm25") for span in spans)
    best = answer.results[0].passages[0]
    if mode != "bm25":
        assert best.text[slice(*best.focus)] == "飞机由上海飞往北京。"
        shown = answer.to_json()["results"][0]["passages"][0]
        assert tuple(shown["focus"]) == best.focus


def test_by_default_a_sentence_is_set_off_where_no_word_is_marked(engine):
    best = [result.passages[0] for result in engine.search("飞机由上海飞往北京", SearchOptions(mode="dense")).results]
    assert {bool(passage.highlights) for passage in best} == {True, False}
    assert all((passage.focus is None) == bool(passage.highlights) for passage in best)


def test_no_sentence_is_set_off_where_none_is_wanted(engine):
    results = engine.search("飞机", SearchOptions(focus=False)).results
    assert results
    assert all(passage.focus is None for result in results for passage in result.passages)
