"""Postings against rank-bm25 over real texts, and against themselves: merged, saved, asked for single rows."""

import json

import numpy as np
import pytest
import rank_bm25
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.tokenizer import Tokenizer
from index.retrieval.bm25 import Bm25
from index.segments.postings import Postings
from tests.conftest import need_shared

QUERIES = [
    "加装电梯 需要多少业主同意",
    "年轻干部 双导师",
    "的 了 在",
    "2024年 补贴",
    "如何 预防 中暑",
    "没有这个词噢噢噢",
]
DOCUMENTS = st.lists(st.lists(st.sampled_from("天地人你我他"), max_size=8), max_size=8)


def scores_of(postings: Postings, terms: list[str], bm25: Bm25) -> np.ndarray:
    """Scores of every document, by the same calls as `index.retrieval.scorer`."""
    n = len(postings.lengths)
    df = np.diff(postings.starts)
    mean_idf = float(bm25.idf(df, n).mean())
    norms = bm25.norms(postings.lengths, float(postings.lengths.mean()))
    out = np.zeros(n, np.float32)
    for term in terms:
        number = postings.terms.find(term)
        if number >= 0:
            idf = bm25.floor(bm25.idf(df[[number]], n), mean_idf)
            docs, tfs = postings.of(number)
            out[docs] += idf[0] * bm25.saturation(tfs, norms[docs])
    return out


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer()


@pytest.fixture(scope="module")
def corpus(sample_passages, tokenizer) -> list[list[str]]:
    return [tokenizer.terms(text) for text in sample_passages]


@pytest.fixture(scope="module")
def postings(corpus) -> Postings:
    return Postings.build(corpus)


@pytest.mark.parametrize(("k1", "b", "epsilon"), [(1.5, 0.75, 0.25), (1.2, 0.3, 0.1)])
def test_okapi_scores_are_rank_bm25s_on_the_samples(corpus, postings, tokenizer, k1, b, epsilon):
    reference = rank_bm25.BM25Okapi(corpus, k1=k1, b=b, epsilon=epsilon)
    ours = Bm25("okapi", k1=k1, b=b, epsilon=epsilon)
    assert len(corpus) > 150
    for query in QUERIES:
        terms = tokenizer.terms(query)
        want = reference.get_scores(terms)
        assert scores_of(postings, terms, ours) == pytest.approx(want, abs=1e-5, rel=1e-5), query
    assert reference.get_scores(tokenizer.terms(QUERIES[0])).max() > 5


def test_okapi_scores_are_rank_bm25s_on_cmrc2018(tokenizer):
    folder = need_shared("data", "eval", "cmrc2018")
    records = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    corpus = [tokenizer.terms(f"{record.get('title', '')}\n{record['text']}") for record in records]
    queries = [json.loads(line)["text"] for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    postings, reference = Postings.build(corpus), rank_bm25.BM25Okapi(corpus)
    for query in queries[::100]:
        terms = tokenizer.terms(query)
        want = reference.get_scores(terms)
        got = scores_of(postings, terms, Bm25("okapi", k1=1.5))
        assert got == pytest.approx(want, abs=1e-5, rel=1e-5), query
        assert want.max() > 0


def test_plus_is_rank_bm25s_but_for_the_delta_it_gives_to_documents_without_a_term(corpus, postings, tokenizer):
    reference, ours = rank_bm25.BM25Plus(corpus, k1=1.5, b=0.75, delta=1.0), Bm25("plus", k1=1.5, delta=1.0)
    for query in QUERIES:
        terms = tokenizer.terms(query)
        given = [sum(reference.idf.get(term, 0.0) for term in terms if term not in set(doc)) for doc in corpus]
        got = scores_of(postings, terms, ours) + given
        assert got == pytest.approx(reference.get_scores(terms), abs=1e-5, rel=1e-5), query


def test_l_is_rank_bm25s_but_for_a_tf_too_many(corpus, postings, tokenizer):
    reference, ours = rank_bm25.BM25L(corpus, k1=1.5, b=0.75, delta=0.5), Bm25("l", k1=1.5, delta=0.5)
    for term in {term for query in QUERIES for term in tokenizer.terms(query)}:
        tf = np.asarray([document.count(term) for document in corpus])
        got = tf * scores_of(postings, [term], ours)
        assert got == pytest.approx(reference.get_scores([term]), abs=1e-5, rel=1e-5), term


def test_a_term_counts_as_often_as_it_is_asked_for(corpus, postings, tokenizer):
    terms = tokenizer.terms("电梯")
    once, twice = scores_of(postings, terms, Bm25()), scores_of(postings, terms * 2, Bm25())
    assert once.max() > 0
    assert twice == pytest.approx(2 * once)


@settings(max_examples=50)
@given(DOCUMENTS, st.sampled_from(["lucene", "okapi", "plus", "l"]))
def test_parts_of_single_rows_are_what_is_added_to_all(documents, variant):
    postings, bm25 = Postings.build(documents), Bm25(variant)
    norms = bm25.norms(postings.lengths, 3.0)
    rows = np.arange(len(documents))[::-1].copy()
    for number in range(len(postings.terms)):
        out = np.zeros(len(documents), np.float32)
        docs, tfs = postings.of(number)
        out[docs] = bm25.saturation(tfs, norms[docs])
        tfs = postings.frequencies(number, rows)
        present = np.flatnonzero(tfs)
        parts = np.zeros(len(rows))
        parts[present] = bm25.saturation(tfs[present], norms[rows[present]])
        assert parts == pytest.approx(out[rows], abs=1e-6)
        assert parts.max(initial=0) <= bm25.k1 + 1 + bm25.delta * (variant == "plus")
        assert (out > 0).sum() == postings.df(number)


@settings(max_examples=50)
@given(DOCUMENTS)
def test_documents_and_frequencies_are_the_documents_own(documents):
    postings = Postings.build(documents)
    assert postings.lengths.tolist() == [len(document) for document in documents]
    for number, term in enumerate(postings.terms):
        holders = [i for i, document in enumerate(documents) if term in document]
        assert postings.documents(number).tolist() == holders
        low, high = postings.starts[number : number + 2]
        assert postings.tfs[low:high].tolist() == [documents[i].count(term) for i in holders]
    assert postings.df(-1) == 0
    assert postings.documents(-1).tolist() == []
    assert [len(none) for none in postings.of(-1)] == [0, 0]
    assert postings.frequencies(-1, np.arange(len(documents))).tolist() == [0] * len(documents)


def same(a: Postings, b: Postings) -> bool:
    """Equal in every file."""
    arrays = all(getattr(a, n).tolist() == getattr(b, n).tolist() for n in ("starts", "docs", "tfs", "lengths"))
    return arrays and list(a.terms) == list(b.terms)


@settings(max_examples=20)
@given(documents=DOCUMENTS)
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, documents):
    folder = tmp_path_factory.mktemp("postings")
    postings = Postings.build(documents)
    postings.save(folder, "words")
    assert same(Postings.load(folder, "words"), postings)


def test_a_term_that_stands_often_is_counted_in_full():
    postings = Postings.build([["天"] * 300, ["天"] * 70_000])
    assert postings.tfs.tolist() == [300, 70_000]
