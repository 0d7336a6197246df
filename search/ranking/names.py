"""Articles that a question names: by title, a short form of it, or document number (index.analysis.names).

Where the strongest lift is L, every mixed score s becomes  own lift + (1 - L) s, so that the name decides between the
articles that bear it and others, and the rest of the question among those that bear it and among their passages. A
question that is nothing but a name, and words that ask for it (请问…, …全文), lifts nearly all the way; a name that
stands apart, between blanks, marks, quotes or a date and the end, as far as it is much of what is asked; one within a
sentence less, and the less the more bear it. Of names within names only the longest counts. What a field of an article
names, its author or a place, lifts it half as far at most, and the less the more articles it stands in. Three or four
letters of a law's title (民诉法) lift it nearly as far as the title, where no article has them for a title.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.analysis.names import FIELD, LETTERS, by_letters, names_within
from index.candidates import Candidates
from index.models import Token
from search.query.stopwords import FUNCTION_WORDS, REQUEST_WORDS

MAX_BEARERS = 500  # articles of one name; what more are called is a kind of article
_WHOLE, _APART, _WITHIN = 0.95, 0.8, 0.3
_FIELD = 0.5  # of that, where a field holds the name
_SHORTENED = 0.8  # of that, where the name is some letters of a law's title
_DATE = re.compile(r"\s*\d{4}年?(?:\d{1,2}月)?(?:\d{1,2}[日号])?的?\s*")
LONGER_TITLE = 0.97  # of a lift, for an article whose title is longer than the name

_OPENING, _CLOSING = "“「『《〈", "”」』》〉"
_FRAME = FUNCTION_WORDS | REQUEST_WORDS

Scores = NDArray[np.float64]
Named = Callable[[Sequence[str], int], Mapping[str, Sequence[str]]]


def named_articles(text: str, tokens: Sequence[Token], named: Named) -> dict[str, float]:
    """Article id -> how far it is lifted, 0..1, for a question of these `tokens`."""
    stretches = names_within(text, tokens)
    if not stretches:
        return {}
    names = [name for name, _, _ in stretches]
    found = named([*names, *by_letters(names), *(FIELD + name for name in names)], MAX_BEARERS)
    if not found:
        return {}
    asked = _Asked.of(text, tokens)
    lifts: dict[str, float] = {}
    taken: list[tuple[int, int]] = []
    for name, start, end in stretches:
        own, fields = found.get(name, ()), found.get(FIELD + name, ())
        shortened = () if own else found.get(LETTERS + name, ())
        if not (own or fields or shortened) or any(start < b and a < end for a, b in taken):
            continue
        taken.append((start, end))
        for bearers, most in ((own, 1.0), (shortened, _SHORTENED), (fields, _FIELD / max(1, len(fields)) ** 0.5)):
            lift = most * asked.lift(start, end, len(bearers)) if bearers else 0.0
            for article_id in bearers:
                lifts[article_id] = max(lift, lifts.get(article_id, 0.0))
    return lifts


def lifted(scores: Scores, candidates: Candidates, lifts: Mapping[str, float]) -> Scores:
    """The `scores` of all candidates, (candidates,), as `lifts`, some, leave them."""
    own = np.array([lifts.get(name, 0.0) for name in candidates.article_ids], np.float64)
    return np.asarray(own[candidates.articles] + (1 - max(lifts.values())) * scores)


def asked_for(tokens: Sequence[Token]) -> Sequence[Token]:
    """`tokens` without those around them by which a text is asked for; all where there are no others."""
    first, last = 0, len(tokens)
    while first < last and tokens[first].term in _FRAME:
        first += 1
    while last > first and tokens[last - 1].term in _FRAME:
        last -= 1
    if not any(token.term in REQUEST_WORDS for token in tokens[:first]):
        first = 0  # 从…到… is not asking
    if not any(token.term in REQUEST_WORDS for token in tokens[last:]):
        last = len(tokens)
    return tokens[first:last] or tokens


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, where in it what is asked for begins and ends, and the places of its telling words."""

    text: str
    begin: int
    end: int
    telling: frozenset[int]

    @classmethod
    def of(cls, text: str, tokens: Sequence[Token]) -> "_Asked":
        some = asked_for(tokens)
        only = all(token.term in _FRAME for token in some)  # 关于我们（全文）
        telling = (range(t.start, t.end) for t in some if not only and t.term not in FUNCTION_WORDS)
        begin, end = min(t.start for t in some), max(t.end for t in some)
        return cls(text, begin, end, frozenset(place for places in telling for place in places))

    def lift(self, start: int, end: int, bearers: int) -> float:
        """How far a name that stands in `[start, end)` of the question lifts each of its `bearers`."""
        inside = sum(start <= place < end for place in self.telling)
        fraction = inside / len(self.telling) if self.telling else 1.0
        if fraction == 1.0:
            return _WHOLE
        if self._apart(self.text[self.begin : start], -1) and self._apart(self.text[end : self.end], 0):
            return _APART * min(1.0, 2 * fraction)
        return _WITHIN * fraction / bearers

    @staticmethod
    def _apart(beside: str, near: int) -> bool:
        """Whether nothing, a date alone, or a mark stands `beside` a name, at its end `near` it; quotes that hold
        something else are none.
        """
        if not beside or _DATE.fullmatch(beside):
            return True
        mark = beside[near]
        return not mark.isalnum() and mark not in (_CLOSING if near else _OPENING)
