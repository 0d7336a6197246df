import pytest

from index.analysis.dates import parse_date
from index.analysis.numerals import chinese_number
from index.cleaning import metadata

DATES = [
    ("2024-01-29 15:20", "2024-01-29"),
    ("2024-1-9", "2024-01-09"),
    ("2024/1/9", "2024-01-09"),
    ("2024.01.09", "2024-01-09"),
    ("20240109", "2024-01-09"),
    ("20240109153000", "2024-01-09"),
    ("2024年1月9日", "2024-01-09"),
    ("2024 年 1 月 9 日", "2024-01-09"),
    ("２０２４年１月９日", "2024-01-09"),
    ("二〇二四年一月二十九日", "2024-01-29"),
    ("二零二四年十二月三十一日", "2024-12-31"),
    ("二○二四年十月十日", "2024-10-10"),
    ("二〇二四年一月廿九日", "2024-01-29"),
    ("民國113年1月29日", "2024-01-29"),
    ("中華民國一百一十三年五月二十日", "2024-05-20"),
    ("民國一一三年五月二十日", "2024-05-20"),
    ("民国元年1月1日", "1912-01-01"),
    ("2024-01-29T08:00:00Z", "2024-01-29"),
    ("Mon, 29 Jan 2024 10:00:00 GMT", "2024-01-29"),
    ("Jan 29, 2024", "2024-01-29"),
    ("29 January 2024", "2024-01-29"),
    ("发布于2024年1月9日 星期二", "2024-01-09"),
    (1706500000, "2024-01-29"),
    (1706500000000, "2024-01-29"),
    (20240109, "2024-01-09"),
]
NO_DATES = [
    *("", "2024年", "2024年1月", "昨天", "2024-13-01", "2024年2月30日", "113年1月29日", "1234567", "x" * 500),
    *(True, None, [], 7),
]


@pytest.mark.parametrize(("value", "day"), DATES)
def test_every_common_form_of_a_date_is_understood(value, day):
    assert parse_date(value) == day


@pytest.mark.parametrize("value", NO_DATES)
def test_what_names_no_day_is_none(value):
    assert parse_date(value) is None


LINES = [
    ("文章來源: 星云網  時間: 2024-01-29 15:20", {"source": "星云網", "published": "2024-01-29"}),
    ("记者:张三丨通讯员:李四 王五六", {"author": "张三", "correspondent": "李四 王五六"}),
    ("编辑:张三丨校对:李四", {"editor": "张三", "proofreader": "李四"}),
    ("責編:張三丨審核:李四", {"editor": "張三", "reviewer": "李四"}),
    ("本報通訊員 張三 李四四", {"correspondent": "張三 李四四"}),
    ("本报记者 张三 通讯员 李四", {"author": "张三", "correspondent": "李四"}),
    ("（记者 张三）", {"author": "张三"}),
    ("（责任编辑：王五）", {"editor": "王五"}),
    ("2024-01-29 15:20 来源:人民网", {"published": "2024-01-29", "source": "人民网"}),
    (
        "来源：新华社 作者：张三 2024年1月2日 10:20 字号：大 中 小 浏览次数：123",
        {"source": "新华社", "author": "张三", "published": "2024-01-02"},
    ),
    ("2024年1月29日", {"published": "2024-01-29"}),
    ("WATER.LIUXI.COM　2015年3月11日09:12 来源：[ 柳溪报 ]", {"published": "2015-03-11", "source": "柳溪报"}),
    (
        "柳溪网水运频道 ( 2019-06-04 09:20:26 )   稿件来源： 渡口报",
        {"published": "2019-06-04", "source": "渡口报"},
    ),
    ("石桥网 2019-11-05 10:37:31", {"published": "2019-11-05", "source": "石桥网"}),
    ("水运频道（2019-03-05）编辑：李舟", {"source": "水运频道", "published": "2019-03-05", "editor": "李舟"}),
    ("作者：记者陈大同、本报记者李舟", {"author": "陈大同 李舟"}),
    ("作者：记者之家", {"author": "记者之家"}),
    ("发布机构：某某县人民政府办公室", {"issuing_body": "某某县人民政府办公室"}),
    ("发文字号：某政发〔2023〕1号", {"document_number": "某政发〔2023〕1号"}),
]
PROSE = [
    "时间：上周三，地点：学校。",
    "会议时间：2024年1月2日",
    "作者认为，这是一个好办法。",
    "记者在现场看到，群众的热情很高。",
    "来源于生活，高于生活",
    "2024年1月29日，县委召开会议。",
    "编辑：这个词原来指编排竹简，后来才指编书的人；今天说的是职业。",
    "图片说明文字",
    "柳溪网 2019年3月5日",
    "柳溪电网 2019年3月5日 10:00 检修",
    "柳溪网2019年3月5日电：渡口今天开船",
    "柳溪网（2019-03-05 来源：渡口日报",
    "柳溪网讯 2019年3月5日 来源：渡口日报",
    "",
]


