import zipfile
from importlib import import_module

import pytest

from index.cleaning.clean import clean
from index.models import Article
from index.sources import sheet_regions
from index.sources.articles import read_sources
from index.sources.field_names import field_of
from index.sources.tables import lines, merged, plain_row, records


def read(path):
    return list(read_sources([str(path)]))


def csv(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    return read(path)


def test_a_title_above_the_names_of_columns_is_told_with_every_row(tmp_path):
    first, second = csv(tmp_path, "枫桥镇渡船班次,,\n码头,头班,末班\n东岸,六点,十八点\n西岸,七点,十九点\n")
    assert first.cells == "枫桥镇渡船班次\n码头：东岸\n头班：六点\n末班：十八点"
    assert (second.title, second.cells.split("\n")[0]) == ("西岸", "枫桥镇渡船班次")


def test_columns_beside_a_text_are_in_the_text_too(tmp_path):
    (item,) = csv(tmp_path, "事项,地点,内容,来源,编号\n换证,二楼西侧,带上旧证。,某报,1\n")
    assert (item.text, item.cells, item.source) == ("带上旧证。", "事项：换证\n地点：二楼西侧\n编号：1", "某报")
    assert clean(item).article.text == "带上旧证。\n\n事项：换证\n地点：二楼西侧\n编号：1"


def test_cells_that_look_like_fields_of_a_page_stay(tmp_path):
    (item,) = csv(tmp_path, "日期,记者,责任编辑,阅读\n2024-03-05,王芳,李敏,300\n")
    assert clean(item).article.text == "日期：2024-03-05\n记者：王芳\n责任编辑：李敏\n阅读：300"


def test_names_over_two_rows_are_joined_and_merged_cells_repeat():
    rows = [["店名", "上午", "", "下午"], ["", "开", "关", "开"], ["一号店", "八点", "十一点", "两点"]]
    told = lines(merged(rows, [(0, 1, 0, 2), (0, 0, 1, 0)]))
    assert told[:2] == ["店名 | 上午 | 下午", "店名 | 开 | 关 | 开"]
    assert told[2] == "店名：一号店 | 上午·开：八点 | 上午·关：十一点 | 下午·开：两点"


def test_names_over_two_rows_of_a_csv(tmp_path):
    (item,) = csv(tmp_path, "店名,上午,,下午\n,开,关,开\n一号店,八点,十一点,两点\n")
    assert item.cells == "店名：一号店\n上午·开：八点\n上午·关：十一点\n下午·开：两点"


def test_a_second_table_below_a_gap_has_its_own_names(tmp_path):
    items = csv(tmp_path, "药名,存量\n板蓝根,三箱\n,\n借用登记,\n器械,借出人\n血压计,韩梅\n")
    assert [item.cells for item in items] == ["药名：板蓝根\n存量：三箱", "借用登记\n器械：血压计\n借出人：韩梅"]


def test_names_printed_again_and_notes_below(tmp_path):
    items = csv(tmp_path, "村,户数,人口\n上湾,12,40\n村,户数,人口\n下湾,15,52\n注：截至去年底。,,\n")
    assert [item.cells.split("\n")[0] for item in items] == ["村：上湾", "村：下湾", "注：截至去年底。"]


def test_a_table_without_names_of_columns_makes_none_up(tmp_path):
    items = csv(tmp_path, "张木匠,12,1987\n李铁匠,15,1990\n")
    assert [item.cells for item in items] == ["张木匠\n12\n1987", "李铁匠\n15\n1990"]


def test_a_first_row_whose_words_come_again_in_their_columns_holds_values(tmp_path):
    rows = "东渡口,张木匠,两趟\n西渡口,李铁匠,一趟\n石桥,赵船工,三趟\n柳湾,钱药师,两趟\n"
    told = [item.cells for item in csv(tmp_path, rows)]
    assert len(told) == 4
    assert all(word in told[0] for word in ("东渡口", "张木匠", "两趟"))
    assert not any("东渡口" in cells for cells in told[1:])


ROSTERS = [
    [["星期一", "灯塔", "罗桐"], ["星期二", "码头", "邬岚"], ["星期三", "灯塔", "罗桐"]],
    [["3月4日", "祭海"], ["4月15日", "休渔"]],
    [["第一组", "罗桐", "缆绳"], ["第二组", "邬岚", "桨"], ["第三组", "祁砚", "灯"]],
    [["8:00-10:00", "验票"], ["10:00-12:00", "巡堤"], ["14:00-16:30", "清舱"]],
    [["1998年", "建灯塔"], ["2003年", "修码头"], ["2011年", "通渡轮"]],
]


@pytest.mark.parametrize("roster", ROSTERS)
def test_rows_that_begin_with_one_of_a_series_have_no_names_above_them(tmp_path, roster):
    found = lines([plain_row(n, row) for n, row in enumerate(roster, start=1)])
    assert found == [" | ".join(row) for row in roster]
    text = "\n".join(",".join(row) for row in roster)
    rows = [f"{one.title} {one.text} {one.cells}" for one in csv(tmp_path, text)]
    assert len(rows) == len(roster)
    assert all(cell in told for row, told in zip(roster, rows, strict=True) for cell in row)
    assert not any(roster[0][0] in told for told in rows[1:])


def test_names_above_a_series_are_names_still(tmp_path):
    roster = [["日期", "值班"], ["星期一", "罗桐"], ["星期二", "邬岚"]]
    assert lines([plain_row(n, row) for n, row in enumerate(roster, start=1)])[1:] == [
        "日期：星期一 | 值班：罗桐",
        "日期：星期二 | 值班：邬岚",
    ]


def test_names_printed_again_with_another_page_are_names_still(tmp_path):
    rows = "村庄,户数,人口\n上湾,12,40\n下湾,15,52\n柳湾,9,31\n村庄,户数,人口（续）\n石桥,8,30\n"
    assert csv(tmp_path, rows)[0].cells == "村庄：上湾\n户数：12\n人口：40"


def test_a_few_rows_of_one_cell_are_one_text(tmp_path):
    (item,) = csv(tmp_path, "渡口须知\n先下后上。\n不得超载。\n")
    assert item.text == "渡口须知\n先下后上。\n不得超载。"


def test_rows_numbered_alike_in_two_tables_are_all_kept(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"编号,内容\n1,{name}里的话。\n", encoding="utf-8")
    assert len({item.article_id for item in read(tmp_path)}) == 2


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("文章标题", "title"),
        ("關鍵詞", "tags"),
        ("发布时间（北京）", "published"),
        (" * 摘 要：", "summary"),
        ("备注", None),
    ],
)
def test_what_columns_are_called(name, field):
    assert field_of(name) == field


