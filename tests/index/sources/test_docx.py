import pytest

from index.cleaning.clean import clean
from index.models import SkipReason
from index.sources.articles import article_from_record
from index.sources.docx import read_docx
from index.sources.numbering import counted, numeral
from tests.index.sources.office import NAMES, cell, docx, paragraph, row, run, table

DELETED = '<w:del w:id="1"><w:r><w:delText>上午九点</w:delText></w:r></w:del>'
PICTURE_BOX = (
    '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent>{0}</w:txbxContent>'
    "</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>{0}</w:txbxContent></v:textbox></w:pict>"
    "</mc:Fallback></mc:AlternateContent></w:r>"
)


def text_of(body, parts=None):
    record, *_ = read_docx(docx(body, parts), "a.docx")
    return record.content["text"]


def field(asked, shown):
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> {asked} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(shown)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def test_tracked_changes_read_as_if_accepted():
    moved = f'<w:moveFrom w:id="3">{run("旧处的话。")}</w:moveFrom><w:moveTo w:id="4">{run("新处的话。")}</w:moveTo>'
    inserted = f'<w:ins w:id="2">{run("下午三点")}</w:ins>'
    assert (
        text_of(paragraph(run("渡船改在") + DELETED + inserted + run("开。") + moved))
        == "渡船改在下午三点开。新处的话。"
    )


def test_a_paragraph_whose_mark_was_deleted_goes_on_in_the_next():
    body = paragraph("渡口每逢大雾", "<w:rPr><w:del/></w:rPr>") + paragraph("停航半天。")
    assert text_of(body) == "渡口每逢大雾停航半天。"


def test_a_deleted_row_of_a_table_is_gone_and_an_inserted_one_is_there():
    rows = [
        row("桥名", "限重"),
        row("石拱桥", "两吨", properties="<w:del/>"),
        row("浮桥", "一吨", properties="<w:ins/>"),
    ]
    assert text_of(table(*rows)) == "桥名 | 限重\n浮桥 | 一吨"


def test_content_controls_are_read_wherever_they_stand_but_not_what_asks_to_fill_them_in():
    control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    asking = "<w:showingPlcHdr/>"
    body = control.format("", paragraph("整段在控件里。")) + paragraph(
        run("联系人")
        + control.format("", run("柳叶舟"))
        + run("，")
        + control.format(asking, run("单击此处输入文字。"))
    )
    body += table(control.format("", row("甲", "乙")), row("丙", "丁"))
    assert text_of(body) == "整段在控件里。\n\n联系人柳叶舟，\n\n甲 | 乙\n丙 | 丁"


def test_a_text_box_is_read_once_after_its_paragraph():
    body = paragraph(run("正文一段。") + PICTURE_BOX.format(paragraph("框里的提醒。")))
    assert text_of(body) == "正文一段。\n\n框里的提醒。"


def test_equal_and_merged_cells_keep_their_columns():
    down, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = table(
        row("班", "周一", "周二", "周三"),
        row(cell("早班", down), "七人", "七人", "八人"),
        row(cell("", on), cell("全休", '<w:gridSpan w:val="2"/>'), "九人"),
    )
    assert text_of(body) == (
        "班 | 周一 | 周二 | 周三\n班：早班 | 周一：七人 | 周二：七人 | 周三：八人\n"
        "班：早班 | 周一：全休 | 周二：全休 | 周三：九人"
    )


def test_a_column_that_is_two_of_the_grid_in_every_row_is_one():
    two, all_four = '<w:gridSpan w:val="2"/>', '<w:gridSpan w:val="4"/>'
    body = table(
        row("渡口", cell("船工", two), "班次"),
        row("柳湾", cell("老周", two), "早班"),
        row("石埠", cell("", two), "晚班"),
        row(cell("以上每月一轮，遇汛期另行安排。", all_four)),
    )
    assert text_of(body).split("\n") == [
        "渡口 | 船工 | 班次",
        "渡口：柳湾 | 船工：老周 | 班次：早班",
        "渡口：石埠 | 班次：晚班",
        "以上每月一轮，遇汛期另行安排。",
    ]


