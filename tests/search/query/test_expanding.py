"""Expansion of a question: what is added, what it weighs, and that it changes nothing where it is not wanted."""

import pytest

from index.analysis.short_forms import ShortForms, learned
from index.analysis.tokenizer import Tokenizer
from search.query.parse import parse, plainly

FORMS = ShortForms(learned({}, [("低保", "最低生活保障")]))
TOKENIZER = Tokenizer(synonyms=[["电梯", "升降机"]])


def test_short_forms_and_synonyms_are_added_with_less_weight():
    query = parse("低保户的电梯", TOKENIZER, FORMS)
    assert set(query.expanded) == {"低保", "电梯"}
    assert query.expanded["电梯"] == {"升降机": 0.5}
    others = query.expanded["低保"]
    assert set(others) == set(TOKENIZER.terms("最低生活保障"))
    assert sum(others.values()) <= 0.5 * len(TOKENIZER.terms("低保")) + 1e-9
    assert query.lexical.words == {**query.own_words, **others, "升降机": 0.5}
    assert set(query.terms) == set(query.lexical.words)


@pytest.mark.parametrize("text", ["低保户的电梯", "最低生活保障 -电梯"])
def test_without_it_a_question_is_its_own_words(text):
    plain = parse(text, TOKENIZER, FORMS, expand=False)
    assert plain.expanded == {}
    assert plain.lexical.words == plain.own_words == parse(text, TOKENIZER, FORMS).own_words


def test_what_is_typed_keeps_its_weight():
    query = parse("低保和最低生活保障", TOKENIZER, FORMS)
    assert all(query.lexical.words[term] == 1.0 for term in TOKENIZER.terms("最低生活保障"))


def test_nothing_learned_adds_nothing():
    assert parse("低保", TOKENIZER, ShortForms(None)).expanded == {}
    assert plainly(parse("低保 +电", TOKENIZER), "低保 +电", TOKENIZER).where is None