def test_a_summary_is_the_text_where_there_is_no_other(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"文章标题": "渡口", "摘要": "说的是渡口。"}\n{"摘要": "短。", "正文": "长的正文。"}\n', encoding="utf-8"
    )
    first, second = read(path)
    assert (first.title, first.text) == ("渡口", "说的是渡口。")
    assert (second.text, second.meta) == ("长的正文。", {"摘要": "短。"})


def test_merged_cells_of_a_sheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [
        ["疫苗安排"],
        ["片区", "时间", "地点"],
        ["东片", "周一", "祠堂"],
        ["", "周二", "祠堂"],
        ["西片", 0.85, 7],
    ]:
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:A4")
    sheet["B5"].number_format = "0%"
    book.save(tmp_path / "a.xlsx")
    assert [item.cells.replace("\n", " ") for item in read(tmp_path / "a.xlsx")] == [
        "疫苗安排 片区：东片 时间：周一 地点：祠堂",
        "疫苗安排 片区：东片 时间：周二 地点：祠堂",
        "疫苗安排 片区：西片 时间：85% 地点：7",
    ]


def test_a_row_of_a_table_in_a_document_is_told_under_its_names_only_where_these_are_sure():
    rows = [plain_row(n, cells) for n, cells in enumerate([["队", "胜", "负"], ["东", "三", "三"], ["西", "", "五"]])]
    assert lines(rows) == ["队 | 胜 | 负", "队：东 | 胜：三 | 负：三", "队：西 | 负：五"]
    assert lines(rows[:2]) == ["队 | 胜 | 负", "东 | 三 | 三"]


