import base64
import gzip
import io
import json
import os
import sys
import zipfile

import pytest

from index.errors import BadArticle, BadOption
from index.models import Article, Skipped, SkipReason
from index.sources.articles import article_from_record, article_id_for, read_sources, sound
from index.sources.encodings import guess, plausibility

SHORT = "关于召开会议的通知"
LONG = "新华社记者今天从会议上了解到，各地要加强管理，提高服务的质量，让群众满意。\n" * 8
SHORT_T = "關於召開會議的通知"
LONG_T = "記者今天從會議上了解到，各地要加強管理，提高服務的品質，讓民眾滿意。\n" * 8
HTML = """<!doctype html><html><head><meta charset="utf-8"><title>平安县召开防汛会议 - 平安新闻网</title></head><body>
<nav><a href="/">首页</a> <a href="/n">新闻</a></nav><article><h1>平安县召开防汛会议</h1>
<p>六月一日上午，平安县召开防汛工作会议，研究部署今年的防汛工作，各乡镇的主要负责同志参加了会议。</p><h2>责任到人</h2>
<p>会议要求，各单位要把责任落实到每一个人，每天都要检查水库和堤坝，发现问题马上报告，不得迟报、漏报和瞒报。</p>
<table><tr><td>水库</td><td>责任人</td></tr><tr><td>青山水库</td><td>张三</td></tr></table>
<p>会议还强调，要准备好物资和队伍，随时能够拉得出、用得上，确保人民群众的生命财产安全。</p></article>
<footer>版权所有 平安新闻网</footer></body></html>"""


def read(*sources, **options):
    return list(read_sources([str(source) for source in sources], **options))


def one(path):
    (item,) = read(path)
    return item


EVERY = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
IN_EACH = [(text, encoding) for encoding in EVERY for text in (SHORT, LONG, SHORT_T, LONG_T)]


@pytest.mark.parametrize(("text", "encoding"), [*IN_EACH, (SHORT_T, "big5"), (LONG_T, "big5")])
def test_the_encoding_is_recognised(tmp_path, text, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    assert one(path).text == text


def test_plausibility_tells_chinese_from_what_a_wrong_table_makes_of_it():
    assert plausibility(LONG) > 0.35
    assert plausibility(LONG.encode("gbk").decode("big5", "replace")) < 0.15
    assert guess(b"") == "utf-8"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", SkipReason.EMPTY),
        (b"   \n\n", SkipReason.EMPTY),
        (b"%PDF-1.7\n\x00\x01", SkipReason.BINARY),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), SkipReason.BINARY),
        (bytes(range(256)) * 20, SkipReason.BINARY),
        (b"PK\x03\x04" + b"\x00" * 40, SkipReason.BINARY),
    ],
)
def test_what_is_no_text_is_skipped_with_its_reason(tmp_path, content, reason):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    assert one(path) == Skipped(str(path), reason, one(path).detail)


def test_a_missing_source_is_one_clear_error(tmp_path):
    with pytest.raises(BadOption, match="no such source"):
        read_sources([str(tmp_path / "none")])


