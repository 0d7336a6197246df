"""Documents made by script for `documents.py`, each with the text and the fields that it shows.

Word files with every feature, PDF with columns and running heads, sheets, books, slides, OFD, OpenDocument, rich text
and feeds. Every sentence is put together here from words of our own; no font is needed and no file is kept.
"""

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

WHO = "船工 茶农 校长 药师 木匠 村医 电工 馆员 渔民 裁缝 邮差 护林员".split()
WHERE = "渡口 茶山 祠堂 码头 粮站 药房 图书室 水库 窑场 集市 学堂 竹林".split()
WHAT = "修补石阶 清点药材 晾晒稻谷 登记外借 更换灯管 查看水位 疏通沟渠 搬运木料 张贴名单 擦洗门窗 核对账目".split()
WHEN = "清晨 晌午 傍晚 雨后 月初 年底 霜降前 开春时 逢集日 入夜后".split()
WHY = "免得误了过河的人 好让老人少走弯路 为的是来年不再漏雨 以便下一班接着做完 因为去年吃过这个亏".split()

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


class Made(NamedTuple):
    """A file, what of its text must come out (`lines`), what must not (`gone`), and its fields."""

    name: str
    data: bytes
    lines: list[str]
    gone: list[str]
    fields: dict[str, str]


class Writer:
    """Sentences, no two alike in one file."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = 0

    def sentence(self) -> str:
        """One sentence of some forty characters."""
        self._number += 1
        pick = self._random.choice
        told = f"{pick(WHEN)}{pick(WHERE)}的{pick(WHO)}要{pick(WHAT)}{self._number}回，{pick(WHY)}，"
        return f"{told}做完再到{pick(WHERE)}交代清楚。"

    def paragraph(self, sentences: int = 4) -> str:
        """Some sentences."""
        return "".join(self.sentence() for _ in range(sentences))

    def title(self) -> str:
        """A title of a notice."""
        pick = self._random.choice
        return f"关于{pick(WHEN)}在{pick(WHERE)}{pick(WHAT)}的通知"

    def cell(self) -> str:
        """A few characters, of which many cells hold the same."""
        return self._random.choice(["七人", "八人", "歇", "歇", "两趟", *WHO[:4]])


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """An archive of `parts`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def _run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def _p(inner: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner if inner.startswith('<') else _run(inner)}</w:p>"


def _word(body: str, parts: dict[str, tuple[str, str]]) -> bytes:
    listed = "".join(f'<Relationship Id="{n}" Type="{_KIND}/{kind}" Target="{n}"/>' for n, (kind, _) in parts.items())
    main = f'<Relationship Id="a" Type="{_KIND}/officeDocument" Target="word/document.xml"/>'
    kinds = '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    kinds += 'wordprocessingml.document.main+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    kinds += '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{kinds}</Types>',
            "_rels/.rels": f"<Relationships {_SPACE}>{main}</Relationships>",
            "word/_rels/document.xml.rels": f"<Relationships {_SPACE}>{listed}</Relationships>",
            "word/document.xml": f"<w:document {_W} {_R}><w:body>{body}</w:body></w:document>",
            **{f"word/{name}": content for name, (_, content) in parts.items()},
        }
    )