def test_cells_are_repaired_but_never_taken_for_furniture():
    made = clean(
        Article("1", "班次", "", cells="时间：八\u200b点\n打印：可"), boilerplate=frozenset({"打印:可"})
    ).article
    assert (made.text, made.cells) == ("时间：八点\n打印：可", "")


def test_a_row_of_values_below_names_over_two_rows_is_none_of_them():
    rows = [
        ["时间", "", "事项", "经手", "备注", ""],
        ["", "", "", "", "地点", "人数"],
        ["初一", "早间", "修船", "霍七", "坞里", ""],
        ["", "午后", "补帆", "柳三", "棚下", "四"],
    ]
    ranges = [(0, 0, 1, 1), (0, 2, 1, 2), (0, 3, 1, 3), (0, 4, 0, 5)]
    found = list(records(iter(merged(rows, ranges)), "a"))
    assert [one.cells.split("\n") for one in found] == [
        ["时间：初一", "时间：早间", "事项：修船", "经手：霍七", "备注·地点：坞里"],
        ["时间：午后", "事项：补帆", "经手：柳三", "备注·地点：棚下", "备注·人数：四"],
    ]


def test_a_long_text_in_merged_cells_is_told_once_and_a_caption_over_two_rows_too():
    rows = [["事由", "两条旧船漏水，不能再载牲口过河", "", ""], ["经手", "霍七", "见证", "柳三"]]
    assert lines(merged(rows, [(0, 1, 0, 3)]))[0] == "事由 | 两条旧船漏水，不能再载牲口过河"
    rows = [["摆渡排班", ""], ["", ""], ["日", "人"], ["初一", "霍七"], ["初二", "柳三"]]
    first = next(records(iter(merged(rows, [(0, 0, 1, 1)])), "a"))
    assert first.cells == "摆渡排班\n日：初一\n人：霍七"


def test_the_day_of_a_row_is_a_field_alone_where_a_program_named_its_column(tmp_path):
    (exported,) = csv(tmp_path, "title,text,published\n渡船停航,大风停一天。,2024-03-05\n")
    assert exported.published == "2024-03-05"
    assert exported.cells == ""
    (unread,) = csv(tmp_path, "title,text,published\n渡船停航,大风停一天。,开春前后\n")
    assert unread.published is None
    assert unread.cells == "published：开春前后"
    (people,) = csv(tmp_path, "标题,正文,发布日期\n渡船停航,大风停一天。,2024-03-05\n")
    assert people.published == "2024-03-05"
    assert people.cells == "发布日期：2024-03-05"


