"""The tokenizer of the bundled encoder: a Unigram of jieba's words over folded text.

The folding travels inside `tokenizer.json` as a `Precompiled` map from character to character, so that
sentence-transformers, which knows nothing of `index.analysis.fold`, sees the very same tokens as we do.
"""

import math
import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from index.analysis.characters import HAN
from index.analysis.fold import fold

UNKNOWN = "[UNK]"
_WORD = re.compile(rf"[{HAN}]+|[a-z]+|[0-9]+|[぀-ヿ]+")
_LATIN = re.compile(r"[a-z]+")
_LEAF, _HAS_LEAF, _OFFSET = 1 << 31, 1 << 8, 10
# Share of jieba's own frequencies in a word's score: the training text is news and laws, and a vocabulary
# taken from it alone would cut everyday words into characters.
_DICTIONARY_SHARE = 0.3


class _Trie:
    """A double array in darts-clone's format, the one the `Precompiled` normalizer reads.

    A unit is 32 bits: the label in bits 0-7, bit 8 set where a leaf hangs below, the offset from bit 10; a leaf
    is bit 31 and the value. The child of the node with base b over byte c stands at b XOR c.
    """

    def __init__(self, keys: Mapping[bytes, int]) -> None:
        """`keys`: byte string (no NUL) -> value below 2**31."""
        self.units: list[int] = [0] * 256
        self._free = [True] * 256
        self._bases: set[int] = set()
        self._free[0] = False
        self._first = 1
        self._place(0, sorted(keys.items()), 0)

    def _place(self, node: int, items: list[tuple[bytes, int]], depth: int) -> None:
        groups: dict[int, list[tuple[bytes, int]]] = {}
        for key, value in items:
            groups.setdefault(key[depth] if depth < len(key) else 0, []).append((key, value))
        base = self._find(list(groups))
        self.units[node] |= (node ^ base) << _OFFSET
        for label, group in groups.items():
            self._free[base ^ label] = False
            if label:
                self.units[base ^ label] |= label
            else:
                self.units[node] |= _HAS_LEAF
                self.units[base] = _LEAF | group[0][1]
        for label, group in groups.items():
            if label:
                self._place(base ^ label, group, depth + 1)

    def _find(self, labels: list[int]) -> int:
        """The first base not used before under which every label's place is free."""
        while not self._free[self._first]:
            self._first += 1
            self._grow(self._first)
        place = self._first
        while True:
            self._grow(place | 255)
            base = place ^ labels[0]
            if base not in self._bases and all(self._free[base ^ label] for label in labels):
                self._bases.add(base)
                return base
            place += 1

    def _grow(self, upto: int) -> None:
        while len(self.units) <= upto:
            self.units.extend([0] * 256)
            self._free.extend([True] * 256)


def charsmap(codes: Iterable[int] = range(1, 0x110000)) -> bytes:
    """`index.analysis.fold` for every character of `codes` it changes.

    As sentencepiece stores it: size, trie, strings.
    """
    keys: dict[bytes, int] = {}
    strings = bytearray()
    places: dict[str, int] = {}
    for code in codes:
        char = chr(code)
        if unicodedata.category(char) in ("Cn", "Co", "Cs"):  # nothing to fold, and most of the range
            continue
        folded = fold(char)
        if folded != char:
            if folded not in places:
                places[folded] = len(strings)
                strings += folded.encode() + b"\0"
            keys[char.encode()] = places[folded]
    trie = _Trie(keys)
    units = struct.pack(f"<{len(trie.units)}I", *trie.units)
    return struct.pack("<I", len(units)) + units + bytes(strings)


def count_words(texts: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """Words (jieba's dictionary, no HMM) and single characters of folded `texts`, with their counts."""
    import rjieba

    words: Counter[str] = Counter()
    chars: Counter[str] = Counter()
    stream: Iterator[str] = iter(texts)
    while block := list(islice(stream, 2000)):
        for run in _WORD.findall(fold("\n".join(block))):
            pieces: list[str] = [run] if run.isascii() else rjieba.cut(run, False)
            words.update(pieces)
            chars.update(run)
    return words, chars


def choose_words(words: Counter[str], chars: Counter[str], size: int) -> dict[str, float]:
    """At most `size` tokens with their probability: every usual character, then words by frequency."""
    import jieba

    dictionary: Counter[str] = Counter()
    with Path(jieba.__file__).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, count, *_ = line.split(" ")
            dictionary[fold(word)] += int(count)
    own, theirs = sum(words.values()), sum(dictionary.values())
    score = {word: count / own for word, count in words.items() if count >= 5}
    for word in dictionary:  # names, Latin and numbers that are not in it keep their own frequency
        if _WORD.fullmatch(word):
            usual = dictionary[word] / theirs
            score[word] = score.get(word, 0.0) * (1 - _DICTIONARY_SHARE) + _DICTIONARY_SHARE * usual
    chosen = {char for char, count in chars.items() if count >= 10 or char.isascii()}
    longest = sorted(score, key=lambda word: (-score[word], word))
    for word in longest:
        if len(chosen) >= size - 1:
            break
        if len(word) <= (16 if word.isascii() else 8) and not (word.isdigit() and len(word) > 4):
            chosen.add(word)
    floor = 1e-9
    return {word: max(score.get(word, floor), floor) for word in sorted(chosen)}


def build_tokenizer(chosen: Mapping[str, float], folding: bytes | None = None) -> Tokenizer:
    """A Unigram over `chosen`, row 0 the unknown token. Punctuation and white space are dropped beforehand.

    `folding`: a map of characters as `charsmap` gives it, of all of Unicode where none is given.
    """
    ranked = sorted(chosen.items(), key=lambda item: (-item[1], item[0]))
    vocabulary: list[tuple[str, float]] = [(UNKNOWN, -30.0)]
    # A run of Latin letters should not fall apart into short words by chance: a letter costs as much as the
    # rarest word there is.
    rarest = math.log(ranked[-1][1])
    for word, share in ranked:
        lone = len(word) == 1 and _LATIN.fullmatch(word) is not None
        vocabulary.append((word, round(rarest if lone else math.log(share), 2)))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=False))
    parts: Any = tokenizer
    parts.normalizer = normalizers.Precompiled(folding or charsmap())
    parts.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(behavior="removed")]
    )
    return tokenizer