def test_a_border_that_one_row_has_elsewhere_makes_no_further_column():
    two = '<w:gridSpan w:val="2"/>'
    body = table(
        row("日期", cell("办事处", two), "要办的事"),
        row("初一", cell("渡口所", two), "清点缆绳和竹篙"),
        row("初二", "茶棚", cell("烧水、劈柴，修补码头的石阶", two)),
        row("初三", cell("渡口所", two), "结账"),
    )
    assert text_of(body).split("\n")[1:] == [
        "日期：初一 | 办事处：渡口所 | 要办的事：清点缆绳和竹篙",
        "日期：初二 | 办事处：茶棚 | 要办的事：烧水、劈柴，修补码头的石阶",
        "日期：初三 | 办事处：渡口所 | 要办的事：结账",
    ]


def test_a_cell_over_several_columns_is_told_once_where_no_names_of_columns_are():
    two, four = '<w:gridSpan w:val="2"/>', '<w:gridSpan w:val="4"/>'
    body = table(row("渡口", cell("船工", two)), row("柳湾", "老周", "小何"), row("石埠", cell("停渡", two)))
    assert text_of(body).split("\n") == ["渡口 | 船工", "柳湾 | 老周 | 小何", "石埠 | 停渡"]
    body = table(row("姓名", "霍七", "籍贯", "柳湾", "工龄"), row("事由", cell("修船", four)))
    assert text_of(body).split("\n") == ["姓名 | 霍七 | 籍贯 | 柳湾 | 工龄", "事由 | 修船"]


def test_a_long_text_over_several_columns_is_told_once_under_their_names():
    three = '<w:gridSpan w:val="3"/>'
    body = table(
        row("渡口", "早", "午", "晚"),
        row("柳湾", "老周", "小何", "老周"),
        row("石埠", cell("水位太高，修好码头以前都不开船", three)),
    )
    assert text_of(body).split("\n")[1:] == [
        "渡口：柳湾 | 早：老周 | 午：小何 | 晚：老周",
        "渡口：石埠 | 早、午、晚：水位太高，修好码头以前都不开船",
    ]


def test_the_labels_of_a_form_name_no_columns():
    two = '<w:gridSpan w:val="3"/>'
    body = table(
        row("申请编号", "甲七", "申请人", "霍七"),
        row("船名", "东风号", "申请日期", "初三"),
        row("事由", cell("换缆绳", two)),
    )
    assert text_of(body).split("\n") == [
        "申请编号 | 甲七 | 申请人 | 霍七",
        "船名 | 东风号 | 申请日期 | 初三",
        "事由 | 换缆绳",
    ]
    body = table(row("姓名", "霍七"), row("性别", "男"), row("住址", "柳湾"))
    assert text_of(body) == "姓名 | 霍七\n性别 | 男\n住址 | 柳湾"


def test_a_long_text_in_cells_merged_downwards_is_told_once():
    down, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    long = "凡是过渡的牲口都要先拴好再上船，船工看过绳结以后才可以解缆，大风大雾的日子一律不载牲口过河。"
    body = table(row(cell(long, down), "早班", "老周"), row(cell("", on), "晚班", "小何"))
    assert text_of(body).split("\n") == [f"{long} | 早班 | 老周", " | 晚班 | 小何"]


def test_a_row_that_begins_later_keeps_its_columns():
    body = table(row("甲", "乙", "丙"), row("丁", "戊", properties='<w:gridBefore w:val="1"/>'))
    assert text_of(body) == "甲 | 乙 | 丙\n | 丁 | 戊"


def test_a_form_is_no_table_with_names_of_columns():
    body = table(row("姓名", "", "性别", ""), row("住址", "柳湾村", "电话", "无"), row("事由", "修屋", "日期", "三月"))
    assert text_of(body).split("\n")[1:] == ["住址 | 柳湾村 | 电话 | 无", "事由 | 修屋 | 日期 | 三月"]


def test_tables_inside_cells_are_read():
    inner = table(row("竹筏", "每人十元"), row("皮艇", "每人二十元"))
    body = table(row(cell(paragraph("漂流价目") + inner), "早八点开放"))
    assert text_of(body) == "漂流价目 | 早八点开放\n\n竹筏 | 每人十元\n皮艇 | 每人二十元"


NUMBERING = f"""<w:numbering {NAMES}><w:abstractNum w:abstractNumId="7">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="第%1条"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="（%2）"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:isLgl/><w:lvlText w:val="%1.%3"/></w:lvl>
</w:abstractNum>
<w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="japaneseCounting"/>
<w:lvlText w:val="%1、"/><w:pStyle w:val="Head"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="9"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl>
</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0">
<w:startOverride w:val="5"/></w:lvlOverride></w:num>
<w:num w:numId="4"><w:abstractNumId w:val="9"/></w:num></w:numbering>"""
STYLES = f"""<w:styles {NAMES}><w:style w:type="paragraph" w:styleId="Head"><w:name w:val="heading 1"/>
<w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="my heading"/><w:basedOn w:val="Head"/></w:style>
<w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>"""


