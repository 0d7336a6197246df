"""Keys, what they open, and the names a server is asked by."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.builder import update_index
from index.errors import BadOption, IndexCorrupt, IndexMissing, NotFound
from search.api.security import host_names
from search.service.keys import KEYS, KeyRing, Role, add_key, key_filters, read_keys, revoke_key
from tests.conftest import CORPUS, PLAIN, HashEncoder, article
from tests.search.api.conftest import asking, bearer

UNLOCKED = {"/healthz", "/docs"}
MINE = "汉东日报"


def routes(client):
    """Every route that is described, with something in its path that is there."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            yield method.upper(), path.replace("{article_id}", "lift").replace("{job_id}", "1-0")


# ---- keys at rest


def test_a_key_is_kept_as_a_hash_and_shown_once(root):
    key, token = add_key(root, "read", ["source=汉东日报"], "2999")
    kept = (root / KEYS).read_text("utf-8")
    assert token not in kept
    assert token.rsplit("_", 1)[1] not in kept
    assert "$argon2id$" in kept
    assert (root / KEYS).stat().st_mode & 0o077 == 0
    assert read_keys(root) == [key]
    assert key.expires == "2999-12-31"
    assert "hash" not in key.shown()


def test_a_ring_knows_right_keys_from_wrong_ones_and_forgets_the_revoked(root):
    ring = KeyRing(root)
    assert not ring
    key, token = add_key(root, "write")
    assert ring
    assert not ring.known(token)
    assert ring.find(token) == key
    assert ring.known(token)
    for wrong in (token[:-1], token + "x", token.swapcase(), "", "wk_", token.replace(key.key_id, "0" * 8), "é" * 40):
        assert ring.find(wrong) is None, wrong
    revoke_key(root, key.key_id)
    assert ring.find(token) is None
    with pytest.raises(NotFound):
        revoke_key(root, key.key_id)


def test_a_key_holds_until_the_end_of_its_last_day(root):
    today = datetime.now(UTC).date()
    _, old = add_key(root, "read", expires=(today - timedelta(days=2)).isoformat())
    _, new = add_key(root, "read", expires=(today + timedelta(days=1)).isoformat())
    ring = KeyRing(root)
    assert ring.find(old) is None
    assert ring.find(new) is not None


@pytest.mark.parametrize(
    ("role", "filters", "expires"),
    [("owner", [], None), ("read", ["colour=red"], None), ("read", ["source"], None), ("read", ["after=soon"], None),
     ("write", ["source=a"], None), ("read", [], "tomorrow"), ("read", ["meta=city"], None)],
)  # fmt: skip
def test_what_is_no_key_is_refused(root, role, filters, expires):
    with pytest.raises(BadOption):
        add_key(root, role, filters, expires)
    assert read_keys(root) == []


def test_a_key_needs_an_index_and_a_broken_file_opens_nothing(root, tmp_path):
    with pytest.raises(IndexMissing):
        add_key(tmp_path / "nowhere", "read")
    add_key(root, "read")
    (root / KEYS).write_text('{"keys": [{}]}', "utf-8")
    with pytest.raises(IndexCorrupt):
        read_keys(root)
    with asking(root) as client:
        assert client.get("/search", params={"q": "馒头"}).status_code == 503


def test_roles_cover_those_before_them():
    assert [role.covers(Role.WRITE) for role in Role] == [False, True, True]


# ---- keys at the door


def test_where_any_key_exists_every_route_needs_one(root):
    with asking(root) as client:
        every = list(routes(client))
        assert len(every) > 10
        assert client.get("/search", params={"q": "馒头"}).status_code == 200
        key, token = add_key(root, "admin")
        for method, path in [*every, ("GET", "/openapi.json"), ("GET", "/metrics"), ("GET", "/nowhere")]:
            response = client.request(method, path)
            if path in UNLOCKED:
                assert response.status_code == 200
                continue
            assert response.status_code == 401, path
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.json()["error"]["code"] == "key_needed"
            assert client.request(method, path, headers=bearer(token)).status_code not in (401, 403), path
            assert client.request(method, path, headers=bearer(token + "x")).status_code == 401
        assert client.get("/").status_code == 200  # the page holds nothing and asks for the key
        revoke_key(root, key.key_id)
        add_key(root, "read")
        assert client.get("/search", params={"q": "馒头"}, headers=bearer(token)).status_code == 401


def test_the_key_a_server_is_started_with_opens_all(root):
    with asking(root, key="geheim") as client:
        assert client.get("/stats").status_code == 401
        assert client.get("/stats", headers=bearer("geheim")).status_code == 200
        assert client.get("/stats", headers=bearer("geheimx")).status_code == 401
        assert client.get("/stats", headers={"Authorization": "Basic geheim"}).status_code == 401


def test_guessing_is_slowed_down(root):
    _, token = add_key(root, "read")
    with asking(root) as client:
        tried = [client.get("/stats", headers=bearer(f"{token[:-3]}{n:03}")).status_code for n in range(70)]
        assert set(tried) == {401, 429}
        assert client.get("/healthz").status_code == 200


# ---- a key with a filter sees, counts, completes and is suggested nothing else


def _everything(client, token, text, typed):
    """Every answer a key gets for `text`, as text."""
    ask = lambda path, **params: client.get(path, params=params, headers=bearer(token))  # noqa: E731
    many = client.post("/search", json=[{"q": text, "facets": True, "explain": True}], headers=bearer(token))
    got = [many, ask("/search", q=text, facets=True, k=50, mode="dense"), ask("/search", q=text, group="chunk")]
    got += [ask("/suggest", q=typed), ask("/facets", q=text), ask("/facets"), ask("/stats")]
    for item in CORPUS:
        got += [ask(f"/articles/{item.article_id}"), ask(f"/articles/{item.article_id}/similar")]
        got += [
            ask(path, id=item.article_id, q=text, to="hans") for path in ("/marks", "/script", "/cite", "/original")
        ]
    return got


