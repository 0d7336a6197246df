"""What can be asked for beside the question: every search option once. The API and the command line are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from index.models import Filters
from search.models import Fusion, Grouping, Mode, SearchOptions, Sorting
from search.query.filters import make_filters

_FILTERS = frozenset(field.name for field in fields(Filters))


@dataclass(frozen=True, slots=True)
class SearchOption:
    """One option: its name, its type, what it does, and what it is when nobody says.

    `short` is its flag on the command line where that is not `--name`; `metavar` what its value is called there;
    `served_only` whether it is for servers alone.
    """

    name: str
    type: Any
    help: str
    default: Any = None
    short: str | None = None
    metavar: str | None = None
    served_only: bool = False


SEARCH_OPTIONS = (
    SearchOption("k", int, "results a page, 1..1000", 10, short="-k"),
    SearchOption("offset", int, "results to pass over, 0..10000", 0),
    SearchOption("mode", Mode, "hybrid, bm25 or dense", "hybrid"),
    SearchOption("group", Grouping, "article or chunk", "article"),
    SearchOption("fusion", Fusion, "adaptive, convex or rrf: how a hybrid query mixes its legs", "adaptive"),
    SearchOption("explain", bool, "say why each result is there", False),
    SearchOption("source", list[str], "only from these sources"),
    SearchOption("author", list[str], "only by these authors"),
    SearchOption("tag", list[str], "only with one of these tags"),
    SearchOption("meta", list[str], "only where a field has this value, as issuing_body=国务院", metavar="KEY=VALUE"),
    SearchOption("after", str | None, "first day, YYYY-MM-DD", metavar="YYYY-MM-DD"),
    SearchOption("before", str | None, "last day, YYYY-MM-DD", metavar="YYYY-MM-DD"),
    SearchOption("recency", float | None, "half-life: new articles gain a little, up to a fifth", metavar="DAYS"),
    SearchOption("passages", int, "passages of an article, at most, 1..50", 3),
    SearchOption("context", int, "sentences shown around each passage, 0..20", 0),
    SearchOption("diversity", float | None, "0..1: how much results should differ from those before them"),
    SearchOption("sort", Sorting, "relevance or date, the newest first", "relevance"),
    SearchOption("expand", bool, "look for other names of what is asked for, too: synonyms, short forms", True),
    SearchOption(
        "rerank", bool, "let the server's reranker, where it has one, read the best again", True, served_only=True
    ),
    SearchOption("facets", bool, "count candidates by source, author, tag, number and month", False),
    SearchOption(
        "focus",
        bool | None,
        "set off the sentence nearest to the question; by default where no word of it is marked",
        served_only=True,
    ),
)


def search_options(asked: Mapping[str, Any]) -> SearchOptions:
    """What was `asked` for, by the names of SEARCH_OPTIONS, as the engine takes it; BadOption where a day is none."""
    filters = {name: value for name, value in asked.items() if name in _FILTERS and value}
    others = {name: value for name, value in asked.items() if name not in _FILTERS}
    return SearchOptions(**others, filters=make_filters(**filters))