def word(seed: int) -> Made:
    """A Word file with numbers, changes, controls, a box, merged and nested tables, a note, a head and a foot."""
    w = Writer(seed)
    title, plain, control, inserted, deleted = w.title(), w.paragraph(), w.sentence(), w.sentence(), w.sentence()
    box, note, head, foot, nested = w.sentence(), w.sentence(), w.sentence(), w.sentence(), w.sentence()
    articles = [w.sentence() for _ in range(3)]
    down = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>'
    rows = [["班次", "周一", "周二", "周三"], *([f"第{n}班", w.cell(), w.cell(), w.cell()] for n in "一二三")]
    cells = "".join("<w:tr>" + "".join(f"<w:tc>{_p(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in rows)
    inner = f"<w:tbl><w:tr><w:tc>{_p(nested)}</w:tc></w:tr></w:tbl>"
    cells += f"<w:tr><w:tc>{down}{_p('备注')}{inner}</w:tc><w:tc>{_p('无')}</w:tc></w:tr>"
    numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    body = _p(title) + _p(plain) + f"<w:sdt><w:sdtContent>{_p(control)}</w:sdtContent></w:sdt>"
    body += _p(f"<w:ins>{_run(inserted)}</w:ins><w:del><w:r><w:delText>{deleted}</w:delText></w:r></w:del>")
    body += "".join(_p(article, numbered) for article in articles) + f"<w:tbl>{cells}</w:tbl>"
    noted = w.sentence()
    drawn = f"<w:txbxContent>{_p(box)}</w:txbxContent>"
    body += _p(_run(noted) + f'<w:r><w:footnoteReference w:id="1"/></w:r><w:r><w:pict>{drawn}</w:pict></w:r>')
    body += '<w:sectPr><w:headerReference r:id="header1.xml"/><w:footerReference r:id="footer1.xml"/></w:sectPr>'
    level = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="第%1条"/></w:lvl>'
    )
    lists = f'<w:abstractNum w:abstractNumId="0">{level}</w:abstractNum>'
    lists += '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    parts = {
        "numbering.xml": ("numbering", f"<w:numbering {_W}>{lists}</w:numbering>"),
        "footnotes.xml": ("footnotes", f'<w:footnotes {_W}><w:footnote w:id="1">{_p(note)}</w:footnote></w:footnotes>'),
        "header1.xml": ("header", f"<w:hdr {_W}>{_p(head)}</w:hdr>"),
        "footer1.xml": ("footer", f"<w:ftr {_W}>{_p(foot)}</w:ftr>"),
    }
    told = [f"第{n}条 {article}" for n, article in zip("一二三", articles, strict=True)]
    table = [" | ".join(f"{name}：{cell}" for name, cell in zip(rows[0], row, strict=True)) for row in rows[1:]]
    table += [" | ".join(rows[0]), "班次：备注 | 周一：无"]
    lines = [plain, control, inserted, *told, *table, noted, nested, box, note, head, foot]
    return Made(f"word{seed}.docx", _word(body, parts), lines, [deleted], {"title": title})


def _lines_of(text: str, chars: int) -> list[str]:
    return [text[: chars - 2], *(text[at : at + chars] for at in range(chars - 2, len(text), chars))]