def test_a_picture_in_a_cell_is_no_text_but_told(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for cells in [("船名", "照片", "说明"), ("东风号", "", "前年下水"), ("红星号", "", "写作 =DISPIMG(1) 的也有")]:
        sheet.append(cells)
    for n, written in enumerate(['=DISPIMG("ID_0A1B2C",1)', '=_xlfn.DISPIMG("ID_3D4E5F",1)'], start=2):
        sheet.cell(n, 2, written).data_type = "s"
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a") as archive:
        archive.writestr("xl/media/image1.png", b"x")
    told = list(read_sources([tmp_path / "a.xlsx"]))
    assert [one.cells for one in told[:2]] == [
        "船名：东风号\n说明：前年下水",
        "船名：红星号\n说明：写作 =DISPIMG(1) 的也有",
    ]
    assert told[2].detail == "1 picture"


def test_a_row_is_not_called_after_a_table_beside_its_own(tmp_path):
    rows = ["月份,水位,雨量,,船名,船工", "1,3,8,,东风号,老周", "2,4,9,,红星号,小何", ",,,,空船,无"]
    (tmp_path / "a.csv").write_text("\n".join(rows).replace("船名,船工", ","))
    told = list(read_sources([tmp_path / "a.csv"]))
    assert [one.title for one in told] == ["1", "2", "空船"]
    assert told[0].cells.split("\n") == ["月份：1", "水位：3", "雨量：8", "东风号", "老周"]


def test_tables_side_by_side_have_their_own_names(tmp_path):
    rows = [",,,,余粮", "姓名,班次,,,", "霍七,早,,粮,石", "柳三,晚,,稻,四", ",,,,", "赵五,晚,,麦,九"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    told = list(read_sources([tmp_path / "a.csv"]))
    assert [one.cells.split("\n") for one in told] == [
        ["姓名：霍七", "班次：早"],
        ["姓名：柳三", "班次：晚"],
        ["姓名：赵五", "班次：晚"],
        ["余粮", "粮：稻", "石：四"],
        ["余粮", "粮：麦", "石：九"],
    ]


def test_a_caption_over_two_tables_is_told_with_both_and_merged_cells_part_none():
    rows = [["渡口一览", "", "", "", ""], ["船", "工", "", "货", "数"], ["东风", "周", "", "缆", "四"]]
    told = list(sheet_regions.records(iter(merged(rows, [(0, 0, 0, 4)])), "a"))
    assert [one.cells.split("\n") for one in told] == [
        ["渡口一览", "船：东风", "工：周"],
        ["渡口一览", "货：缆", "数：四"],
    ]
    rows = [["船", "工", "时刻", "", "货", "数"], ["东风", "周", "早", "", "缆", "四"]]
    (told,) = sheet_regions.records(iter(merged(rows, [(0, 2, 0, 3), (1, 2, 1, 3)])), "a")
    assert told.cells.startswith("船：东风\n工：周\n时刻：早")


def test_a_blank_column_before_a_lone_note_parts_no_table(tmp_path):
    first, _ = csv(tmp_path, "月份,水位,,备注\n一月,三,,过年放假\n二月,四,,\n")
    assert first.cells == "月份：一月\n水位：三\n备注：过年放假"


def test_a_sheet_that_is_a_form_is_one_text(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    rows = [["船工登记表"], ["姓名", "霍七", "", "性别", "男"], ["住址", "柳湾西岸"], ["事由", "补领船牌"]]
    for row in rows:
        book.active.append(row)
    for merge in ("A1:E1", "B2:C2", "B3:E3", "B4:E4"):
        book.active.merge_cells(merge)
    book.save(tmp_path / "a.xlsx")
    (item,) = read(tmp_path / "a.xlsx")
    assert (item.title, item.text) == (
        "船工登记表",
        "船工登记表\n姓名 | 霍七 | 性别 | 男\n住址 | 柳湾西岸\n事由 | 补领船牌",
    )
    people, *_ = csv(tmp_path, "姓名,性别,住址\n霍七,男,柳湾\n柳三,女,石埠\n")
    assert people.cells == "姓名：霍七\n性别：男\n住址：柳湾"


def test_what_is_drawn_on_a_sheet_is_read(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    chart = import_module("openpyxl.chart")
    book = openpyxl.Workbook()
    for row in [("渡口", "船"), ("柳湾", 3), ("石埠", 2)]:
        book.active.append(row)
    for title in ("各渡口的船", None):
        bars = chart.BarChart()
        bars.title = title
        bars.add_data(chart.Reference(book.active, min_col=2, min_row=1, max_row=3), titles_from_data=True)
        book.active.add_chart(bars, "E2")
    book.save(tmp_path / "a.xlsx")
    told = read(tmp_path / "a.xlsx")
    assert [one.title for one in told] == ["柳湾", "石埠", "各渡口的船"]
