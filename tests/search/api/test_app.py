"""The query API: the same answers as the engine, one shape of errors, and never a 500 for bad input."""

import json
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from index.builder import update_index
from index.errors import IndexCorrupt, IndexMismatch, IndexMissing, WriterBusy
from search.api.app import STATUS, create_app
from search.live import LiveEngine
from search.models import SearchOptions
from tests.conftest import CORPUS, PLAIN, HashEncoder, article


@pytest.fixture
def client(index_path, hash_bundled):
    with TestClient(create_app(LiveEngine(index_path)), raise_server_exceptions=True) as client:
        yield client


def without_time(answer):
    return {key: value for key, value in answer.items() if key != "took_ms"}


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
@pytest.mark.parametrize("explain", [False, True])
def test_a_search_is_the_engines_answer(client, engine, mode, explain):
    response = client.get("/search", params={"q": "老小区加装电梯", "mode": mode, "k": 3, "explain": explain})
    assert response.status_code == 200
    want = engine.search("老小区加装电梯", SearchOptions(k=3, mode=mode, explain=explain)).to_json()
    assert without_time(response.json()) == json.loads(json.dumps(without_time(want)))
    assert response.json()["took_ms"] > 0


def test_the_answer_has_the_keys_of_the_interface(client):
    answer = client.get("/search", params={"q": "年轻干部 双导师", "explain": "true"}).json()
    assert {"query", "mode", "k", "offset", "total", "took_ms", "commit", "warnings", "results"} <= set(answer)
    result = answer["results"][0]
    assert {"article_id", "title", "score", "source", "author", "published", "path", "tags", "duplicates", "passages",
            "explain"} <= set(result)  # fmt: skip
    assert {"chunk_id", "start", "end", "text", "highlights", "score"} <= set(result["passages"][0])
    assert {"bm25", "dense", "weight", "normalised"} <= set(result["explain"])
    assert {"score", "rank", "terms"} <= set(result["explain"]["bm25"])
    assert {"score", "rank"} <= set(result["explain"]["dense"])
    assert (result["article_id"], result["published"], result["tags"]) == ("train", "2025-11-03", ["干部", "教育"])


def test_context_passages_and_diversity_by_url_and_body(client):
    params = {"q": "补贴 申报", "context": 2, "passages": 1, "diversity": 0.4, "mode": "bm25"}
    answer = client.get("/search", params=params).json()
    assert without_time(client.post("/search", json=params).json()) == without_time(answer)
    result = answer["results"][0]
    text = client.get(f"/articles/{result['article_id']}").json()["text"]
    (passage,) = result["passages"]
    assert text[: passage["start"]].endswith(passage["before"])
    assert text[passage["end"] :].startswith(passage["after"])
    assert passage["before"] + passage["after"]
    for name, value in (("context", 21), ("passages", 0), ("diversity", 2)):
        bad = client.get("/search", params={"q": "补贴", name: value})
        assert (bad.status_code, bad.json()["error"]["code"]) == (400, "bad_option")


def test_chinese_goes_out_as_it_is(client):
    response = client.get("/search", params={"q": "馒头"})
    assert response.headers["content-type"] == "application/json"
    assert "馒头为什么发不起来" in response.content.decode("utf-8")
    assert "\\u" not in response.text


@pytest.mark.parametrize(
    ("params", "want"),
    [
        ({"source": "汉东日报"}, {"train", "water"}),
        ({"source": ["汉东日报", "空港新闻"]}, {"train", "water", "plane"}),
        ({"author": "王元"}, {"train", "search"}),
        ({"tag": "住房"}, {"lift", "water"}),
        ({"after": "2025-01-31"}, {"train", "water", "search"}),
        ({"before": "2024"}, {"lift", "plane"}),
        ({"group": "chunk", "tag": "住房"}, {"lift", "water"}),
    ],
)
def test_filters(client, params, want):
    asked = {"q": "的 一 用 年 截止 飞机 考核", "mode": "bm25", **params}
    assert {result["article_id"] for result in client.get("/search", params=asked).json()["results"]} == want
    lists = {k: [v] if k in ("source", "author", "tag") and isinstance(v, str) else v for k, v in asked.items()}
    assert client.post("/search", json=lists).json()["results"] == client.get("/search", params=asked).json()["results"]


def test_pages_by_offset(client):
    whole = client.get("/search", params={"q": "电梯 干部 飞机", "k": 6}).json()["results"]
    paged = [
        r
        for o in range(6)
        for r in client.get("/search", params={"q": "电梯 干部 飞机", "k": 1, "offset": o}).json()["results"]
    ]
    assert paged == whole
    assert len(whole) >= 3


