"""Whole batches cut at once: the pieces of rjieba, and the same terms and postings as article by article."""

import random
from itertools import accumulate

import numpy as np
import pytest
import rjieba
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.jieba_dictionary import numbers, words
from index.analysis.terms import Vocabulary, terms_of, terms_of_all
from index.analysis.tokenizer import Tokenizer
from index.analysis.trie import Table, best_strings
from index.analysis.word_cutter import WordCutter, short_cutter
from index.segments.inverter import invert
from tests.conftest import CORPUS, article, prepared

CUTTER = WordCutter(lambda text: rjieba.cut(text, False))
TOKENIZER = Tokenizer()
MIXED = st.text(
    alphabet="年轻幹部配備研究生命起源国发〔〕2023号GB/T7714c919%.-+#&_ ，。！”\n\t〇𠀀豈éかカ😀\ud800", max_size=200
)


def cut_by_library(text):
    pieces = rjieba.cut(text, False)
    return [0, *accumulate(map(len, pieces))][:-1], [numbers().get(piece, -1) for piece in pieces]


def cut(text):
    starts, found = CUTTER.cut(text)
    return starts.tolist(), found.tolist()


@given(MIXED.map(lambda text: text.replace("\ud800", "")))
def test_texts_are_cut_as_the_library_cuts_them(text):
    assert cut(text) == cut_by_library(text)


@pytest.mark.parametrize("seed", range(20))
def test_words_in_any_order_are_cut_as_the_library_cuts_them(seed):
    rng = random.Random(seed)
    some = [rng.choice(words()) if rng.random() < 0.7 else rng.choice("一丁七c9 ,+的") for _ in range(2_000)]
    together = "".join(some)  # runs longer than are walked side by side among them
    apart = "，".join("".join(some[at : at + 7]) for at in range(0, len(some), 7))
    assert cut(together) == cut_by_library(together)
    assert cut(apart) == cut_by_library(apart)


def test_every_character_is_cut_as_the_library_cuts_it():
    text = "".join(chr(code) for code in range(0x20, 0x32000) if not 0xD800 <= code < 0xE000)
    assert cut(text) == cut_by_library(text)


def test_a_lone_surrogate_is_a_piece():
    assert CUTTER.cut("灯塔\ud800灯塔").starts.tolist() == [0, 2, 3]


def test_no_text_has_no_pieces():
    assert CUTTER.cut("").starts.tolist() == []


def test_another_dictionary_is_noticed():
    assert TOKENIZER.cutter is not None
    assert CUTTER.agrees()
    assert not WordCutter(list).agrees()
    assert Tokenizer(["云计算平台"]).cutter is None


@given(MIXED.map(lambda text: text.replace("\ud800", "")[:64]), st.data())
def test_a_short_text_and_its_parts_are_cut_by_the_words_within(text, data):
    cutter = short_cutter(text)
    begin, end = (data.draw(st.integers(0, len(text))) for _ in range(2))
    for part in (text, text[begin:end]):
        assert cutter(part) == rjieba.cut(part, False)


@pytest.mark.parametrize("seed", range(5))
def test_a_few_words_are_cut_by_the_words_within(seed):
    rng = random.Random(seed)
    for _ in range(20):
        text = "".join(rng.choice(words()) if rng.random() < 0.8 else rng.choice("年c9 的,+#") for _ in range(12))
        assert short_cutter(text[:64])(text[:64]) == rjieba.cut(text[:64], False)


def test_a_longer_text_is_left_to_the_library():
    assert short_cutter("中" * 65) is None


LONG = article(
    "long", "研究生命起源。" * 60 + "无标点" * 300 + "国发〔2023〕1号，GB/T 7714-2015；c919 试飞", title="长文 ABC"
)


def test_articles_cut_together_have_the_terms_they_have_alone():
    stored = [item for item, _, _ in map(prepare, [*CORPUS, LONG])]
    known = Vocabulary(CUTTER)
    together = terms_of_all(stored, TOKENIZER, known)
    alone = [terms_of(item, TOKENIZER) for item in stored]
    assert together == alone
    assert not set(known.strings) & set(words())
    one, other, mixed = (dict(invert(terms)) for terms in (together, alone, [*together[:3], *alone[3:]]))
    for field, postings in one.items():
        for found in (other[field], mixed[field]):
            assert list(found.terms) == list(postings.terms)
            assert all(np.array_equal(getattr(found, n), getattr(postings, n)) for n in ("starts", "docs", "tfs"))


def prepare(item):
    stored, terms = prepared([item])[:2]
    return stored[0], terms[0], ()


@given(st.dictionaries(st.integers(0, 2**43 - 1), st.integers(0, 2**20 - 1)), st.lists(st.integers(0, 2**43 - 1)))
def test_a_table_finds_what_is_in_it(entries, others):
    table = Table(np.array([*entries], np.int64), np.array([*entries.values()], np.int64))
    asked = [*entries, *others]
    assert table.find(np.array(asked, np.int64)).tolist() == [entries.get(key, -1) for key in asked]


@given(
    st.lists(st.integers(1, 9), max_size=5),
    st.sets(st.tuples(st.integers(0, 60), st.integers(2, 5))),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_runs_walked_side_by_side_have_the_best_ways_that_each_has_alone(sizes, found, backwards, rng):
    ends = np.cumsum([size + 1 for size in sizes], dtype=np.int64)
    begins = ends - np.array(sizes, np.int64)
    places = 1 + int(ends.max(initial=0))
    inside = {(b, n) for b, n in found if any(x <= b and b + n <= y for x, y in zip(begins, ends, strict=True))}
    strings = sorted(inside, key=lambda string: string[1])
    alone = np.array([rng.choice((-3.0, -1.0, -np.inf)) for _ in range(places)])
    scores = {string: rng.choice((-2.0, -3.0, -4.0)) for string in strings}
    columns = (np.array([string[n] for string in strings], np.int64) for n in (0, 1))
    best = best_strings(begins, ends, alone, *columns, np.array([*scores.values()]), backwards=backwards)
    chosen = {}
    for begin, length in (strings[n] for n in best):
        chosen[begin if backwards else begin + length] = length
    want = {}
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        ways = {end if backwards else begin: 0.0}
        for at in range(end - 1, begin - 1, -1) if backwards else range(begin + 1, end + 1):
            first = at if backwards else at - 1
            ways[at] = alone[first] + ways[at + 1 if backwards else at - 1]
            for length in range(2, 6):
                one = (at, length) if backwards else (at - length, length)
                if one in scores and scores[one] + ways[at + length if backwards else at - length] >= ways[at]:
                    ways[at] = scores[one] + ways[at + length if backwards else at - length]
                    want[at] = length
    assert chosen == want
