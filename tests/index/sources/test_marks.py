"""Marks of note programs, HTML in records, odd bytes: none costs a word."""

import io
import json
import os
import sys

import pytest

from index.sources.articles import article_from_record, read_sources
from index.sources.markup import markdown
from index.sources.note_marks import line_words
from index.sources.readers import read_csv, read_json, read_jsonl, read_text
from index.sources.records import path_name
from index.sources.style_sheets import without_rules


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("跟[[周师傅]]学划船", "跟周师傅学划船"),
        ("跟[[人物/周|周师傅]]学", "跟周师傅学"),
        ("见[[船坞#修船]]", "见船坞 修船"),
        ("图![[船.png]]在此", "图在此"),
        ("==要紧==的话", "要紧的话"),
        ("一句话 ^ab12", "一句话"),
        ("- [x] 补帆", "- 补帆"),
        ("[!note] 提醒", "提醒"),
        ("::: tip 船工说", "船工说"),
        (":::", None),
        ("[[toc]]", None),
        ('!!! note "水情"', "水情"),
        ('{{< figure src="a.png" title="渡口" >}}', "渡口"),
        ("标题 {#anchor}", "标题"),
        ("a::b 与 a == b 不动", "a::b 与 a == b 不动"),
        ("数组 [x] 不动", "数组 [x] 不动"),
    ],
)
def test_marks_go_and_words_stay(line, words):
    assert line_words(line) == words


def test_code_keeps_its_marks():
    assert "[[x]]" in markdown("```\na = [[x]]\n::: tip\n```")[1]


def test_a_line_break_in_a_cell_glues_nothing():
    assert markdown("| 物 | 说 |\n|---|---|\n| 帆 | 两面<br/>换着用 |")[1] == "物 | 说\n帆 | 两面 换着用"


def test_a_style_sheet_at_the_head_is_no_text():
    text = "灯会 body { margin: 0; padding: 0; } .a > b { color: red; }\n\n# 灯会\n\n正月十五。"
    assert markdown(text) == ("灯会", "正月十五。")
    sound = "写样式时用 { 与 }，例如 a { color: red }。"
    assert without_rules(sound) == sound


def records(*lines):
    data = "\n".join(lines).encode()
    return [record.content for record in read_jsonl(io.BytesIO(data), "x")]


def test_html_in_a_record_is_read_as_such_and_a_true_mark_stays():
    one, other = records(
        '{"text": "<p>河水<b>涨</b>了。</p><p>&ldquo;快收网&rdquo;</p>"}', '{"text": "a < b 且 c > d，见 <p> 一节"}'
    )
    assert one["text"] == "河水涨了。\n\n“快收网”"
    assert other["text"] == "a < b 且 c > d，见 <p> 一节"


@pytest.mark.parametrize(("byte", "place"), [(b"\x80", 0.5), (b"\xff", 0.5), (b"\x80", 1.0), (b"\xc4", 1.0)])
def test_an_odd_byte_costs_no_short_file(byte, place):
    text = "渡口的船修好了，逢集多开两班，雨天不开。"
    data = text.encode("gbk")
    at = int(len(data) * place) // 2 * 2
    found = [record.content["text"] for record in read_text(data[:at] + byte + data[at:], "x")]
    assert len(found) == 1
    assert "渡口的船修好了" in found[0]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_a_name_that_is_no_utf8_reaches_no_answer(tmp_path):
    folder = os.fsencode(tmp_path)
    with open(os.path.join(folder, "渡口".encode("gbk") + b".txt"), "w", encoding="utf-8") as file:
        file.write("渡口的船修好了。")
    (article,) = read_sources([tmp_path])
    assert article.path is not None
    article.path.encode("utf-8")
    assert article.path.endswith(r"\xda.txt")
    assert path_name("/a/渡口.txt") == "/a/渡口.txt"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<ruby>缆<rt>lǎn</rt></ruby>绳断了", "缆绳断了"),
        ("写 `[[链接]]` 与 `**粗**` 两种", "写 [[链接]] 与 **粗** 两种"),
        (r"三 \* 四，\[不是链接\]", "三 * 四，[不是链接]"),
        (r"$a \_ b$ 是式子", r"$a \_ b$ 是式子"),
        ("<h3>收缆</h3>", "收缆"),
        ("<p>前一段</p><p>后一段</p>", "前一段\n后一段"),
        ("::: tabs\n@tab 左舷\n系两道\n:::", "左舷\n系两道"),
    ],
)
def test_markdown_within_a_line(written, read):
    assert markdown(f"开头\n\n{written}")[1] == f"开头\n\n{read}"


