"""Which characters of a passage to mark, and which of its sentences to set off.

Marks work on folded text, so they find 简单 in 簡單; offsets are the original's. The sentence is chosen by meaning:
it is there where no word of the query is.
"""

import re
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np

from index.analysis.chunk import sentences
from index.analysis.fold import fold
from index.analysis.gaps import close_all, close_gaps
from index.analysis.numerals import may_give, numeral_terms
from index.analysis.tokenizer import Tokenizer
from index.models import Vectors
from search.query.stopwords import FUNCTION_WORDS

Span = tuple[int, int]

# Words that hold a sentence together and say nothing of what it is about; folded.
_WORD = re.compile(r"\w")
_APART = "\0;\0"  # between texts looked through together: no gap, no word, and soon told from either
_MAX_SENTENCE_CHARS = 400  # characters: no more of a sentence is shown around a passage


def highlight(texts: Sequence[str], terms: Collection[str], tokenizer: Tokenizer) -> list[tuple[Span, ...]]:
    """For each text its non-overlapping spans, in order; the folded text of each is one of `terms`, but for gaps in it
    (index.analysis.gaps), or a numeral of that value.

    Terms of one character are marked only where they are a word of their own, longer ones anywhere. Of terms that
    overlap the longest wins. Function words are marked only where nothing else is: marks on every 的 say nothing.
    """
    function = FUNCTION_WORDS.intersection(terms)
    out = _marks(texts, set(terms) - function, tokenizer)
    bare = [i for i, own in enumerate(out) if not own] if function else []
    for i, own in zip(bare, _marks([texts[i] for i in bare], function, tokenizer), strict=True):
        out[i] = own
    return out


def _marks(texts: Sequence[str], terms: AbstractSet[str], tokenizer: Tokenizer) -> list[tuple[Span, ...]]:
    """The spans of `terms` in each text. All are looked through as one: passages of an answer are many and short."""
    found = sorted(_spans(fold(_APART.join(texts)), terms, tokenizer)) if texts and terms else []
    out: list[tuple[Span, ...]] = []
    at = begin = 0
    for text in texts:
        end = begin + len(text)
        own: list[Span] = []
        while at < len(found) and found[at][0] < end:
            start, stop = found[at]
            if stop <= end:
                own.append((start - begin, stop - begin))
            at += 1
        out.append(_disjoint(own))
        begin = end + len(_APART)
    return out


def _spans(folded: str, terms: AbstractSet[str], tokenizer: Tokenizer) -> list[Span]:
    closed = close_gaps(folded, marks=True)
    folded = closed.text
    numerals = numeral_terms(folded) if may_give(terms) else ()
    spans = [(start, end) for term, start, end in numerals if term in terms]
    terms = {one.text for one in close_all(list(terms), marks=True)}
    single = {term for term in terms if len(term) == 1 and term in folded}
    for term in terms - single:
        at = folded.find(term) if len(term) > 1 else -1
        while at >= 0:
            if _whole(folded, at, at + len(term)):
                spans.append((at, at + len(term)))
            at = folded.find(term, at + 1)
    if single:
        spans += tokenizer.lone(folded, single)
    return [closed.span(start, end) for start, end in spans]


def _whole(text: str, start: int, end: int) -> bool:
    """Latin words and numbers count only whole: 12 is not in 2012."""
    first, last = text[start], text[end - 1]
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (_spans_to(before, first) or _spans_to(last, after))


def _spans_to(a: str, b: str) -> bool:
    return a.isascii() and b.isascii() and ((a.isalpha() and b.isalpha()) or (a.isdigit() and b.isdigit()))


def _disjoint(spans: list[Span]) -> tuple[Span, ...]:
    """Of `spans`, in order, those that remain where the longest goes first."""
    if all(one[1] <= other[0] for one, other in pairwise(spans)):
        return tuple(spans)
    taken: list[Span] = []
    marked = bytearray(max(end for _, end in spans))
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if not any(marked[start:end]):
            taken.append((start, end))
            marked[start:end] = b"\1" * (end - start)
    return tuple(sorted(taken))


def focus(texts: Sequence[str], query: Vectors, encode: Callable[[Sequence[str]], Vectors]) -> list[Span | None]:
    """For each text the sentence nearest to the unit vector `query`, (dim,), without the blanks around it.

    All sentences of all texts go to `encode` in one call, but for lone ones, which have no rival. None where `query`
    is zero or no sentence has a word.
    """
    if not query.any():
        return [None] * len(texts)
    spans = [_sentences(text) for text in texts]
    rivals = [(i, span) for i, own in enumerate(spans) if len(own) > 1 for span in own]
    out: list[Span | None] = [own[0] if own else None for own in spans]
    if not rivals:
        return out
    nearness = np.einsum("ij,j->i", encode([texts[i][a:b] for i, (a, b) in rivals]), query)
    best: dict[int, float] = {}
    for (i, span), near in zip(rivals, nearness.tolist(), strict=True):
        if near > best.get(i, -np.inf):
            best[i], out[i] = near, span
    return out


def surroundings(text: str, start: int, end: int, count: int) -> tuple[str, str]:
    """The `count` sentences of `text` before `start` and after `end`; less of them where they are very long."""
    first, last = max(0, start - count * _MAX_SENTENCE_CHARS), min(len(text), end + count * _MAX_SENTENCE_CHARS)
    before = [text[a + first : b + first] for a, b in sentences(text[first:start])][-count:]
    after = [text[a + end : b + end] for a, b in sentences(text[end:last])][:count]
    return "".join(before), "".join(after)


def _sentences(text: str) -> list[Span]:
    out = []
    for start, end in sentences(text):
        sentence = text[start:end]
        if _WORD.search(sentence):
            left = start + len(sentence) - len(sentence.lstrip())
            out.append((left, left + len(sentence.strip())))
    return out