def paper(seed: int, columns: int = 1) -> Made:
    """A PDF with a running head, page numbers, a placeholder title and paragraphs that go on over pages."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    w = Writer(seed)
    title, head = w.title(), f"{w.title()[:12]}　内部资料"
    paragraphs = [w.paragraph(6) for _ in range(8)]
    chars, size = (38, 12) if columns == 1 else (18, 12)
    queue = [(2 if n == 0 else 0, line) for text in paragraphs for n, line in enumerate(_lines_of(text, chars))]
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842))
    canvas.setTitle("untitled")
    page = 0
    while queue:
        page += 1
        canvas.setFont("STSong-Light", 9)
        canvas.drawCentredString(297, 805, head)
        canvas.drawCentredString(297, 30, f"第 {page} 页")
        top = 760
        if page == 1:
            canvas.setFont("STSong-Light", 20)
            canvas.drawCentredString(297, 765, title)
            top = 720
        canvas.setFont("STSong-Light", size)
        for column in range(columns):
            y = top
            while queue and y > 70:
                indent, line = queue.pop(0)
                canvas.drawString(60 + column * 250 + indent * size, y, line)
                y -= 18
        canvas.showPage()
    canvas.save()
    return Made(f"paper{columns}_{seed}.pdf", file.getvalue(), paragraphs, [head, "第 1 页"], {"title": title})


def sheet(seed: int) -> Made:
    """A workbook whose first row is a title, with merged cells and the same value in neighbouring ones."""
    from openpyxl import Workbook

    w = Writer(seed)
    names = ["片区", "村组", "地点", "负责人"]
    rows = [[f"{n}片", f"{w.cell()}组", f"{w.cell()}旁", w.cell()] for n in "东东西西"]
    book = Workbook()
    page = book.active
    caption = w.title()
    for row in [[caption], names, *rows]:
        page.append(row)
    page.merge_cells("A1:D1")
    page["A4"] = page["A6"] = None
    page.merge_cells("A3:A4")
    page.merge_cells("A5:A6")
    file = io.BytesIO()
    book.save(file)
    lines = ["\n".join(f"{name}：{cell}" for name, cell in zip(names, row, strict=True)) for row in rows]
    return Made(f"sheet{seed}.xlsx", file.getvalue(), [caption, *lines], [], {})


def table(seed: int) -> Made:
    """A CSV with a column of texts, a title above the names, and columns beside the text."""
    w = Writer(seed)
    rows = [[w.title(), w.sentence(), w.cell(), "甲窗口"] for _ in range(4)]
    caption = w.title()
    text = "\n".join([f"{caption},,,", "文章标题,正文,经办,窗口", *(",".join(row) for row in rows)])
    lines = [line for row in rows for line in (row[1], f"经办：{row[2]}\n窗口：{row[3]}")]
    return Made(f"table{seed}.csv", text.encode("gb18030"), [caption, *lines], [], {"title": rows[0][0]})


def book(seed: int) -> Made:
    """A book whose chapters have Chinese names, written with percent signs, out of the order of the archive."""
    from urllib.parse import quote

    w = Writer(seed)
    chapters = {f"第{n}回 {w.title()[2:8]}": w.paragraph() for n in "一二三"}
    items = "".join(f'<item id="c{n}" href="{quote(name)}.xhtml"/>' for n, name in enumerate(chapters))
    order = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    parts: dict[str, str | bytes] = {
        "META-INF/container.xml": '<container><rootfile full-path="OPS/book.opf"/></container>',
        "OPS/book.opf": f"<package><manifest>{items}</manifest><spine>{order}</spine></package>",
    }
    for name, text in reversed(chapters.items()):
        parts[f"OPS/{name}.xhtml"] = f"<html><body><h1>{name}</h1><p>{text}</p></body></html>"
    return Made(f"book{seed}.epub", zipped(parts), list(chapters.values()), [], {"title": next(iter(chapters))})


def slides(seed: int) -> Made:
    """Slides with titles, texts and a table."""
    w = Writer(seed)
    title, texts = w.title(), [w.sentence() for _ in range(3)]
    names = f'xmlns:p="urn:p" xmlns:a="urn:a" {_R}'
    parts: dict[str, str | bytes] = {}
    for n, text in enumerate(texts):
        shapes = f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
        if not n:
            place = '<p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr>'
            shapes += f"<p:sp>{place}<p:txBody><a:p><a:r><a:t>{title}</a:t></a:r></a:p></p:txBody></p:sp>"
        parts[f"ppt/slides/{n}.xml"] = f"<p:sld {names}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
    ids = "".join(f'<p:sldId id="{n}" r:id="r{n}"/>' for n in range(len(texts)))
    parts["ppt/presentation.xml"] = f"<p:presentation {names}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    listed = "".join(
        f'<Relationship Id="r{n}" Type="{_KIND}/slide" Target="slides/{n}.xml"/>' for n in range(len(texts))
    )
    parts["ppt/_rels/presentation.xml.rels"] = f"<Relationships {_SPACE}>{listed}</Relationships>"
    return Made(f"slides{seed}.pptx", zipped(parts), texts, [], {"title": title})


def ofd(seed: int) -> Made:
    """OFD of two pages with a running head."""
    w = Writer(seed)
    title, paragraphs, head = w.title(), [w.paragraph(3), w.paragraph(3)], "乡镇内部资料"

    def placed(text: str, x: float, y: float, size: float) -> str:
        code = f'<TextCode X="0" Y="{size}" DeltaX="g {len(text)} {size}">{text}</TextCode>'
        return f'<TextObject Boundary="{x} {y} 180 {size}" Size="{size}">{code}</TextObject>'

    pages = []
    for number, text in enumerate(paragraphs):
        objects = placed(head, 80, 8, 3) + placed(f"— {number + 1} —", 95, 285, 3)
        objects += placed(title, 50, 25, 7) if not number else ""
        for n, line in enumerate(_lines_of(text, 40)):
            objects += placed(line, 20 + (8 if n == 0 else 0), 45 + 6 * n, 4)
        pages.append(f"<Page><Content><Layer>{objects}</Layer></Content></Page>")
    listed = "".join(f'<Page ID="{n}" BaseLoc="P{n}.xml"/>' for n in range(len(pages)))
    parts: dict[str, str | bytes] = {f"Doc_0/P{n}.xml": page for n, page in enumerate(pages)}
    parts["Doc_0/Document.xml"] = f"<Document><Pages>{listed}</Pages></Document>"
    parts["OFD.xml"] = (
        "<OFD><DocBody><DocInfo><Title>未命名</Title></DocInfo><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>"
    )
    return Made(f"paper{seed}.ofd", zipped(parts), paragraphs, [head, "— 1 —"], {"title": title})


def odt(seed: int) -> Made:
    """An OpenDocument text with a note, a box and deleted words."""
    w = Writer(seed)
    title, plain, note, box, gone = w.title(), w.paragraph(), w.sentence(), w.sentence(), w.sentence()
    names = 'xmlns:o="urn:o" xmlns:t="urn:t" xmlns:d="urn:d"'
    body = f"<t:tracked-changes><t:deletion><t:p>{gone}</t:p></t:deletion></t:tracked-changes><t:p>{title}</t:p>"
    body += f"<t:p>{plain}<t:note><t:note-body><t:p>{note}</t:p></t:note-body></t:note></t:p>"
    body += f"<t:p><d:frame><d:text-box><t:p>{box}</t:p></d:text-box></d:frame></t:p>"
    content = f"<o:document-content {names}><o:body><o:text>{body}</o:text></o:body></o:document-content>"
    return Made(f"text{seed}.odt", zipped({"content.xml": content}), [plain, note, box], [gone], {"title": title})


def rtf(seed: int) -> Made:
    """Rich text in GBK with a note and deleted words."""

    def coded(text: str) -> str:
        return "".join(f"\\'{byte:02x}" for byte in text.encode("gbk"))

    w = Writer(seed)
    title, plain, note, gone = w.title(), w.paragraph(), w.sentence(), w.sentence()
    source = r"{\rtf1\ansi\ansicpg936{\fonttbl{\f0\fcharset134 S;}}\f0 " + coded(title) + r"\par " + coded(plain)
    source += r"{\deleted " + coded(gone) + r"}{\footnote " + coded(note) + r"}\par}"
    return Made(f"text{seed}.rtf", source.encode(), [plain, note], [gone], {"title": title})


def feed(seed: int) -> Made:
    """RSS whose entries are HTML."""
    w = Writer(seed)
    entries = {w.title(): w.paragraph(2) for _ in range(3)}
    items = "".join(
        f"<item><title>{t}</title><description><![CDATA[<p>{x}</p>]]></description></item>" for t, x in entries.items()
    )
    data = f"<rss><channel><title>乡闻</title>{items}</channel></rss>".encode()
    return Made(f"feed{seed}.rss", data, list(entries.values()), [], {"title": next(iter(entries))})


MAKERS: tuple[Callable[[int], Made], ...] = (
    word, paper, lambda seed: paper(seed, 2), sheet, table, book, slides, ofd, odt, rtf, feed,
)  # fmt: skip


def documents(each: int = 3) -> Iterator[Made]:
    """`each` files of every kind."""
    for maker in MAKERS:
        for seed in range(each):
            yield maker(seed)
