"""Which articles of a segment meet a condition of the query language.

Cheap leaves go first and narrow what the dear ones look at. Words and fields are unions of postings. A phrase is
found in two steps: postings leave only articles that have all its pairs of neighbouring characters (the
`bigrams` field; titles, which are not in there, by the characters of their words), then the text of each of those
is read and searched. The first step passes over the vocabulary of titles, and of articles too for phrases with Latin
letters, digits or one character (1.5 ms at 230,000 terms); the second costs 0.03 ms for every article of 500
characters that is left. A phrase across the border of two passages cut in the middle of a sentence may be missed.
"""

import re
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from index.fold import fold
from index.lexical import Postings
from index.models import AllOf, AnyOf, Condition, HasValue, Holds, Not, Within
from index.segment import Segment, facet
from index.store import NO_DATE, day_number

Mask = NDArray[np.bool_]

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_HAN_RUN = re.compile(f"[{_HAN}]+")
_UNIT = re.compile(f"[{_HAN}]|[a-z]+|[0-9]+")  # what stands within one word of any text that holds it
_FEW_ARTICLES = 32  # that few are read at once: cheaper than any narrowing


def meets(segment: Segment, condition: Condition, among: Mask) -> Mask:
    """(articles,) which of `among` meet `condition`. `among` is not changed."""
    match condition:
        case AllOf(parts):
            return reduce(lambda left, part: meets(segment, part, left), sorted(parts, key=_cost), among)
        case AnyOf(parts):
            found = np.zeros_like(among)
            for part in sorted(parts, key=_cost):
                found |= meets(segment, part, among & ~found)
            return found
        case Not(part):
            return among & ~meets(segment, part, among)
        case HasValue(name, value):
            return among & _has_value(segment.fields["facets"], len(among), name, value)
        case Within():
            return among & _within(segment.store.published, condition)
        case Holds():
            return _holds(segment, condition, among)


def _cost(condition: Condition) -> int:
    """Order of evaluation: fields and dates, words, phrases; a group counts as its dearest part."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return max(map(_cost, parts), default=0)
        case Not(part):
            return _cost(part)
        case Holds(terms=terms):
            return 1 if terms else 2
    return 0


def _has_value(postings: Postings, articles: int, name: str, value: str) -> Mask:
    out = np.zeros(articles, bool)
    exact = postings.terms.find(facet(name, value))
    if exact >= 0:
        out[postings.documents(exact)] = True
        return out
    want = facet(name, fold(value))
    for number in postings.terms.prefix(f"{name}="):
        if fold(postings.terms[number]) == want:
            out[postings.documents(number)] = True
    return out


def _within(published: NDArray[np.int32], period: Within) -> Mask:
    out: Mask = published != NO_DATE
    if period.after:
        out &= published >= day_number(period.after)
    if period.before:
        out &= published <= day_number(period.before)
    return out


def _holds(segment: Segment, condition: Holds, among: Mask) -> Mask:
    found = np.zeros_like(among)
    if condition.terms:
        found = among & _with_terms(segment.fields["title" if condition.title else "body"], condition.terms, among)
    left = among & ~found
    for row in np.flatnonzero(left & _may_hold(segment, condition, left)).tolist():
        article = segment.store.get(row).article
        if condition.folded in fold(article.title) or (not condition.title and condition.folded in fold(article.text)):
            found[row] = True
    return found


def _with_terms(postings: Postings, terms: tuple[str, ...], among: Mask) -> Mask:
    out = among
    for term in terms:
        one = np.zeros_like(among)
        one[postings.documents(postings.terms.find(term))] = True
        out = out & one
    return out


def _may_hold(segment: Segment, condition: Holds, among: Mask) -> Mask:
    """(articles,) a superset of those that hold the phrase; exact enough that few are read in vain."""
    if int(among.sum()) <= _FEW_ARTICLES:
        return among
    units = set(_UNIT.findall(condition.folded))
    title = _with_units(segment.fields["title"], units, among)
    if condition.title:
        return title
    pairs = {run[i : i + 2] for run in _HAN_RUN.findall(condition.folded) for i in range(len(run) - 1)}
    paired = {char for pair in pairs for char in pair}
    text = among
    postings = segment.fields["bigrams"]
    for pair in pairs:
        one = np.zeros_like(among)
        one[segment.store.chunk_articles[postings.documents(postings.terms.find(pair))]] = True
        text = text & one
    return title | _with_units(segment.fields["body"], units - paired, text)


def _with_units(postings: Postings, units: set[str], among: Mask) -> Mask:
    """Of `among`, the articles with a term around each unit."""
    out = among
    for unit in sorted(units, key=len, reverse=True):
        if not out.any():
            return out
        one = np.zeros_like(among)
        for number in postings.terms.containing(unit).tolist():
            one[postings.documents(number)] = True
        out = out & one
    return out
