"""Whether an answer answers anything. Gibberish and questions about something else have a nearest article too.

    confidence = cosine + .2 * coverage + .1 * strength

    cosine     the best candidate's, both grains, from what two unrelated texts have (0) to 1
    coverage   the share of the query's idf mass that the best of the top lexical candidates holds
    strength   the best BM25 over all fields, divided by the query's idf mass

The shares come from a logistic fit of the true questions of cmrc2018 and xwlb_headline against questions of other
sets and random characters. The cut-off is set low, where none of the 103 sample questions falls under it, many of which
share no word with their article: a reader forgives a poor answer sooner than a good one withheld. What it catches,
scripts/bench/nothing.py measures.
"""

from collections.abc import Mapping, Sequence

from index.backend import Evidence

CUT_OFF = 0.3
LOOKED_AT = 5  # lexical candidates whose coverage counts
_COVERAGE = 0.2
_STRENGTH = 0.1


def at_least(cosine: float, idf: Mapping[str, float], highest: float) -> float:
    """The confidence without its coverage, which could only add to it. `highest` is the best candidate's BM25."""
    mass = sum(idf.values())
    return cosine + _STRENGTH * highest / mass if mass > 0 else cosine


def confidence(cosine: float, idf: Mapping[str, float], best: Sequence[Evidence]) -> float:
    """How sure it is that the query is about something in the index; under CUT_OFF it is not.

    `cosine` is scaled; `idf` the weight of each word of the query, those no chunk holds included; `best` the top
    lexical candidates with the share of each term.
    """
    mass = sum(idf.values())
    if mass <= 0 or not best:
        return cosine
    coverage = max(sum(idf[term] for term in evidence.terms if term in idf) for evidence in best) / mass
    strength = max(evidence.bm25 for evidence in best) / mass
    return cosine + _COVERAGE * coverage + _STRENGTH * strength
