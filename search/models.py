"""The nouns of an answer. Frozen; `to_json` gives exactly the object of the interface."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from index.models import Filters

Mode = Literal["hybrid", "bm25", "dense"]
Grouping = Literal["article", "chunk"]
MODES: tuple[Mode, ...] = ("hybrid", "bm25", "dense")
Sorting = Literal["relevance", "date"]
SORTINGS: tuple[Sorting, ...] = ("relevance", "date")
Fusion = Literal["adaptive", "convex", "rrf"]
FUSIONS: tuple[Fusion, ...] = ("adaptive", "convex", "rrf")
GROUPINGS: tuple[Grouping, ...] = ("article", "chunk")


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to answer.

    `passages` is how many passages of an article a result shows at most; `fusion` how a hybrid query mixes its legs:
    by a weight that moves with the query, by a fixed weight, or by reciprocal ranks; `recency`, a half-life in days,
    lets new articles gain a little (see `search.ranking.recency`); `rerank` whether the engine's reranker, where it
    has one, reads the best candidates again; `focus` whether the sentence nearest to the query is set off: True in
    each result, None where no word of the query is marked; `diversity`, 0..1, how much results should differ from
    those before them (see `search.ranking.mmr`); `context` how many sentences around each passage are shown with it;
    `sort` whether results come by date, the newest first, instead of by relevance: those first that score above .4 of
    the best, the others after them, marked as chance;
    `expand` whether other names of what is asked for are looked for beside it (synonyms, index.analysis.short_forms);
    `facets` whether candidates are counted by source, tag and month (see `search.facets`).
    """

    k: int = 10
    offset: int = 0
    mode: Mode = "hybrid"
    group: Grouping = "article"
    explain: bool = False
    filters: Filters = field(default_factory=Filters)
    passages: int = 3
    fusion: Fusion = "adaptive"
    recency: float | None = None
    rerank: bool = True
    focus: bool | None = None
    facets: bool = False
    diversity: float | None = None
    context: int = 0
    sort: Sorting = "relevance"
    expand: bool = True


@dataclass(frozen=True, slots=True)
class LegExplanation:
    """What one leg says of a chunk: its exact score, its rank among the candidates, its terms (BM25 only)."""

    score: float
    rank: int | None
    terms: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class WeightReason:
    """Why BM25 has its weight: `corpus` is the index's own, from `origin` (default, measured, tuned, given, or the mode
    asked for); `dense_z_score` and `lexical_spread`, 0..1, are what the question leaves of the dense leg's part
    (see search.ranking.fusion).
    """

    origin: str
    corpus: float
    dense_z_score: float = 1.0
    lexical_spread: float = 1.0

    def rounded(self) -> "WeightReason":
        """For people."""
        return WeightReason(self.origin, *(round(v, 4) for v in (self.corpus, self.dense_z_score, self.lexical_spread)))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a chunk stands where it stands: score = weight * normalised bm25 + (1 - weight) * normalised dense,
    or what the reranker made of it, times the `boosts` there are.

    Where both legs were asked, `alignment` has a `weight` in that score, and its `value` says how much of the question
    stands in the passage in the same order (search.ranking.alignment).
    `expanded` has the words of the question that are looked for in other words, too, each with these and their weights.
    Where the question names articles, that counts for `rest` of the score only, and `named` is what this one has of it.
    `reason` is the same in a sentence, and `parts` are what it says, by name, each with the words it is about.
    """

    bm25: LegExplanation
    dense: LegExplanation
    weight: float
    normalised: Mapping[str, float]
    why: WeightReason
    alignment: Mapping[str, float] = field(default_factory=dict)
    boosts: Mapping[str, float] = field(default_factory=dict)
    rerank: float | None = None
    named: float = 0.0
    rest: float = 1.0
    reason: str = ""
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    expanded: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of an article. `start`, `end`: characters of the display text; `highlights`, `focus`: of `text`.

    `focus` is the sentence nearest to the query by meaning, in the best passage of a result; None where it was not
    asked for or the query was not encoded. `before` and `after` are the sentences around the passage, where context
    was asked for: they end and begin where it begins and ends.
    `page`, counted from 1, is that of a paged document on which most of the highlights stand, else the passage begins.
    """

    chunk_id: str
    start: int
    end: int
    text: str
    highlights: tuple[tuple[int, int], ...]
    score: float
    heading: str = ""
    focus: tuple[int, int] | None = None
    before: str | None = None
    after: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One article (or one chunk, when grouped so) of an answer.

    `chance`: it scores no more than a question without meaning finds here. `title_highlights`: characters of `title`.
    """

    article_id: str
    title: str
    score: float
    source: str | None
    author: str | None
    published: str | None
    path: str | None
    url: str | None
    tags: tuple[str, ...]
    duplicates: tuple[Mapping[str, str | None], ...]
    passages: tuple[Passage, ...]
    chance: bool = False
    title_highlights: tuple[tuple[int, int], ...] = ()
    explain: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Similar:
    """An article like another one; `score` 0..1."""

    article_id: str
    title: str
    source: str | None
    published: str | None
    score: float


@dataclass(frozen=True, slots=True)
class Offer:
    """A filter to offer: words of a question that name a time, and its first and last day as YYYY-MM-DD."""

    text: str
    after: str
    before: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gets. `suggestions` are other questions that were perhaps meant, best first.

    Results are never withheld: `confident` says whether they may answer the question. `total` counts those above what
    chance gives, of all that can be paged through: the articles (or chunks) among both legs' best 64 chunks, more on
    deep pages, near-duplicates counted once. Those under it follow with `chance` and are paged through as well.
    """

    query: str
    mode: Mode
    k: int
    offset: int
    total: int
    took_ms: float
    commit: int
    warnings: tuple[str, ...]
    results: tuple[Result, ...]
    confident: bool = True
    offers: tuple[Offer, ...] = ()
    suggestions: tuple[str, ...] = ()
    facets: Mapping[str, Mapping[str, int]] | None = None

    def to_json(self) -> dict[str, Any]:
        """The answer as plain JSON values; `explain`, `facets`, `before` and `after` are there only when asked for,
        `page` only where a document has pages.
        """
        data = asdict(self)
        if self.facets is None:
            data.pop("facets")
        for result in data["results"]:
            for passage in result["passages"]:
                if passage["before"] is None:
                    del passage["before"], passage["after"]
                if passage["page"] is None:
                    del passage["page"]
            explanation = result.pop("explain")
            if explanation is not None:
                explanation["dense"].pop("terms")
                for name in ("alignment", "boosts", "rerank", "expanded"):
                    if explanation[name] in (None, {}):
                        explanation.pop(name)
                result["explain"] = explanation
        return data
