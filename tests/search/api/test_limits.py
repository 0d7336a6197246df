"""What a request may cost: bodies by size, shape and time; how many come; and who waits meanwhile."""

import asyncio
import json
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from importlib import import_module

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from scripts.bench.bodies import BODIES
from search.api.answers import Refused
from search.api.app import Options, create_app
from search.api.counters import SharedCounters
from search.api.limits import DEPTH, IN_PLACE, Limits, Rates, check_shape
from search.api.protocol import timed_protocol
from search.live import LiveEngine
from tests.conftest import HashEncoder
from tests.search.api.conftest import asking, bearer

SMALL = b'{"q": "x"}'


def nested(depth):
    return b"[" * depth + b"]" * depth


# ---- the shape of JSON, told without parsing it


def shape(value, depth=0):
    """(parts, depth) as a parser would count them."""
    if isinstance(value, dict):
        inner = [shape(one, depth + 1) for one in value.values()]
        marks = 1 + max(0, len(value) - 1) + len(value)
    elif isinstance(value, list):
        inner = [shape(one, depth + 1) for one in value]
        marks = 1 + max(0, len(value) - 1)
    else:
        return 0, depth
    return marks + sum(n for n, _ in inner), max([depth + 1, *(d for _, d in inner)])


texts = st.text('ab"\\[]{},:文\n', max_size=6)
values = st.recursive(
    st.none() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values, st.booleans())
def test_parts_and_depth_are_those_a_parser_finds(value, escaped):
    data = json.dumps(value, ensure_ascii=escaped).encode()
    parts, depth = shape(value)
    check_shape(data, parts, depth)
    for fewer in ((parts - 1, depth), (parts, depth - 1)):
        if min(fewer) >= 0:
            with pytest.raises(Refused):
                check_shape(data, *fewer)


@given(st.binary(max_size=60))
def test_any_bytes_have_a_shape(data):
    check_shape(data, 1_000, 1_000)


# ---- bodies


@pytest.fixture(scope="module")
def client(index_path, tmp_path_factory):
    """A client that may do everything, with an index of its own."""
    root = shutil.copytree(index_path, tmp_path_factory.mktemp("bodies") / "index")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.engine.load_encoder", lambda name="bundled": HashEncoder())
        with asking(root, key="k") as made:
            made.headers.update(bearer("k"))
            yield made


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_costs_too_much_is_refused(client, name):
    response = client.post("/search", content=BODIES[name], headers={"content-type": "application/json"})
    assert response.status_code in (400, 413, 422)
    assert set(response.json()["error"]) == {"code", "message", "hint"}
    assert len(response.content) < 1_000


@pytest.mark.parametrize("path", ["/search", "/articles", "/reindex"])
def test_no_large_body_is_looked_at_where_others_wait(client, path, monkeypatch):
    """Whatever reads bytes of a body: on the event loop it is given few, and whatever is parsed has few parts."""
    on_loop, parsed = [], []

    def noted(function, lengths=None):
        def inner(data, *rest):
            try:
                asyncio.get_running_loop()
                on_loop.append(len(data))
            except RuntimeError:
                pass
            if lengths is not None:
                lengths.append(sum(data.count(mark) for mark in (b"[", b"{", b",", b":")))
            return function(data, *rest)

        return inner

    for name, lengths in (("limits.check_shape", None), ("searching.from_json", parsed)):
        module, function = name.split(".")
        made = noted(getattr(import_module(f"search.api.{module}"), function), lengths)
        monkeypatch.setattr(f"search.api.{name}", made)
    for body in [SMALL, *BODIES.values()]:
        assert client.post(path, content=body, headers={"content-type": "application/json"}).status_code < 500
    assert len(SMALL) in on_loop  # what is looked at there is seen here
    assert max(on_loop) <= IN_PLACE
    limits = Limits()
    assert max(parsed) <= (limits.articles_parts if path == "/articles" else limits.parts)


