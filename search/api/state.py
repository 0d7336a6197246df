"""The routes that say how the server and its indexes are: stats, healthz, readyz."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from search.api.answers import UnescapedJSON
from search.api.asked import Asked, Served, engine_of
from search.api.several import stats_all


def state(asked: Asked) -> APIRouter:
    """The routes over what is `asked`."""
    router = APIRouter()

    @router.get("/stats")
    def stats() -> dict[str, Any]:
        """Counts, sizes and names; of several indexes those of each, and what can be added added up."""
        each = {one.name: asdict(engine_of(one).stats()) for one in asked.served()}
        return next(iter(each.values())) if len(each) == 1 else stats_all(each)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process is up."""
        return {"status": "ok"}

    @router.get("/readyz", responses={503: {"description": "Questions cannot be answered; the body says why."}})
    def readyz() -> JSONResponse:
        """200 while questions can be answered and a restart would find its index; else 503, and why."""
        each = {one.name: _readiness(one) for one in asked.served()}
        ready = all(body["ready"] for body in each.values())
        body = next(iter(each.values())) if len(each) == 1 else {"ready": ready, "indexes": each}
        return UnescapedJSON(body, status_code=200 if ready else 503)

    return router


def _readiness(served: Served) -> dict[str, Any]:
    live = served.live
    unready = live.unready()
    engine = live.engine()
    trouble = live.trouble or unready
    return {
        "ready": unready is None,
        "state": str(live.state()),
        "commit": engine.commit,
        "checksums": engine.stats().checksums,
        "trouble": trouble.message if trouble else None,
    }
