"""How likely a run of Chinese characters is: a small bigram model, for judging repairs and telling text from noise.

Trained by `scripts/train_charmodel.py` on folded text (so one model serves both scripts) from openly licensed and
official sources. Everything here is in nats: a log probability of -5 is ordinary for a character, -15 is a freak.
"""

from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from index.arrays import read_arrays
from index.fold import fold

STEP = 1 / 12  # nats per step of the quantised log probabilities
UNKNOWN = 0  # id of every character outside the vocabulary
_RARE = -13.0  # log probability of any one character outside the vocabulary
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


class CharModel:
    """Interpolated bigrams with absolute discounting over a fixed vocabulary of folded characters."""

    def __init__(self, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
        """`arrays`: chars uint32 (V,), unigram uint8 (V,), rows uint32 (V+1,), gaps uint16 (B,), scores uint8 (B,)."""
        codes = arrays["chars"].tolist()
        self.ids: dict[str, int] = {chr(code): number for number, code in enumerate(codes)}
        self.size = len(codes)
        self._raw = _RawIds(self.ids)
        logs = -arrays["unigram"].astype(np.float32) * np.float32(STEP)
        logs[UNKNOWN] = _RARE
        self._unigram: npt.NDArray[np.float32] = np.exp(logs)
        self._rows = arrays["rows"].astype(np.int64)
        self._gaps, self._scores = arrays["gaps"], arrays["scores"]
        self._row = lru_cache(maxsize=1024)(self._make_row)

    def encode(self, text: str) -> list[int]:
        """Ids of the characters of `text` (display text is made `normal` first)."""
        return [self._raw[char] for char in text]

    def _make_row(self, before: int) -> npt.NDArray[np.float32]:
        start, end = self._rows[before], self._rows[before + 1]
        seen = np.exp(-self._scores[start:end].astype(np.float32) * np.float32(STEP))
        left = max(1.0 - float(seen.sum()), 0.02)
        row = self._unigram * np.float32(left)
        row[np.cumsum(self._gaps[start:end], dtype=np.int64)] += seen
        return np.asarray(np.log(row), dtype=np.float32)

    def after(self, before: int) -> npt.NDArray[np.float32]:
        """Log probability of every character of the vocabulary after `before`: float32 (V,), nats."""
        return self._row(before)

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


@cache
def load() -> CharModel:
    """The bundled model, read once (about 10 ms)."""
    return CharModel(read_arrays(files("index").joinpath("data/charmodel.npz").read_bytes()))
