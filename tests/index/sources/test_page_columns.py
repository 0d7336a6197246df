"""Columns, tables and figures of PDF pages, in the order in which people read them."""

import pytest

from index.sources.page_layout import Glyph, pieces
from tests.index.sources.paper import column
from tests.index.sources.test_pdf import LONG, text_of

pytest.importorskip("pypdfium2")


def test_words_of_a_figure_beside_a_text_come_after_it_and_not_within_its_sentences():
    beside, below = LONG[:80], LONG[80:]
    page = column(beside, 72, 100, 20, indent=0)
    page += [(380, 107, "水深", 9), (440, 130, "竹篙", 9), (360, 149, "暗流", 9)]
    page += column(below, 72, 100 + 18 * 4, 36, indent=0)
    told = text_of(page).split("\n")
    assert told[0] == LONG
    assert {"水深", "竹篙", "暗流"} <= set(told)


def test_a_paragraph_goes_on_behind_a_figure_that_stands_within_it():
    page = [
        *column(LONG[:58], 72, 100, 30),
        (250, 160, "上游", 9),
        (330, 172, "下游", 9),
        (200, 196, "图3渡口水位示意图", 9),
        *column(LONG[58:], 72, 230, 30, indent=0),
    ]
    assert text_of(page).split("\n") == [LONG, "上游", "下游", "图3渡口水位示意图"]


def test_a_table_over_both_columns_is_read_row_by_row_between_their_parts():
    left, right = LONG[:100], LONG[20:120]
    page = column(left, 72, 80, 17, indent=0) + column(right, 320, 80, 17, indent=0)
    rows = [("渡口", "船数", "船工", "缆绳"), ("柳湾", "三只", "五人", "两根"), ("石埠", "两只", "四人", "一根")]
    places = (90, 200, 350, 450)
    page += [(x, 210 + 20 * n, cell) for n, row in enumerate(rows) for x, cell in zip(places, row, strict=True)]
    page += column(left, 72, 290, 17, indent=0) + column(right, 320, 290, 17, indent=0)
    told = text_of(page).split("\n")
    assert told[:2] == [left, right]
    assert told[2:5] == ["渡口 | 船数 | 船工 | 缆绳", "柳湾 | 三只 | 五人 | 两根", "石埠 | 两只 | 四人 | 一根"]
    assert told[5:] == [left, right]


def test_a_mind_map_is_read_box_by_box():
    boxes = [
        ("船只", "木船要年年上桐油", "并且换船板"),
        ("船工", "夜里两人守渡", "轮流换班"),
        ("缆绳", "磨断一股就要", "换掉"),
    ]
    page = [(60, 300, "渡口", 20)]
    for n, (name, first, second) in enumerate(boxes * 2):
        y = 100 + 90 * n
        page += [(300, y + 7, name), (700, y, first), (700, y + 15, second), (1100, y + 11, "要紧")]
    told = text_of(page, width=1400).split("\n")
    assert set(told) == {"渡口", "要紧", *(name for name, *_ in boxes), *(first + second for _, first, second in boxes)}


def test_marks_narrower_than_their_boxes_part_no_words():
    glyphs = [Glyph("（", 0, 0, 10, 10, 10), Glyph("１", 3, 0, 13, 10, 10), Glyph("ｌ", 8, 0, 18, 10, 10)]
    glyphs += [Glyph("ｌ", 11, 0, 21, 10, 10), Glyph("船", 14, 0, 24, 10, 10)]
    assert [line.text for line in pieces(glyphs)] == ["（１ｌｌ船"]
