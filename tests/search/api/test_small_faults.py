"""HEAD, Allow, ids that look like routes, readiness, and a description that needs no other site."""

import shutil
from urllib.parse import quote

import pytest

from index.builder import update_index
from tests.conftest import ROOT, HashEncoder, article
from tests.search.api.conftest import asking


def test_head_is_get_without_a_body(root):
    with asking(root) as client:
        for path in (
            "/",
            "/search?q=馒头",
            "/articles/train",
            "/stats",
            "/healthz",
            "/readyz",
            "/docs",
            "/openapi.json",
        ):
            head, got = client.head(path), client.get(path)
            assert head.status_code == got.status_code == 200, path
            assert head.content == b""
            assert head.headers["content-type"] == got.headers["content-type"]
        assert client.head("/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("DELETE", "/search", "GET, HEAD, POST"), ("PUT", "/stats", "GET, HEAD"),
     ("PATCH", "/articles/train/similar", "GET"),     ("POST", "/", "GET, HEAD"), ("DELETE", "/app.js", "GET, HEAD"),
     ("POST", "/docs", "GET, HEAD")],
)  # fmt: skip
def test_another_method_says_which_there_are(root, method, path, allow):
    with asking(root) as client:
        response = client.request(method, path)
        assert response.status_code == 405
        assert set(allow.split(", ")) <= set(response.headers["allow"].split(", "))
        assert method not in response.headers["allow"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT"])
def test_what_is_nowhere_is_not_found_by_any_method(root, method):
    with asking(root) as client:
        assert client.request(method, "/nowhere").status_code == 404


NAMES = [
    "a/similar",
    "similar",
    "x/similar/similar",
    "https://例.cn/50%25?q=1#similar",
    "100%",
    "%2F",
    "a b",
    "../up",
    "/",
    "a//b",
]


def test_any_id_can_be_fetched(root):
    update_index(
        [article(name, f"海岛上的灯塔，第{n}座。") for n, name in enumerate(NAMES)], root, encoder=HashEncoder()
    )
    with asking(root) as client:
        for name in NAMES:
            where = f"/articles/{quote(name, safe='')}"
            assert client.get(where).json()["article_id"] == name
            assert {one["article_id"] for one in client.get(f"{where}/similar").json()["results"]} >= set(NAMES) - {
                name
            }
        assert client.get("/articles/a/similar").json()["article_id"] == "a/similar"  # its slash as it is


def test_readiness_is_what_a_question_would_find(root, monkeypatch):
    with asking(root) as client:
        assert client.get("/readyz").status_code == 200
        shutil.move(root, root.with_name("away"))
        gone = client.get("/readyz")
        assert (gone.status_code, gone.json()["ready"], gone.json()["state"]) == (503, False, "missing")
        shutil.move(root.with_name("away"), root)
        assert client.get("/readyz").status_code == 200
        manifest = next(root.glob("commit-*.json"))
        manifest.write_bytes(manifest.read_bytes()[:-9])
        assert client.get("/readyz").json()["state"] == "corrupt"
        assert client.get("/readyz").status_code == 503


def test_readiness_tells_when_searches_are_refused(root):
    with asking(root) as client:
        asked = client.app.state.asked.one().live
        for path in root.glob("segments/*/words.docs.npy"):
            path.write_bytes(path.read_bytes()[:-40])
        del asked._engine
        from index.errors import IndexCorrupt

        def broken(*_, **__):
            raise IndexCorrupt("index: damaged")

        asked._engine = type(
            "Broken", (), {"search": broken, "commit": 1, "stats": lambda _: type("S", (), {"checksums": "damaged"})()}
        )()
        response = client.get("/readyz")
        assert response.status_code == 503
        assert "damaged" in response.json()["trouble"]


def test_the_description_is_served_whole_from_here(root):
    folder = ROOT / "search" / "api" / "docs"
    with asking(root) as client:
        for path in ("/docs", *(f"/docs/{file.name}" for file in folder.iterdir())):
            response = client.get(path)
            assert response.status_code == 200
            assert "http" not in response.text.replace("`HTTP ${response.status}`", "").replace(
                "http-equiv", ""
            ).lower().replace("http ${response.status}", "")
        described = client.get("/openapi.json").json()
        named = set(described["components"]["schemas"])
        assert {"SearchRequest", "AnswerOut", "ErrorOut"} <= named
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                assert operation.get("description"), (path, method)
                assert {"400", "401", "403", "413", "429", "503"} <= set(operation["responses"]), path


def test_every_reference_of_the_description_leads_somewhere(root):
    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"].rpartition("/")[2]
            for one in value.values():
                yield from references(one)
        elif isinstance(value, list):
            for one in value:
                yield from references(one)

    with asking(root) as client:
        described = client.get("/openapi.json").json()
        assert set(references(described)) <= set(described["components"]["schemas"])