@pytest.mark.parametrize(("line", "found"), LINES)
def test_a_line_of_metadata_is_understood_whole(line, found):
    assert metadata.line_metadata(line) == (found, True)


@pytest.mark.parametrize("line", PROSE)
def test_prose_is_no_line_of_metadata(line):
    assert metadata.line_metadata(line).whole is False


def test_metadata_lines_are_taken_from_both_ends_and_the_rest_stays():
    text = "题目在这里\n来源：某某网 2024-03-05\n正文第一段。\n正文第二段。\n编辑：张三"
    rest, found, taken = metadata.take(text)
    assert rest == "题目在这里\n正文第一段。\n正文第二段。"
    assert found == {"source": "某某网", "published": "2024-03-05", "editor": "张三"}
    assert taken == ["来源：某某网 2024-03-05", "编辑：张三"]


def test_what_stands_inside_the_text_is_copied_and_stays():
    text = (
        "某政发〔2023〕12号\n关于做好防汛工作的通知\n各乡镇人民政府：\n请认真落实。\n平安县人民政府办公室\n2023年6月1日"
    )
    rest, found, taken = metadata.take(text)
    assert (rest, taken) == (text, [])
    assert found["document_number"] == "某政发〔2023〕12号"
    assert found["issuing_body"] == "平安县人民政府办公室"
    assert found["published"] == "2023-06-01"


def test_a_dateline_gives_source_and_author():
    text = "标题\n新华社北京1月2日电（记者 张三 李四）今天举行会议。\n第二段。"
    rest, found, _ = metadata.take(text)
    assert rest == text
    assert (found["source"], found["author"]) == ("新华社", "张三 李四")


def test_labels_with_their_values_on_the_next_line_are_taken_together():
    text = "发文机关：\n平安县人民政府\n成文日期：\n2018年06月29日\n来源：\n发文字号：\n平政发〔2018〕7号\n正文在这里。"
    rest, found, _ = metadata.take(text)
    assert rest == "正文在这里。"
    assert found == {
        "issuing_body": "平安县人民政府",
        "published": "2018-06-29",
        "document_number": "平政发〔2018〕7号",
    }


def test_a_column_of_dates_in_the_text_is_no_field():
    text = "标题\n甲\n乙\n丙\n丁\n2022 年 1 月 1 日\n2022 年 12 月 24 日\n戊\n己"
    assert metadata.take(text)[0] == text


def test_a_text_of_nothing_but_metadata_keeps_them():
    assert metadata.take("来源：某某网\n作者：张三")[0] == "来源：某某网\n作者：张三"


@pytest.mark.parametrize(
    ("text", "title", "rest"),
    [
        ("短短的标题\n\n正文在这里。", "短短的标题", "正文在这里。"),
        ("《办法》出台：三问三答\n正文在这里。", "《办法》出台：三问三答", "正文在这里。"),
        ("这是第一句话，没有标题。\n第二段。", "这是第一句话，没有标题", "这是第一句话，没有标题。\n第二段。"),
        ("只有一行的文章", "只有一行的文章", "只有一行的文章"),
        ("工地上机器轰鸣……\n第二段。", "工地上机器轰鸣", "工地上机器轰鸣……\n第二段。"),
        ("", "", ""),
        ("附件2\n\n渡船保养记录表\n船名 | 日期", "渡船保养记录表", "附件2\n\n渡船保养记录表\n船名 | 日期"),
        ("附录 B：\n历年水位表\n正文。", "历年水位表", "附录 B：\n历年水位表\n正文。"),
        ("附件一 | 船工值班表 | \n早班 | 晚班", "船工值班表", "附件一 | 船工值班表 | \n早班 | 晚班"),
        ("附件\n1．渡船保养记录表\n2．值班表", "附件", "1．渡船保养记录表\n2．值班表"),
        ("附件3\n船名 | 日期\n甲 | 乙", "附件3", "船名 | 日期\n甲 | 乙"),
        ("附件4\n填表人：\n日期", "附件4", "填表人：\n日期"),
        ("附件5\n各船均须在开航前查验缆绳。\n完。", "附件5", "各船均须在开航前查验缆绳。\n完。"),
        ("附件的写法\n正文。", "附件的写法", "正文。"),
    ],
)
def test_the_first_line_is_the_title_where_it_reads_as_one(text, title, rest):
    assert metadata.split_title(text) == (title, rest)


@pytest.mark.parametrize(
    ("text", "number"),
    [("二〇二四", 2024), ("一百一十三", 113), ("廿九", 29), ("十", 10), ("二十", 20), ("29", 29), ("甲", None)],
)
def test_chinese_numbers(text, number):
    assert chinese_number(text) == number


