"""Text -> terms. The same code for articles and for queries, so what is indexed is what is asked for.

Words are jieba's, HMM off (with it on, names and numbers are cut by guess: CMRC2018 nDCG@10 .982 against
.988), over folded text. Numbers, versions, document numbers and other identifiers stand twice: whole, and as
the parts jieba makes of them. Bigrams of Chinese characters are a second, weaker field that finds a word
hidden in a longer one (简单 in 安装简单) and words no dictionary has.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import COMMON_HAN, HAN
from index.analysis.fold import fold, fold_version
from index.analysis.gaps import Closed, close_gaps
from index.analysis.numerals import numeral_terms
from index.models import Token

__all__ = ["TOKENIZER_VERSION", "Tokenizer", "fold"]

TOKENIZER_VERSION = 3  # part of the index fingerprint: raise it when any text gives other terms

_HAN_RUN = re.compile(f"[{HAN}]+")
_WORD = re.compile(r"\w")
_BREAK = re.compile(r"[,;:!?()\[\]{}\"'“”‘’、。《》〈〉\s]")  # jieba makes no word across one of these
# A document number: 国发〔2023〕1号, in folded text; what stands before its bracket is found by hand.
_DOCUMENT = re.compile(r"[〔\[(]\d{4}[〕\])]\s?\d{1,5}号")
_ISSUER = re.compile(f"[{COMMON_HAN}]")
_ISSUER_CHARS = (2, 8)
# Each alternative is one kind of identifier, on folded text (lower case, half width).
_OTHERS = (
    r"\d{4}年(?:\d{1,2}月(?:\d{1,2}日)?)?|\d{1,2}月\d{1,2}日"  # 2024年3月5日
    r"|\d+(?:\.\d+)?[%‰]"  # 3.5%
    r"|[a-z]{1,5}(?:/[a-z]{1,2})?[ -]?\d+(?:[.-]\d+)*[a-z]{0,2}(?![a-z0-9])"  # gb/t 7714-2015, c919, gpt-4o
    r"|[a-z0-9]+(?:[-._/@:+][a-z0-9]+)+"  # 3.14, v2.0.1, state-of-the-art, a@b.cn
    r"|[a-z]+[+#]+"  # c++, c#
)
# A class of characters comes first, which is what makes a search quick.
_OTHER = re.compile(rf"[\da-z](?<=(?=({_OTHERS})).)", re.S)
_PARTED = 12  # characters on either side of a gap that are cut by themselves
_EDITION = re.compile(r"(?<=\d)-(?:19|20)\d\d$")
_LETTERS_OR_DIGITS = re.compile(r"[a-z]+|\d+")
_BRACKETS = str.maketrans({"〔": "[", "〕": "]", "(": "[", ")": "]", " ": None, "-": None})


def _segmenter(user_words: Sequence[str]) -> Callable[[str], list[str]]:
    """A cutter whose pieces join to its input. rjieba is jieba's dictionary in Rust: without HMM the tests
    hold it to jieba's own pieces; jieba itself serves where no wheel of rjieba exists.
    """
    try:
        import rjieba
    except ImportError:  # pragma: no cover - only on platforms without a wheel
        import jieba

        slow = jieba.Tokenizer()
        for word in user_words:
            slow.add_word(word)
        return lambda text: list(slow.cut(text, HMM=False))
    if not user_words:
        # Made at import in any case, and nobody adds words to it; one more dictionary would cost .1 s.
        return lambda text: rjieba.cut(text, False)
    fast = rjieba.Jieba()
    for word in user_words:
        fast.add_word(word, None, None)
    return lambda text: fast.cut(text, False)


class Tokenizer:
    """Cuts text into terms. Loads its dictionary on first use (0.2 s), never at import.

    `user_words` are kept whole; `synonyms` maps a term to the terms that mean the same, used for queries only.
    """

    def __init__(self, user_words: Iterable[str] = (), synonyms: Iterable[Sequence[str]] = ()) -> None:
        """`synonyms` is a list of groups, each a list of words that mean the same."""
        self.user_words = tuple(sorted({fold(word.strip()) for word in user_words if word.strip()}))
        self._groups = [[fold(word.strip()) for word in group if word.strip()] for group in synonyms]

    @cached_property
    def _cut(self) -> Callable[[str], list[str]]:
        return _segmenter(self.user_words)

    @cached_property
    def _synonyms(self) -> dict[str, list[list[str]]]:
        """First term of a phrase's cut -> other ways to say it, each a list of terms."""
        table: dict[str, list[list[str]]] = {}
        for group in self._groups:
            cuts = [self.terms(word) for word in group]
            for cut in cuts:
                if len(cut) == 1:
                    table.setdefault(cut[0], []).extend(other for other in cuts if other != cut)
        return table

    def fingerprint(self) -> str:
        """Changes whenever some text would give other terms."""
        from importlib.metadata import PackageNotFoundError, version  # here, as in index.analysis.fold

        try:
            engine = f"rjieba{version('rjieba')}"
        except PackageNotFoundError:  # pragma: no cover
            engine = f"jieba{version('jieba')}"
        return "|".join([f"tokens{TOKENIZER_VERSION}", engine, fold_version(), *self.user_words])

    def terms(self, text: str) -> list[str]:
        """The terms of `text`, in order of their pieces; identifiers follow at the end."""
        return [piece for piece in self.folded_terms(fold(text)) if _WORD.match(piece)]

    def folded_terms(self, folded: str) -> list[str]:
        """`terms` of a text that is folded already, and the marks and spaces between them."""
        return self.pieces(folded) + [term for term, _ in self.identifier_terms(folded)]

    def pieces(self, folded: str) -> list[str]:
        """The words of a text that is folded already, and the marks and spaces between them: joined, the text."""
        return self._cut(folded) if folded else []

    def identifier_terms(self, folded: str) -> list[tuple[str, int]]:
        """The terms that identifiers and numerals give beside their `pieces`, and where each begins, ascending."""
        found = [
            (term, start + at) for start, end in identifiers(folded) for term, at, _ in _spellings(folded[start:end])
        ]
        found += [(term, start) for term, start, _ in numeral_terms(folded)]
        return sorted(found, key=itemgetter(1))

    def tokens(self, text: str) -> list[Token]:
        """The terms of an article of this text, with the characters each stands on.

        `fold(text)[start:end]` reads as the term, but for gaps in it (index.analysis.gaps) and for numerals
        (index.analysis.numerals).
        """
        closed = close_gaps(fold(text))
        folded = closed.text
        tokens: list[Token] = []
        at = 0
        for piece in self._cut(folded):
            if _WORD.match(piece):
                tokens.append(Token(piece, at, at + len(piece)))
            at += len(piece)
        starts = np.array([token.start for token in tokens], np.int64)
        tokens += [Token(*part) for part in self.parted(closed, starts)]
        for start, end in identifiers(folded):
            tokens += [Token(term, start + a, start + b) for term, a, b in _spellings(folded[start:end])]
        tokens += [Token(*term) for term in numeral_terms(folded)]
        return [Token(token.term, *closed.span(token.start, token.end)) for token in tokens]

    def parted(self, closed: Closed, starts: NDArray[np.int64]) -> list[tuple[str, int, int]]:
        """Words that a gap of the text would part from their neighbours, where the word of the closed text reaches
        over it: whether the gap is a border, nobody can tell (研究 / 生活, or 研究生 / 活).

        `starts`: where the words of the closed text begin, ascending. Each with its `[start, end)` there, ascending.
        """
        if not len(closed.gaps) or not len(starts):
            return []
        at = np.searchsorted(starts, closed.gaps, side="right") - 1
        over = (at >= 0) & (starts[at] != closed.gaps)
        text, found = closed.text, []
        known = {0, len(text), *closed.gaps.tolist()}
        for gap, word in zip(closed.gaps[over].tolist(), at[over].tolist(), strict=True):
            first = int(starts[word])
            last = int(starts[word + 1]) if word + 1 < len(starts) else len(text)
            begin = max([edge for edge in range(max(0, gap - _PARTED), gap) if edge in known], default=gap - _PARTED)
            end = min([edge for edge in range(gap + 1, gap + _PARTED + 1) if edge in known], default=gap + _PARTED)
            for low, high in ((max(begin, 0), gap), (gap, end)):
                for piece in self._cut(text[low:high]) if high - low > 1 else ():
                    if len(piece) > 1 and low < last and low + len(piece) > first and _WORD.match(piece):
                        found.append((piece, low, low + len(piece)))
                    low += len(piece)
        return found

    def lone(self, folded: str, wanted: AbstractSet[str]) -> list[tuple[int, int]]:
        """Where in a folded text one of the `wanted` characters is a word of its own: spans, in order."""
        spans: list[tuple[int, int]] = []
        end = 0
        for position in sorted(position for char in wanted for position in _occurrences(folded, char)):
            if position < end:
                continue
            at = position  # of the clause it stands in, which alone is cut
            while at > end and not _BREAK.match(folded, at - 1):
                at -= 1
            stop = _BREAK.search(folded, position)
            end = stop.start() if stop else len(folded)
            for piece in self._cut(folded[at:end]):
                if piece in wanted:
                    spans.append((at, at + len(piece)))
                at += len(piece)
        return spans

    def bigrams(self, text: str) -> list[str]:
        """Pairs of neighbouring Chinese characters of `text`; a lone character stands alone."""
        out: list[str] = []
        for match in _HAN_RUN.finditer(fold(text)):
            run = match.group()
            if len(run) == 1:
                out.append(run)
            out.extend(map("".join, zip(run, run[1:], strict=False)))
        return out

    def synonyms(self, term: str) -> list[list[str]]:
        """Other ways to say `term`, each a list of terms; empty when there are none."""
        return self._synonyms.get(term, [])


