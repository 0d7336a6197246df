"""Results taken away are read by other programs: by a table reader, a reference manager's rules, an XML parser."""

import csv
import io
import json
from xml.etree import ElementTree

import pytest

from search.export import exported
from search.models import Answer, Passage, Result

PAGE = "http://host/"
ATOM = "{http://www.w3.org/2005/Atom}"


def result(article_id: str, **fields: object) -> Result:
    passage = Passage(f"{article_id}:0", 0, 9, "第一句。\n  第二句。", (), 0.5)
    given = {
        "title": f"题目{article_id}", "score": 0.5, "source": "河口日报", "author": "柳青、王元",
        "published": "2025-04-02", "path": None, "url": None, "tags": ("渡口", "灯"),
        "duplicates": (), "passages": (passage,),
    } | fields  # fmt: skip
    return Result(article_id, **given)  # type: ignore[arg-type]


HOSTILE = result(
    "a&<b>", title='=HYPERLINK("http://x")', source="@SUM(1)", url="https://a.example/?a=1&b=2", author=None,
    duplicates=({"article_id": "c", "source": "海边\x0b报"}, {"article_id": "d", "source": None}),
    passages=(Passage("x:0", 0, 3, "]]>\x00\ud800<script>", (), 0.5),),
)  # fmt: skip
ANSWER = Answer(
    "渡口 & 灯", "hybrid", 10, 0, 3, 1.0, 1, (), (result("一"), HOSTILE, result("无", published=None, source=None))
)


@pytest.fixture
def rows():
    data = exported(ANSWER, "csv", page=PAGE)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_table_has_a_row_a_result_and_no_formula(rows):
    assert [row["article_id"] for row in rows] == ["一", "a&<b>", "无"]
    assert rows[0]["passage"] == "第一句。 第二句。"
    assert rows[0]["tags"] == "渡口；灯"
    assert rows[1]["title"] == '\'=HYPERLINK("http://x")'
    assert rows[1]["source"] == "'@SUM(1)"
    assert rows[1]["duplicates"] == "海边\x0b报；d"
    assert rows[2]["source"] == ""


def test_json_is_the_answer():
    assert json.loads(exported(ANSWER, "json", page=PAGE))["results"][0]["title"] == "题目一"


def test_references_are_records_of_tagged_lines():
    text = exported(ANSWER, "ris", page=PAGE).decode()
    records = [record.split("\r\n") for record in text.strip().split("ER  - ") if record.strip()]
    assert len(records) == 3
    first = [line for line in records[0] if line]
    assert first[0] == "TY  - NEWS"
    assert {
        "TI  - 题目一",
        "AU  - 柳青",
        "AU  - 王元",
        "T2  - 河口日报",
        "PY  - 2025",
        "DA  - 2025/04/02",
        "KW  - 灯",
    } <= set(first)
    assert f"UR  - {PAGE}?read=%E4%B8%80" in first
    assert "UR  - https://a.example/?a=1&b=2" in records[1]
    for line in text.split("\r\n"):
        assert not line or line[2:6] == "  - "


def test_a_feed_is_well_formed_whatever_the_texts_hold():
    root = ElementTree.fromstring(exported(ANSWER, "atom", page=PAGE, feed="http://host/export?q=1&format=atom"))
    assert root.tag == f"{ATOM}feed"
    assert root.findtext(f"{ATOM}title") == "渡口 & 灯 · 文搜"
    assert root.findtext(f"{ATOM}updated") == "2025-04-02T00:00:00Z"
    entries = root.findall(f"{ATOM}entry")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 3
    for entry in entries:
        assert entry.findtext(f"{ATOM}title")
        assert entry.findtext(f"{ATOM}updated").endswith("Z")
        assert entry.find(f"{ATOM}link").get("href").startswith("http")
    assert "<script>" in entries[1].findtext(f"{ATOM}summary")  # as text
    assert "\x00" not in entries[1].findtext(f"{ATOM}summary")


def test_no_results_are_still_a_file():
    none = Answer("无", "hybrid", 10, 0, 0, 1.0, 1, (), ())
    assert len(exported(none, "csv", page=PAGE).splitlines()) == 1
    assert exported(none, "ris", page=PAGE) == b""
    assert not ElementTree.fromstring(exported(none, "atom", page=PAGE)).findall(f"{ATOM}entry")
