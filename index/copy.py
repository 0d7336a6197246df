"""An index from one engine to another: texts, vectors and what was measured. Nothing is cleaned or encoded again.

Articles are cut into terms again, which gives the same terms, so that every engine may keep them in its own way. What
the target already holds is passed over, so that a copy that was interrupted goes on; at the end both are compared.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.analysis.terms import terms_of
from index.analysis.tokenizer import Tokenizer
from index.backend import Backend, IndexHandle, Recipe
from index.candidates import Candidates
from index.connect import open_handle
from index.errors import BadOption, IndexMissing, SelfCheckFailed
from index.models import Filters, LexicalQuery, StoredArticle, chunk_id_of

_CHUNKS_AT_ONCE = 4_096
_COMPARED = 50  # articles that are asked for in both
_TOLERANCE = 1e-4  # values that differ by less are one

Progress = Callable[[int, int], None]
"""Called with articles looked at, and how many there are."""


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy did: `copied` and `there` are articles, `removed` those the source does not hold."""

    copied: int
    there: int
    removed: int
    chunks: int
    compared: int
    commit: int


def copy_index(source: str | Path, target: str | Path, progress: Progress | None = None) -> CopyReport:
    """Make the index at `target` hold what the one at `source` holds.

    Raises what opening either raises, BadOption where the target was built otherwise, and SelfCheckFailed where both
    do not answer alike afterwards.
    """
    if str(source) == str(target):
        raise BadOption(f"copy: {source} is both source and target")
    handle = open_handle(source)
    old, description = handle.reader(), handle.describe()
    tokenizer = Tokenizer(old.config.user_words, old.config.synonyms)
    recipe = Recipe(old.config, description.fingerprint, description.encoder, tokenizer)
    to = open_handle(target)
    with to.lock():
        _check(target, to, recipe)
        writer = to.writer(recipe)
        try:
            ids = list(old.article_ids())
            batch: list[StoredArticle] = []
            copied = there = chunks = 0
            for done, article_id in enumerate(ids, start=1):
                stored = old.article(article_id)
                if writer.content_hash(article_id) == stored.content_hash:
                    there += 1
                else:
                    batch.append(stored)
                    copied += 1
                    chunks += len(stored.spans)
                if sum(len(one.spans) for one in batch) >= _CHUNKS_AT_ONCE or (batch and done == len(ids)):
                    vectors = np.concatenate([old.chunk_vectors(one.article.article_id) for one in batch])
                    writer.upsert(batch, [terms_of(one, tokenizer) for one in batch], vectors)
                    writer.checkpoint()
                    batch = []
                if progress:
                    progress(done, len(ids))
            removed = writer.delete(sorted(writer.ids() - set(ids)))
            writer.boilerplate = frozenset(old.calibration.get("boilerplate", ()))
            for name, value in old.calibration.items():
                if name != "boilerplate" and value != writer.calibration.get(name):
                    writer.calibrate(name, value)
            commit = writer.commit()
        finally:
            writer.close()
    new = to.reader()
    compared = compare(old, new, tokenizer)
    old.close()
    new.close()
    return CopyReport(copied, there, removed, chunks, compared, commit)


def _check(target: str | Path, to: IndexHandle, recipe: Recipe) -> None:
    try:
        built = to.describe().fingerprint
    except IndexMissing:
        return
    if built != recipe.fingerprint:
        raise BadOption(
            f"copy: the index at {target} was built with fingerprint {built}, the source with {recipe.fingerprint}",
            hint="copy to another name",
        )


def compare(old: Backend, new: Backend, tokenizer: Tokenizer) -> int:
    """Ask both for articles of the old one, by their titles and vectors; returns how many were asked for.

    Raises SelfCheckFailed where ids, texts, vectors or scores are not the same.
    """
    counts = [(one.stats().articles, one.stats().chunks) for one in (old, new)]
    if counts[0] != counts[1]:
        raise SelfCheckFailed(f"copy: got {counts[1]} articles and chunks, want {counts[0]}", hint="copy again")
    if set(old.article_ids()) != set(new.article_ids()):
        raise SelfCheckFailed("copy: the ids are others", hint="copy again")
    asked = old.sample(_COMPARED, random.Random(7))
    for stored in asked:
        name = stored.article.article_id
        vectors = old.chunk_vectors(name)
        words = tokenizer.terms(stored.article.title or stored.article.text[:40])
        query, vector = LexicalQuery(dict.fromkeys(words, 1.0)), vectors[0].astype(np.float32)
        ids = [chunk_id_of(name, n) for n in range(len(stored.spans))]
        same = new.article(name) == stored and np.array_equal(new.chunk_vectors(name), vectors)
        values = [_values(one.evidence(query, vector, ids)) for one in (old, new)]
        lists = [[hit.score for hit in one.dense(vector, k=5, filters=Filters())] for one in (old, new)]
        if not same or not _alike(values, _TOLERANCE) or not _alike(lists, 1e-2):
            raise SelfCheckFailed(f"copy: article {name!r} is another in the new index", hint="copy again")
    return len(asked)


def _alike(both: Sequence[Sequence[object]], most: float) -> bool:
    one, other = both
    return len(one) == len(other) and bool(np.allclose(np.asarray(one, float), np.asarray(other, float), atol=most))


def _values(candidates: Candidates) -> list[list[float]]:
    return [candidates.bm25.tolist(), candidates.cosine.tolist(), candidates.article_cosine.tolist()]
