"""A Unigram tokenizer over whole batches of text at once: the ids of the `tokenizers` library, six times as quick.

The best cut of a stretch is Viterbi's (Kudo, 2018): the best way to a place is the best way to some place before it and
one token more. Here all stretches between marks and spaces are walked side by side in numpy, which suits Chinese, where
they are short. Where two cuts are equally good the longer last token wins, as there. A text with a character that may
join its neighbour, such as a combining accent, is left to the library.
"""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, normalizers

from index.analysis.characters import codes_of
from index.encoders.trie import Ids, Trie, best_strings

_PENALTY = 10.0  # by which an unknown character is worse than the worst token
_MAX_PIECE_CHARS = 15  # characters of a token, at most
# Characters that never join a neighbour, whatever it is (Unicode Standard Annex 29), and that articles are made of.
_PLAIN = (
    (0x09, 0x0A), (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF), (0x370, 0x482), (0x48A, 0x52F), (0x2010, 0x2027),
    (0x2030, 0x205E), (0x2070, 0x209F), (0x20A0, 0x20CF), (0x2100, 0x2BFF), (0x2E80, 0x3029), (0x3030, 0x3098),
    (0x309B, 0x30FF), (0x3105, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xF8FF), (0xF900, 0xFAD9), (0xFE30, 0xFE6B),
    (0xFF01, 0xFF9D), (0xFFFD, 0xFFFD), (0x1F300, 0x1F3FA), (0x1F400, 0x1FAFF), (0x20000, 0x2FA1D),
)  # fmt: skip
_UNSEEN, _COMPOSES, _BREAK, _UNKNOWN = -3, -2, -1, 0  # what a character is, if not one of the vocabulary's


def narrowed(path: Path, texts: Sequence[str]) -> tuple[Tokenizer, Ids] | None:
    """The tokenizer of a `tokenizer.json` with only those tokens that can stand in `texts`, which it cuts as the whole
    one does, and the ids that its ids stand for: loaded in a third of the time.

    None where it cannot be read or is of another kind than those that `index.training` makes.
    """
    try:
        parts = json.loads(path.read_bytes())
        if not _is_ours(parts):
            return None
        model = parts["model"]
        fold = normalizers.Precompiled(base64.b64decode(parts["normalizer"]["precompiled_charsmap"]))
        stand_in = set("".join(map(fold.normalize_str, texts))).issuperset
        kept = [number for number, (token, _) in enumerate(model["vocab"]) if stand_in(token)]
        scores = [score for _, score in model["vocab"]]
        kept = sorted({*kept, scores.index(min(scores)), model["unk_id"]})  # the worst says what an unknown one costs
        few = {**model, "vocab": [model["vocab"][number] for number in kept], "unk_id": kept.index(model["unk_id"])}
        return Tokenizer.from_str(json.dumps({**parts, "model": few})), np.array(kept, np.int64)
    except Exception:  # no such file or parts, or the library refuses them: whoever loads it whole says why
        return None


def _is_ours(parts: Any) -> bool:
    model, before = parts["model"], parts["pre_tokenizer"] or {}
    splits = [(part["type"], part.get("behavior")) for part in before.get("pretokenizers", ())]
    return (
        model["type"] == "Unigram"
        and model.get("unk_id") is not None
        and not model.get("byte_fallback")
        and not parts["added_tokens"]
        and (parts["normalizer"] or {}).get("type") == "Precompiled"
        and splits == [("WhitespaceSplit", None), ("Punctuation", "Removed")]
        and max(len(token) for token, _ in model["vocab"]) <= _MAX_PIECE_CHARS
    )


