from dataclasses import replace

from index.cleaning.clean import clean
from index.cleaning.parts import page_starts, with_cells
from index.models import Article

PAGES = [
    "青石渡管理办法\n来源：渡口管理所 时间：2024-03-05\n第一条 渡船每天六点开。\n",
    "第二条 每船八人。\n第二条 每船八人。\n您是第 300 位访客\n第三条 大雾停航，",
    "由所长宣布。\n第四条 本办法自公布之日起施行。",
]


def joined(pages):
    starts, at = [], 0
    for page in pages:
        starts.append(at)
        at += len(page)
    return "".join(pages), tuple(starts)


def test_pages_begin_where_they_did_after_lines_were_taken_out():
    text, starts = joined(PAGES)
    article = clean(Article("1", "", text, pages=starts)).article
    begins = [article.text[start:] for start in article.pages]
    assert len(begins) == 3
    assert begins[1].startswith("第二条 每船八人。\n第二条")
    assert begins[2].startswith("由所长宣布。")
    assert [article.page(article.text.index(word)) for word in ("六点", "每船", "大雾", "宣布", "施行")] == [
        1,
        2,
        2,
        3,
        3,
    ]


def test_a_page_that_begins_with_what_is_taken_out_begins_behind_it():
    assert page_starts("甲乙丙丁戊己庚辛\n打印关闭窗口\n子丑寅卯辰巳", (0, 9), "甲乙丙丁戊己庚辛\n子丑寅卯辰巳") == (
        0,
        9,
    )


def test_a_page_of_which_nothing_is_left_begins_with_the_next():
    raw, starts = joined(["甲乙丙丁戊己\n", "广告广告广告广告\n", "子丑寅卯辰巳"])
    assert page_starts(raw, starts, "甲乙丙丁戊己\n子丑寅卯辰巳") == (0, 7, 7)
    assert page_starts(raw, starts, "甲乙丙丁戊己") == (0, 6, 6)


def test_pages_that_begin_alike_are_told_apart():
    raw, starts = joined([f"登记表\n姓名 性别 住址\n{name}村的人家一共有二十户\n" for name in ("上湾", "下湾", "中湾")])
    assert page_starts(raw, starts, raw) == starts
    without = raw.replace("登记表\n", "", 1)
    assert page_starts(raw, starts, without) == (0, starts[1] - 4, starts[2] - 4)


def test_white_space_does_not_count():
    assert page_starts("渡船每天\n六点开船过河", (0, 5), "渡船每天六点开船过河") == (0, 4)


def test_cells_stand_behind_the_text():
    article = Article("1", "题", "正文", cells="甲：乙")
    assert (with_cells(article).text, with_cells(article).cells) == ("正文\n\n甲：乙", "")
    assert with_cells(replace(article, text="")).text == "甲：乙"


def test_pages_of_an_article():
    article = Article("1", "", "", pages=(0, 10, 10, 25))
    assert [article.page(at) for at in (0, 9, 10, 24, 25, 99)] == [1, 1, 3, 3, 4, 4]
    assert Article("1", "", "").page(3) is None
