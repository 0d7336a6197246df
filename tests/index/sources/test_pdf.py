import io

import pytest

from index.models import SkipReason
from tests.index.sources.paper import column, pdf

pytest.importorskip("pypdfium2")
from index.sources.pdf import _whole, read_pdf

LONG = (
    "渡口的木船每天清晨六点开始摆渡，船工要先查看缆绳和船板，再用竹篙试探水深，若是夜里下过大雨，就要等到水色转清才能开船，"
    "过河的人须依次上船，先老后少，牲口另乘一趟。冬天河面结了薄冰，船头要包上铁皮，每走一程便停下来敲一敲，免得冰碴割坏了船底的桐油。"
)
OTHER = (
    "对岸的茶棚由三户人家轮流照看，铜壶里的水从早到晚都是滚的，过路的人喝一碗茶只要放下两枚铜钱，没有钱的放一把柴也行，棚后种着几畦青菜，"
    "谁家临时缺了便来摘一把。到了年底三户人家聚在一起算账，多出来的钱用来修补码头的石阶，修完还有剩余就请戏班唱一晚上的戏给大家听。"
)


def one(data):
    record, *rest = read_pdf(data, "a.pdf")
    return record, rest


def text_of(*pages, **options):
    return one(pdf(pages, **options))[0].content["text"]


def test_a_paragraph_is_whole_and_the_next_one_begins_where_it_is_set_in():
    page = column(LONG, 72, 100, 30) + column(OTHER, 72, 100 + 18 * 5, 30)
    assert text_of(page) == f"{LONG}\n{OTHER}"


def test_a_line_that_is_longer_than_the_others_does_not_keep_them_apart():
    notice = "渡口管理所编印 供各村张贴宣读 不得涂改撕毁 有疑问请到所里来问清楚再说"
    page = [(60, 60, notice), *column(LONG, 72, 100, 24)]
    assert text_of(page).split("\n")[1:] == [LONG]


def test_a_sentence_goes_on_over_the_page_and_heads_feet_and_numbers_are_gone():
    lines = column(LONG, 72, 100, 30)
    head = (220, 40, "青石渡志 内部资料", 9)
    pages = [
        [head, *lines[:2], (280, 800, "— 1 —", 9)],
        [head, *[(x, y - 36, text, size) for x, y, text, size in lines[2:]], (280, 800, "— 2 —", 9)],
    ]
    record, _ = one(pdf(pages))
    assert record.content["text"] == LONG
    assert record.pages == (0, len("".join(text for _, _, text, _ in lines[:2])))


def test_two_columns_are_read_one_after_the_other():
    page = [(200, 60, "渡口与茶棚", 20), *column(LONG, 60, 120, 18), *column(OTHER, 320, 120, 18)]
    assert text_of(page) == f"渡口与茶棚\n{LONG}\n{OTHER}"


def test_columns_whose_lines_do_not_stand_level():
    page = column(LONG, 60, 120, 18) + column(OTHER, 320, 129, 18)
    assert text_of(page) == f"{LONG}\n{OTHER}"


def test_rows_of_a_table_stay_together():
    rows = [("船名", "载客", "船工"), ("东风号", "十二人", "老周"), ("红星号", "八人", "小何")]
    page = [(72 + 150 * n, 100 + 20 * y, cell) for y, row in enumerate(rows) for n, cell in enumerate(row)]
    assert text_of(page) == "船名 | 载客 | 船工\n东风号 | 十二人 | 老周\n红星号 | 八人 | 小何"


def test_spaced_letters_are_one_word():
    spaced = [(150 + 45 * n, 60, char, 18) for n, char in enumerate("乘船须知")]
    page = [*spaced, *[(72 + 18 * n, 120, char) for n, char in enumerate("先老后少依次上船")]]
    assert text_of(page) == "乘船须知\n先老后少依次上船"


def test_short_lines_are_not_joined():
    page = [*column(LONG, 72, 100, 30), (380, 300, "青石渡管理所"), (380, 318, "某年三月五日")]
    assert text_of(page).split("\n")[1:] == ["青石渡管理所", "某年三月五日"]


@pytest.mark.parametrize(
    "given", ["untitled", "PowerPoint 演示文稿", "Microsoft Word - 定稿3.doc", "文档1", "无标题", None]
)
def test_a_title_that_a_program_wrote_gives_way_to_the_largest_words(given):
    page = [(100, 50, "某县渡口管理办法", 22), *column(LONG, 72, 120, 30)]
    assert one(pdf([page], title=given))[0].content["title"] == "某县渡口管理办法"


