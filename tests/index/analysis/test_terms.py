"""Terms as numbers: the pairs, words and identifiers of a text cut once are those of its chunks cut one by one."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import terms as module
from index.analysis.bigrams import POSITION_BITS, pair_text, pairs_of
from index.analysis.chunk import chunk_spans
from index.analysis.fold import fold
from index.analysis.gaps import close_gaps
from index.analysis.terms import FIELDS, MIXED_BIGRAMS, Vocabulary, terms_of, terms_of_all
from index.analysis.tokenizer import Tokenizer
from index.models import Article, StoredArticle
from index.segments.inverter import invert
from index.segments.postings import Postings
from tests.conftest import CORPUS, article, prepared

TOKENIZER = Tokenizer()
TEXTS = st.text(alphabet="年轻幹部配備国发〔〕2023号GB/T7714C919%.-年月日 ，。！”\n〇𠀀豈", max_size=200)


def terms_in(text):
    return [token.term for token in TOKENIZER.tokens(text)]


def by_the_chunk(stored):
    """Words and bigrams of each chunk, and of the article: each chunk cut for itself."""
    text, words, bigrams, done = stored.article.text, [], [], 0
    body = terms_in(stored.article.title)
    for start, end, heading in stored.spans:
        own = terms_in(text[max(start, done) : end])
        body += own
        head = heading if heading and not text.startswith(heading, start) else ""
        words.append(Counter(terms_in(text[start:done]) + own + terms_in(head)))
        closed = [close_gaps(fold(part)).text for part in (text[start:end], head)]
        bigrams.append(Counter(gram for part in closed for gram in TOKENIZER.bigrams(part)))
        done = end
    return words, bigrams, Counter(body)


@given(TEXTS, st.sampled_from([20, 45]), st.sampled_from([5, 60]))
def test_a_text_cut_once_gives_what_its_chunks_give(text, size, at_once):
    spans = tuple(chunk_spans(text, size=size, overlap=size // 3)) if text else ()
    stored = StoredArticle(Article("a", "题目", text), spans, "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MIN_STRETCH_CHARS", at_once)
        found = terms_of(stored, TOKENIZER)
    words, bigrams, body = by_the_chunk(stored)
    assert [Counter(one) for one in found.words] == words
    assert [Counter(one) for one in found.bigrams] == bigrams
    assert Counter(found.body) == body


@given(TEXTS, st.lists(st.integers(0, 200), min_size=2, max_size=6))
def test_pairs_of_any_stretch_are_its_bigrams(text, edges):
    folded = fold(text)
    spans = [tuple(sorted((min(a, len(text)), min(b, len(text))))) for a, b in zip(edges, edges[1:], strict=False)]
    for (start, end), (bigrams, mixed_bigrams) in zip(spans, pairs_of(folded, spans), strict=True):
        part = folded[start:end]
        assert Counter(map(pair_text, bigrams.tolist())) == Counter(TOKENIZER.bigrams(part))
        han = [bool(TOKENIZER.bigrams(char)) for char in part]
        beside = [n for n in range(len(part) - 1) if part[n].isalnum() and part[n + 1].isalnum()]
        others = [n for n in beside if not (han[n] and han[n + 1])]
        assert list(map(pair_text, mixed_bigrams.tolist())) == [part[n : n + 2] for n in others]
        for number in [*bigrams.tolist(), *mixed_bigrams.tolist()]:
            assert part.startswith(pair_text(number), number & (1 << POSITION_BITS) - 1)


def test_a_mark_is_no_term_and_a_term_has_one_number():
    vocabulary = Vocabulary()
    numbers = vocabulary.numbers(["灯塔", "，", "很", "_", "灯塔", "\n"])
    assert numbers.tolist() == [0, 1, 2, 0]
    assert vocabulary.strings == ["灯塔", "很", "_"]


def test_articles_that_say_the_same_are_equal_and_others_are_not():
    one, same, other = (prepared([article("a", text)])[1][0] for text in ("灯塔很高。", "灯塔很高。", "灯塔很亮。"))
    assert one == same
    assert one != other
    assert one != "灯塔很高。"


def equal(one, other):
    arrays = all(np.array_equal(getattr(one, n), getattr(other, n)) for n in ("starts", "docs", "tfs", "lengths"))
    return arrays and list(one.terms) == list(other.terms) and one.tfs.dtype == other.tfs.dtype


def test_inverted_terms_are_the_postings_of_their_documents():
    terms = prepared([*CORPUS, article("long", "灯塔" * 700 + "。" + "海" * 300)])[1]
    made = dict(invert(terms))
    assert list(made) == [*FIELDS, MIXED_BIGRAMS]
    for field, postings in made.items():
        assert (postings.positions is not None) == (field in ("bigrams", MIXED_BIGRAMS))
        assert equal(postings, Postings.build(doc for item in terms for doc in item.documents(field))), field
    assert made["bigrams"].tfs.dtype == np.uint8


def test_articles_cut_together_have_the_terms_they_have_alone():
    stored = prepared([*CORPUS, article("long", "国发〔2023〕1号，GB/T 7714-2015；c919 试飞", title="长文 ABC")])[0]
    together = terms_of_all(stored, TOKENIZER, Vocabulary())
    alone = [terms_of(item, TOKENIZER) for item in stored]
    assert together == alone
    one, other = dict(invert(together)), dict(invert([*together[:3], *alone[3:]]))
    assert all(equal(other[field], postings) for field, postings in one.items())


def test_nothing_inverts_to_nothing():
    assert all(len(postings.terms) == len(postings.docs) == 0 for _, postings in invert([]))
