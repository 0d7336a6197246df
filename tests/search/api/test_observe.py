"""Metrics, logs, backups and the client, over small indexes."""

import json

import httpx
import pytest

from index.errors import BadOption, BadQuery, IndexCorrupt, NotFound
from search.client import Client
from search.service.backup import back_up, restore_backup
from search.service.journal import Journal
from search.service.keys import add_key
from search.service.question_log import note_empty, unanswered
from search.service.writing import JournalWriter
from tests.search.api.conftest import asking, bearer


def test_metrics_count_routes_and_not_made_up_paths(root):
    with asking(root) as client:
        client.get("/search", params={"q": "馒头"})
        for path in ("/made", "/up", "/articles/x"):
            client.get(path)
        text = client.get("/metrics").text
        assert 'wensou_requests_total{method="GET",route="/search",status="200"} 1.0' in text
        assert 'wensou_articles{index="index"} 6.0' in text
        assert "/made" not in text
    _, token = add_key(root, "read", ["tag=住房"])
    with asking(root) as client:
        assert client.get("/metrics", headers=bearer(token)).status_code == 403


def test_the_access_log_holds_no_question_unless_asked(root, tmp_path):
    for questions in (False, True):
        path = tmp_path / f"{questions}.log"
        with asking(root, access_log=str(path), log_questions=questions) as client:
            client.get("/search", params={"q": "bread"})
            client.get("/nowhere")
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert [(line["status"], line["path"]) for line in lines] == [(200, "/search"), (404, "/nowhere")]
        assert ("bread" in path.read_text("utf-8")) == questions


def test_questions_without_an_answer_are_kept_and_counted_once_for_all_ways_to_write_them(root, wensou):
    for question in ("電梯", "电梯", "ＡＢ", "ab ", "水"):
        note_empty(root, question)
    assert [(one.question, one.times) for one in unanswered(root)][:2] == [("ab ", 2), ("电梯", 2)]
    code, out, _ = wensou("log", "--empty", "--index", root, "--json")
    assert (code, len(json.loads(out))) == (0, 3)
    with asking(root, log_empty=True) as client:
        found = client.get("/search", params={"q": "zzqx", "mode": "bm25"}).json()
        assert found["total"] == 0
    assert "zzqx" in {one.question for one in unanswered(root)}


@pytest.mark.parametrize("name", ["copy.tar", "copy.tar.gz"])
def test_a_backup_is_an_index_again_with_what_was_still_to_be_written(root, tmp_path, name):
    journal = Journal(root)
    journal.append("articles", {"articles": [{"id": "light", "text": "灯塔亮了。"}]})
    JournalWriter(root).run_once()
    add_key(root, "read")
    journal.append("articles", {"articles": [{"id": "later", "text": "水塔满了。"}]})
    commit = back_up(root, tmp_path / name)
    with pytest.raises(BadOption):
        back_up(root, tmp_path / name)
    again = tmp_path / "again"
    assert restore_backup(tmp_path / name, again) == commit
    assert (again / "keys.json").read_bytes() == (root / "keys.json").read_bytes()
    assert [one.content["articles"][0]["id"] for one in Journal(again).unfinished()] == ["later"]
    assert JournalWriter(again).run_once()
    with pytest.raises(BadOption):
        restore_backup(tmp_path / name, again)


def test_a_damaged_index_or_backup_leaves_nothing_behind(root, tmp_path):
    back_up(root, tmp_path / "good.tar")
    data = bytearray((tmp_path / "good.tar").read_bytes())
    at = data.index("馒头".encode())
    data[at] ^= 1
    (tmp_path / "bad.tar").write_bytes(data)
    with pytest.raises(IndexCorrupt):
        restore_backup(tmp_path / "bad.tar", tmp_path / "new")
    (tmp_path / "none.tar").write_bytes(b"nothing")
    with pytest.raises(BadOption):
        restore_backup(tmp_path / "none.tar", tmp_path / "new")
    for path in root.glob("segments/*/articles.jsonl"):
        path.write_bytes(path.read_bytes().replace("馒头".encode(), "饺子".encode()))
    with pytest.raises(IndexCorrupt):
        back_up(root, tmp_path / "other.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"index", "good.tar", "bad.tar", "none.tar"}


def test_the_client_gives_typed_answers_and_our_errors(root, engine):
    _, token = add_key(root, "write")
    with asking(root, writes=True) as inner, Client("http://127.0.0.1", key=token) as client:
        client._http._transport = httpx.MockTransport(
            lambda request: httpx.Response(
                (
                    found := inner.request(
                        request.method, str(request.url), content=request.content, headers=request.headers
                    )
                ).status_code,
                content=found.content,
            )
        )
        answer, same = client.search("老小区加装电梯", k=3, mode="bm25"), engine.search("老小区加装电梯", k=3)
        assert answer.results[0].article_id == same.results[0].article_id
        assert client.article("train")["text"]
        with pytest.raises(NotFound):
            client.article("nobody")
        with pytest.raises(BadQuery):
            client.search("")
        assert client.add({"id": "light", "text": "灯塔亮了。"})["state"] == "done"
        assert client.delete("light")["result"]["removed"] == 1
