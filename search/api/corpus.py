"""What there is as a whole: the overview, its themes, and the health of the index."""

import threading
from dataclasses import asdict
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter
from pydantic import BaseModel

from index.storage.history import history
from search.api.asked import Asked
from search.engine import SearchEngine
from search.models import SearchOptions
from search.overview import Themes, months_by_source, themes_of
from search.service.question_log import unanswered

_EMPTY = 50  # questions that found nothing, told of
_HITS = 100  # of a question, shown among the themes


class OverviewOut(BaseModel):
    """Articles by source and month; `months` of the largest sources alone."""

    articles: int
    sources: dict[str, int]
    months: dict[str, dict[str, int]]
    all_months: dict[str, int]


class PointOut(BaseModel):
    """An article in the plane, both axes 0..1; `theme` is the number of its theme, null for a hit beyond the sample."""

    article_id: str
    title: str
    source: str | None
    published: str | None
    x: float
    y: float
    theme: int | None


class LabelOut(BaseModel):
    """A name in the plane, by the middle of it."""

    text: str
    x: float
    y: float


class ThemeOut(BaseModel):
    """Words that name a theme, its articles in the sample, the ids of those nearest to its middle, and where its name
    stands on none of the others, null where there is no such place.
    """

    words: list[str]
    size: int
    nearest: list[str]
    label: LabelOut | None


class ThemesOut(BaseModel):
    """Themes, where articles lie, and where the results of the question lie, best first."""

    themes: list[ThemeOut]
    points: list[PointOut]
    hits: list[PointOut]


class ReportOut(BaseModel):
    """The state of the index, what the last runs of the builder did, newest first, and what found nothing, where the
    server keeps that: `query` and `count`, the most frequent first.
    """

    stats: dict[str, Any]
    state: str
    trouble: str | None
    builds: list[dict[str, Any]]
    empty_questions: list[dict[str, Any]]


def corpus_router(asked: Asked) -> APIRouter:
    """The routes over an open index."""
    router = APIRouter()
    known: WeakKeyDictionary[SearchEngine, Themes] = WeakKeyDictionary()
    making = threading.Lock()

    def themes_for(engine: SearchEngine) -> Themes:
        with making:  # they are made once a commit, whoever asks meanwhile
            if engine not in known:
                known[engine] = themes_of(engine)
            return known[engine]

    @router.get("/overview", response_model=OverviewOut)
    def overview() -> dict[str, object]:
        """Articles by month and source."""
        return months_by_source(asked.engine())

    @router.get("/themes", response_model=ThemesOut)
    def themes(q: str = "") -> dict[str, object]:
        """Themes of the articles, laid out in the plane; the results of a question among them."""
        engine = asked.engine()
        found = themes_for(engine)
        return {
            "themes": [asdict(theme) for theme in found.themes],
            "points": [asdict(point) for point in found.points],
            "hits": _hits(engine, found, q) if q.strip() else [],
        }

    @router.get("/report", response_model=ReportOut)
    def report() -> dict[str, object]:
        """The health of the index: commit, segments, encoder, and what was skipped or cleaned and why."""
        asked.whole()  # runs name what they read, whoever may see it
        engine, live = asked.engine(), asked.one().live
        return {
            "stats": asdict(engine.stats()),
            "state": str(live.state()),
            "trouble": live.trouble.message if live.trouble else None,
            "builds": history(live.folder) if live.folder else [],
            "empty_questions": [
                {"query": one.question, "count": one.times}
                for one in (unanswered(live.folder)[:_EMPTY] if live.folder else [])
            ],
        }

    return router


def _hits(engine: SearchEngine, themes: Themes, q: str) -> list[dict[str, object]]:
    """The results of a question as points; one outside the sample lies amid its neighbours there."""
    known = {point.article_id: point for point in themes.points}
    out: list[dict[str, object]] = []
    for result in engine.search(q, SearchOptions(k=_HITS, passages=1, focus=False)).results:
        if getattr(result, "chance", False):
            continue
        point = known.get(result.article_id)
        if point:
            out.append(asdict(point))
        elif place := themes.place(engine.vector(result.article_id)):
            here = {"article_id": result.article_id, "title": result.title, "source": result.source}
            out.append({**here, "published": result.published, "x": place[0], "y": place[1], "theme": None})
    return out
