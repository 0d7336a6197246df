"""Formats that are read part by part, with files made here."""

import zipfile

import pytest
from lxml import etree

from index.errors import BadOption
from index.models import Article, Skipped, SkipReason
from index.sources import pptx
from index.sources.articles import Meter, read_sources
from tests.index.sources.office import KIND, docx, paragraph, zipped

SPACE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
LONG = "说的是很久以前渡口上的一个故事，话要从头说起。"


def read(*sources, **options):
    return list(read_sources([str(source) for source in sources], **options))


def written(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def book(spine, files, extra=""):
    items = "".join(
        f'<item id="{n}" href="{href}" media-type="application/xhtml+xml"/>' for n, href in enumerate(spine)
    )
    order = "".join(f'<itemref idref="{n}"/>' for n in range(len(spine)))
    return zipped(
        {
            "META-INF/container.xml": '<container><rootfile full-path="OPS/book.opf"/></container>',
            "OPS/book.opf": f"<package><manifest>{items}{extra}</manifest><spine>{order}</spine></package>",
            **{f"OPS/{name}": content for name, content in files.items()},
        }
    )


def test_chapters_of_a_book_by_whatever_name_in_the_order_of_its_spine(tmp_path):
    spine = ["text/%E7%AC%AC%E4%BA%8C%E5%9B%9E.xhtml", "text/第一回.xhtml", "./text/../text/Three.XHTML#top"]
    files = {f"text/{name}.xhtml": f"<h1>{name}</h1><p>{LONG}</p>" for name in ("第一回", "第二回", "three")}
    items = read(written(tmp_path, "a.epub", book(spine, files)))
    assert [item.title for item in items] == ["第二回", "第一回", "three"]


def test_a_short_page_goes_with_the_next_chapter_and_a_missing_one_is_named(tmp_path):
    files = {"a.xhtml": "<p>上卷</p>", "b.xhtml": f"<h2>渡口</h2><p>{LONG}</p>"}
    article, part = read(written(tmp_path, "a.epub", book(["a.xhtml", "b.xhtml", "c.xhtml"], files)))
    assert article.text.startswith("上卷\n\n渡口")
    assert (part.reason, part.detail) == (SkipReason.PART, "chapters c.xhtml")


def test_chapters_are_called_what_the_table_of_contents_says(tmp_path):
    label = "<navLabel><text>第一章 出发</text></navLabel>"
    contents = f'<ncx><navMap><navPoint>{label}<content src="b.xhtml#x"/></navPoint></navMap></ncx>'
    extra = '<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    data = book(["b.xhtml"], {"b.xhtml": f"<p>{LONG}</p>", "toc.ncx": contents}, extra)
    assert read(written(tmp_path, "a.epub", data))[0].title == "第一章 出发"


def shape(text, role="body"):
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{role}"/></p:nvPr></p:nvSpPr>'
    return f"<p:sp>{place}<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def slides(*trees):
    names = 'xmlns:p="urn:p" xmlns:a="urn:a" xmlns:r="urn:r"'
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in range(len(trees)))
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{KIND}/slide" Target="slides/s{n}.xml"/>' for n in range(len(trees))
    )
    return zipped(
        {
            "ppt/presentation.xml": f"<p:presentation {names}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": f"<Relationships {SPACE}>{relations}</Relationships>",
            **{
                f"ppt/slides/s{n}.xml": f"<p:sld {names}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:sld>"
                for n, tree in enumerate(trees)
            },
        }
    )


def test_slides_are_the_pages_of_one_text(tmp_path):
    cells = "".join(f"<a:tc><a:txBody><a:p><a:r><a:t>{c}</a:t></a:r></a:p></a:txBody></a:tc>" for c in ("船", "船"))
    table = f"<p:graphicFrame><a:graphic><a:tbl><a:tr>{cells}</a:tr></a:tbl></a:graphic></p:graphicFrame>"
    data = slides(
        shape("先下后上。") + shape("渡口须知", "title") + shape("3", "sldNum"),
        f"<p:grpSp>{shape('组里的话。')}</p:grpSp>{table}",
    )
    article = read(written(tmp_path, "a.pptx", data))[0]
    assert (article.title, article.text) == ("渡口须知", "渡口须知\n\n先下后上。\n\n组里的话。\n\n船 | 船")
    assert article.pages == (0, article.text.index("组里"))


OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def words(text, x, y, size=4.0, extra=""):
    steps = " ".join(["g", str(len(text)), str(size)])
    code = f'<ofd:TextCode X="0" Y="{size}" DeltaX="{steps}">{text}</ofd:TextCode>'
    return f'<ofd:TextObject Boundary="{x} {y} 200 10" Size="{size}" {extra}>{code}</ofd:TextObject>'


def paper(*pages, form=""):
    listed = "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/P{n}.xml"/>' for n in range(len(pages)))
    template = '<ofd:TemplatePage ID="9" BaseLoc="Tpls/T.xml"/>' if form else ""
    use = '<ofd:Template TemplateID="9"/>' if form else ""
    layer = "<ofd:Page {}>{}<ofd:Content><ofd:Layer>{}</ofd:Layer></ofd:Content></ofd:Page>"
    return zipped(
        {
            "OFD.xml": f"<ofd:OFD {OFD}><ofd:DocBody><ofd:DocInfo><ofd:Title>无标题</ofd:Title></ofd:DocInfo>"
            "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
            "Doc_0/Document.xml": f"<ofd:Document {OFD}><ofd:CommonData>{template}</ofd:CommonData>"
            f"<ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
            "Doc_0/Tpls/T.xml": layer.format(OFD, "", form),
            **{f"Doc_0/Pages/P{n}.xml": layer.format(OFD, use, page) for n, page in enumerate(pages)},
        }
    )


def test_ofd_has_lines_pages_and_a_title_of_its_largest_words(tmp_path):
    first = (
        words("渡口管理办法", 60, 20, 8)
        + words("船工每天清晨要先查看缆绳和船板再用竹篙试探水", 28, 40)
        + words("深浅。", 20, 46)
    )
    second = f"<ofd:PageBlock>{words('大雾停航。', 28, 20)}</ofd:PageBlock>" + words(
        "看不见", 20, 40, extra='Visible="false"'
    )
    article = read(written(tmp_path, "a.ofd", paper(first, second)))[0]
    assert article.title == "渡口管理办法"
    assert article.text == "渡口管理办法\n船工每天清晨要先查看缆绳和船板再用竹篙试探水深浅。\n大雾停航。"
    assert article.pages == (0, article.text.index("大雾"))


def test_the_form_that_a_page_of_ofd_is_printed_on_is_read(tmp_path):
    form = words("姓名：", 20, 20) + words("事由：", 20, 30)
    data = paper(words("柳叶舟", 40, 20) + words("修船", 40, 30), form=form)
    assert read(written(tmp_path, "a.ofd", data))[0].text == "姓名： | 柳叶舟\n事由： | 修船"


def run_of(text, x, y, steps, size=4.0, extra=""):
    code = f'<ofd:TextCode X="0" Y="{size}" DeltaX="{steps}">{text}</ofd:TextCode>'
    return f'<ofd:TextObject Boundary="{x} {y} 200 10" Size="{size}" {extra}>{code}</ofd:TextObject>'


def ofd_text(tmp_path, page):
    return read(written(tmp_path, "a.ofd", paper(page)))[0].text


def test_the_last_step_of_a_run_is_that_of_all_that_come(tmp_path):
    assert ofd_text(tmp_path, run_of("0033300111", 20, 20, "2")) == "0033300111"
    assert ofd_text(tmp_path, run_of("缆绳缆绳绳绳", 20, 20, "4")) == "缆绳缆绳绳绳"


def test_letters_fill_their_steps_and_spaced_ones_are_words(tmp_path):
    assert ofd_text(tmp_path, run_of("Web渡口", 20, 20, "3.8 1.9 2.0 4")) == "Web渡口"
    assert ofd_text(tmp_path, run_of("MINING", 20, 20, "g 5 4.0")) == "MINING"