@pytest.fixture(scope="module")
def narrowed(tmp_path_factory):
    """Clients of one index by a key with a filter, and of an index of what passes it alone."""
    folder = tmp_path_factory.mktemp("narrowed")
    kept = [item for item in CORPUS if item.source == MINE]
    update_index(CORPUS, folder / "whole", PLAIN, encoder=HashEncoder())
    update_index(kept, folder / "alone", PLAIN, encoder=HashEncoder())
    _, token = add_key(folder / "whole", "read", [f"source={MINE}"])
    _, other = add_key(folder / "alone", "read")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.engine.load_encoder", lambda name="bundled": HashEncoder())
        patch.setattr("index.prepare.load_encoder", lambda name="bundled": HashEncoder())
        with asking(folder / "whole") as whole, asking(folder / "alone") as alone:
            yield (whole, token), (alone, other)


def _told(response):
    data = json.loads(response.content) if response.headers["content-type"] == "application/json" else response.text
    for answer in data if isinstance(data, list) else [data]:
        if isinstance(answer, dict):
            for name in ("took_ms", "commit", "committed_at", "bytes", "dead_chunks", "segments", "fingerprint"):
                answer.pop(name, None)
    return response.status_code, data


words = st.sampled_from([word for item in CORPUS for word in (item.title, item.text[:12], item.article_id, *item.tags)])


@given(
    text=words | st.text('电梯水发黄干部双导师馒头飞机检索sgh1CB+-*" ', min_size=1, max_size=12),
    typed=words | st.text("dtgjs电水干", max_size=4),
)
@settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_narrowed_key_gets_what_an_index_of_its_articles_alone_would_give(narrowed, text, typed):
    (whole, token), (alone, other) = narrowed
    for one, same in zip(_everything(whole, token, text, typed), _everything(alone, other, text, typed), strict=True):
        if one.request.url.path == "/original":
            assert one.status_code == 403 or one.status_code == 404
            continue
        assert _told(one) == _told(same), one.request.url


def test_no_route_shows_a_narrowed_key_anything_else(narrowed):
    """Whatever is described, asked with every id and word of the articles outside."""
    (whole, token), _ = narrowed
    outside = [item for item in CORPUS if item.source != MINE]
    paths = whole.get("/openapi.json", headers=bearer(token)).json()["paths"]
    for path in paths:
        for item in outside:
            for q in (item.title, item.text[:10]):
                where = path.replace("{article_id}", item.article_id)
                params = {"q": q, "id": item.article_id, "to": "hans", "k": 50}
                response = whole.get(where, params=params, headers=bearer(token))
                shown = response.text.replace(q, "").replace(item.article_id, "")
                assert item.title not in shown, path
                assert item.text[:6] not in shown, path


def test_a_narrowed_key_follows_commits(root):
    _, token = add_key(root, "read", [f"source={MINE}"])
    with asking(root) as client:
        ask = lambda: client.get("/stats", headers=bearer(token)).json()["articles"]  # noqa: E731
        before = ask()
        update_index(
            [article("n1", "汉东又开了一条地铁。", source=MINE), article("n2", "别家的。")], root, encoder=HashEncoder()
        )
        assert ask() == before + 1
        assert client.get("/articles/n2", headers=bearer(token)).status_code == 404


def test_filters_are_read_as_they_are_given():
    found = key_filters(["source=a=b", "source=c", "meta=city=江州", "after=2025"])
    assert found.source == ("a=b", "c")
    assert found.meta == (("city", "江州"),)
    assert str(found.after) == "2025-01-01"


# ---- the name that is asked for


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:8000", 200), ("localhost", 200), ("LOCALHOST.:80", 200), ("[::1]:8000", 200), ("127.1.2.3", 200),
     ("evil.example", 400), ("localhost.evil.example", 400), ("127.0.0.1.evil.example", 400), ("192.168.1.2", 400),
     ("", 400), ("[::1", 200), ("evil.example:127.0.0.1", 400), ("a@localhost", 400), ("wensou.example:8080", 200)],
)  # fmt: skip
def test_only_a_known_host_is_answered(root, host, status):
    with asking(root, names=host_names("127.0.0.1", ["Wensou.Example"])) as client:
        for path in ("/healthz", "/", "/search?q=馒头"):
            response = client.get(path, headers={"Host": host})
            assert response.status_code == status, path
        if status == 400:
            assert response.json()["error"]["code"] == "bad_host"


def test_beyond_loopback_an_address_is_no_name_that_could_be_rebound(root):
    assert host_names("0.0.0.0", ["*"]) is None
    with asking(root, names=host_names("0.0.0.0"), loopback=False) as client:
        assert client.get("/healthz", headers={"Host": "192.168.1.2:8000"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400


def test_other_sites_may_ask_only_where_they_are_named(root):
    origin = {"Origin": "https://portal.example"}
    preflight = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    add_key(root, "read")
    with asking(root) as client:
        assert "access-control-allow-origin" not in client.options("/search", headers=preflight).headers
    with asking(root, origins=("https://portal.example",)) as client:
        response = client.options("/search", headers=preflight)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "https://portal.example"
        refused = client.get("/search", params={"q": "馒头"}, headers=origin)
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://portal.example"
        other = client.get("/healthz", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


def test_browsers_are_kept_strict(root):
    with asking(root) as client:
        for path in ("/", "/search?q=馒头", "/nowhere", "/docs"):
            headers = client.get(path).headers
            assert headers["content-security-policy"].startswith("default-src 'self'")
            assert headers["x-content-type-options"] == "nosniff"
