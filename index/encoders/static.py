"""Text -> unit vectors: the bundled static encoder, or any sentence-transformers model.

The bundled one is a table of token vectors and one of vectors of neighbouring tokens; a text is the normalised sum
of its rows. It needs numpy and tokenizers, loads in a blink and never imports torch.
`SentenceTransformer(folder, trust_remote_code=True)` reads the same files and gives the same vectors.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.encoders.static_table import LENGTH_EXPONENT, RowTable
from index.encoders.taught import joined, read_taught
from index.encoders.token_pairs import (
    Reach,
    damped,
    length_norms,
    lengths_of,
    neighbours,
    pair_rows,
    passage_scales,
    two_apart,
)
from index.encoders.vectors import hash_files
from index.errors import EncoderUnavailable
from index.models import Vectors
from index.storage.arrays import map_tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Tokens = tuple[NDArray[np.int64], NDArray[np.int64]]

_BATCH_TEXTS = 1024  # texts encoded at once by a thread
MIN_PASSAGES_FOR_TABLES = 1_000  # passages from which the tables that `prepare_for_many` makes pay: .3 s and 24 MB


class StaticEncoder:
    """Rows of int8 with one scale each, for tokens and for pairs of neighbours, behind a tokenizer that folds itself.

    A token's row fills the first columns of a vector and a pair's the last, so that a vector's head is the words
    alone. A model without pairs (as model2vec and sentence-transformers save them) is read as well.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """`folder` holds `tokenizer.json` and `model.safetensors`.

        That is `embeddings` int8 (tokens, columns), `weights` float32 (tokens), and where there are pairs `pairs` int8
        (pairs, columns), `pair_weights` float32 (pairs), `shares` float32 (tokens). `power` float32 (1): a token that
        stands n times in a text counts n ** power; 1 where it is missing. `LENGTH_EXPONENT` float32 (1): short
        passages count less by it (`index.encoders.token_pairs.length_norms`); 0 where it is missing. `reach` float32
        (3): which pairs count in short texts and in long ones (`index.encoders.token_pairs.Reach`); only neighbours,
        all alike, where missing. `taught` float32 (5): which columns of tokens learned from a teacher, and how much
        they count (`index.encoders.taught.Taught`); none where missing.
        """
        self.name = name
        self._folder = folder
        # Texts -> their tokens. Of the ways to cut them, which give the same, it is the quickest for what is to come.
        self._cut: Callable[[Sequence[str]], Tokens] = self._cut_first
        self._prepared = False
        self._changing = Lock()
        try:
            tensors = map_tensors(folder / "model.safetensors")
            if "embeddings" in tensors:
                self._tokens = RowTable(tensors["embeddings"], tensors["weights"])
            else:
                rows = tensors["embedding.weight"].astype(np.float32)
                self._tokens = RowTable(rows, np.ones(len(rows), np.float32))
            self._pairs = RowTable(tensors["pairs"], tensors["pair_weights"]) if "pairs" in tensors else None
            self._shares: Vectors = tensors.get("shares", np.zeros(0, np.float32))
            self.power = float(tensors["power"][0]) if "power" in tensors else 1.0
            self.length_exponent = float(tensors[LENGTH_EXPONENT][0]) if LENGTH_EXPONENT in tensors else 0.0
            self.reach = Reach(*tensors["reach"].tolist()) if "reach" in tensors else Reach()
            self.taught = read_taught(tensors, self._tokens.columns)
        except (OSError, ValueError, KeyError) as error:
            raise _unreadable(name, error) from error
        self.dim = self._tokens.columns + (self._pairs.columns if self._pairs else 0)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the weights and the tokenizer, which holds the folding too."""
        return "static-" + hash_files([self._folder / "model.safetensors", self._folder / "tokenizer.json"])

    @cached_property
    def tokenizer(self) -> "Tokenizer":
        """The whole tokenizer, which takes .1 s to load. Raises EncoderUnavailable where its library refuses it."""
        from tokenizers import Tokenizer

        try:
            whole = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        except Exception as error:  # the library raises Exception itself
            raise _unreadable(self.name, error) from error
        whole.no_truncation()
        whole.no_padding()
        return whole

    def tables(self) -> tuple[Vectors, Vectors, Vectors]:
        """Rows of tokens and of pairs decoded, not of length 1, and each token's share in its pairs."""
        pairs = self._pairs.table() if self._pairs else np.zeros((0, 0), np.float32)
        return self._tokens.table(), pairs, self._shares.copy()

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dim) of questions."""
        return self._sums(*self._cut(texts))

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dim) of passages; of many block by block on several threads (numpy lets go of the lock)."""
        if len(texts) <= _BATCH_TEXTS:
            return self._sums(*self._cut(texts), passages=True)
        blocks = [texts[begin : begin + _BATCH_TEXTS] for begin in range(0, len(texts), _BATCH_TEXTS)]
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            return np.concatenate([*pool.map(lambda block: self._sums(*self._cut(block), passages=True), blocks)])

    def _cut_first(self, texts: Sequence[str]) -> Tokens:
        """With a tokenizer that knows only what can stand in `texts`, in a third of the time that the whole one takes
        to load: many a process asks one question and ends.
        """
        from index.encoders.unigram import narrowed

        with self._changing:
            if self._cut == self._cut_first:
                self._cut = self._cut_by_library
        few = narrowed(self._folder / "tokenizer.json", texts)
        if few is None:
            return self._cut_by_library(texts)
        tokenizer, ids = few
        found, ends = _ids(tokenizer, texts)
        return ids.take(found), ends

    def _cut_by_library(self, texts: Sequence[str]) -> Tokens:
        return _ids(self.tokenizer, texts)

    def prepare_for_many(self) -> None:
        """Decode all rows and make tables for whole batches, once and for good: for who will encode by the thousand.

        Nothing else does: what a process that answers questions holds does not depend on what it was asked before.
        """
        from index.encoders.unigram import Unigram

        with self._changing:
            if self._prepared:
                return
            for rows in (self._tokens, self._pairs):
                if rows:
                    rows.keep()
            unigram = Unigram.of(self.tokenizer)
            self._cut = unigram.batch if unigram else self._cut_by_library
            self._prepared = True

    def _sums(self, ids: NDArray[np.int64], ends: NDArray[np.int64], *, passages: bool = False) -> Vectors:
        vectors = np.zeros((len(ends) - 1, self.dim), np.float32)
        damp = self.power != 1
        words = damped(ids, ends, self.power) if damp else (ids, ends, None)
        self._tokens.add(vectors[:, : self._tokens.columns], *words, ascending=damp)
        columns = slice(self._tokens.columns - self.taught.columns, self._tokens.columns)
        part = vectors[:, columns].copy()  # a part of its own, until all else is brought to its length
        vectors[:, columns] = 0
        if self._pairs:
            left = neighbours(ends)
            one, other = ids[left], ids[left + 1]
            shares = self._shares[one] * self._shares[other]
            rows = pair_rows(one, other, len(self._pairs))
            beside = vectors[:, self._tokens.columns :]
            self._pairs.add(beside, rows, np.searchsorted(left, ends), shares)
            if self.reach.fall:
                beside *= self.reach.near(ends)[:, None]
        lengths = lengths_of(vectors) if passages else None  # before pairs two apart, which come on top
        if self._pairs and self.reach.apart(ends).any():
            texts, rows, starts, shares = two_apart(ids, ends, self._shares, len(self._pairs), self.reach)
            more = np.zeros((len(texts), self._pairs.columns), np.float32)
            self._pairs.add(more, rows, starts, shares)
            beside[texts] += more
        if lengths is not None:
            given = passage_scales(vectors, lengths, length_norms(ends, self.length_exponent))
        else:
            lengths = lengths_of(vectors)
            known = (lengths > 1e-12).astype(np.float32)
            given = (known / np.maximum(lengths, np.float32(1e-12))).astype(np.float32), known
        if self.taught.columns:
            return joined(vectors, part, columns, self.taught, given, self.taught.factors(ends) if passages else None)
        vectors *= given[0][:, None]
        return vectors


def _ids(tokenizer: "Tokenizer", texts: Sequence[str]) -> Tokens:
    """Tokens of all texts back to back, and where each text's begin and the last's end: (n + 1,)."""
    rows = [found.ids for found in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
    ends = np.cumsum([0] + [len(row) for row in rows])
    return np.fromiter(chain.from_iterable(rows), np.int64, int(ends[-1])), ends


def _unreadable(name: str, error: Exception) -> EncoderUnavailable:
    return EncoderUnavailable(
        f"the embedding model {name!r} cannot be read: {' '.join(str(error).split()) or type(error).__name__}",
        hint="reinstall Wensou for the bundled one; fetch or train the model again for others",
    )
