"""What people type, checked and cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.tokenizer import Tokenizer
from index.errors import BadOption, BadQuery
from search.models import SearchOptions
from search.query.parse import MAX_K, MAX_OFFSET, MAX_QUERY, check, parse

TOKENIZER = Tokenizer(synonyms=[["电脑", "计算机"]])


@pytest.mark.parametrize("text", ["", " ", "\n\t　"])
def test_an_empty_query_is_refused(text):
    with pytest.raises(BadQuery, match="the query is empty"):
        parse(text, TOKENIZER)


def test_a_query_may_be_as_long_as_the_limit_and_no_longer():
    assert parse("字" * MAX_QUERY, TOKENIZER).text == "字" * MAX_QUERY
    with pytest.raises(BadQuery, match=f"got {MAX_QUERY + 1} characters, want at most {MAX_QUERY}"):
        parse("字" * (MAX_QUERY + 1), TOKENIZER)


@given(st.text(min_size=1, max_size=80))
def test_any_text_is_cut_or_refused_as_empty(text):
    if not text.strip():
        with pytest.raises(BadQuery):
            parse(text, TOKENIZER)
        return
    query = parse(text, TOKENIZER)
    assert set(query.terms) == set(query.lexical.words)
    assert all(weight > 0 for weight in [*query.lexical.words.values(), *query.lexical.bigrams.values()])
    query.text.encode("utf-8")


def test_words_and_bigrams_are_counted():
    query = parse("  干部 干部培训 ", TOKENIZER)
    assert query.text == "干部 干部培训"
    assert query.lexical.words == {"干部": 2.0, "培训": 1.0}
    assert query.lexical.bigrams == {"干部": 2.0, "部培": 1.0, "培训": 1.0}


def test_both_scripts_ask_the_same():
    assert parse("隨州幹部素質", TOKENIZER).lexical == parse("随州干部素质", TOKENIZER).lexical
    assert parse("隨州幹部", TOKENIZER).folded == "随州干部"


@pytest.mark.parametrize(
    ("text", "runs"), [("养犬 管理", {"养犬"}), ("養犬", {"养犬"}), ("鹅和鸭", set()), ("船的帆", set())]
)
def test_words_of_one_character_side_by_side_are_marked_as_one(text, runs):
    query = parse(text, TOKENIZER)
    assert set(query.marked) - set(query.terms) == runs


def test_synonyms_are_asked_for_at_half_weight():
    assert parse("电脑维修", TOKENIZER).lexical.words == {"电脑": 1.0, "维修": 1.0, "计算机": 0.5}
    assert parse("电脑计算机", TOKENIZER).lexical.words == {"电脑": 1.0, "计算机": 1.0}


def test_words_that_only_ask_weigh_less_unless_they_are_all_there_is():
    words = parse("馒头为什么发不起来", TOKENIZER).lexical.words
    assert words["为什么"] < 1.0 == words["馒头"]
    assert parse("为什么", TOKENIZER).lexical.words["为什么"] == 1.0


def test_a_query_of_operators_has_no_terms():
    query = parse("？！……", TOKENIZER)
    assert not query.lexical
    assert query.terms == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (SearchOptions(k=0), f"k: got 0, want 1..{MAX_K}"),
        (SearchOptions(k=-3), "k: got -3"),
        (SearchOptions(k=1_000_000), "k: got 1000000"),
        (SearchOptions(offset=-1), f"offset: got -1, want 0..{MAX_OFFSET}"),
        (SearchOptions(offset=MAX_OFFSET + 1), f"offset: got {MAX_OFFSET + 1}"),
        (SearchOptions(mode="magic"), "mode: got 'magic', want one of hybrid, bm25, dense"),  # type: ignore[arg-type]
        (SearchOptions(group="day"), "group: got 'day', want one of article, chunk"),  # type: ignore[arg-type]
    ],
)
def test_options_without_an_answer_are_refused(options, message):
    with pytest.raises(BadOption) as caught:
        check(options)
    assert message in caught.value.message


def test_the_limits_themselves_are_allowed():
    for options in (SearchOptions(k=1), SearchOptions(k=MAX_K, offset=MAX_OFFSET, mode="dense", group="chunk")):
        assert check(options) is None
