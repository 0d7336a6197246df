"""How likely a run of Chinese characters is: a small trigram model, for judging repairs and telling text from noise.

Trained by `scripts/train_charmodel.py` on folded text (so one model serves both scripts) from openly licensed and
official sources. Everything here is in nats: a log probability of -5 is ordinary for a character, -15 is a freak.
"""

from functools import cache, cached_property, lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from index.analysis.characters import GBK_HAN
from index.analysis.fold import fold
from index.storage.arrays import read_arrays

STEP = 1 / 12  # nats per step of the quantised log probabilities
UNKNOWN = 0  # id of every character outside the vocabulary
FREQUENT = 4096  # characters of the dense table; ids follow their frequency
_BATCH_CHARS = 1_000  # characters of a text that are looked up together
_UNKNOWN_LOG_PROBABILITY = -13.0  # log probability of any one character outside the vocabulary
_CLASSES = str.maketrans(
    {
        **{c: "0" for c in "123456789"},
        **{c: "a" for c in "bcdefghijklmnopqrstuvwxyz"},
        **dict.fromkeys("\t\r\u3000\xa0", " "),
        "着": "著",  # one word in traditional text, two in simplified
    }
)


def normal(text: str) -> str:
    """The text as the model sees it: folded, any digit `0`, any Latin letter `a`. Same length."""
    return fold(text).translate(_CLASSES)


class _RawIds(dict[str, int]):
    """Character of display text -> id, filled as characters are met."""

    def __init__(self, ids: dict[str, int]) -> None:
        self._ids = ids

    def __missing__(self, char: str) -> int:
        number = self[char] = self._ids.get(normal(char), UNKNOWN)
        return number

    def learn(self, text: str) -> None:
        """Fill in the characters of `text` all at once, a hundred times as fast as one by one."""
        new = "".join(char for char in set(text) if char not in self)
        self.update((char, self._ids.get(folded, UNKNOWN)) for char, folded in zip(new, normal(new), strict=True))


Third = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


