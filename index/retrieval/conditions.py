"""Which articles of a segment meet a condition of the query language.

Cheap leaves go first and narrow what the dear ones look at. Words, beginnings of words and fields are unions of
postings. A phrase of letters and digits alone, Chinese or not, is told by where its pairs of neighbours stand
(index.retrieval.phrase), and no text is read. Of others, such as 《民法典》, the runs of letters are found like that,
and texts are read where the longest one stands. Three kinds are found in two steps: postings leave only articles with
a word around each part, and the text of each of those is searched. These are phrases in titles, ones of single letters
between other characters, and all in segments that an older version wrote, which know of no positions. Where a run of
letters may stand across the border of two passages, which are cut in the middle of long sentences, the text is read.
"""

import re
from dataclasses import replace
from functools import reduce
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import HAN
from index.analysis.fold import fold
from index.analysis.gaps import close_gaps, holds
from index.analysis.terms import MIXED_BIGRAMS, facet
from index.models import AllOf, AnyOf, Begins, Condition, HasValue, Holds, Not, Within
from index.retrieval.phrase import at_border, occurrences
from index.segments.postings import Postings, Rows
from index.segments.segment import Segment
from index.segments.store import NO_DATE, day_number
from index.storage.arrays import releasing_pages
from index.storage.string_table import StringTable

Mask = NDArray[np.bool_]

_FOLDED: WeakKeyDictionary[StringTable, dict[str, dict[str, list[int]]]] = WeakKeyDictionary()

_HAN_RUN = re.compile(f"[{HAN}]+")
_RUN = re.compile(r"[^\W_]{2,}")  # letters and digits, as index.analysis.bigrams has them
_UNIT = re.compile(f"[{HAN}]|[a-z]+|[0-9]+")  # what stands within one word of any text that holds it
_WIDE = {ord(mark): ord(mark) + 0xFEE0 for mark in "!(),:;?"}
_UNESCAPED = re.compile(r'[^\\"A-Za-z0-9/]')  # what no escape of JSON ends with
_MAX_ARTICLES_TO_READ = 32  # that few are read at once: cheaper than any narrowing


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
            return among & has_value(segment.fields["facets"], len(among), name, value)
        case Within():
            return among & _within(segment.store.published, condition)
        case Begins(start):
            return among & _begins(segment.fields["body"], len(among), start)
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
        case Begins():
            return 1
    return 0


def has_value(postings: Postings, articles: int, name: str, value: str) -> Mask:
    """(articles,) which have this value in a field, in either script, case and width."""
    out = np.zeros(articles, bool)
    for number in _folded_values(postings.terms, name).get(facet(name, fold(value)), ()):
        out[postings.documents(number)] = True
    return out


def _folded_values(facets: StringTable, name: str) -> dict[str, list[int]]:
    """Folded facet -> the numbers of the `facets` of a field that fold to it; remembered for as long as these live."""
    known = _FOLDED.setdefault(facets, {})
    if name not in known:
        found: dict[str, list[int]] = {}
        for number in facets.prefix(f"{name}="):
            found.setdefault(fold(facets[number]), []).append(number)
        known[name] = found
    return known[name]


def _begins(postings: Postings, articles: int, start: str) -> Mask:
    numbers = postings.terms.prefix(start)  # neighbours in the table, so their postings lie together
    out = np.zeros(articles, bool)
    out[postings.docs[postings.starts[numbers.start] : postings.starts[numbers.stop]]] = True
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
    condition = replace(condition, folded=close_gaps(condition.folded.strip()).text)
    if condition.terms:
        found = among & _with_terms(segment.fields["title" if condition.title else "body"], condition.terms, among)
    left = among & ~found
    runs = _RUN.findall(condition.folded)
    if runs and MIXED_BIGRAMS in segment.fields and not condition.title and int(left.sum()) > _MAX_ARTICLES_TO_READ:
        found |= _with_phrase(segment, condition.folded, max(runs, key=len), left)
        left &= ~found
        condition = Holds(condition.folded, title=True)  # which is what is left to be seen
    for row in releasing_pages(np.flatnonzero(left & _may_hold(segment, condition, left)).tolist()):
        found[row] = _reads(segment, condition, row)
    return found


