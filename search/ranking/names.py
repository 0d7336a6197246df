"""Articles that a question names: by title, a short form of it, or document number (index.analysis.names).

Where the strongest lift is L, every mixed score s becomes  own lift + (1 - L) s, so that the name decides between the
articles that bear it and others, and the rest of the question among those that bear it and among their passages. A
question that is nothing but a name lifts nearly all the way; a name that stands apart, between blanks, marks or quotes,
as far as it is much of what is asked; one within a sentence less, and the less the more bear it. Of names within
names only the longest counts. What a field of an article names, its author or a place, lifts it half as far at most,
and the less the more articles it stands in.
"""

from collections.abc import Callable, Mapping, Sequence

from index.analysis.names import FIELD, names_within
from index.models import Token
from search.query.stopwords import FUNCTION_WORDS
from search.ranking.group import Ranked

MAX_BEARERS = 500  # articles of one name; what more are called is a kind of article
_WHOLE, _APART, _WITHIN = 0.95, 0.8, 0.3
_FIELD = 0.5  # of that, where a field holds the name
LONGER_TITLE = 0.97  # of a lift, for an article whose title is longer than the name

Named = Callable[[Sequence[str], int], Mapping[str, Sequence[str]]]


def named_articles(text: str, tokens: Sequence[Token], named: Named) -> dict[str, float]:
    """Article id -> how far it is lifted, 0..1, for a question of these `tokens`."""
    stretches = names_within(text, tokens)
    if not stretches:
        return {}
    names = [name for name, _, _ in stretches]
    found = named([*names, *(FIELD + name for name in names)], MAX_BEARERS)
    if not found:
        return {}
    telling = [token for token in tokens if token.term not in FUNCTION_WORDS]
    lifts: dict[str, float] = {}
    taken: list[tuple[int, int]] = []
    for name, start, end in stretches:
        own, fields = found.get(name, ()), found.get(FIELD + name, ())
        if not (own or fields) or any(start < b and a < end for a, b in taken):
            continue
        taken.append((start, end))
        for bearers, most in ((own, 1.0), (fields, _FIELD / max(1, len(fields)) ** 0.5)):
            lift = most * _lift(text, telling, start, end, len(bearers)) if bearers else 0.0
            for article_id in bearers:
                lifts[article_id] = max(lift, lifts.get(article_id, 0.0))
    return lifts


def lifted(ranked: Sequence[Ranked], lifts: Mapping[str, float]) -> list[Ranked]:
    """`ranked` with the scores that `lifts`, some, leave them; those without any are gone."""
    rest = 1 - max(lifts.values())
    found = [item._replace(score=lifts.get(item.article_id, 0.0) + rest * item.score) for item in ranked]
    return [item for item in found if item.score > 0]


def _lift(text: str, telling: Sequence[Token], start: int, end: int, bearers: int) -> float:
    covered: set[int] = set()
    within: set[int] = set()
    for token in telling:
        places = range(token.start, token.end)
        covered.update(places)
        if start <= token.start and token.end <= end:
            within.update(places)
    fraction = len(within) / len(covered) if covered else 1.0
    if fraction == 1.0:
        return _WHOLE
    if _ends(text[start - 1 : start]) and _ends(text[end : end + 1]):
        return _APART * min(1.0, 2 * fraction)
    return _WITHIN * fraction / bearers


def _ends(char: str) -> bool:
    return not char.isalnum()
