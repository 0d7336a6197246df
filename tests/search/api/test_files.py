"""Files dropped on the page are read as from a folder, by whoever may write, and nothing is written by that."""

import io
import zipfile

import pytest
from fastapi.testclient import TestClient

from index.builder import update_index
from search.api.app import Options, create_app
from search.live import LiveEngine
from tests.conftest import CORPUS, PLAIN, HashEncoder

pytestmark = pytest.mark.usefixtures("hash_bundled")
KEY = {"Authorization": "Bearer secret"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "index"
    update_index(CORPUS[:2], path, PLAIN, encoder=HashEncoder())
    return path


@pytest.fixture
def api(folder):
    with TestClient(create_app(LiveEngine(folder), Options(key="secret")), headers=KEY) as client:
        yield client


def read(api, name, data, **more):
    return api.post("/read", params={"name": name}, content=data, **more)


def test_a_file_is_read_by_the_kind_its_name_says(api):
    text = read(api, "渡口.txt", "渡口的灯\n\n夜里的灯亮着，船还没有回来。".encode("gb18030")).json()
    assert text["articles"][0]["text"].endswith("船还没有回来。")
    lines = '{"id": "一", "title": "灯", "text": "灯亮了。", "作者": "柳青"}\n{"text": ""}\n'
    found = read(api, "a.jsonl", lines.encode()).json()
    assert found["articles"][0]["id"] == "一"
    assert len(found["skipped"]) == 1
    html = "<html><title>灯</title><article><p>" + "夜里的灯亮着，船还没有回来。" * 9 + "</p></article></html>"
    assert "<p>" not in read(api, "灯.html", html.encode()).json()["articles"][0]["text"]


def test_the_same_file_has_the_same_ids_so_that_it_replaces_itself(api):
    note = "# 灯\n\n亮了".encode()
    ids = [read(api, name, note).json()["articles"][0]["id"] for name in ("a.md", "a.md", "b.md")]
    assert ids[0] == ids[1] != ids[2]


def test_what_is_no_article_is_said_and_nothing_falls(api):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../灯.txt", "灯亮了。")
    kinds = {
        "a.exe": b"MZ", "a.txt": b"", "b.txt": bytes(range(256)) * 40, "a.docx": b"no zip", "a.pdf": b"%PDF-1.7 \xff",
        "../../etc/passwd.txt": "灯亮了。".encode(), "C:\\x\\灯.txt": b"[", "a.json": b"[" * 9_000,
        "b.docx": made.getvalue(), "": b"x",
    }  # fmt: skip
    for name, data in kinds.items():
        answer = read(api, name, data)
        assert answer.status_code == 200, (name, answer.text)
        assert len(answer.json()["articles"]) + len(answer.json()["skipped"]) >= 1, name
        assert not any(".." in one["where"] for one in answer.json()["skipped"]), name


def test_only_who_may_write_may_have_files_read(api, folder):
    assert api.get("/rights").json() == {"writes": True}
    assert (
        api.post("/read", params={"name": "a.txt"}, content=b"x", headers={"Authorization": "Bearer other"}).status_code
        == 401
    )
    with TestClient(create_app(LiveEngine(folder))) as open_to_all:
        assert open_to_all.get("/rights").json() == {"writes": False}
        assert read(open_to_all, "a.txt", b"x").status_code == 403


def test_reading_writes_nothing_and_large_files_are_refused(api):
    before = api.get("/stats").json()
    read(api, "灯.txt", "灯亮了。".encode())
    assert api.get("/stats").json() == before
    assert read(api, "灯.txt", b"x" * (17 << 20)).status_code == 413
