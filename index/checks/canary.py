"""Canary queries: an index built anew must find what the old one held, or it does not take the old one's place."""

import random
from collections.abc import Sequence

import numpy as np

from index.analysis.tokenizer import Tokenizer
from index.backend import Backend
from index.encoders.base import Encoder
from index.errors import NotFound, SelfCheckFailed
from index.models import Filters, Hit, LexicalQuery, article_of

CANARIES = 32  # articles of the old index that are asked for by their titles
_MAX_RANK = 100  # places in which they are looked for
_MIN_QUERIES_FOR_DENSE = 8  # so many must be there before the dense leg is judged by them
_SAME_SCORE_THRESHOLD = 1e-4  # scores that differ by less are one


def check_canaries(old: Backend, new: Backend, tokenizer: Tokenizer, encoder: Encoder) -> int:
    """Ask `new` for articles that both indexes hold by the titles they have in `old`; returns how many were asked for.

    Raises SelfCheckFailed where the lexical leg finds less than half of them, or the dense leg none of them.
    """
    asked = found = near = 0
    for article_id, title in _titles(old, new):
        words = tokenizer.terms(title)
        if not words:
            continue
        asked += 1
        query, vector = LexicalQuery(dict.fromkeys(words, 1.0)), encoder.queries([title])[0]
        (own,) = new.evidence(query, vector, [f"{article_id}:0"])
        hits = new.lexical(query, k=_MAX_RANK, filters=Filters())
        # One of a hundred with the same title counts as found where those before it are no worse.
        found += (
            own.bm25 > 0
            and bool(hits)
            and (len(hits) < _MAX_RANK or hits[-1].score > own.bm25 - _SAME_SCORE_THRESHOLD or _in(article_id, hits))
        )
        near += bool(np.isfinite(own.cosine)) and _in(article_id, new.dense(vector, k=_MAX_RANK, filters=Filters()))
    if 2 * found < asked or (asked >= _MIN_QUERIES_FOR_DENSE and not near):
        raise SelfCheckFailed(
            f"the index built anew finds {found} of {asked} articles by the words of their titles and {near} by their "
            "vectors; the old index stays",
            hint="wensou analyze TEXT shows the terms; the tokenizer or the encoder is broken",
        )
    return asked


def _in(article_id: str, hits: Sequence[Hit]) -> bool:
    return any(article_of(chunk_id) == article_id for chunk_id, _ in hits)


def _titles(old: Backend, new: Backend) -> list[tuple[str, str]]:
    """Id and title of articles in both, drawn at random of the old."""
    out = []
    for stored in old.sample(2 * CANARIES, random.Random(0)):
        try:
            new.article(stored.article.article_id)
        except NotFound:
            continue
        out.append((stored.article.article_id, stored.article.title))
    return out[:CANARIES]
