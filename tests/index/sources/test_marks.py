"""Marks of note programs, HTML in records, odd bytes: none costs a word."""

import io
import os
import sys

import pytest

from index.sources.articles import read_sources
from index.sources.markup import markdown
from index.sources.note_marks import line_words, without_styles
from index.sources.readers import read_jsonl, read_text
from index.sources.records import path_name


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
    assert markdown(without_styles(text)) == ("灯会", "正月十五。")
    sound = "写样式时用 { 与 }，例如 a { color: red }。"
    assert without_styles(sound) == sound


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
