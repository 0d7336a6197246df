"""A server as people start it, with processes of its own: writing, moving to commits, dying, ending."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from scripts.bench.server import Server
from search.api.steward import Steward
from search.api.workers import bind
from search.client import Client
from search.service.journal import Journal
from search.service.keys import add_key
from tests.conftest import ROOT
from tests.search.api.conftest import bearer

LIGHT = {"id": "light", "text": "海岛上的灯塔亮了一夜。"}
PATIENCE = 120  # seconds, for a machine that has much else to do
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="tells processes apart by /proc")


def until(there, what):
    """Wait for something to become true."""
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


@pytest.fixture
def own(samples_index, tmp_path):
    """An index of the samples that may be changed, a key to it, and a source to follow."""
    root = Path(shutil.copytree(samples_index, tmp_path / "index"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("渡口的木桥修好了，行人又能过河了。", "utf-8")
    return root, add_key(root, "admin")[1], source


def test_two_processes_answer_one_writes_and_all_end_together(own):
    root, token, source = own
    server = Server(root, "--workers", "2", "--watch", str(source))
    try:
        with Client(server.url, key=token, timeout=PATIENCE) as client:
            assert _result(client, client.add(LIGHT, wait=False))["added"] == 1
            for _ in range(12):  # whichever process answers has moved to the commit, or is about to
                until(lambda: _status(server, token, "/articles/light") == 200, "the article")
            assert _result(client, client.delete("light", wait=False))["removed"] == 1
            until(lambda: "a.txt" in _found(client), "what was there to follow")
            aside = source.parent / "b.txt"
            aside.write_text("码头的吊车停了，船在港外等。", "utf-8")
            aside.rename(source / "b.txt")
            until(lambda: "b.txt" in _found(client), "what was saved")
            (source / "b.txt").unlink()
            until(lambda: "b.txt" not in _found(client), "its end")
        told = httpx.get(f"{server.url}metrics", headers=bearer(token), trust_env=False, timeout=PATIENCE).text
        asked = [line for line in told.splitlines() if 'route="/articles/{article_id:path}",status="200"' in line]
        assert sum(float(line.rsplit(" ", 1)[1]) for line in asked if line.startswith("wensou_requests_total")) == 12
    finally:
        for pid in [*server.children(), server.process.pid]:  # as Ctrl-C does at a terminal
            os.kill(pid, signal.SIGINT)
        said = server.process.communicate()[1]  # ends when the last of its processes has
    assert (server.process.returncode, said) == (130, "wensou: stopped\n")


def _result(client, job):
    """What became of a job, once it has."""
    until(lambda: client.job(job["job"])["state"] not in ("pending", "running"), "the end of a job")
    return client.job(job["job"])["result"]


def _found(client):
    return {Path(one.path).name for one in client.search("渡口的木桥和码头的吊车", k=100).results if one.path}


def _status(server, token, path):
    """Over a connection of its own, so that any process may get it."""
    return httpx.get(f"{server.url[:-1]}{path}", headers=bearer(token), trust_env=False, timeout=PATIENCE).status_code


def test_whatever_is_killed_what_was_acknowledged_is_there(tmp_path):
    """The bench in small: a worker, the writer and the parent once each."""
    command = [sys.executable, str(ROOT / "scripts/bench/kills.py"), "--kills", "3", "--seed", "5"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out.json")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert sorted(result["killed"]) == [f"{one} during upsert" for one in ("parent", "worker", "writer")]
    assert result["acknowledged"] > 0


def test_a_server_of_one_process_ends_in_order(own):
    root, token, _ = own
    server = Server(root)
    with Client(server.url, key=token, timeout=PATIENCE) as client:
        client.delete("nobody", wait=False)
        assert client.stats()["articles"]
    until(server.writers, "the writer")  # which may just be loading
    assert server.stop() == ""
    assert server.process.returncode == 0


def test_the_writer_of_a_followed_index_reads_all_again_where_it_died(own, monkeypatch):
    root, _, source = own
    steward = Steward([str(root)], followed=[(str(root), str(source))])

    class Dead:
        exitcode = -9

        def is_alive(self):
            return False

    class Context:
        def Process(self, target, args):  # noqa: N802 - as multiprocessing has it
            return type("Started", (), {"start": lambda _: None, "is_alive": lambda _: True, "exitcode": None})()

    monkeypatch.setattr("search.api.steward.multiprocessing.get_context", lambda _: Context())
    (one,) = steward._indexes
    Journal(root).append("delete", {"id": "nobody"})
    one.writer = Dead()
    one.look()
    assert [request.kind for request in Journal(root).unfinished()] == ["delete", "follow"]
    assert list(Journal(root).unfinished())[1].content["changed"] == [str(source)]
    one.look()
    assert len(list(Journal(root).unfinished())) == 2


BAD = [
    (["--port", "70000"], 6), (["--port", "-1"], 6), (["--workers", "0"], 2), (["--access-log", "/nowhere/log"], 6),
    (["--access-log", "/nowhere/log", "--workers", "2"], 6), (["--watch", "/nowhere"], 2),
    (["--watch", "other=/nowhere"], 2), (["--host", "203.0.113.7"], 6),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code"), BAD, ids=lambda value: str(value)[:40])
def test_a_server_that_cannot_start_says_why_in_a_line(wensou, own, monkeypatch, words, code):
    root, _, _ = own
    monkeypatch.setenv("WENSOU_KEY", "k")
    got, out, err = wensou("serve", "--index", root, *words)
    assert got == code, err
    assert err.startswith("wensou: ")
    assert len(err.splitlines()) <= 2
    assert out == ""


def test_an_index_elsewhere_has_no_keys_of_its_own(wensou):
    code, _, err = wensou("keys", "add", "--index", "milvus://127.0.0.1:19530/a", "--filter", "source=a")
    assert code == 2
    assert "WENSOU_KEY" in err


def test_no_answer_waits_for_more_to_send():
    """Nagle's algorithm holds a body back until its headers are acknowledged: 40 ms an answer."""
    with bind("127.0.0.1", 0) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as connection:
            assert connection.proto == socket.IPPROTO_TCP  # by which asyncio knows to turn it off
            if sys.platform == "linux":
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