UNNUMBERED = '<w:pStyle w:val="Head"/><w:numPr><w:numId w:val="0"/></w:numPr>'


def listed(text, number, level=0):
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def test_the_numbers_that_word_writes_are_text():
    body = (
        paragraph("总则", '<w:pStyle w:val="Head"/>') + listed("爱护水源。", 1) + listed("不洗衣。", 1, 1)
        + listed("不倒油。", 1, 1) + listed("细目。", 1, 2) + listed("违者罚款。", 1) + listed("重新算起。", 1, 1)
        + paragraph("附则", '<w:pStyle w:val="Sub"/>') + paragraph("没有号。", UNNUMBERED)
        + listed("跳到此处。", 3) + listed("点。", 4)
    )  # fmt: skip
    parts = {"numbering.xml": ("numbering", NUMBERING), "styles.xml": ("styles", STYLES)}
    assert text_of(body, parts).split("\n\n") == [
        "一、总则", "第一条 爱护水源。", "（一）不洗衣。", "（二）不倒油。", "1.1 细目。", "第二条 违者罚款。",
        "（一）重新算起。", "二、附则", "没有号。", "第五条 跳到此处。", "点。",
    ]  # fmt: skip


def test_a_deleted_paragraph_takes_no_number():
    gone = f'<w:p><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr><w:rPr><w:del/></w:rPr></w:pPr>{DELETED}</w:p>'
    body = listed("甲。", 1) + gone + listed("乙。", 1)
    assert text_of(body, {"numbering.xml": ("numbering", NUMBERING)}) == "第一条 甲。\n\n第二条 乙。"


@pytest.mark.parametrize(
    ("number", "shape", "want"),
    [
        (11, "chineseCounting", "十一"),
        (105, "chineseCountingThousand", "一百零五"),
        (20, "ideographDigital", "二〇"),
        (3, "ideographTraditional", "丙"),
        (12, "chineseLegalSimplified", "壹拾贰"),
        (4, "upperRoman", "IV"),
        (28, "lowerLetter", "bb"),
        (3, "decimalEnclosedCircle", "③"),
        (7, "no such format", "7"),
    ],
)
def test_numerals(number, shape, want):
    assert numeral(number, shape) == want


def test_counting_in_chinese():
    assert [counted(n) for n in (0, 10, 110, 1001, 2024, 10005)] == [
        "零", "十", "一百一十", "一千零一", "二千零二十四", "一万零五",
    ]  # fmt: skip


def test_notes_headers_and_footers_come_after_the_text_once_and_page_numbers_not_at_all():
    parts = {
        "footnotes.xml": (
            "footnotes",
            f'<w:footnotes {NAMES}><w:footnote w:id="0" w:type="separator">{paragraph("线")}</w:footnote>'
            f'<w:footnote w:id="2">{paragraph("据县志。")}</w:footnote></w:footnotes>',
        ),
        "header1.xml": ("header", f"<w:hdr {NAMES}>{paragraph('青石渡管理处')}</w:hdr>"),
        "header2.xml": ("header", f"<w:hdr {NAMES}>{paragraph('青石渡管理处')}</w:hdr>"),
        "footer1.xml": (
            "footer",
            f"<w:ftr {NAMES}>{paragraph('值班电话贴在门口')}"
            f"{paragraph(run('第') + field('PAGE', '3') + run('页 共') + field('NUMPAGES', '9') + run('页'))}</w:ftr>",
        ),
    }
    references = "".join(
        f'<w:{n[:6]}Reference r:id="{n}" w:type="default"/>' for n in parts if n[:4] in ("head", "foot")
    )
    references = references.replace('<w:footnoReference r:id="footnotes.xml" w:type="default"/>', "")
    note = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    body = paragraph(run("渡口建于前朝") + note + run("，今犹在。")) + f"<w:sectPr>{references}</w:sectPr>"
    assert text_of(body, parts).split("\n\n") == [
        "渡口建于前朝，今犹在。",
        "据县志。",
        "青石渡管理处",
        "值班电话贴在门口",
    ]


