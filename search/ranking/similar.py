"""Articles like a given one: near to the mean of its passages, and holding its most telling words."""

from collections import Counter

import numpy as np

from index.analysis.tokenizer import Tokenizer
from index.backend import Backend
from index.models import Filters, LexicalQuery, article_of
from index.retrieval.signals import scale_cosine, two_levels
from search.models import Similar
from search.query.stopwords import FUNCTION_WORDS
from search.ranking.fusion import convex, scale_bm25
from search.ranking.weights import mix_of

_MAX_WORDS = 20  # telling words looked for; more of them only repeat what the article is about
_WEIGHT = 0.45  # of BM25: here it knows an article's words, not a question's
_CANDIDATES = 200  # chunks from each leg, beside the article's own


def similar(backend: Backend, tokenizer: Tokenizer, article_id: str, k: int) -> list[Similar]:
    """The `k` articles most like `article_id`, best first, never itself; NotFound for an unknown one.

    Scores, 0..1, are a fixed mix of both legs, on the scales of a search.
    """
    stored = backend.article(article_id)
    query = LexicalQuery(telling_words(backend, tokenizer, f"{stored.article.title}\n{stored.article.text}"))
    vector = backend.article_vector(article_id)
    depth = max(_CANDIDATES, 2 * k) + len(stored.spans)
    hits = backend.lexical(query, k=depth, filters=Filters())
    if vector.any():
        hits += backend.dense(vector, k=depth, filters=Filters())
    ids = list(dict.fromkeys(hit.chunk_id for hit in hits))
    ids = [chunk_id for chunk_id in ids if article_of(chunk_id) != article_id]
    candidates = backend.evidence(query, vector, ids)
    bm25 = scale_bm25(candidates.bm25)
    dense = scale_cosine(two_levels(candidates), floor=mix_of(backend).floor)
    scores = convex(bm25, dense, weight=_WEIGHT)
    best = candidates.best_of_articles(scores).tolist()
    found = zip(best, candidates.article_ids, strict=True)
    ordered = sorted(((score, other) for score, other in found if score > 0), key=lambda x: (-x[0], x[1]))
    return [_similar(backend, other, score) for score, other in ordered[:k]]


def telling_words(backend: Backend, tokenizer: Tokenizer, text: str) -> dict[str, float]:
    """The words of `text` with the greatest tf-idf over the index's chunks, each with weight 1 + ln tf."""
    chunks = backend.stats().chunks
    counts = Counter(term for term in tokenizer.terms(text) if len(term) > 1 and term not in FUNCTION_WORDS)
    weights = {term: 1.0 + float(np.log(count)) for term, count in counts.items()}
    value = {
        term: weight * float(np.log1p(chunks / max(1, backend.document_frequency(term))))
        for term, weight in weights.items()
    }
    best = sorted(value, key=lambda term: (-value[term], term))[:_MAX_WORDS]
    return {term: weights[term] for term in best}


def _similar(backend: Backend, article_id: str, score: float) -> Similar:
    article = backend.article(article_id).article
    return Similar(article_id, article.title, article.source, article.published, round(score, 6))