def test_post_takes_one_question_or_a_list_in_order(client):
    one = client.post("/search", json={"q": "馒头", "k": 2})
    assert one.status_code == 200
    assert one.json()["results"][0]["article_id"] == "bread"
    many = client.post("/search", json=[{"q": "馒头", "k": 2}, {"q": "C919", "mode": "bm25"}])
    assert [answer["query"] for answer in many.json()] == ["馒头", "C919"]
    assert without_time(many.json()[0]) == without_time(one.json())
    assert many.json()[1]["results"][0]["article_id"] == "plane"
    assert client.post("/search", json=[]).json() == []


def test_a_list_has_a_limit(client):
    response = client.post("/search", json=[{"q": "馒头"}] * 101)
    assert response.status_code == 400
    assert "got 101 at once, want at most 100" in response.json()["error"]["message"]


def test_an_article_by_its_id_with_the_text_that_offsets_refer_to(client):
    found = client.get("/articles/plane").json()
    want = CORPUS[3]
    assert (found["article_id"], found["title"], found["text"]) == ("plane", want.title, want.text)
    assert (found["source"], found["author"], found["published"]) == (want.source, want.author, want.published)
    for passage in client.get("/search", params={"q": "航程"}).json()["results"][0]["passages"]:
        assert found["text"][passage["start"] : passage["end"]] == passage["text"]
    assert [chunk["chunk_id"] for chunk in found["chunks"]] == ["plane:0", "plane:1"]


def test_an_id_may_hold_slashes_and_anything_else(tmp_path, hash_bundled):
    name = "https://例.中国/a b?c=1#d%/"
    update_index([article(name, "灯塔建在海岛上。")], tmp_path / "index", PLAIN, encoder=HashEncoder())
    with TestClient(create_app(LiveEngine(tmp_path / "index"))) as client:
        assert client.get(f"/articles/{quote(name, safe='')}").json()["article_id"] == name


@pytest.mark.parametrize("path", ["/articles/nobody", "/articles/train:0", "/articles/%00", "/nowhere", "/search/x"])
def test_what_is_not_there_is_a_404_in_the_one_shape(client, path):
    response = client.get(path)
    assert response.status_code == 404
    error = response.json()["error"]
    assert set(error) == {"code", "message", "hint"}
    assert error["code"] == "not_found"


NASTY = [
    ({}, 400, "bad_query"),
    ({"q": ""}, 400, "bad_query"),
    ({"q": " \n\t　"}, 400, "bad_query"),
    ({"q": "a" * 10_000}, 400, "bad_query"),
    ({"q": "馒头", "k": "0"}, 400, "bad_option"),
    ({"q": "馒头", "k": "-1"}, 400, "bad_option"),
    ({"q": "馒头", "k": "1000000"}, 400, "bad_option"),
    ({"q": "馒头", "k": "9" * 400}, 400, "bad_option"),
    ({"q": "馒头", "k": "9" * 5_000}, 422, "bad_request"),
    ({"q": "馒头", "k": "ten"}, 422, "bad_request"),
    ({"q": "馒头", "k": "1.5"}, 422, "bad_request"),
    ({"q": "馒头", "k": ""}, 422, "bad_request"),
    ({"q": "馒头", "offset": "-1"}, 400, "bad_option"),
    ({"q": "馒头", "offset": "99999999"}, 400, "bad_option"),
    ({"q": "馒头", "mode": "magic"}, 422, "bad_request"),
    ({"q": "馒头", "group": "day"}, 422, "bad_request"),
    ({"q": "馒头", "explain": "maybe"}, 422, "bad_request"),
    ({"q": "馒头", "after": "昨天"}, 400, "bad_option"),
    ({"q": "馒头", "before": "2025-02-30"}, 400, "bad_option"),
    ({"q": "馒头", "after": "9999-99-99"}, 400, "bad_option"),
]


@pytest.mark.parametrize(("params", "status", "code"), NASTY, ids=lambda value: str(value)[:40])
def test_a_question_without_an_answer_gets_its_status_and_code(client, params, status, code):
    response = client.get("/search", params=params)
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"code", "message", "hint"}
    assert error["code"] == code
    assert error["message"]
    assert len(error["message"]) < 600
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    "text",
    ["\0", "a\0b", "😀", "\ufffe", "' OR 1=1 --", "<script>alert(1)</script>", "((((", "*", "\\", "%", "AND OR NOT",
     '"', "\u202e文", "a" * 1_000, "𠮷野家", "ﷺ", "\x1b[31m", "../../etc/passwd", "{}", "的" * 999],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