def test_a_folder_is_read_sorted_and_without_its_hidden_files(tmp_path):
    for name in ("b.txt", "a.txt", ".hidden.txt", "sub/c.md", ".git/d.txt", "z.exe"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("正文在这里。", encoding="utf-8")
    items = read(tmp_path)
    assert [os.path.relpath(item.path, tmp_path) for item in items if isinstance(item, Article)] == [
        "a.txt",
        "b.txt",
        os.path.join("sub", "c.md"),
    ]
    assert [(item.where, item.reason) for item in items if isinstance(item, Skipped)] == [
        (str(tmp_path / "z.exe"), SkipReason.FORMAT)
    ]


def test_a_pipe_or_an_unreadable_file_does_not_stop_the_run(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "nowhere.txt")
    (tmp_path / "c.txt").write_text("正文。", encoding="utf-8")
    items = read(tmp_path)
    assert [type(item) for item in items] == [Skipped, Skipped, Article]
    assert [item.reason for item in items[:2]] == [SkipReason.UNREADABLE] * 2


def test_ids_are_the_file_s_path_hashed(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("正文。", encoding="utf-8")
    article = one(path)
    assert article.article_id == article_id_for(str(path))
    assert len(article.article_id) == 16
    assert article.path == str(path)


def test_jsonl_records_and_the_lines_that_are_none(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [
        json.dumps({"id": 7, "title": "题", "text": "甲", "tags": ["x", "y"], "published": "2024年1月2日", "级别": 3}),
        "not json",
        json.dumps(["a list"]),
        json.dumps({"title": "no text"}),
        "",
        json.dumps({"_id": "b", "content": "乙", "source": "某报", "published": "去年"}),
        '{"text": "\\ud83d\\ude00\\ud800好"}',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    items = read(path)
    assert items[0] == Article(
        "7", "题", "甲", published="2024-01-02", tags=("x", "y"), path=str(path), meta={"级别": "3"}
    )
    assert [item.where for item in items if isinstance(item, Skipped)] == [f"{path}:{n}" for n in (2, 3, 4)]
    assert {item.reason for item in items if isinstance(item, Skipped)} == {SkipReason.BAD_RECORD}
    assert (items[4].article_id, items[4].source, items[4].published) == ("b", "某报", None)
    assert items[4].meta == {"published": "去年"}
    assert items[5].text == "😀\ufffd好"
    assert items[5].article_id == article_id_for(str(path), "", "😀\ufffd好")


def test_gzip_and_a_broken_gzip(tmp_path):
    good = tmp_path / "a.jsonl.gz"
    good.write_bytes(gzip.compress(json.dumps({"text": "甲", "id": "1"}).encode() + b"\n"))
    assert one(good).text == "甲"
    broken = tmp_path / "b.jsonl.gz"
    broken.write_bytes(good.read_bytes()[:-9])
    assert any(isinstance(item, Skipped) and item.reason == SkipReason.UNREADABLE for item in read(broken))


@pytest.mark.parametrize("binary", [True, False])
def test_jsonl_on_standard_input(binary):
    line = json.dumps({"text": "甲", "id": "1"}, ensure_ascii=False) + "\n"
    stream = io.BytesIO(line.encode()) if binary else io.StringIO(line)
    assert read("-", stdin=stream) == [Article("1", "", "甲")]


def test_csv_with_and_without_a_text_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('标题,正文,来源\n题一,"第一行\n第二行",某报\n题二,正文二,\n', encoding="gb18030")
    first, second = read(path)
    assert (first.title, first.text, first.source) == ("题一", "第一行\n第二行", "某报")
    assert (second.title, second.text, second.source) == ("题二", "正文二", None)
    table = tmp_path / "b.csv"
    table.write_text("单位;电话\n办公室;12345\n", encoding="utf-8-sig")
    assert one(table).cells == "单位：办公室\n电话：12345"


def test_a_json_file_of_records(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"articles": [{"text": "甲"}, {"text": "乙"}, 3]}), encoding="utf-8")
    items = read(path)
    assert [item.text for item in items[:2]] == ["甲", "乙"]
    assert items[2].reason == SkipReason.BAD_RECORD


def test_markdown_gives_title_fields_and_plain_text(tmp_path):
    path = tmp_path / "a.md"
    path.write_text(
        "---\nsource: 某报\ntags: [防汛, 水利]\ndate: 2024-01-02\n---\n# 防汛须知\n\n## 一、准备\n\n- **沙袋**要[备足](http://x)。\n\n"
        "| 物资 | 数量 |\n|---|---|\n| 沙袋 | `100` |\n\n```\nprint(1)\n```\n",
        encoding="utf-8",
    )
    article = one(path)
    assert (article.title, article.source, article.published, article.tags) == (
        "防汛须知",
        "某报",
        "2024-01-02",
        ("防汛", "水利"),
    )
    assert article.text == "一、准备\n\n- 沙袋要备足。\n\n物资 | 数量\n沙袋 | 100\n\nprint(1)"


def test_a_rule_at_the_top_is_no_front_matter(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\n这一段话只是正文。\n---\n后面的话。", encoding="utf-8")
    assert "这一段话只是正文。" in one(path).text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_html_gives_the_article_without_its_page(tmp_path, encoding):
    path = tmp_path / "a.html"
    path.write_bytes(HTML.replace("utf-8", encoding).encode(encoding))
    article = one(path)
    assert article.title == "平安县召开防汛会议"
    lines = article.text.split("\n")
    assert "责任到人" in lines
    assert "青山水库 | 张三" in lines
    assert "版权所有" not in article.text


def test_html_without_an_article_falls_back_to_what_it_shows(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<p>短句一。<br>短句二。<script>x</script></p>", encoding="utf-8")
    assert one(path).text.split() == ["短句一。", "短句二。"]


def test_zip_archives_hold_files_in_any_name_encoding(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("甲.txt", "正文甲。".encode("gb18030"))
        archive.writestr("b.jsonl", json.dumps({"text": "乙", "id": "b"}))
        archive.writestr("c.bin", b"\x00")
        archive.writestr("inner.zip", b"PK")
    items = read(path)
    assert sorted(item.text for item in items if isinstance(item, Article)) == ["乙", "正文甲。"]
    assert {item.reason for item in items if isinstance(item, Skipped)} == {SkipReason.FORMAT}
    assert all(item.path == str(path) for item in items if isinstance(item, Article))


def test_a_zip_bomb_costs_nothing(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"{number}.txt", b"0" * 60_000_000)
    assert one(path).reason == SkipReason.TOO_LARGE


def test_mail_gives_subject_sender_date_and_text(tmp_path):
    path = tmp_path / "a.eml"
    path.write_bytes(
        b"Subject: =?utf-8?b?6YCa55+l?=\nFrom: Zhang <z@example.org>\nDate: Mon, 29 Jan 2024 10:00:00 +0800\n"
        b"Content-Type: text/plain; charset=gbk\nContent-Transfer-Encoding: 8bit\n\n"
        + "请大家按时参加会议。".encode("gbk")
    )
    article = one(path)
    assert (article.title, article.author, article.published) == ("通知", "Zhang", "2024-01-29")
    assert article.text.strip() == "请大家按时参加会议。"


def test_a_saved_page_gives_its_article(tmp_path):
    path = tmp_path / "a.mht"
    page = HTML.encode("gb18030").replace(b"utf-8", b"gb2312")
    path.write_bytes(
        b"From: <Saved by a browser>\nSubject: saved\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="b"\n\n--b\n'
        b"Content-Type: text/html; charset=gb2312\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(page)
        + b"--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b--\n"
    )
    html = tmp_path / "a.html"
    html.write_text(HTML, encoding="utf-8")
    assert (one(path).title, one(path).text) == (one(html).title, one(html).text)


def test_docx(tmp_path):
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_heading("防汛须知", 0)
    document.add_paragraph("第一段。")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "物资", "数量"
    document.save(str(tmp_path / "a.docx"))
    article = one(tmp_path / "a.docx")
    assert (article.title, article.text) == ("防汛须知", "第一段。\n\n物资 | 数量")


def test_pdf_with_text(tmp_path):
    pytest.importorskip("pypdfium2")
    stream = b"BT /F1 12 Tf 72 720 Td (Flood notice 2024) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(data)
    (tmp_path / "a.pdf").write_bytes(data + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer)
    assert one(tmp_path / "a.pdf").text == "Flood notice 2024"


def test_the_date_of_a_page_is_the_one_it_declares(tmp_path):
    path = tmp_path / "a.html"
    declared = '<meta property="article:published_time" content="2023-06-01T08:00:00+08:00">'
    path.write_text(HTML.replace("<title>", f"{declared}<title>"), encoding="utf-8")
    assert one(path).published == "2023-06-01"
    path.write_text(HTML.replace("版权所有", "版权所有 2011-2024"), encoding="utf-8")
    assert one(path).published is None


def test_xlsx_rows(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["标题", "正文"])
    book.active.append(["题", "内容在此"])
    book.save(tmp_path / "a.xlsx")
    article = one(tmp_path / "a.xlsx")
    assert (article.title, article.text) == ("题", "内容在此")


def test_epub_chapters(tmp_path):
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:x"><rootfiles><rootfile full-path="o/p.opf"/></rootfiles></container>',
        )
        book.writestr(
            "o/p.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            "<dc:title>书名</dc:title><dc:creator>作者甲</dc:creator></metadata>"
            '<manifest><item id="c" href="c.xhtml"/></manifest><spine><itemref idref="c"/></spine></package>',
        )
        chapter = "<h1>第一章</h1><p>这一章说的是很久以前的一个故事，话要从头说起。</p>"
        book.writestr("o/c.xhtml", f"<html><body>{chapter}</body></html>")
    article = one(path)
    assert (article.title, article.author, article.meta) == ("第一章", "作者甲", {"book": "书名"})
    assert "很久以前" in article.text


def test_a_missing_library_is_named_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n")
    assert one(path) == Skipped(str(path), SkipReason.MISSING_EXTRA, "pypdfium2: pip install wensou[formats]")


@pytest.mark.parametrize(
    "record", [{}, {"text": ""}, {"text": 3}, {"text": None}, {"text": "甲", "title": {"a": 1}}, [], "text", None]
)
def test_a_record_that_is_no_article_is_refused(record):
    with pytest.raises(BadArticle):
        article_from_record(record)


def test_a_record_with_no_id_has_one_made_of_what_it_holds():
    article = article_from_record({"title": "题", "text": "正文", "tags": "甲，乙;甲", "x": {"y": 1}})
    assert article.article_id == article_id_for("", "题", "正文")
    assert article.tags == ("甲", "乙")
    assert article.meta == {"x": '{"y": 1}'}


@pytest.mark.parametrize(
    ("broken", "whole"), [("a\0b", "ab"), ("\ud83d\ude00", "😀"), ("a\udc80b", "a\ufffdb"), ("好", "好")]
)
def test_text_that_cannot_be_stored_is_made_sound(broken, whole):
    assert sound(broken) == whole