def test_fields_show_their_result_and_forms_what_was_chosen():
    checked = '<w:ffData><w:checkBox><w:default w:val="1"/></w:checkBox></w:ffData>'
    boxes = f'<w:r><w:fldChar w:fldCharType="begin">{checked}</w:fldChar></w:r>'
    boxes += '<w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    body = paragraph(field('REF x \\h "藏着的"', "见上文") + run("，") + boxes + run("同意"))
    assert text_of(body) == "见上文，☑同意"


def test_hidden_text_and_readings_are_not_shown_but_equations_are():
    ruby = "<w:ruby><w:rt>" + run("dù") + "</w:rt><w:rubyBase>" + run("渡") + "</w:rubyBase></w:ruby>"
    body = paragraph(
        run("藏", "<w:vanish/>") + f"<w:r>{ruby}</w:r>" + run("口，") + "<m:oMath><m:r><m:t>a+b</m:t></m:r></m:oMath>"
    )
    assert text_of(body) == "渡口，a+b"


def test_the_title_has_the_style_of_titles():
    body = paragraph("渡口志", '<w:pStyle w:val="T"/>') + paragraph("第一段话。")
    record, *_ = read_docx(docx(body, {"styles.xml": ("styles", STYLES)}), "a.docx")
    assert (record.content["title"], record.content["text"]) == ("渡口志", "第一段话。")


def title_of(body, given="", styles=STYLES):
    record, *_ = read_docx(docx(body, {"styles.xml": ("styles", styles)}, given), "a.docx")
    return clean(article_from_record(record.content)).article


def test_a_box_above_the_first_words_is_no_title():
    box = paragraph(PICTURE_BOX.format(paragraph("内部资料")))
    article = title_of(box + paragraph("柳湾渡口修缮纪要") + paragraph("今年春天修了码头。"))
    assert (article.title, article.text) == ("柳湾渡口修缮纪要", "内部资料\n\n今年春天修了码头。")
    article = title_of(box + table(row("船名", "船工"), row("东风号", "老周")))
    assert article.text.endswith("内部资料")
    assert title_of(box).title == "内部资料"


def test_the_title_that_the_properties_give_is_believed_where_the_text_has_it_or_no_title():
    first, body = paragraph("柳湾村公所"), paragraph("今年春天修了码头。")
    assert title_of(first + paragraph("渡口修缮纪要") + body, "渡口修缮纪要").title == "渡口修缮纪要"
    assert title_of(first + body, "上年的模板").title == "柳湾村公所"
    assert title_of(body + body, "渡口修缮纪要").title == "渡口修缮纪要"
    assert title_of(body + body, "文档1").title != "文档1"


def test_the_only_heading_of_the_first_level_at_the_beginning_is_the_title():
    heading = '<w:pPr><w:pStyle w:val="H1"/></w:pPr>'
    styles = STYLES.replace("</w:styles>", '<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>')
    head = paragraph("渡口修缮纪要").replace("<w:pPr></w:pPr>", heading)
    other = paragraph("余下的事").replace("<w:pPr></w:pPr>", heading)
    first, body = paragraph("柳湾村公所"), paragraph("今年春天修了码头。")
    assert title_of(first + head + body, styles=styles).title == "渡口修缮纪要"
    assert title_of(first + head + body + other + body, styles=styles).title == "柳湾村公所"


def test_what_is_attached_is_named_by_the_row_over_the_whole_width_below_its_number():
    caption = row(cell("各村渡船分配表", '<w:gridSpan w:val="2"/>'))
    body = paragraph("附件6") + table(caption, row("村名", "渡船"), row("柳湾", "三只"), row("石埠", "两只"))
    record, *_ = read_docx(docx(body), "a.docx")
    cleaned = clean(article_from_record(record.content)).article
    assert cleaned.title == "各村渡船分配表"
    assert cleaned.text.startswith("附件6\n")
    assert "村名：石埠 | 渡船：两只" in cleaned.text


def test_a_file_taken_in_is_read():
    page = "<html><body><p>并入的一页。</p></body></html>"
    assert text_of('<w:altChunk r:id="part.html"/>', {"part.html": ("aFChunk", page)}) == "并入的一页。"


def test_what_is_not_read_is_named():
    comments = f"<w:comments {NAMES}><w:comment>{paragraph('改一下')}</w:comment></w:comments>"
    parts = {"comments.xml": ("comments", comments), "media/a.png": ("image", b"x")}
    _, part = read_docx(docx(paragraph("正文。"), parts), "a.docx")
    assert (part.reason, part.detail) == (SkipReason.PART, "1 comment, 1 picture")
