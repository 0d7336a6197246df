"""`wensou query --url` asks a server and prints what asking the index itself would."""

import json
import socket
import threading
import time

import pytest
import uvicorn

from search.api.app import create_app
from search.live import LiveEngine
from search.service.keys import add_key


@pytest.fixture
def address(own_index):
    """A server of the index on a free port of this machine."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(LiveEngine(own_index)), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def own_index(tmp_path, hash_bundled):
    from index.builder import update_index
    from tests.conftest import CORPUS, PLAIN, HashEncoder

    update_index(CORPUS, tmp_path / "index", PLAIN, encoder=HashEncoder())
    return tmp_path / "index"


def timeless(out):
    answer = json.loads(out)
    answer.pop("took_ms")
    return answer


@pytest.mark.parametrize(
    "flags", [(), ("--explain", "-k", "2"), ("--source", "汉东日报", "--facets"), ("--sort", "date")]
)
def test_a_server_is_asked_as_an_index_is(wensou, address, own_index, flags):
    words = ("query", "年轻干部", "双导师", *flags)
    code, out, err = wensou(*words, "--url", address, "--json")
    assert (code, err) == (0, "")
    assert timeless(out) == timeless(wensou(*words, "--index", own_index, "--json")[1])
    shown = wensou(*words, "--url", address)[1]
    assert "双导师" in shown.replace("【", "").replace("】", "")


def test_a_key_is_asked_for_and_sent(wensou, address, own_index):
    _, token = add_key(own_index, "read")
    code, out, err = wensou("query", "馒头", "--url", address)
    assert (code, out) == (2, "")
    assert err.startswith("wensou: ")
    assert "Traceback" not in err
    code, out, _ = wensou("query", "馒头", "--url", address, "--key", token, "--json")
    assert code == 0
    assert json.loads(out)["results"][0]["article_id"] == "bread"


def test_bad_questions_and_no_server_are_one_line(wensou, address):
    code, _, err = wensou("query", "馒头", "--url", address, "--after", "2024-99")
    assert code == 2
    assert "2024-99" in err
    code, _, err = wensou("query", "馒头", "--url", "http://127.0.0.1:9")
    assert code == 6
    assert err.startswith("wensou: no answer from http://127.0.0.1:9")
