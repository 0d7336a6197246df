"""Writing: acknowledged is durable, order is kept, what is done twice is done once, jobs tell and can be taken back."""

import errno
import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.builder import update_index
from index.connect import open_backend
from index.embedded.commits import writer_lock
from index.errors import NotFound
from search.service.journal import Journal
from search.service.keys import add_key
from search.service.writing import JournalWriter
from tests.conftest import HashEncoder, article
from tests.search.api.conftest import asking, bearer

LIGHT = {"id": "light", "title": "灯塔", "text": "海岛上的灯塔亮了。", "source": "海报"}


@pytest.fixture
def served(root):
    """A client that may write, its server writing."""
    _, token = add_key(root, "admin")
    with asking(root, writes=True) as client:
        client.headers.update(bearer(token))
        yield client


@pytest.fixture
def kept(root):
    """A client that may write while nobody does: what is acknowledged stays in the journal."""
    _, token = add_key(root, "admin")
    with asking(root) as client:
        client.headers.update(bearer(token))
        yield client


def texts(root, *names):
    backend = open_backend(root)
    found = []
    for name in names:
        try:
            found.append(backend.article(name).article.text)
        except NotFound:
            found.append(None)
    backend.close()
    return found


def finish(root):
    writer = JournalWriter(root)
    while writer.run_once():
        pass


def test_an_article_is_there_once_it_was_waited_for(served):
    done = served.post("/articles", json=LIGHT, params={"wait": True})
    assert done.status_code == 200
    assert done.json()["state"] == "done"
    assert done.json()["articles"] == ["light"]
    assert done.json()["result"] == {
        "added": 1, "changed": 0, "unchanged": 0, "removed": 0, "skipped": 0, "why": {}, "commit": 2,
    }  # fmt: skip
    assert served.get("/articles/light").json()["text"] == LIGHT["text"]
    assert served.get("/search", params={"q": "灯塔"}).json()["results"][0]["article_id"] == "light"
    again = served.post("/articles", json=LIGHT, params={"wait": True}).json()["result"]
    assert (again["unchanged"], again["commit"]) == (1, 2)
    changed = served.post("/articles", json={**LIGHT, "text": "灯塔灭了。"}, params={"wait": True}).json()["result"]
    assert changed["changed"] == 1
    gone = served.delete("/articles/light", params={"wait": True}).json()["result"]
    assert gone["removed"] == 1
    assert served.get("/articles/light").status_code == 404
    assert served.delete("/articles/light", params={"wait": True}).json()["result"]["removed"] == 0


def test_many_and_a_stream(served):
    many = [{"id": f"m{n}", "text": f"第{n}座灯塔。"} for n in range(30)]
    result = served.post("/articles", json=many, params={"wait": True}).json()["result"]
    assert result["added"] == 30
    lines = "\n".join(json.dumps({"id": f"s{n}", "text": f"第{n}座水塔。"}, ensure_ascii=False) for n in range(450))
    pieces = [lines.encode()[at : at + 1000] for at in range(0, len(lines.encode()), 1000)]
    streamed = served.post(
        "/articles", content=iter(pieces), params={"wait": True}, headers={"content-type": "application/x-ndjson"}
    )
    assert streamed.json()["result"]["added"] == 450
    assert served.get("/articles/s449").status_code == 200
    assert not list((served.app.state.asked.one().live.root / "journal").glob("incoming-*"))