class Unigram:
    """The tokens of a `tokenizers.Tokenizer` of this kind; see `Unigram.of`."""

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> "Unigram | None":
        """The same tokenizer, or None where it is of another kind than those that `index.training` makes."""
        parts: Any = json.loads(tokenizer.to_str())
        if not _is_ours(parts):
            return None
        return cls(tokenizer, parts["model"]["vocab"], parts["model"]["unk_id"])

    def __init__(self, tokenizer: Tokenizer, vocabulary: Sequence[tuple[str, float]], unknown: int) -> None:
        """`vocabulary`: each token with its score, in the order of their ids."""
        self._tokenizer, self._unknown = tokenizer, unknown
        chars = dict.fromkeys("".join(token for token, _ in vocabulary))
        self._chars = {char: number for number, char in enumerate(chars, start=1)}
        self._kinds = np.full(0x110000, _UNSEEN, np.int32)
        # A trie: the node of a character alone has its number, others follow; node * width + character -> node.
        width = len(chars) + 1
        steps: dict[int, int] = {}
        ends: dict[int, int] = {}
        for number, (token, _) in enumerate(vocabulary):
            node = 0
            for char in token:
                step = node * width + self._chars[char]
                node = steps.setdefault(step, len(steps) + width) if node else self._chars[char]
            if token:
                ends[node] = number
        nodes = len(steps) + width
        ids = np.full(nodes, -1, np.int64)
        ids[list(ends)] = list(ends.values())
        scores = np.array([score for _, score in vocabulary])
        self._score = np.where(ids >= 0, scores[ids], scores.min() - _PENALTY)
        goes_on = np.zeros(nodes, bool)
        goes_on[[step // width for step in steps]] = True
        self._alone = np.where(ids >= 0, ids, unknown)
        self._trie = Trie(width, np.array([*steps], np.int64), ids, goes_on)  # nodes were numbered as they were met

    def batch(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """Token ids of all texts back to back, and where each begins with the end behind the last: (texts + 1,)."""
        codes = codes_of("\n".join([*texts, ""]))
        kinds = self._kinds_of(codes)
        borders = np.cumsum([0] + [len(text) + 1 for text in texts])
        ids, places = self._cut(np.maximum(kinds, _BREAK))
        ends = np.searchsorted(places, borders)
        composing = np.flatnonzero(kinds == _COMPOSES)
        if not len(composing):
            return ids, ends
        rows = np.split(ids, ends[1:-1])
        odd = np.unique(np.searchsorted(borders, composing, side="right") - 1).tolist()
        found = self._tokenizer.encode_batch_fast([texts[n] for n in odd], add_special_tokens=False)
        for n, encoding in zip(odd, found, strict=True):
            rows[n] = np.array(encoding.ids, np.int64)
        return np.concatenate(rows), np.cumsum([0] + [len(row) for row in rows])

    def _kinds_of(self, codes: NDArray[np.uint32]) -> NDArray[np.int32]:
        """For each code point the number of its folded character, or what else it is."""
        kinds = self._kinds.take(codes)
        new = np.unique(codes[kinds == _UNSEEN]).tolist()
        if new:
            for code in new:
                self._kinds[code] = self._kind(code)
            kinds = self._kinds.take(codes)
        return kinds

    def _kind(self, code: int) -> int:
        if not any(low <= code <= high for low, high in _PLAIN):
            return _COMPOSES
        parts: Any = self._tokenizer
        folded = parts.normalizer.normalize_str(chr(code))
        if folded and not parts.pre_tokenizer.pre_tokenize_str(folded):
            return _BREAK
        return self._chars.get(folded, _UNKNOWN) if len(folded) == 1 else _COMPOSES

    def _cut(self, kinds: NDArray[np.int32]) -> tuple[Ids, Ids]:
        """Ids of the tokens of all stretches, and the place behind each. The last of `kinds` is a break."""
        inside = kinds != _BREAK
        edges = np.flatnonzero(np.diff(inside, prepend=False))
        begins, ends = edges[::2], edges[1::2]
        if not len(begins):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        nodes = np.maximum(kinds, 0)
        starts, lengths, last = self._trie.longer(nodes)
        best = best_strings(begins, ends, self._score.take(nodes), starts, lengths, self._score.take(last))
        # Of the last token of the best way to a place.
        size = np.ones(len(kinds) + 1, np.int64)
        token = np.append(self._unknown, self._alone.take(nodes))
        behind = starts.take(best) + lengths.take(best)
        size[behind], token[behind] = lengths.take(best), self._trie.number.take(last.take(best))
        return self._back(begins, ends, size, token)

    def _back(self, begins: Ids, at: Ids, size: Ids, token: Ids) -> tuple[Ids, Ids]:
        """The best ways, from the ends `at` of all stretches back to where they begin."""
        chosen = np.zeros(len(size), bool)
        while len(at):
            chosen[at] = True
            at = at - size.take(at)
            on = np.flatnonzero(at > begins)
            at, begins = at.take(on), begins.take(on)
        # Unknown characters in a row are one token.
        lost = chosen & (token == self._unknown)
        chosen[1:] &= ~(lost[1:] & lost[:-1])
        places = np.flatnonzero(chosen)
        return token.take(places), places
