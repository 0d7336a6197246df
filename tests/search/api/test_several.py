"""Several indexes in one server: each under its name, all of them at once, and keys that open some."""

import asyncio

import httpx
import pytest

from index.builder import update_index
from index.errors import NotFound
from search.client import AsyncClient, ServerError
from search.service.keys import add_key
from tests.conftest import CORPUS, PLAIN, HashEncoder, article
from tests.search.api.conftest import asking, bearer

TOWER = article("tower", "海岛上的灯塔亮了一夜，守塔人记下了风向。", title="灯塔", source="海报")


@pytest.fixture
def roots(root, tmp_path):
    """Two indexes by name."""
    update_index(
        [TOWER, article("lift", "码头的电梯停了。", title="码头")], tmp_path / "sea", PLAIN, encoder=HashEncoder()
    )
    return {"land": root, "sea": tmp_path / "sea"}


def names(response):
    return {(one["index"], one["article_id"]) for one in response.json()["results"]}


def test_each_is_asked_under_its_name_and_all_without_one(roots):
    with asking(roots) as client:
        alone = client.get("/i/sea/search", params={"q": "电梯"}).json()
        assert {one["article_id"] for one in alone["results"]} == {"tower", "lift"}
        both = client.get("/search", params={"q": "电梯", "k": 20})
        assert {("sea", "lift"), ("land", "lift")} <= names(both)
        assert both.json()["commits"] == {"land": 1, "sea": 1}
        scores = [one["score"] for one in both.json()["results"]]
        assert scores == sorted(scores, reverse=True)
        first, second = (client.get("/search", params={"q": "电梯", "k": 3, "offset": n}).json() for n in (0, 3))
        assert [*first["results"], *second["results"]] == both.json()["results"][:6]
        assert client.get("/stats").json()["articles"] == len(CORPUS) + 2
        assert set(client.get("/stats").json()["indexes"]) == {"land", "sea"}
        assert client.get("/articles/tower").json()["index"] == "sea"
        assert client.get("/i/land/articles/tower").status_code == 404
        assert "灯塔" in client.get("/suggest", params={"q": "灯"}).json()["suggestions"]
        assert client.get("/i/land/suggest", params={"q": "灯"}).json()["suggestions"] == []
        assert client.get("/readyz").json()["ready"]
        assert client.get("/i/").status_code == client.get("/i/other/search?q=a").status_code == 404
        assert 'wensou_articles{index="sea"} 2.0' in client.get("/metrics").text


def test_what_is_written_must_say_where(roots):
    with asking(roots, key="k", writes=True) as client:
        client.headers.update(bearer("k"))
        new = {"id": "new", "text": "渡口的木桥修好了。"}
        assert client.post("/articles", json=new).status_code == 400
        assert client.post("/i/sea/articles", json=new, params={"wait": True}).json()["result"]["added"] == 1
        assert client.get("/i/sea/articles/new").status_code == 200
        assert client.get("/i/land/articles/new").status_code == 404


def test_a_key_opens_its_own_index_alone(roots):
    _, sea = add_key(roots["sea"], "read", ["source=海报"])
    _, land = add_key(roots["land"], "read")
    with asking(roots) as client:
        ask = lambda path, token: client.get(path, params={"q": "电梯", "k": 20}, headers=bearer(token))  # noqa: E731
        assert ask("/i/land/search", sea).status_code == ask("/i/sea/search", land).status_code == 401
        assert {one["article_id"] for one in ask("/search", sea).json()["results"]} <= {"tower"}
        assert ask("/stats", sea).json()["articles"] == 1
        assert ask("/stats", land).json()["articles"] == len(CORPUS)
        assert ask("/articles/lift", sea).status_code == 404
        assert client.get("/search", params={"q": "a"}).status_code == 401


def test_an_index_without_keys_is_closed_beside_one_with(roots):
    _, land = add_key(roots["land"], "admin")
    with asking(roots) as client:
        assert client.get("/i/sea/search", params={"q": "电梯"}).status_code == 401
        assert client.get("/i/sea/search", params={"q": "电梯"}, headers=bearer(land)).status_code == 401
        assert client.get("/stats", headers=bearer(land)).json()["articles"] == len(CORPUS)


def test_the_client_that_waits_for_nothing_asks_as_the_other(roots):
    async def talk(app):
        async with AsyncClient("http://127.0.0.1", key="k", index="sea") as client:
            client._http._transport = httpx.ASGITransport(app)
            assert (await client.search("灯塔", k=3)).results[0].article_id == "tower"
            assert [len(one.results) for one in await client.search_many(["灯塔", "电梯"], k=1)] == [1, 1]
            assert (await client.article("tower"))["title"] == "灯塔"
            assert {one.article_id for one in await client.similar("tower")} == {"lift"}
            assert await client.suggest("灯") == ["灯塔"]
            assert (await client.stats())["articles"] == 2
            job = await client.add({"id": "new", "text": "渡口的木桥修好了。"}, wait=False)
            assert (await client.job(job["job"]))["state"] == "pending"
            assert (await client.delete("new", wait=False))["state"] == "pending"
            with pytest.raises(NotFound):
                await client.article("nobody")
        async with AsyncClient("http://127.0.0.1", index="sea") as client:
            client._http._transport = httpx.ASGITransport(app)
            with pytest.raises(ServerError) as refused:
                await client.search("灯塔")
            assert (refused.value.status, refused.value.code) == (401, "key_needed")

    with asking(roots, key="k") as client:
        asyncio.run(talk(client.app))
