"""jieba's words over whole batches of text at once, as numbers: the pieces of `rjieba`.

The likeliest way to cut a run of Chinese characters, letters and digits into words of jieba's dictionary is Viterbi's,
from the run's end to its beginning. Here all runs of a batch are walked side by side in numpy, in the order in which
jieba adds up logarithms, so that ways it finds equal are equal here. A word's number is its place in the sorted
dictionary, which every process reads: words travel between processes as numbers and are sorted when they arrive.

A process that asks one question needs no more than the words that stand in it: `short_cutter`.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import codes_of
from index.analysis.jieba_dictionary import Lexicon, numbers, words
from index.analysis.trie import Trie, best_strings

Numbers = NDArray[np.int64]

_SAMPLE_STEP = 16  # one word of so many is in what two cutters are compared by
_MAX_RUN_CHARS = 250  # characters of a run that is walked with the others
_MAX_CHARS_FOR_FILE = 64  # characters of a text whose words are looked up in the dictionary's file
# What jieba cuts into words; every other character stands alone.
_HAN = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF), (0x2CEB0, 0x2EBEF), (0x2F800, 0x2FA1F),
)  # fmt: skip
_LETTERS_AND_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Pieces(NamedTuple):
    """Where each piece of a text begins, ascending, and its number in the dictionary, or -1."""

    starts: Numbers
    numbers: Numbers


class WordCutter:
    """Cuts texts as `rjieba.cut(text, False)` does, whose dictionary is jieba's; see the module."""

    def __init__(self, library: Callable[[str], list[str]], lexicon: Lexicon | None = None) -> None:
        """Make the trie of the `lexicon`, or of the whole dictionary: half a second, 60 MB. `library`: what is to be
        matched, and asked for the pieces of long runs.
        """
        self._library = library
        lexicon = lexicon or Lexicon.whole()
        every, which = np.unique(lexicon.counts, return_inverse=True)
        total = math.log(lexicon.total)
        scores = np.array([*(math.log(count) - total for count in every.tolist()), -total])
        scores = scores[np.append(which, -1)]  # the last, or that of -1: a character that is no word counts as 1
        strings = np.array(lexicon.words, np.str_)
        codes = strings.view(np.uint32).reshape(len(strings), strings.itemsize // 4)
        lengths = np.count_nonzero(codes, axis=1)
        self._chars = np.zeros(0x110000, np.int32)  # 0 stands for every character outside the dictionary
        self._chars[codes[codes > 0]] = 1
        chars = np.flatnonzero(self._chars)  # numpy.unique would load numpy.ma: 18 ms of a first question
        self._chars[chars] = np.arange(1, len(chars) + 1)
        width = len(chars) + 1
        self._inside, self._one_piece = np.zeros(0x110000, bool), np.zeros(0x110000, bool)
        for low, high in _HAN:
            self._inside[low : high + 1] = True
        self._one_piece[[ord(char) for char in _LETTERS_AND_DIGITS]] = True
        self._inside[[ord(char) for char in _LETTERS_AND_DIGITS + "+#&._%-"]] = True
        # The first nodes are the characters; then come, length by length, the beginnings of words.
        node = self._chars[codes[:, 0]].astype(np.int64)
        rows = np.arange(len(codes))
        ends, goes_on = [np.full(width, -1, np.int64)], [np.zeros(width, bool)]
        steps = [np.zeros(0, np.int64)]
        nodes, base = width, 0
        for length in range(1, codes.shape[1] + 1):
            last = lengths[rows] == length
            ends[-1][node[last] - base] = rows[last]
            goes_on[-1][node[~last] - base] = True
            rows, node = rows[~last], node[~last]
            if not len(rows):
                break
            step, at = np.unique(node * width + self._chars[codes[rows, length]], return_inverse=True)
            steps.append(step)
            node, base, nodes = at + nodes, nodes, nodes + len(step)
            ends.append(np.full(len(step), -1, np.int64))
            goes_on.append(np.zeros(len(step), bool))
        word = np.concatenate(ends)
        self._score = scores[word]
        self._trie = Trie(width, np.concatenate(steps), word, np.concatenate(goes_on))

    def cut(self, text: str) -> Pieces:
        """The pieces of `text`, but that `\\r\\n` is two."""
        codes = codes_of(text + "\n")
        inside = self._inside.take(codes)
        edges = np.flatnonzero(np.diff(inside, prepend=False))
        begins, ends = edges[::2], edges[1::2]
        nodes = self._chars.take(codes)
        nodes[~inside] = 0
        size, word = np.ones(len(codes), np.int64), self._trie.number.take(nodes)
        chosen = ~inside
        long = ends - begins > _MAX_RUN_CHARS
        for begin, end in zip(begins[long].tolist(), ends[long].tolist(), strict=True):
            nodes[begin:end] = 0
            for piece in self._library(text[begin:end]):
                chosen[begin], size[begin], word[begin] = True, len(piece), numbers().get(piece, -1)
                begin += len(piece)
        at, stop = begins[~long], ends[~long]
        self._walk(at, stop, nodes, size, word)
        while len(at):
            chosen[at] = True
            at = at + size.take(at)
            on = np.flatnonzero(at < stop)
            at, stop = at.take(on), stop.take(on)
        starts = np.flatnonzero(chosen[:-1])
        lone = (size.take(starts) == 1) & self._one_piece.take(codes.take(starts))
        joined = lone[1:] & lone[:-1] & (np.diff(starts) == 1)  # letters and digits that are no word are one piece
        found = word.take(starts)
        found[:-1][joined] = -1
        found[1:][joined] = -1
        first = np.append(True, ~joined)[: len(starts)]
        return Pieces(starts.compress(first), found.compress(first))

    def agrees(self) -> bool:
        """Whether the library cuts as this does: it has a dictionary of its own, which might be another."""
        some = words()[::_SAMPLE_STEP]
        text = "\n".join("".join(some[at : at + 32]) for at in range(0, len(some), 32))
        sizes = np.fromiter(map(len, self._library(text)), np.int64)
        return np.array_equal(self.cut(text).starts, np.cumsum(sizes) - sizes)

    def _walk(self, begins: Numbers, ends: Numbers, nodes: NDArray[np.int32], size: Numbers, word: Numbers) -> None:
        """Set, at each place of the runs, `size` and `word` of the first piece of the best way from there."""
        starts, lengths, last = self._trie.longer(nodes)
        alone = self._score.take(nodes)
        alone[starts.compress(word.take(starts) < 0)] = -np.inf  # a character that is no word, where a word begins
        best = best_strings(begins, ends, alone, starts, lengths, self._score.take(last), backwards=True)
        starts = starts.take(best)
        size[starts], word[starts] = lengths.take(best), self._trie.number.take(last.take(best))


def short_cutter(text: str) -> Callable[[str], list[str]] | None:
    """What cuts `text` and any part of it as jieba does, without jieba's dictionary; None where that takes longer."""
    if len(text) > _MAX_CHARS_FOR_FILE:
        return None
    cutter = WordCutter(list, Lexicon.within(text))

    def cut(part: str) -> list[str]:
        edges = [*cutter.cut(part).starts.tolist(), len(part)]
        return [part[begin:end] for begin, end in pairwise(edges)]

    return cut
