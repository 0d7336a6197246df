"""What an article must be to count: as much of it as Milvus can tell as its filter, the rest told from texts.

Values and dates of fields are filters of Milvus. What stands in a text is told from the text itself, by the same
definitions as in the folder: of the articles that hold the rarest term it needs, where it needs one, or else of
the candidates as they come.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date

from index.analysis.bigrams import is_bigram, pairs_at
from index.analysis.fold import fold
from index.analysis.gaps import close_gaps
from index.analysis.terms import MIXED_BIGRAMS, facet, terms_of
from index.analysis.tokenizer import Tokenizer
from index.milvus.client import quoted
from index.milvus.terms import TITLE_PAIRS
from index.models import AllOf, AnyOf, Begins, Condition, Filters, HasValue, Holds, Not, StoredArticle, Within
from index.retrieval.conditions import says
from index.segments.store import NO_DATE, day_number

_RUN = re.compile(r"[^\W_]{2,}")  # letters and digits

Needle = tuple[str, str]
"""A field and a term of it."""
Frequency = Callable[[Needle], int]


def seen_by(commit: int) -> str:
    """The filter for what readers of a commit see."""
    return f"born <= {commit} and died > {commit}"


def folded_facet(name: str, value: str) -> str:
    """By which a row is found by a field's value in either script, case and width."""
    return f"~{facet(name, fold(value))}"


def has(*values: str) -> str:
    """The filter for rows with one of the values."""
    return "(" + " or ".join(f"array_contains(facets, {quoted(value)})" for value in values) + ")"


def of_fields(filters: Filters) -> list[str]:
    """The filters for all but `where`."""
    parts = [
        has(*(folded_facet(name, value) for value in getattr(filters, name)))
        for name in ("source", "author", "tag")
        if getattr(filters, name)
    ]
    parts += [has(folded_facet(f"meta.{key}", value)) for key, value in filters.meta]
    return parts + _days(filters.after, filters.before)


def _days(after: date | None, before: date | None) -> list[str]:
    parts = [f"day >= {day_number(after)}"] if after else []
    if before:
        parts += [f"day <= {day_number(before)}", f"day > {NO_DATE}"]
    return parts


class Splitter:
    """Parts conditions between Milvus and us. `frequency` says how many documents of a field hold a term."""

    def __init__(self, frequency: Frequency) -> None:
        """For one commit."""
        self._frequency = frequency

    def split(self, condition: Condition | None) -> tuple[list[str], Condition | None]:
        """What Milvus can tell, as filters that all must pass, and what is left to be told from texts."""
        if condition is None:
            return [], None
        whole = self.expression(condition)
        if whole is not None:
            return [whole], None
        if not isinstance(condition, AllOf):
            return [], condition
        told = [(part, self.expression(part)) for part in condition.parts]
        rest = tuple(part for part, text in told if text is None)
        return [text for _, text in told if text is not None], AllOf(rest) if len(rest) > 1 else rest[0]

    def expression(self, condition: Condition) -> str | None:
        """The condition as a filter; None where it is about texts."""
        match condition:
            case HasValue(name, value):
                return has(folded_facet(name, value))
            case Within(after, before):
                return "(" + " and ".join([f"day > {NO_DATE}", *_days(after, before)]) + ")"
            case Not(part):
                text = self.expression(part)
                return None if text is None else f"(not {text})"
            case AllOf(parts) | AnyOf(parts):
                texts = [self.expression(part) for part in parts]
                if not texts or None in texts:
                    return None
                return "(" + (" and " if isinstance(condition, AllOf) else " or ").join(map(str, texts)) + ")"
        return None

    def needles(self, condition: Condition) -> list[Needle] | None:
        """Terms of which every article that meets the condition holds one; None where it needs none.

        Of several ways to say so, that with the fewest documents.
        """
        match condition:
            case AllOf(parts):
                ways = [way for part in parts if (way := self.needles(part)) is not None]
                return min(ways, key=self.total, default=None)
            case AnyOf(parts):
                each = [self.needles(part) for part in parts]
                return None if None in each else [needle for way in each if way is not None for needle in way]
            case Holds(folded, terms, title):
                closed = close_gaps(folded.strip()).text
                ways = sorted(_ways_of_phrase(closed, title=title), key=self.total)
                # Two pairs of letters: the border of two passages may part one.
                phrase = [needle for way in ways[: 1 if title else 2] for needle in way] if ways else None
                if not terms or phrase is None:
                    return phrase
                fields = ("title",) if title else ("words", "title", "body")
                return phrase + min(([(field, term) for field in fields] for term in terms), key=self.total)
        return None

    def total(self, needles: Sequence[Needle]) -> int:
        """How many documents hold one of the needles, at most."""
        return sum(map(self._frequency, needles))


def _ways_of_phrase(folded: str, *, title: bool) -> list[list[Needle]]:
    """For each pair of neighbouring letters: where it stands in every article with the phrase."""
    pairs = {pair for run in _RUN.findall(folded) for pair, _ in pairs_at(run)}
    texts = [] if title else [("bigrams" if is_bigram(pair) else MIXED_BIGRAMS, pair) for pair in sorted(pairs)]
    titles = [(TITLE_PAIRS, pair) for pair in sorted(pairs)]
    return [list(way) for way in (zip(texts, titles, strict=True) if texts else zip(titles, strict=True))]


def meets(stored: StoredArticle, condition: Condition, tokenizer: Tokenizer) -> bool:
    """Whether an article meets a condition, by its text and fields."""
    match condition:
        case AllOf(parts):
            return all(meets(stored, part, tokenizer) for part in parts)
        case AnyOf(parts):
            return any(meets(stored, part, tokenizer) for part in parts)
        case Not(part):
            return not meets(stored, part, tokenizer)
        case HasValue(name, value):
            article = stored.article
            own = {"source": (article.source,), "author": (article.author,), "tag": article.tags}.get(name, ())
            return any(fold(one) == fold(value) for one in own if one)
        case Within(after, before):
            if stored.article.published is None:
                return False
            day = date.fromisoformat(stored.article.published)
            return (after is None or day >= after) and (before is None or day <= before)
        case Begins(start):
            return any(term.startswith(start) for (terms,) in [terms_of(stored, tokenizer).documents("body")]
                       for term in terms)  # fmt: skip
        case Holds(folded, terms, title):
            article = stored.article
            closed = close_gaps(folded.strip()).text
            if says(article.title, closed) or (not title and says(article.text, closed)):
                return True
            if not terms:
                return False
            (there,) = terms_of(stored, tokenizer).documents("title" if title else "body")
            return set(terms) <= set(there)