def _occurrences(text: str, char: str) -> Iterator[int]:
    at = text.find(char)
    while at >= 0:
        yield at
        at = text.find(char, at + 1)


def identifiers(folded: str) -> Iterator[tuple[int, int]]:
    """Where identifiers stand in a folded text, left to right; of two that overlap the first."""
    at = 0
    document = _DOCUMENT.search(folded)
    other = _OTHER.search(folded)
    while document or other:
        if document:
            start = bracket = document.start()
            while start > max(at, bracket - _ISSUER_CHARS[1]) and _ISSUER.match(folded, start - 1):
                start -= 1
            if bracket < at or bracket - start < _ISSUER_CHARS[0]:  # nobody issued it
                document = _DOCUMENT.search(folded, bracket + 1)
                continue
            if other is None or start < other.start():
                at = document.end()
                yield start, at
                document = _DOCUMENT.search(folded, at)
                other = _OTHER.search(folded, at) if other else None
                continue
        if other:
            at = other.end(1)
            yield other.span(1)
            other = _OTHER.search(folded, at)


@lru_cache(maxsize=8192)  # the same come again and again
def _spellings(found: str) -> list[tuple[str, int, int]]:
    """The whole identifier in one spelling (gb/t 7714 and gb/t7714 are one), and parts jieba leaves whole; each with
    the characters of `found` it stands on.
    """
    whole = found.translate(_BRACKETS)
    if not whole.isalnum() or " " in found or "年" in whole or "月" in whole or "-" in found:
        edition = _EDITION.search(found)
        if not edition:
            return [(whole, 0, len(found))]
        # gb/t 7714-2015 is also found by gb/t 7714
        return [(whole, 0, len(found)), (found[: edition.start()].translate(_BRACKETS), 0, edition.start())]
    if not whole.isascii():
        return []
    # c919 is one piece for jieba already: add what people may type of it.
    return [(part.group(), *part.span()) for part in _LETTERS_OR_DIGITS.finditer(found) if part.group() != whole]