def test_any_other_text_has_an_answer(client, text, mode):
    response = client.get("/search", params={"q": text, "mode": mode, "explain": True, "source": ["", text][:1]})
    assert response.status_code == 200
    assert response.json()["query"] == text
    filtered = client.get("/search", params={"q": "馒头", "source": text, "author": text, "tag": text})
    assert filtered.status_code == 200
    assert filtered.json()["results"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"1", b'"q"', b"[1]", b"[[]]", b'{"q": null}', b'{"q": 5}', b'{"k": 3}', b"\xff\xfe",
        b'{"q": "a", "other": 1}', b'{"q": "a", "k": "x"}', b'{"q": "a", "source": "x"}', b'{"q": "a", "k": 1e999}',
        b"[" * 5_000,
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)  # fmt: skip
def test_a_body_that_is_no_question_is_a_422(client, body):
    response = client.post("/search", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (400, 413, 422)
    assert set(response.json()["error"]) == {"code", "message", "hint"}


def test_a_posted_question_of_ten_thousand_characters_is_refused(client):
    response = client.post("/search", json={"q": "文" * 10_000})
    assert response.status_code == 400
    assert "got 10000 characters" in response.json()["error"]["message"]


def test_a_lone_surrogate_is_answered_or_refused_but_never_fatal(client):
    response = client.post("/search", content=b'{"q": "a\\ud800b"}', headers={"content-type": "application/json"})
    assert response.status_code in (200, 400, 422)
    response.content.decode("utf-8")


@pytest.mark.parametrize("query", ["q=%FF%FE", "q=%E6%96", "q=%", "q=馒头&k=3&k=4", "q=馒头&unknown=1", "&&&", "q"])
def test_a_broken_query_string_is_never_fatal(client, query):
    response = client.get(f"/search?{query}")
    assert response.status_code in (200, 400, 422)


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/search"), ("PUT", "/stats"), ("POST", "/healthz")])
def test_another_method_is_a_405(client, method, path):
    response = client.request(method, path)
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_allowed"
    assert response.headers["allow"] == {"/search": "GET, HEAD, POST"}.get(path, "GET, HEAD")


def test_health_readiness_and_stats(client, engine):
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True, "state": "equal", "commit": 2, "checksums": "whole", "trouble": None,
    }  # fmt: skip
    stats = client.get("/stats").json()
    assert (stats["articles"], stats["chunks"], stats["encoder"]) == (len(CORPUS), engine.stats().chunks, "hash")
    assert {"segments", "bytes", "dim", "fingerprint", "state", "commit", "committed_at"} <= set(stats)


def test_readiness_tells_of_a_commit_that_cannot_be_opened(tmp_path, hash_bundled):
    root = tmp_path / "index"
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    with TestClient(create_app(LiveEngine(root))) as client:
        (root / "CURRENT").write_text("commit-000042.json x\n", "utf-8")
        found = client.get("/readyz")
        assert found.status_code == 503  # what is open answers, a restart would not
        ready = found.json()
        assert ready["state"] == "corrupt"
        assert "commit-000042.json" in ready["trouble"]
        assert client.get("/search", params={"q": "馒头"}).status_code == 200


def test_a_new_commit_is_served_without_a_restart(tmp_path, hash_bundled):
    root = tmp_path / "index"
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    with TestClient(create_app(LiveEngine(root))) as client:
        assert client.get("/articles/tower").status_code == 404
        update_index([article("tower", "海岛灯塔。")], root, encoder=HashEncoder())
        assert client.get("/articles/tower").json()["text"] == "海岛灯塔。"
        assert client.get("/readyz").json()["commit"] == 2


def test_page_and_api_description_are_served(client):
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "文搜" in page.text
    assert client.get("/docs").status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/search", "/articles/{article_id}", "/stats", "/healthz", "/readyz"} <= set(paths)


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/..%2fapi.py", "/%2e%2e/api.py", "//etc/passwd", "/api.py"])
def test_the_page_serves_its_own_folder_only(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "import" not in response.text


def test_errors_of_the_index_have_their_status():
    assert {STATUS[kind] for kind in (IndexMissing, IndexCorrupt, IndexMismatch)} == {503}
    assert STATUS[WriterBusy] == 409