def test_pieces_of_one_line_are_joined_in_whatever_order_they_are_written(tmp_path):
    rest = words("石头，", 44, 20) + words("船工清早", 20, 20.1) + words("先搬", 36, 20)
    assert ofd_text(tmp_path, rest) == "船工清早先搬石头，"
    form = words("渡口", 40, 20) + words("地点：", 28, 20)
    assert ofd_text(tmp_path, form) == "地点： 渡口"


def test_what_is_cut_to_nothing_or_has_no_characters_is_no_text(tmp_path):
    hidden = words("看不见", 20, 40).replace("200 10", "0.5 0").replace("<ofd:TextCode", "<ofd:Clips/><ofd:TextCode")
    data = paper(words("船\ue101工\ue102", 20, 20) + hidden)
    article, part = list(read_sources([written(tmp_path, "a.ofd", data)]))
    assert (article.text, part.detail) == ("船 工", "2 characters whose fonts do not say what they are")


def test_codes_in_large_letters_are_no_title(tmp_path):
    page = words("02&lt;47+9*5-船12", 20, 20, 8) + words("柳湾渡口收据", 20, 40, 6)
    page += words("今年的船票已经付清。船工每天清晨要先查看缆绳和船板。", 20, 60)
    assert read(written(tmp_path, "a.ofd", paper(page)))[0].title == "柳湾渡口收据"


ODF = 'xmlns:office="urn:o" xmlns:text="urn:t" xmlns:table="urn:tb" xmlns:draw="urn:d" xmlns:style="urn:s"'


def odf(body, kind="text", styles="", automatic=""):
    content = f"<office:document-content {ODF}><office:automatic-styles>{automatic}</office:automatic-styles>"
    content += f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    return zipped(
        {"content.xml": content, "styles.xml": f"<office:document-styles {ODF}>{styles}</office:document-styles>"}
    )


def test_odt_with_numbers_notes_deletions_and_margins(tmp_path):
    numbered = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
        'style:num-format="一, 二, 三, ..." '
        'style:num-prefix="第" style:num-suffix="条"/></text:list-style>'
    )
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>删掉的。</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        '<text:list text:style-name="L"><text:list-item><text:p>先下<text:s/>后上。</text:p></text:list-item>'
        "<text:list-item><text:p>不得超载。<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>每船八人。</text:p></text:note-body></text:note></text:p></text:list-item></text:list>"
        "<text:p>框外<draw:frame><draw:text-box><text:p>框里。</text:p></draw:text-box></draw:frame></text:p>"
    )
    margins = "<style:master-page><style:header><text:p>青石渡</text:p></style:header>"
    margins += "<style:footer><text:p>第<text:page-number/>页</text:p></style:footer></style:master-page>"
    article = read(written(tmp_path, "a.odt", odf(body, styles=margins, automatic=numbered)))[0]
    assert article.text.split("\n\n") == [
        "第一条 先下 后上。", "第二条 不得超载。", "框外", "框里。", "每船八人。", "青石渡",
    ]  # fmt: skip


def test_ods_with_merged_and_repeated_cells(tmp_path):
    def cell(text, more=""):
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    rows = [
        cell("船") + cell("班") + cell("价"),
        cell("甲", 'table:number-rows-spanned="2"') + cell("早") + cell("二"),
        "<table:covered-table-cell/>" + cell("晚", 'table:number-columns-repeated="2"'),
        '<table:table-cell table:number-columns-repeated="16000"/>',
    ]
    body = "<table:table>" + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows) + "</table:table>"
    items = read(written(tmp_path, "a.ods", odf(body, "spreadsheet")))
    assert [item.cells for item in items] == ["船：甲\n班：早\n价：二", "船：甲\n班：晚\n价：晚"]


def test_odp_slides(tmp_path):
    body = "".join(
        f"<draw:page><draw:frame><draw:text-box><text:p>{t}</text:p></draw:text-box></draw:frame></draw:page>"
        for t in ("甲页", "乙页")
    )
    article = read(written(tmp_path, "a.odp", odf(body, "presentation")))[0]
    assert (article.text, article.pages) == ("甲页\n\n乙页", (0, 4))