def test_a_body_is_cut_where_its_length_was_not_told(root):
    with asking(root) as client:
        response = client.post("/search", content=(b" " * 65_536 for _ in range(40)))
        assert response.status_code == 413
        assert client.post("/search", content=b"x", headers={"content-length": "9999999999"}).status_code == 413


def test_lists_have_their_limits(root):
    with asking(root) as client:
        assert client.get("/search", params={"q": "馒头", "source": ["a"] * 100}).status_code == 200
        assert client.get("/search", params={"q": "馒头", "source": ["a"] * 101}).status_code == 422
        assert client.post("/search", json={"q": "馒头", "tag": ["a"] * 101}).status_code == 422
        assert client.post("/search", content=nested(DEPTH)).status_code == 422
        assert client.post("/search", content=nested(DEPTH + 1)).status_code == 413


# ---- a real server


@contextmanager
def running(app, header_seconds=10.0):
    """`app` on a port of its own."""
    protocol = timed_protocol(header_seconds)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, ws="none", log_level="error", access_log=False))
    sock = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


def test_half_sent_requests_are_cut(index_path, hash_bundled):
    limits = Limits(header_seconds=0.3, body_seconds=0.3)
    with running(create_app(LiveEngine(index_path), Options(limits=limits)), header_seconds=0.3) as port:
        halves = [b"", b"GET / HT", b"GET /stats HTTP/1.1\r\nHost: localhost\r\nX", b"POST /search HTTP/1.1\r\n"]
        begun = [b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he"]
        bodies = [b"POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{"]
        sockets = [(sent, socket.create_connection(("127.0.0.1", port))) for sent in [*halves * 10, *begun, *bodies]]
        for sent, sock in sockets:
            sock.sendall(sent)
        for sent, sock in sockets:
            got = b""
            while piece := sock.recv(65_536):  # ends where the server closes the connection
                got += piece
            assert got.startswith(b"HTTP/1.1 400" if sent in bodies else b"HTTP/1.1 200" if sent in begun else b"")
            sock.close()


@pytest.mark.parametrize(
    "sent", ["GET /search?q=电梯 HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x16\x03\x01 nonsense\r\n\r\n"]
)
def test_what_is_no_http_is_told_so_in_the_shape_of_every_error(index_path, hash_bundled, sent):
    with running(create_app(LiveEngine(index_path))) as port, socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(sent.encode())
        got = b""
        while piece := sock.recv(65_536):
            got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert "percent-encoded" in json.loads(body)["error"]["hint"]


# ---- how many


def test_a_key_and_an_address_have_a_rate(root):
    with asking(root, rate=5) as client:
        codes = [client.get("/suggest", params={"q": "馒"}) for _ in range(30)]
        assert {one.status_code for one in codes} == {200, 429}
        refused = next(one for one in codes if one.status_code == 429)
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["code"] == "too_many_requests"
        assert client.get("/healthz").status_code == 200
        assert client.get("/").status_code == 200


def test_processes_share_their_counters(tmp_path):
    one, other = (Rates(10, SharedCounters(tmp_path / "rates")) for _ in range(2))
    passed = 0
    began = time.time()
    for rates in [one, other] * 40:
        try:
            rates.count("k", "a")
            passed += 1
        except Refused:
            pass
    windows = int(time.time() - began) + 2
    assert 10 <= passed <= 10 * windows


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 3))))
def test_shared_counters_count(tmp_path_factory, steps):
    counters = SharedCounters(tmp_path_factory.mktemp("rates") / "file")
    want = {}
    for name, amount in steps:
        want[name] = want.get(name, 0) + amount
        assert counters.incr(name, 60, amount) == want[name]
        assert counters.get(name) == want[name]
        assert counters.get_expiry(name) > time.time()
    counters.clear("a")
    assert counters.get("a") == 0
    counters.reset()
    assert [counters.get(name) for name in want] == [0] * len(want)


def test_overload_is_told_at_once(root):
    with asking(root, limits=Limits(at_once=0)) as client:
        response = client.get("/search", params={"q": "馒头"})
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert response.json()["error"]["code"] == "overloaded"
        assert client.get("/healthz").status_code == 200