def test_tables_and_lists_written_in_html_within_markdown():
    table = "<table><tr><th>物</th><th>数</th></tr>\n<tr><td>锚</td><td>二</td></tr></table>"
    assert markdown(f"# 缆\n\n{table}\n\n<ol><li>收缆</li></ol>") == ("缆", "物 | 数\n锚 | 二\n\n1. 收缆")
    assert "<li>" in markdown("```\n<ul><li>x</li></ul>\n```")[1]
    assert "<style>" in markdown("```\n<style>a{color:red;margin:0}</style>\n```")[1]


@pytest.mark.parametrize(
    "sheet",
    [
        "body{font-family:宋体;margin:0} @media print{p{margin:0}}",
        "/* 样式 */\n.a { color: red; }\n.b > c,\n.d { margin: 0 }",
        '@import "a.css";\n@font-face{font-family:x;src:url(a)}\np{line-height:1.5;color:#333}',
    ],
)
def test_style_sheets_of_many_shapes_are_no_text(sheet):
    assert without_rules(f"{sheet}\n灯会\n正月十五。").strip() == "灯会\n正月十五。"


@pytest.mark.parametrize("sound", ['{"a": 1, "b": 2}\n话', "函数 f{a:1;b:2} 是例子", "int f(a){return: b; c: d}"])
def test_braces_are_no_style_sheet(sound):
    assert without_rules(sound) == sound


def test_front_matter_of_other_shapes():
    toml = read_text('+++\ntitle = "船坞"\ndate = 2023-07-08\ntags = ["船"]\n+++\n补帆。'.encode(), "a")
    assert next(toml).content == {"title": "船坞", "date": "2023-07-08", "tags": ["船"], "text": "补帆。"}
    folded = read_text("---\ntitle: 船坞\nsummary: >\n  头一句，\n  后一句。\ntags:\n  - 船\n---\n补帆。".encode(), "a")
    assert next(folded).content["summary"] == "头一句， 后一句。"


def test_html_in_cells_and_escaped_html_in_records():
    rows = "标题,正文,备注\n船报,<p>缆绳&ldquo;两股&rdquo;断了</p>,a<b\n".encode()
    (row,) = read_csv(io.BytesIO(rows), "a.csv")
    assert (row.content["正文"], row.cells) == ("缆绳“两股”断了", "备注：a<b")
    assert records('{"title":"甲 &amp; 乙","text":"&lt;p&gt;缆绳断了&lt;/p&gt;"}') == [
        {"title": "甲 & 乙", "text": "缆绳断了"}
    ]


def test_articles_within_objects_of_a_json_file():
    told = {"code": 0, "tags": [{"name": "船"}], "data": {"list": [{"title": "补帆", "content": "帆破了。"}]}}
    own = {"标题": "补帆", "正文": "帆破了。", "images": [{"src": "a.png"}]}
    for loaded in (told, own):
        (record,) = read_json(json.dumps(loaded).encode(), "a.json")
        assert "帆破了。" in record.content.values()


def test_a_column_that_may_be_a_title_is_one_where_there_is_no_other():
    assert article_from_record({"名称": "补帆", "正文": "帆破了。"}).title == "补帆"
    assert article_from_record({"主题": "船", "标题": "补帆", "正文": "帆破了。"}).title == "补帆"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("去[码头](http://a.example/b_(c)_(d))看船。", "去码头看船。"),
        ("去[码头](<http://a.example/b c>)（东岸）看船。", "去码头（东岸）看船。"),
        ("去[码头](http://a.example '东岸')看[船](http://b.example （木船）)。", "去码头看船。"),
        ("![码头](东岸 2019.png =300x200)", "码头"),
        ("[![码头](a.png)](http://a.example)", "码头"),
        ("见[码头\n旧照](http://a.example)。", "见码头\n旧照。"),
        ("见<http://a.example/b>，信寄<du@a.example>。", "见http://a.example/b，信寄du@a.example。"),
        (
            "见[码头][1]、[旧照][]、![船][p]。\n\n[1]: http://a.example '东岸'\n[旧照]: /b.html\n[p]: c.png",
            "见码头、旧照、船。",
        ),
        ("见[附录][甲]和 f[x][y]。\n\n[注]: 船是租的。", "见[附录][甲]和 f[x][y]。\n\n[注]: 船是租的。"),
        ("见[图[2]](http://a.example)。", "见图[2]。"),
    ],
)
def test_of_links_the_words_stay_and_not_the_way(written, read):
    assert markdown(written)[1].strip() == read