def test_a_title_over_two_lines_and_one_that_is_true():
    page = [(100, 50, "关于冬季封冻期间", 22), (100, 80, "停开渡船的通知", 22), *column(LONG, 72, 140, 30)]
    assert one(pdf([page], title="untitled"))[0].content["title"] == "关于冬季封冻期间停开渡船的通知"
    assert one(pdf([column(LONG, 72, 100, 30)], title="渡口旧事"))[0].content["title"] == "渡口旧事"


@pytest.mark.parametrize(
    ("given", "author"),
    [
        ("Think Centre", None),
        ("ThinkPad User", None),
        ("Microsoft Office User", None),
        ("Windows 用户", None),
        ("微软用户", None),
        ("番茄花园", None),
        ("荀渡生", "荀渡生"),
        ("Usera Lin", "Usera Lin"),
    ],
)
def test_an_author_is_no_machine(given, author):
    assert one(pdf([column(LONG, 72, 100, 30)], author=given))[0].content.get("author") == author


def test_footnotes_do_not_stand_in_the_middle_of_a_sentence():
    lines = column(LONG, 72, 100, 30)
    first = [*lines[:2], (72, 760, "①桐油：桐树籽榨的油。", 8)]
    second = [(x, y - 36, text, size) for x, y, text, size in lines[2:]]
    assert text_of(first, second).split("\n") == ["①桐油：桐树籽榨的油。", LONG]


def test_a_page_without_text_keeps_its_number_and_is_named():
    record, (part,) = one(pdf([[(72, 100, "头一页的话。")], [], [(72, 100, "第三页上的话。")]]))
    assert record.pages == (0, 7, 7)
    assert (part.reason, part.detail) == (SkipReason.PART, "pages 2, which are pictures")


def test_the_same_line_on_two_pages_of_a_text_is_no_running_head():
    page = [(72, 100, "船票五角。"), (72, 118, "每人一张。")]
    assert text_of(page, page) == "船票五角。\n每人一张。\n船票五角。\n每人一张。"


FEET = [
    lambda n: f"第{'一二三'[n]}页",
    lambda n: f"{n + 1}/3",
    lambda n: str(n + 7),
    lambda n: ("i", "ii", "iii")[n],
    lambda n: f"共3页 第{n + 1}页",
    lambda n: f"Page {n + 1} of 3",
]


@pytest.mark.parametrize("foot", FEET)
def test_page_numbers_of_any_kind_are_gone(foot):
    pages = [[*column(LONG[n * 3 :], 72, 100, 30), (280, 810, foot(n), 9)] for n in range(3)]
    assert text_of(*pages) == "\n".join(LONG[n * 3 :] for n in range(3))


def form():
    """A PDF with fields of a form, one typed note and one comment."""
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    file = io.BytesIO()
    paper = canvas.Canvas(file, pagesize=(595, 842))
    for y, label in ((700, "Name:"), (660, "Swims:"), (620, "Boat:")):
        paper.drawString(80, y, label)
    form = paper.acroForm
    form.textfield(name="n", x=130, y=695, width=200, height=20, value="HUO QI")
    form.checkbox(name="s", x=130, y=655, size=14, checked=True)
    form.checkbox(name="t", x=200, y=655, size=14, checked=False)
    form.choice(name="c", x=130, y=615, width=200, height=20, value="Raft", options=["Punt", "Raft"])
    paper.freeTextAnnotation("另附保书一张", "/Helv 12 Tf", Rect=[80, 500, 300, 520])
    paper.textAnnotation("此人待查", Rect=[400, 700, 420, 720])
    paper.showPage()
    paper.save()
    return file.getvalue()


def test_values_of_forms_and_typed_notes_stand_where_they_are_shown():
    record, (skipped,) = one(form())
    assert record.content["text"].split("\n") == ["Name: | HUO QI", "Swims: | ☑ | □", "Boat: | Raft", "另附保书一张"]
    assert (skipped.reason, skipped.detail) == (SkipReason.PART, "1 comment")


def test_running_heads_that_are_left_out_are_told():
    pages = [
        [(230, 40, f"摆渡章程　卷{n}", 9), (280, 815, f"- {n} -", 9), *column(LONG, 60, 90, 38)] for n in (1, 2, 3)
    ]
    _, (skipped,) = one(pdf(pages))
    assert skipped.detail == "running heads: 摆渡章程 卷1"