def rtf(text):
    return "".join(f"\\'{byte:02x}" for byte in text.encode("gbk"))


def test_rtf_with_tables_numbers_notes_heads_and_deletions(tmp_path):
    pytest.importorskip("striprtf")
    parts = [
        r"{\rtf1\ansi\ansicpg936{\fonttbl{\f0\fnil\fcharset134 S;}}{\header " + rtf("青石渡") + r"\par}\f0 ",
        r"{\listtext\pard 1.\tab}" + rtf("先下后上") + r"\par {\deleted " + rtf("旧话") + r"}" + rtf("每船八人"),
        r"{\footnote " + rtf("老例") + r"}\par\trowd\intbl " + rtf("船") + r"\cell " + rtf("人") + r"\cell\row",
        r"\intbl " + rtf("甲") + r"\cell 3\cell\row\intbl " + rtf("乙") + r"\cell 3\cell\row\pard " + rtf("完") + "}",
    ]
    article = read(written(tmp_path, "a.rtf", "".join(parts)))[0]
    assert article.text == "1. 先下后上\n每船八人\n船 | 人\n船：甲 | 人：3\n船：乙 | 人：3\n完\n老例\n青石渡"


def test_entries_of_feeds(tmp_path):
    rss = """<rss xmlns:content="urn:c"><channel><title>渡口新闻</title><item><title>修船</title>
    <description>短</description><content:encoded><![CDATA[<p>船已修好，<b>明天</b>下水。</p>]]></content:encoded>
    <pubDate>Tue, 05 Mar 2024 08:00:00 GMT</pubDate><category>船</category><link>http://x.example/1</link></item>
    </channel></rss>"""
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>茶棚</title><entry><title>换茶</title><author><name>王芳</name></author>
    <link rel="alternate" href="http://x.example/2"/><updated>2024-03-06T00:00:00Z</updated>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>今年的新茶到了。</p></div></content></entry></feed>"""
    (one,) = read(written(tmp_path, "a.rss", rss))
    assert (one.title, one.text, one.published, one.tags, one.source, one.url) == (
        "修船", "船已修好，明天下水。", "2024-03-05", ("船",), "渡口新闻", "http://x.example/1",
    )  # fmt: skip
    (two,) = read(written(tmp_path, "b.xml", atom))
    assert (two.title, two.text, two.author, two.published) == ("换茶", "今年的新茶到了。", "王芳", "2024-03-06")


def test_other_xml_is_said_to_be_no_feed(tmp_path):
    (item,) = read(written(tmp_path, "sitemap.xml", "<urlset><url><loc>http://x.example</loc></url></urlset>"))
    assert item.reason == SkipReason.FORMAT


def test_pages_of_a_mirror_by_the_names_of_programs(tmp_path):
    written(tmp_path, "a.php", f"<html><head><title>渡口</title></head><body><p>{LONG}</p></body></html>")
    written(tmp_path, "b.php", "<?php echo 1;")
    page, program = read(tmp_path)
    assert (page.title, page.text) == ("渡口", LONG)
    assert program.reason == SkipReason.FORMAT


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def test_an_old_file_without_libreoffice_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("index.sources.legacy._PROGRAMS", ("no-such-program",))
    for name in ("a.doc", "b.wps", "c.ppt"):
        (item,) = read(written(tmp_path, name, OLE))
        assert item.reason == SkipReason.MISSING_EXTRA
        assert "LibreOffice" in item.detail


def test_an_old_file_is_turned_by_libreoffice(tmp_path, monkeypatch):
    made = written(tmp_path, "made.docx", docx(paragraph("转出来的一段话。")))
    program = written(
        tmp_path, "soffice", f'#!/bin/sh\nwhile [ "$1" != --outdir ]; do shift; done\ncp "{made}" "$2/source.docx"\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr("index.sources.legacy._PROGRAMS", (str(program),))
    path = written(tmp_path, "a.doc", OLE)
    (item,) = read(path)
    assert isinstance(item, Article)
    assert (item.text, item.path) == ("转出来的一段话。", str(path))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.doc", "<html><body><p>其实是网页的一段话。</p></body></html>"),
        ("a.wps", docx(paragraph("其实是网页的一段话。"))),
        ("a.doc", "其实是网页的一段话。"),
    ],
)
def test_what_is_not_what_its_name_says_is_read_as_what_it_is(tmp_path, name, data):
    assert read(written(tmp_path, name, data))[0].text == "其实是网页的一段话。"


def names(tmp_path, **options):
    return [item.path.removeprefix(f"{tmp_path}/") for item in read(tmp_path, **options)]


def test_patterns_leave_files_out_as_gitignore_does(tmp_path):
    for name in ("a.txt", "b.bak.txt", "old/c.txt", "new/d.txt", "new/deep/e.txt", "keep/b.bak.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(f"{name}里的话。", encoding="utf-8")
    assert names(tmp_path, exclude=["old/", "*.bak.txt"]) == ["a.txt", "new/d.txt", "new/deep/e.txt"]
    (tmp_path / ".wensouignore").write_text("# 说明\n*.txt\n!a.txt\n", encoding="utf-8")
    (tmp_path / "keep/.wensouignore").write_text("!b.bak.txt\n", encoding="utf-8")
    assert names(tmp_path) == ["a.txt", "keep/b.bak.txt"]
    assert names(tmp_path, exclude=["/a.txt"]) == ["keep/b.bak.txt"]
    assert [item.path for item in read(tmp_path / "new/d.txt", exclude=["*.txt"])] == [str(tmp_path / "new/d.txt")]
    assert Meter([tmp_path]).total == sum((tmp_path / n).stat().st_size for n in ("a.txt", "keep/b.bak.txt"))


def test_a_pattern_that_is_none_is_refused(tmp_path):
    with pytest.raises(BadOption):
        read(tmp_path, exclude=["!"])


def test_files_in_an_archive_are_read_by_the_same_registry(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("里面.odt", odf("<text:p>包里的一段。</text:p>"))
    (item,) = read(tmp_path / "a.zip")
    assert not isinstance(item, Skipped)
    assert item.text == "包里的一段。"


def test_lists_of_opendocument_count_on_only_where_they_say_so(tmp_path):
    numbered = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" '
        'style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" '
        'style:num-suffix=")"/></text:list-style>'
    )

    def listed(*items, more=""):
        inner = "".join(f"<text:list-item><text:p>{item}</text:p></text:list-item>" for item in items)
        return f'<text:list text:style-name="L"{more}>{inner}</text:list>'

    inside = "<text:list><text:list-item><text:p>先左</text:p></text:list-item></text:list>"
    body = listed("收缆").replace("</text:p>", f"</text:p>{inside}") + "<text:p>歇</text:p>"
    body += listed("起锚", more=' text:continue-numbering="true"') + listed("另数")
    body += listed("从七").replace("<text:list-item>", '<text:list-item text:start-value="7">')
    article = read(written(tmp_path, "a.odt", odf(body, automatic=numbered)))[0]
    assert article.text.split("\n\n") == ["1. 收缆", "a) 先左", "歇", "2. 起锚", "1. 另数", "7. 从七"]


def test_numbers_of_paragraphs_on_slides(tmp_path):
    def said(text, kind="", level=0):
        numbered = f'<a:buAutoNum type="{kind}"/>' if kind else ""
        return f'<a:p><a:pPr lvl="{level}">{numbered}</a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>'

    parts = [said("收缆", "arabicPeriod"), said("先左", "alphaLcParenR", 1), said("后右", "alphaLcParenR", 1)]
    parts += [said("起锚", "arabicPeriod"), said("歇"), said("另数", "ea1ChsPlain"), said("圆", "circleNumDbPlain")]
    (root,) = etree.fromstring(f'<s xmlns:a="urn:a"><t>{"".join(parts)}</t></s>')
    assert list(pptx._paragraphs(root)) == ["1. 收缆", "a) 先左", "b) 后右", "2. 起锚", "歇", "一 另数", "① 圆"]
