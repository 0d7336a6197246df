"""What a request may cost: bodies by size, shape and time; how many come; and who waits meanwhile."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from search.api.answers import Refused
from search.api.app import Options, create_app
from search.api.counters import SharedCounters
from search.api.limits import DEPTH, MIB, Limits, Rates, check_shape
from search.api.protocol import timed_protocol
from search.live import LiveEngine
from tests.search.api.conftest import asking

HOLD = 0.1  # seconds that a body may hold up others beyond what a bare server's takes


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

TABLE = {
    "numbers": b"[" + b"1," * 300_000 + b"1]",
    "objects": b"[" + b'{"x":1},' * 100_000 + b'{"x":1}]',
    "sources": json.dumps({"q": "馒头", "source": ["a"] * 200_000}).encode(),
    "deep": nested(100_000),
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "long question": json.dumps({"q": "文" * 300_000}).encode(),
    "escapes": b'{"q": "' + b"\\u6587" * 150_000 + b'"}',
    "keys": json.dumps({f"k{n}": n for n in range(60_000)}).encode(),
    "too long": b" " * (MIB + 1),
    "blanks": b" " * MIB,
    "quotes": b'"' * MIB,
    "backslashes": b'"' + b"\\" * (MIB - 2) + b'"',
    "digits": b"9" * 500_000,
    "no JSON": b"\xff" * 600_000,
    "many questions": json.dumps([{"q": "馒头"}] * 3_000).encode(),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_body_that_costs_too_much_is_refused(root, name):
    with asking(root) as client:
        response = client.post("/search", content=TABLE[name], headers={"content-type": "application/json"})
        assert response.status_code in (400, 413, 422)
        assert set(response.json()["error"]) == {"code", "message", "hint"}
        assert len(response.content) < 1_000


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


def bare():
    app = FastAPI()

    @app.get("/healthz")
    async def healthz():
        return {}

    @app.post("/search")
    async def search(request: dict):
        return {}

    return app


async def _longest(port, body):
    """Seconds of the slowest /healthz while `body` is sent again and again."""
    took = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=120) as client:
        await client.get("/healthz")
        send = asyncio.create_task(_send(client, body))
        while not send.done():
            began = time.perf_counter()
            await client.get("/healthz")
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0.002)
    return max(took)


async def _send(client, body):
    for _ in range(2):
        await client.post("/search", content=body, headers={"content-type": "application/json"})


@pytest.fixture(scope="module")
def ports(index_path):
    with pytest.MonkeyPatch.context() as patch:
        from tests.conftest import HashEncoder

        patch.setattr("search.engine.load_encoder", lambda name="bundled": HashEncoder())
        with running(create_app(LiveEngine(index_path))) as ours, running(bare()) as theirs:
            yield ours, theirs


@pytest.mark.parametrize("name", TABLE)
def test_no_body_holds_up_others(ports, name):
    """The bare server is given a small body: what its slowest /healthz takes is the machine's own noise."""
    ours, theirs = [], []
    for _ in range(3):  # by turns, for the machine may be busy with other things
        ours.append(asyncio.run(_longest(ports[0], TABLE[name])))
        theirs.append(asyncio.run(_longest(ports[1], b"{}")))
    assert min(ours) <= max(theirs) + HOLD


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
