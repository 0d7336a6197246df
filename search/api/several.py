"""One answer from several indexes: each is asked, and results are put in one order by their scores.

Scores of different indexes stand on the same scale, 0..1: both legs are anchored before they are mixed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any

from search.engine import SearchEngine
from search.models import SearchOptions
from search.query.parse import MAX_K, check


def search_all(
    engines: Mapping[str, SearchEngine], text: str, options: SearchOptions
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The page of all results that `options` asks for, each with the `index` it is from; and each index's answer.

    `commit` is the highest, `commits` are all; raises as `SearchEngine.search`.
    """
    check(options)
    upto = options.offset + options.k
    each = {name: _first(engine, text, options, upto) for name, engine in engines.items()}
    results = [{**result, "index": name} for name, answer in each.items() for result in answer["results"]]
    results.sort(key=lambda result: (-result["score"], result["index"], result["article_id"]))
    if options.sort == "date":
        results.sort(key=lambda result: result["published"] or "", reverse=True)
        results.sort(key=lambda result: bool(result["chance"]))
    first = next(iter(each.values()))
    merged = {
        **first,
        "k": options.k,
        "offset": options.offset,
        "total": sum(answer["total"] for answer in each.values()),
        "took_ms": round(sum(answer["took_ms"] for answer in each.values()), 2),
        "commit": max(answer["commit"] for answer in each.values()),
        "commits": {name: answer["commit"] for name, answer in each.items()},
        "warnings": _distinct(answer["warnings"] for answer in each.values()),
        "suggestions": _distinct(answer["suggestions"] for answer in each.values())[:3],
        "results": results[options.offset : upto],
    }
    if "confident" in first:
        merged["confident"] = any(answer["confident"] for answer in each.values())
    nearest = [{**a["nearest"], "index": n} for n, a in each.items() if a.get("nearest")]
    merged.pop("nearest", None)
    if nearest and not results:
        merged["nearest"] = max(nearest, key=lambda result: result["score"])
    if options.facets:
        merged["facets"] = added([answer["facets"] for answer in each.values()])
    return merged, each


def _first(engine: SearchEngine, text: str, options: SearchOptions, count: int) -> dict[str, Any]:
    """The answer with the first `count` results, fetched in pages as large as they may be."""
    answer: dict[str, Any] | None = None
    for offset in range(0, count, MAX_K):
        page = engine.search(text, replace(options, k=min(MAX_K, count - offset), offset=offset)).to_json()
        if answer is None:
            answer = page
        else:
            answer["results"] = [*answer["results"], *page["results"]]
        if len(page["results"]) < MAX_K:
            break
    return answer or {}


def suggest_all(engines: Mapping[str, SearchEngine], text: str, k: int) -> list[str]:
    """At most `k` completions, those of each index in turn."""
    return _distinct(zip_longest(*(engine.suggest(text, k) for engine in engines.values())))[:k]


def stats_all(each: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Counts added up, and each index's own under `indexes`."""
    first = next(iter(each.values()))
    added = {name: sum(stats[name] for stats in each.values()) for name in _COUNTS if name in first}
    return {**first, **added, "indexes": {name: dict(stats) for name, stats in each.items()}}


_COUNTS = ("articles", "chunks", "dead_chunks", "segments", "bytes")


def _distinct(lists: Any) -> list[str]:
    return list(dict.fromkeys(text for text in chain.from_iterable(lists) if text is not None))


def added(each: Sequence[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Counts of values by facet, those of several indexes added up, most first."""
    out = {}
    for name in each[0]:
        counts: Counter[str] = Counter()
        for facets in each:
            counts.update(facets.get(name, {}))
        out[name] = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    return out
