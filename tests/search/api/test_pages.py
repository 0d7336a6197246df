"""What the page asks for beyond answers."""

import pytest
from fastapi.testclient import TestClient

from index.builder import update_index
from search.api.app import create_app
from search.live import LiveEngine
from search.service.question_log import note_empty
from tests.conftest import CORPUS, PLAIN, HashEncoder, article

pytestmark = pytest.mark.usefixtures("hash_bundled")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages")
    (path / "渡口.txt").write_text("渡口的灯亮了。", encoding="utf-8")
    kept = article(
        "kept",
        "渡口的灯亮了，老人點燈，头发白了。",
        title="渡口的灯",
        path=str(path / "渡口.txt"),
        meta={"document_number": "河发〔2025〕9号"},
    )
    gone = article("gone", "渡口已经没有了。", path=str(path / "没有.txt"))
    update_index([*CORPUS, kept, gone], path / "index", PLAIN, encoder=HashEncoder())
    return path


@pytest.fixture
def api(folder):
    with TestClient(create_app(LiveEngine(folder / "index"))) as client:
        yield client


def test_facets_of_a_question_and_of_everything(api):
    every = api.get("/facets").json()
    assert every["source"]["汉东日报"] == 2
    assert every["number"] == {"河发〔2025〕9号": 1}
    assert every["month"]["2025-01"] == 1
    one = api.get("/facets", params={"source": "汉东日报"}).json()
    assert one["source"] == every["source"]  # its own filter does not count
    assert set(one["month"]) == {"2025-11", "2025-01"}
    asked = api.get("/facets", params={"q": "老旧小区加装电梯", "mode": "bm25", "tag": "住房"}).json()
    assert asked["source"] == {"東海晚報": 1}
    assert api.get("/facets", params={"q": "电梯", "after": "x"}).status_code == 400


def test_marks_are_of_title_and_text_and_fold_scripts(api):
    marks = api.get("/marks", params={"id": "kept", "q": "点灯 渡口"}).json()
    text = api.get("/articles/kept").json()["text"]
    assert [text[a:b] for a, b in marks["text"]] == ["渡口", "點燈"]
    assert marks["title"] == [[0, 2]]
    assert api.get("/marks", params={"id": "none", "q": "灯"}).status_code == 404
    assert api.get("/marks", params={"id": "kept", "q": " "}).status_code == 400


def test_the_other_script_is_as_long(api):
    own = api.get("/articles/kept").json()["text"]
    other = api.get("/script", params={"id": "kept", "to": "hant"}).json()
    assert other["text"] == "渡口的燈亮了，老人點燈，頭髮白了。"
    assert len(other["text"]) == len(own)
    assert api.get("/script", params={"id": "kept", "to": "latin"}).status_code == 422


def test_a_citation(api):
    assert (
        api.get("/cite", params={"id": "train"}).json()["citation"]
        == "王元. 年轻干部双导师制[N]. 汉东日报, 2025-11-03."
    )
    assert api.get("/cite", params={"id": "none"}).status_code == 404


def test_the_original_file_is_never_run_by_a_browser(api):
    answer = api.get("/original", params={"id": "kept"})
    assert answer.content.decode() == "渡口的灯亮了。"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert api.get("/original", params={"id": "gone"}).status_code == 404  # moved since
    assert api.get("/original", params={"id": "bread"}).status_code == 404  # never a file


def test_the_overview_and_the_themes_with_a_question_among_them(api):
    overview = api.get("/overview").json()
    assert overview["articles"] == len(CORPUS) + 2
    assert overview["months"]["汉东日报"] == {"2025-01": 1, "2025-11": 1}
    themes = api.get("/themes").json()
    assert {point["article_id"] for point in themes["points"]} == {one.article_id for one in CORPUS} | {"kept", "gone"}
    assert themes["hits"] == []
    hits = api.get("/themes", params={"q": "馒头发不起来"}).json()["hits"]
    assert hits[0]["article_id"] == "bread"
    assert hits[0] in themes["points"]


def test_the_report_tells_the_state_and_the_last_runs(api):
    report = api.get("/report").json()
    assert (report["state"], report["trouble"]) == ("equal", None)
    assert report["stats"]["articles"] == len(CORPUS) + 2
    assert report["builds"][0]["added"] == len(CORPUS) + 2
    assert report["empty_questions"] == []


def test_the_report_tells_the_questions_that_found_nothing(api, folder):
    for question in ("量子", "飞碟", "量子"):
        note_empty(folder / "index", question)
    assert api.get("/report").json()["empty_questions"] == [
        {"query": "量子", "count": 2},
        {"query": "飞碟", "count": 1},
    ]


def test_facets_of_several_indexes_are_added_up(api, folder):
    live = LiveEngine(folder / "index")
    with TestClient(create_app({"a": live, "b": live})) as both:
        for params in ({}, {"q": "渡口的灯"}, {"source": "汉东日报"}):
            one, two = (client.get("/facets", params=params).json() for client in (api, both))
            assert two == {name: {value: 2 * n for value, n in counts.items()} for name, counts in one.items()}
            assert two["month"]
