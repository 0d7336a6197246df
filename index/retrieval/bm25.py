"""BM25: what one term adds to one document's score. rank-bm25 is the definition; the tests hold us to it.

    score(d, q) = sum over terms t of q:  idf(t) * saturation(tf, dl)

    okapi    idf = ln((N - df + .5) / (df + .5)), where negative: epsilon * mean idf  (Robertson & Zaragoza 2009;
             the floor is rank-bm25's);     saturation = tf (k1 + 1) / (tf + K)
    lucene   idf = ln(1 + (N - df + .5) / (df + .5)), never negative;   saturation as okapi's
    plus     idf = ln((N + 1) / df);        saturation = delta + tf (k1 + 1) / (tf + K)        (Lv & Zhai, CIKM 2011)
    l        idf = ln((N + 1) / (df + .5)); saturation = (k1 + 1)(c + delta) / (k1 + c + delta) with
             c = tf / (1 - b + b dl / avgdl)                                             (Lv & Zhai, SIGIR 2011)

    with K = k1 (1 - b + b dl / avgdl), dl the document's length in terms, N and avgdl those of the whole index.

Where rank-bm25 leaves the papers we stay with them: its L multiplies each term by tf once more, and its Plus gives
`idf(t) delta` to documents that do not hold t, too, which takes back the very bonus of those that do.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.config import Bm25Options


def lucene_idf(df: NDArray[np.number] | float, n: NDArray[np.number] | float) -> NDArray[np.float64]:
    """Lucene's idf, ln(1 + (n - df + .5) / (df + .5)), of terms that `df` of `n` documents hold; never negative."""
    return np.asarray(np.log1p((n - df + 0.5) / (df + 0.5)))


class Bm25(Bm25Options):
    """The formulas of one variant under its parameters."""

    @classmethod
    def of(cls, options: Bm25Options) -> Self:
        """The formulas for `options`."""
        return cls(options.variant, options.k1, options.b, options.delta, options.epsilon)

    def idf(self, df: NDArray[np.int64], n: NDArray[np.number] | float) -> NDArray[np.float64]:
        """Inverse document frequency of terms with document frequencies `df` among `n` documents (each its own, where
        these are several).

        For `okapi` the negative ones are left negative: see `floor`.
        """
        freq = np.maximum(df.astype(np.float64), 1e-9)
        if self.variant == "okapi":
            return np.asarray(np.log(n - freq + 0.5) - np.log(freq + 0.5))
        if self.variant == "lucene":
            return lucene_idf(freq, n)
        if self.variant == "plus":
            return np.asarray(np.log((n + 1) / freq))
        return np.asarray(np.log((n + 1) / (freq + 0.5)))

    def floor(self, idf: NDArray[np.float64], mean_idf: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """rank-bm25's floor for `okapi`: a negative idf becomes epsilon times the mean idf of all terms."""
        return np.where(idf < 0, self.epsilon * mean_idf, idf) if self.variant == "okapi" else idf

    def norms(self, lengths: NDArray[np.integer], average: float) -> NDArray[np.float32]:
        """K of each document, from `lengths` in terms and their average over the whole index; float32."""
        ratio = lengths / np.float64(average) if average > 0 else np.zeros(len(lengths))
        return np.asarray(self.k1 * (1 - self.b + self.b * ratio), dtype=np.float32)

    @property
    def formula(self) -> tuple[bool, float, float, float]:
        """What kernel.c works `saturation` out from: whether the variant is `l`, k1, k1 + 1, and what is added."""
        if self.variant == "l":
            return True, self.k1, self.k1 + 1, self.delta
        return False, self.k1, float(np.float32(self.k1 + 1)), float(np.float32(self.delta * (self.variant == "plus")))

    def saturation(self, tf: NDArray[np.integer], norm: NDArray[np.floating]) -> NDArray[np.floating]:
        """What idf is multiplied by, for term frequencies `tf` >= 1 in documents with K = `norm`."""
        if self.variant == "l":
            # Without k1, c counts for nothing: any term that is there gives 1.
            c = tf * (self.k1 / np.maximum(norm, 1e-9) if self.k1 else np.ones_like(norm)) + self.delta
            return np.asarray((self.k1 + 1) * c / (self.k1 + c))
        plain = tf * np.float32(self.k1 + 1) / (tf + norm)
        return np.asarray(plain + np.float32(self.delta)) if self.variant == "plus" else np.asarray(plain)