@pytest.mark.parametrize(
    ("title", "issuer"),
    [
        ("江城市人民政府关于印发《安全生产细则》的通知", "江城市人民政府"),
        ("江城市人民政府办公室关于做好防汛工作的意见（试行）", "江城市人民政府办公室"),
        ("東湖縣教育局、東湖縣財政局關於調整收費的公告", "東湖縣教育局、東湖縣財政局"),
        ("某某局长谈发展", None),
        ("关于做好防汛工作的通知", None),
        ("专家关于气候变化的报告引起热议", None),
        ("", None),
    ],
)
def test_the_title_of_an_official_paper_says_who_issued_it(title, issuer):
    assert metadata.issuer_of(title) == issuer


def test_the_head_of_an_official_paper_says_who_issued_it():
    text = "江城市人民政府文件\n江政发〔2023〕17号\n关于做好防汛工作的通知\n请认真执行。"
    assert metadata.take(text)[1]["issuing_body"] == "江城市人民政府"


@pytest.mark.parametrize(
    ("text", "subtitle", "rest"),
    [
        ("——我市活动成效显著\n\n正文在这里。", "我市活动成效显著", "正文在这里。"),
        ("－－記某某縣的春天\n正文。", "記某某縣的春天", "正文。"),
        ("——他说，这很好。\n正文。", "", "——他说，这很好。\n正文。"),
        ("——只有一行", "", "——只有一行"),
        ("- 第一项\n- 第二项", "", "- 第一项\n- 第二项"),
        ("正文。\n——后记", "", "正文。\n——后记"),
    ],
)
def test_a_line_behind_a_dash_below_the_title_is_the_subtitle(text, subtitle, rest):
    assert metadata.split_subtitle(text) == (subtitle, rest)


def test_the_date_that_closes_a_short_notice_stays():
    text = "各乡镇：\n请认真落实。\n平安县人民政府\n2023年6月1日"
    rest, found, _ = metadata.take(text)
    assert (rest, found["published"]) == (text, "2023-06-01")


@pytest.mark.parametrize(
    ("label", "below"),
    [
        ("发文字号：", "柳溪村水利会"),
        ("文号：", "各组按时到会"),
        ("作者：", "前言"),
        ("来源：", "山里的茶叶今年早收"),
        ("责任编辑：", "本期目录"),
        ("发布机构：", "请大家互相转告"),
    ],
)
def test_a_label_without_a_value_leaves_the_paragraph_below_alone(label, below):
    text, fields, taken = metadata.take(f"申请\n{label}\n{below}\n其余的话在这里说完。")
    assert below in text
    assert below not in taken
    assert fields == {}


@pytest.mark.parametrize(
    ("label", "below", "field"),
    [
        ("发文字号：", "柳水发〔2021〕17号", "document_number"),
        ("索引号：", "A00-2021/17", "index_number"),
        ("作者：", "欧阳晴", "author"),
        ("来源：", "柳溪晚报", "source"),
        ("发布机构：", "柳溪县水利局", "issuing_body"),
        ("发布时间：", "2021-03-04", "published"),
    ],
)
def test_a_value_below_its_label_is_taken(label, below, field):
    text, fields, _ = metadata.take(f"申请\n{label}\n{below}\n其余的话在这里说完。")
    assert fields == {field: below}
    assert below not in text


def test_the_time_of_an_event_is_not_when_the_notice_was_published():
    notice = "观灯会\n时间：2024年2月24日晚\n地点：河埠头\n带上板凳。"
    assert metadata.take(notice) == (notice, {}, [])
    assert metadata.take("观灯会\n时间：2024年2月24日 来源：柳溪网\n带上板凳。")[1] == {
        "published": "2024-02-24",
        "source": "柳溪网",
    }


@pytest.mark.parametrize(
    ("text", "given", "kept", "fields"),
    [
        ("来源：鹭洲报\n船修好了。", {"source": "水乡网"}, None, {}),
        ("来源：鹭洲报\n船修好了。", {"source": "鹭洲报社"}, "船修好了。", {}),
        ("2024-05-06 来源：鹭洲报\n船修好了。", {"published": "2024-05-07"}, None, {}),
        ("编辑：霍七\n船修好了。\n责任编辑：柳三", {}, "船修好了。", {"editor": "霍七", "other_editor": "柳三"}),
        ("来源：鹭洲报\n船修好了。\n来源：水乡网", {}, "船修好了。\n来源：水乡网", {"source": "鹭洲报"}),
    ],
)
def test_a_line_of_fields_stays_where_it_says_otherwise_than_is_known(text, given, kept, fields):
    told, found, _ = metadata.take(text, given)
    assert told == (text if kept is None else kept)
    assert found.items() >= fields.items()