def _with_phrase(segment: Segment, folded: str, run: str, among: Mask) -> Mask:
    """Of `among`, the articles with the phrase in a passage; `run` is the longest run of letters in it."""
    out = _with_run(segment, run, among)
    if run == folded:
        return out
    for other in {*_RUN.findall(folded)} - {run}:
        out = _with_run(segment, other, out)
    for row in releasing_pages(np.flatnonzero(out).tolist()):
        out[row] = _written(segment, folded, row) or says(segment.store.get(row).article.text, folded)
    return out


def _written(segment: Segment, folded: str, row: int) -> bool:
    """Whether an article has a phrase as it is or as most write it, with wide marks: most that have it at all. Nothing
    is parsed or folded for it.
    """
    ways = {folded, folded.translate(_WIDE)}
    return any(_UNESCAPED.match(way) and segment.store.mentions(row, way) for way in ways)


def _with_run(segment: Segment, run: str, among: Mask) -> Mask:
    """Of `among`, the articles with a run of letters in a passage, or across the border of two."""
    store = segment.store
    out = _those(store.chunk_articles[occurrences(segment.fields, run)[0]], among)
    perhaps = _those(store.chunk_articles[at_border(segment.fields, run, store.chunk_articles)], among & ~out)
    for row in releasing_pages(np.flatnonzero(perhaps).tolist()):
        out[row] = says(store.get(row).article.text, run)
    return out


def _reads(segment: Segment, condition: Holds, row: int) -> bool:
    """Whether the phrase stands in the article's title or text: as it is written, which costs least, or folded."""
    if _HAN_RUN.match(condition.folded) and segment.store.mentions(row, condition.folded, title=condition.title):
        return True
    article = segment.store.get(row).article
    return says(article.title, condition.folded) or (not condition.title and says(article.text, condition.folded))


def says(text: str, folded: str) -> bool:
    """Whether a phrase stands in a text, whatever gaps either has."""
    return holds(fold(text), folded)


def _those(articles: Rows, among: Mask) -> Mask:
    """Of `among`, the `articles`."""
    out = np.zeros_like(among)
    out[articles] = True
    out &= among
    return out


def _with_terms(postings: Postings, terms: tuple[str, ...], among: Mask) -> Mask:
    out = among
    for term in terms:
        out = _those(postings.documents(postings.terms.find(term)), out)
    return out


def _may_hold(segment: Segment, condition: Holds, among: Mask) -> Mask:
    """(articles,) a superset of those that hold the phrase; exact enough that few are read in vain."""
    if int(among.sum()) <= _MAX_ARTICLES_TO_READ:
        return among
    units = set(_UNIT.findall(condition.folded))
    title = _with_units(segment.fields["title"], units, among)
    if condition.title:
        return title
    pairs = {run[at : at + 2] for run in _HAN_RUN.findall(condition.folded) for at in range(len(run) - 1)}
    paired = {char for pair in pairs for char in pair}
    return title | _with_units(segment.fields["body"], units - paired, _with_pairs(segment, pairs, among))


def _with_pairs(segment: Segment, pairs: set[str], among: Mask) -> Mask:
    """Of `among`, the articles whose passages have each pair of neighbouring characters."""
    out = among
    postings = segment.fields["bigrams"]
    for pair in pairs:
        out = _those(segment.store.chunk_articles[postings.documents(postings.terms.find(pair))], out)
    return out


def _with_units(postings: Postings, units: set[str], among: Mask) -> Mask:
    """Of `among`, the articles with a term around each unit."""
    out = among
    for unit in sorted(units, key=len, reverse=True):
        if not out.any():
            return out
        out = _those(postings.any_of(postings.terms.containing(unit)), out)
    return out