class CharModel:
    """Interpolated trigrams with absolute discounting over a fixed vocabulary of folded characters.

    Whole texts are judged by bigrams (`after`, `score`, `table`), which takes a lookup a character; a search among
    repairs asks for `third` too.
    """

    def __init__(self, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
        """Arrays as `scripts/train_charmodel.py` writes them.

        chars uint32 (V,), unigram uint8 (V,); of B bigrams rows uint32 (V+1,), gaps uint16 (B,), scores uint8 (B,); of
        T trigrams behind C pairs contexts uint32 (C,), context_sizes uint16 (C,), third_gaps, third_scores (T,).
        """
        codes = arrays["chars"].tolist()
        self.ids: dict[str, int] = {chr(code): number for number, code in enumerate(codes)}
        self.size = len(codes)
        self._raw = _RawIds(self.ids)
        logs = -arrays["unigram"].astype(np.float32) * np.float32(STEP)
        logs[UNKNOWN] = _UNKNOWN_LOG_PROBABILITY
        self._unigram: npt.NDArray[np.float32] = np.exp(logs)
        self._rows = arrays["rows"].astype(np.int64)
        self._gaps, self._scores = arrays["gaps"], arrays["scores"]
        self._contexts = np.cumsum(arrays["contexts"], dtype=np.int64)
        self._thirds = np.concatenate([[0], np.cumsum(arrays["context_sizes"], dtype=np.int64)])
        self._third_gaps, self._third_scores = arrays["third_gaps"], arrays["third_scores"]
        self._steps = arrays["unigram"][:FREQUENT].copy()
        self._steps[UNKNOWN] = round(-_UNKNOWN_LOG_PROBABILITY / STEP)
        self._row = lru_cache(maxsize=1024)(self._make_row)
        self.shares = lru_cache(maxsize=1024)(self._shares)

    def encode(self, text: str) -> list[int]:
        """Ids of the characters of `text` (display text is made `normal` first)."""
        if len(text) > _BATCH_CHARS:
            self._raw.learn(text)
        return [self._raw[char] for char in text]

    def _shares(self, before: int) -> npt.NDArray[np.float32]:
        """Probability of every character of the vocabulary after `before`: float32 (V,)."""
        start, end = self._rows[before], self._rows[before + 1]
        seen = np.exp(-self._scores[start:end].astype(np.float32) * np.float32(STEP))
        left = max(1.0 - float(seen.sum()), 0.02)
        row = self._unigram * np.float32(left)
        row[np.cumsum(self._gaps[start:end], dtype=np.int64)] += seen
        return np.asarray(row, dtype=np.float32)

    def _make_row(self, before: int) -> npt.NDArray[np.float32]:
        return np.asarray(np.log(self.shares(before)), dtype=np.float32)

    def third(self, first: int, second: int) -> Third | None:
        """Characters often met after this pair, ascending, and the share of each; the rest of 1 goes by `shares`."""
        key = first * self.size + second
        at = int(self._contexts.searchsorted(key))
        if at == len(self._contexts) or self._contexts[at] != key:
            return None
        start, end = self._thirds[at], self._thirds[at + 1]
        ids = np.cumsum(self._third_gaps[start:end], dtype=np.int64)
        return ids, np.exp(-self._third_scores[start:end].astype(np.float32) * np.float32(STEP))

    def behind(self, first: int, second: int, ids: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """Log probability of each of the characters `ids` after this pair, (ids,), nats: by trigrams, then bigrams."""
        shares = self.shares(second)[ids].astype(np.float64)
        found = self.third(first, second)
        if found is not None:
            numbers, often = found
            at = np.minimum(np.searchsorted(numbers, ids), len(numbers) - 1)
            shares = shares * max(1.0 - float(often.sum()), 0.02) + np.where(numbers[at] == ids, often[at], 0.0)
        return np.asarray(np.log(shares))

    def after(self, before: int) -> npt.NDArray[np.float32]:
        """Log probability of every character of the vocabulary after `before`: float32 (V,), nats."""
        return self._row(before)

    @cached_property
    def table(self) -> npt.NDArray[np.uint8]:
        """Steps that each character costs after each, among the `FREQUENT` first: uint8 (FREQUENT, FREQUENT).

        What `after` says, rounded, for looking up a whole text at once; other characters count as `UNKNOWN`.
        """
        first = np.repeat(np.arange(self.size), np.diff(self._rows))
        ends = np.concatenate([[0], np.cumsum(self._gaps, dtype=np.int64)])
        second = ends[1:] - np.repeat(ends[self._rows[:-1]], np.diff(self._rows))
        seen = np.exp(-self._scores.astype(np.float32) * np.float32(STEP))
        left = np.maximum(1.0 - np.bincount(first, weights=seen, minlength=self.size), 0.02)
        backoff = np.round(-np.log(left[:FREQUENT]) / STEP).astype(np.uint8)
        table: npt.NDArray[np.uint8] = backoff[:, None] + self._steps[None, :]
        kept = (first < FREQUENT) & (second < FREQUENT)
        first, second, seen = first[kept], second[kept], seen[kept]
        total = seen + self._unigram[second] * left[first].astype(np.float32)
        table[first, second] = np.clip(np.round(-np.log(total) / STEP), 0, 255).astype(np.uint8)
        return table

    def score(self, text: str, before: str = "\n") -> float:
        """Log probability of `text` after the character `before`, in nats."""
        previous = self.encode(before[-1:] or "\n")[0]
        total = 0.0
        for number in self.encode(text):
            total += float(self._row(previous)[number])
            previous = number
        return total

    def common(self, char: str, rank: int = 3000) -> bool:
        """Whether `char` is among the `rank` most frequent of the vocabulary."""
        return 0 < self._raw[char] <= rank

    def rare(self, rank: int) -> str:
        """The Chinese characters of GBK_HAN that are not among the `rank` most frequent, as ranges for a
        class of a regular expression: compiled in half the time that each by itself takes.
        """
        codes = np.array(GBK_HAN)
        numbers = np.array(self.encode("".join(map(chr, codes.tolist()))))
        codes = codes[(numbers == UNKNOWN) | (numbers > rank)]
        breaks = np.flatnonzero(np.diff(codes) > 1)
        firsts, lasts = codes[np.append(0, breaks + 1)].tolist(), codes[np.append(breaks, -1)].tolist()
        return "".join(chr(a) if a == b else f"{chr(a)}-{chr(b)}" for a, b in zip(firsts, lasts, strict=True))


@cache
def load() -> CharModel:
    """The bundled model, read once (about 10 ms)."""
    return CharModel(read_arrays(files("index").joinpath("cleaning/data/charmodel.npz").read_bytes()))