BAD = [
    ({"title": "no text"}, 422), ([LIGHT, {"text": ""}], 422), ([], 413), ([LIGHT] * 1_001, 413), ("text", 422),
    ({"text": ["a"]}, 422), ({"id": {}, "text": "灯"}, 422), (None, 422),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status"), BAD, ids=lambda value: str(value)[:30])
def test_what_is_no_article_is_refused_and_writes_nothing(kept, root, body, status):
    assert kept.post("/articles", json=body).status_code == status
    assert not Journal(root).waiting()


@pytest.mark.parametrize("lines", [b"", b"{}\n", b'{"text": "a"}\n{"text": 5}', b"nonsense\n", b'{"text": "a"}\n{'])
def test_a_stream_with_a_bad_line_is_refused_whole(kept, root, lines):
    response = kept.post("/articles", content=lines, headers={"content-type": "application/x-ndjson"})
    assert response.status_code == 422
    assert not Journal(root).waiting()
    assert not list((root / "journal").glob("incoming-*"))


def test_writing_needs_a_key_that_may(root):
    with asking(root) as client:
        assert client.post("/articles", json=LIGHT).status_code == 403  # open to read, never to write
    _, reader = add_key(root, "read")
    _, writer = add_key(root, "write")
    with asking(root) as client:
        assert client.post("/articles", json=LIGHT, headers=bearer(reader)).status_code == 403
        assert client.delete("/articles/lift", headers=bearer(reader)).status_code == 403
        assert client.get("/jobs/1-0", headers=bearer(reader)).status_code == 403
        assert client.post("/articles", json=LIGHT, headers=bearer(writer)).status_code == 202
        assert client.post("/reindex", json={}, headers=bearer(writer)).status_code == 403


def test_small_requests_become_one_commit_and_keep_their_order(kept, root):
    jobs = [kept.post("/articles", json={**LIGHT, "text": f"第{n}夜。"}).json()["job"] for n in range(5)]
    jobs.append(kept.delete("/articles/lift").json()["job"])
    jobs.append(kept.post("/articles", json={"id": "lift", "text": "新的电梯。"}).json()["job"])
    jobs.append(kept.delete("/articles/light").json()["job"])
    jobs.append(kept.post("/articles", json={**LIGHT, "text": "末夜。"}).json()["job"])
    before = open_backend(root).commit
    finish(root)
    assert open_backend(root).commit == before + 1
    assert texts(root, "light", "lift") == ["末夜。", "新的电梯。"]
    results = [kept.get(f"/jobs/{job}").json()["result"] for job in jobs]
    kinds = [next(name for name in ("added", "changed", "removed") if one[name]) for one in results]
    assert kinds == ["added", *["changed"] * 4, "removed", "added", "removed", "added"]


def test_a_job_tells_and_can_be_taken_back(kept, root):
    first = kept.post("/articles", json=LIGHT)
    assert first.status_code == 202
    assert first.headers["location"] == f"jobs/{first.json()['job']}"
    second = kept.post("/articles", json={**LIGHT, "id": "other"}).json()["job"]
    assert kept.get(f"/jobs/{second}").json()["state"] == "pending"
    assert kept.delete(f"/jobs/{second}").status_code == 200
    finish(root)
    assert kept.get(f"/jobs/{second}").json()["state"] == "cancelled"
    assert texts(root, "light", "other") == [LIGHT["text"], None]
    assert kept.delete(f"/jobs/{second}").status_code == 409
    for name in ("1-1", "1-99999", "x", "9-0", "1-0 ", "-", "1-²"):
        assert kept.get(f"/jobs/{name}").status_code == 404


def test_a_job_at_work_can_be_taken_back(root, monkeypatch):
    journal = Journal(root)
    job = journal.append("articles", {"articles": [LIGHT]})
    other = journal.append("articles", {"articles": [{**LIGHT, "id": "other"}]})
    writer = JournalWriter(root)
    tell = writer._tell

    def taken_back(work, *numbers, force=False):
        if not force and not any(one.kind == "cancel" for one in journal.unfinished()):
            journal.append("cancel", {"job": job})
        tell(work, *numbers, force=True)

    monkeypatch.setattr(writer, "_tell", taken_back)
    while writer.run_once():
        pass
    assert texts(root, "light", "other") == [None, LIGHT["text"]]
    assert (journal.status(job)["state"], journal.status(other)["state"]) == ("cancelled", "done")


def test_only_the_request_at_fault_fails(root, monkeypatch):
    journal = Journal(root)
    jobs = [journal.append("articles", {"articles": [{**LIGHT, "id": name}]}) for name in ("a", "b", "c")]
    from index.errors import SelfCheckFailed
    from search.service import writing

    whole = writing.update_index

    def picky(items, *rest, **options):
        if any(item.article_id == "b" for item in items):
            raise SelfCheckFailed("no word in it")
        return whole(items, *rest, **options)

    monkeypatch.setattr(writing, "update_index", picky)
    finish(root)
    assert [journal.status(job)["state"] for job in jobs] == ["done", "failed", "done"]
    assert journal.status(jobs[1])["error"]["code"] == "self_check_failed"
    assert texts(root, "a", "b", "c") == [LIGHT["text"], None, LIGHT["text"]]


def test_while_another_writes_requests_wait(root):
    journal = Journal(root)
    job = journal.append("articles", {"articles": [LIGHT]})
    said = []
    writer = JournalWriter(root, say=said.append)
    with writer_lock(root):
        assert not writer.run_once()
        assert not writer.run_once()
        assert len(said) == 1
        assert "writing" in journal.status(job)["trouble"]
    assert writer.run_once()
    assert journal.status(job)["state"] == "done"


def test_sources_are_read_again(root, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("海岛上的灯塔亮了一夜。", "utf-8")
    _, token = add_key(root, "admin")
    with asking(root, writes=True, sources=(str(folder),)) as client:
        client.headers.update(bearer(token))
        assert client.post("/reindex", params={"wait": True}).json()["result"]["added"] == 1
        (folder / "a.txt").unlink()
        (folder / "b.txt").write_text("山上的水塔满了。", "utf-8")
        result = client.post("/reindex", json={"compact": True}, params={"wait": True}).json()["result"]
        assert (result["added"], result["removed"]) == (1, 1)
        assert client.post("/reindex", json={"sources": ["/etc"]}).status_code == 400
        assert client.get("/articles/train").status_code == 200  # of no source
    with asking(root) as client:
        assert client.post("/reindex", headers=bearer(token)).status_code == 400


# ---- the journal itself


def test_what_a_dead_process_left_unfinished_is_cut_off(root):
    journal = Journal(root)
    first = journal.append("delete", {"id": "a"})
    path = next((root / "journal").glob("requests-*"))
    with path.open("ab") as file:
        file.write(b'{"job": "1-99", "kind": "articles", "content": {"articles": [{"te')
    assert [one.job for one in Journal(root).unfinished()] == [first]
    second = journal.append("delete", {"id": "b"})
    assert [one.job for one in Journal(root).unfinished()] == [first, second]
    assert all(json.loads(line) for line in path.read_bytes().splitlines())


def test_processes_and_threads_append_in_one_order(root):
    names = []

    def append(n):
        journal = Journal(root)
        names.extend(journal.append("delete", {"id": f"{n}-{i}"}) for i in range(10))

    threads = [threading.Thread(target=append, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [one.job for one in Journal(root).unfinished()]
    assert len(set(found)) == 40
    assert set(found) == set(names)


def test_a_journal_that_has_grown_is_begun_anew(root, monkeypatch):
    monkeypatch.setattr("search.service.journal.ROTATE", 100)
    journal = Journal(root)
    jobs = [journal.append("articles", {"articles": [{**LIGHT, "id": f"a{n}"}]}) for n in range(3)]
    writer = JournalWriter(root)
    while writer.run_once():
        pass
    assert [path.name for path in (root / "journal").glob("requests-*")] == ["requests-000002.jsonl"]
    assert Journal(root).status(jobs[1])["state"] == "done"
    later = journal.append("delete", {"id": "a0"})
    assert later == "2-0"
    assert writer.run_once()
    assert journal.status(later)["state"] == "done"


@settings(max_examples=12, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["一", "二", None]), st.booleans()), max_size=12))
def test_whatever_is_replayed_the_end_is_the_same(tmp_path_factory, steps):
    """Outcomes are forgotten here and there, as when the writer dies before it has written them."""
    root = tmp_path_factory.mktemp("replayed") / "index"
    update_index([article("first", "第一篇。")], root, encoder=HashEncoder())
    journal, want = Journal(root), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.prepare.load_encoder", lambda name="bundled": HashEncoder())
        for name, text, forgotten in steps:
            kind = "delete" if text is None else "articles"
            journal.append(
                kind, {"id": name} if text is None else {"articles": [{"id": name, "text": f"{text}{name}塔。"}]}
            )
            want[name] = None if text is None else f"{text}{name}塔。"
            if forgotten:
                before = (root / "journal" / "outcomes.jsonl").read_bytes() if journal.outcomes() else b""
                finish(root)
                (root / "journal" / "outcomes.jsonl").write_bytes(before)
        finish(root)
    assert texts(root, *want) == list(want.values())


# ---- a disk that is full


def refuse(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("body", [b'{"text": "a"}', b'{"text": "a"}\n{"text": "b"}'], ids=["one", "stream"])
@pytest.mark.parametrize("which", ["os.fsync", "pathlib.Path.mkdir"])
def test_what_cannot_be_kept_is_not_acknowledged(kept, root, monkeypatch, body, which):
    kind = "application/x-ndjson" if b"\n" in body else "application/json"
    with monkeypatch.context() as patch:
        patch.setattr(which, refuse)
        response = kept.post("/articles", content=body, headers={"content-type": kind})
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "cannot_write"
    assert not list(root.glob("journal/incoming-*"))


def test_a_writer_that_cannot_even_note_what_it_does_tries_again(root, monkeypatch):
    journal = Journal(root)
    job = journal.append("articles", {"articles": [LIGHT]})
    writer = JournalWriter(root)
    with monkeypatch.context() as patch:
        patch.setattr("search.service.journal.os.fsync", refuse)
        assert not writer.run_once()
    assert writer._pause() > 0.1
    assert writer.run_once()
    assert journal.status(job)["state"] == "done"


def test_an_outcome_that_was_cut_short_by_a_full_disk_spoils_none_after_it(root):
    journal = Journal(root)
    first, second = (journal.append("articles", {"articles": [{**LIGHT, "id": name}]}) for name in "ab")
    with (root / "journal" / "outcomes.jsonl").open("ab") as file:
        file.write(f'{{"job": "{first}", "sta'.encode())
    finish(root)
    assert [Journal(root).status(job)["state"] for job in (first, second)] == ["done", "done"]
