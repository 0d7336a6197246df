"""Whoever moves to another engine sees the same answers, pages, themes and suggestions, and clear words on the rest."""

import json

import pytest

from index.builder import update_index
from index.copy import copy_index
from tests.conftest import CORPUS, PLAIN, HashEncoder, article
from tests.search.api.conftest import asking

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's and milvus-lite's own

PAGED = article("paged", "渡口的船票涨价了。\n上船要走栈桥。\n栈桥在维修。", title="渡口手册", pages=(0, 10, 18))
MORE = [article(f"m{n}", f"第{n}号{what}今天开放。", title=f"{what}{n}", source="江州日报") for n, what in
        enumerate(("灯塔", "水库", "夜市", "航班") * 3)]  # fmt: skip
ASKED = (
    "/search?q=栈桥&explain=true",
    "/search?q=电梯 加装&facets=true&k=3",
    '/search?q="年轻干部" -电梯',
    "/search?q=灯塔&mode=dense&k=3&offset=2",
    "/search?q=夜市&source=江州日报&facets=true",
    "/search?q=水库&group=chunk&sort=date",
    "/overview",
    "/overview?source=江州日报",
    "/themes",
    "/articles/paged",
    "/articles/m1/similar",
    "/articles/nobody",
    "/suggest?q=deng",
    "/suggest?q=hangban",
    "/suggest?q=水",
    "/readyz",
    "/",
)


def told(response):
    """What an answer says, but for times and sizes on disk."""
    try:
        said = response.json()
    except json.JSONDecodeError:
        return response.status_code, response.text
    for name in ("took_ms", "bytes", "checksums"):
        said.pop(name, None)
    return response.status_code, said


def alike(one, other):
    """Whether two answers are the same but for the rounding of numbers."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 1e-5
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


def test_all_that_can_be_asked_is_answered_alike(tmp_path, hash_bundled):
    here, there = tmp_path / "index", f"milvus+lite://{tmp_path}/one.db?name=served"
    update_index([*CORPUS, PAGED, *MORE], here, PLAIN, encoder=HashEncoder())
    copy_index(here, there)
    with asking(here) as one, asking(there) as other:
        for path in ASKED:
            want, got = told(one.get(path)), told(other.get(path))
            assert alike(got, want), path
        (result,) = [item for item in other.get("/search?q=栈桥").json()["results"] if item["article_id"] == "paged"]
        assert 2 in {passage["page"] for passage in result["passages"]} | {3}
        refused = other.post("/articles", json={"id": "x", "text": "渡口。"})
        assert refused.status_code in (401, 403)