def test_a_row_of_three_pieces_does_not_run_into_the_next_line():
    page = [(60, 90, "合"), (120, 90, "计"), (400, 90, "四千元"), (60, 110, "大写：肆仟元整，由渡口付清")]
    assert text_of(page + column(LONG, 60, 160, 38)).split("\n")[1].startswith("大写：")


ENTRIES = ["先下后上", "大雾停开", "牲口另乘"]
LEANT = (1, 0, 0.34, 1)  # the italics of a font that has none


@pytest.mark.parametrize("leant", [LEANT, (1, 0, -0.3, 1), (1, 0.03, 0.2, 1)])
def test_letters_that_lean_on_a_level_line_are_text(leant):
    page = [(72, 90, "过渡须知：", 12, leant), (132, 90, "先下后上。", 12), (72, 120, "大雾停开。", 12, leant)]
    assert text_of(page) == "过渡须知：先下后上。\n大雾停开。"


def test_what_is_printed_askew_is_a_watermark_and_what_is_printed_upwards_is_read():
    askew = [(200, 500, "内部资料", 40, (0.7, 0.7, -0.7, 0.7)), (100, 700, "样张", 40, (0.9, -0.3, 0.3, 0.9))]
    upwards = [(40, 600, "归档专用", 12, (0, 1, -1, 0))]
    assert text_of(askew + column(LONG, 72, 100, 30) + upwards) == f"{LONG}\n归档专用"


@pytest.mark.parametrize("mark", ["●", "■"])
@pytest.mark.parametrize("indent", [21, 38])
def test_the_mark_of_an_entry_stands_with_it_however_far_off_it_is_printed(mark, indent):
    page = [(72, 90, "过渡须知：", 16), *column(LONG, 72, 250, 30)]
    for n, entry in enumerate(ENTRIES):
        page += [(72, 120 + 24 * n, mark, 16), (72 + indent, 120 + 24 * n, entry, 16)]
    assert text_of(page).split("\n") == ["过渡须知：", *(f"{mark} {entry}" for entry in ENTRIES), LONG]


@pytest.mark.parametrize("mark", ["\uf06c", "\uf0d8", "\uf0b7"])
def test_marks_of_symbol_fonts_begin_the_entries_of_a_list(mark):
    page = [(72, 120 + 24 * n, f"{mark}  {entry}", 16) for n, entry in enumerate(ENTRIES)]
    record, rest = one(pdf([[(72, 90, "过渡须知：", 16), *page, *column(LONG, 72, 250, 30)]]))
    assert record.content["text"].split("\n") == ["过渡须知：", *(f"• {entry}" for entry in ENTRIES), LONG]
    assert not rest


def test_a_symbol_of_a_font_that_does_not_say_what_it_is_is_told_as_lost():
    _, (part,) = one(pdf([[(72, 90, "渡\uf06c口每日\ue123开船，先老后少。")]]))
    assert part.detail == "2 characters whose fonts do not say what they are"


@pytest.mark.parametrize(
    ("units", "want"),
    [
        ([0x5E97, 0xD842, 0xDFB7, 0x9762], [(0, "店"), (2, "\U00020bb7"), (3, "面")]),
        ([0xD842, 0x9762, 0xDFB7], [(0, "\ufffd"), (1, "面"), (2, "\ufffd")]),
        ([0x5E97, 0xD842], [(0, "店"), (1, "\ufffd")]),
    ],
)
def test_a_character_told_in_two_halves_is_one(units, want):
    assert list(_whole(iter(units))) == want


def test_the_columns_of_a_wide_table_are_no_columns_of_text():
    rows = [("船名", "载重", "船工", "泊位"), ("东风号", "三百二十石", "老周和小何", "青石渡东侧")]
    rows += [(f"红星{n}号", "二百四十石", "柳三和霍七", "青石渡西侧") for n in "一二三四五"]
    page = [
        (x, 100 + 22 * n, cell) for n, row in enumerate(rows) for x, cell in zip((72, 150, 320, 430), row, strict=True)
    ]
    told = text_of(page).split("\n")
    assert told[1:3] == [
        "东风号 | 三百二十石 | 老周和小何 | 青石渡东侧",
        "红星一号 | 二百四十石 | 柳三和霍七 | 青石渡西侧",
    ]
