import pytest

from index.sources.charts import drawn_text
from index.sources.docx import read_docx
from index.sources.equations import equation
from index.sources.packages import Package, parse_xml
from index.sources.pptx import read_pptx
from tests.index.sources.office import NAMES, docx, paragraph, run, zipped
from tests.index.sources.test_formats import slides

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def r(text):
    return f"<m:r><m:t>{text}</m:t></m:r>"


def part(name, *inner):
    return f"<m:{name}>{''.join(inner)}</m:{name}>"


def option(name, **values):
    return part(f"{name}Pr", *(f'<m:{key} m:val="{value}"/>' for key, value in values.items()))


SUM = part(
    "nary",
    option("nary", chr="∑"),
    part("sub", r("i=1")),
    part("sup", r("n")),
    part("e", part("sSub", part("e", r("x")), part("sub", r("i")))),
)

PHI = part("e", r("φ"))
ONE, NO = part("e", r("1")), part("e", r("0"))
BINOMIAL = part("f", option("f", type="noBar"), part("num", r("n")), part("den", r("k")))
LIMIT = part("limLow", part("e", r("lim")), part("lim", r("n→∞")))


@pytest.mark.parametrize(
    ("inner", "want"),
    [
        (SUM, "∑_(i=1)^n x_i"),
        (part("nary", option("nary", chr="∏", supHide="1"), part("sub", r("k")), part("sup"), PHI), "∏_k φ"),
        (part("nary", part("sub", r("0")), part("sup", r("12")), part("e", r("f(t)dt"))), "∫_0^12 f(t)dt"),
        (part("f", part("num", r("a")), part("den", r("b"))), "(a)/(b)"),
        (part("f", option("f", type="lin"), part("num", r("a")), part("den", r("b"))), "a/b"),
        (part("d", part("e", BINOMIAL)), "((n)¦(k))"),
        (part("d", option("d", begChr="[", endChr=")"), part("e", r("0")), part("e", r("1"))), "[0|1)"),
        (
            part("d", option("d", begChr="{", endChr=""), part("e", part("eqArr", part("e", r("x,&amp;x>0")), PHI))),
            "{x,x>0; φ",
        ),
        (part("rad", option("rad", degHide="1"), part("deg"), part("e", r("x+1"))), "√(x+1)"),
        (part("rad", part("deg", r("3")), part("e", r("x"))), "√[3](x)"),
        (part("sSup", part("e", r("a+b")), part("sup", r("2"))) + r("c"), "(a+b)^2 c"),
        (part("sSubSup", part("e", r("x")), part("sub", r("ij")), part("sup", r("2"))), "x_(ij)^2"),
        (part("sPre", part("sub", r("6")), part("sup", r("14")), part("e", r("C"))), "_6^14C"),
        (part("func", part("fName", LIMIT), PHI), "lim_(n→∞) φ"),
        (part("func", part("fName", r("sin")), part("e", r("\u2061θ"))), "sin θ"),
        (part("m", part("mr", ONE, NO), part("mr", NO, ONE)), "1, 0; 0, 1"),
        (part("acc", option("acc", chr="\u20d7"), part("e", r("v"))), "v\u20d7"),
        (part("bar", option("bar", pos="top"), part("e", r("x"))), "x\u0305"),
        (part("groupChr", option("groupChr", chr="⏟"), part("e", r("a+b"))), "a+b"),
        (part("unheard", part("e", r("a"))), "a"),
    ],
)  # fmt: skip
def test_equations_keep_their_operators(inner, want):
    assert equation(parse_xml(f"<m:oMath {M}>{inner}</m:oMath>".encode())) == want


def test_equations_in_a_text_and_on_lines_of_their_own():
    body = paragraph(run("其中") + f"<m:oMath>{SUM}</m:oMath>" + run("是总数。"))
    body += paragraph(
        run("即") + f"<m:oMathPara><m:oMath>{r('a=b')}</m:oMath><m:oMath>{r('c=d')}</m:oMath></m:oMathPara>"
    )
    record, *_ = read_docx(docx(body), "a.docx")
    assert record.content["text"] == "其中∑_(i=1)^n x_i是总数。\n\n即\na=b\nc=d"


def points(kind, *values, shape=""):
    told = "".join(f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values) if value is not None)
    return f"<c:{kind}><c:formatCode>{shape}</c:formatCode>{told}</c:{kind}>"


def series(name, names, values):
    told = f"<c:tx><c:strRef>{points('strCache', name)}</c:strRef></c:tx>" if name else ""
    return f"<c:ser>{told}<c:cat>{names}</c:cat><c:val>{values}</c:val></c:ser>"


def chart(inner, title="历年水位"):
    head = f"<c:title><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:title>" if title else ""
    return f"<c:chartSpace {NAMES}><c:chart>{head}<c:plotArea>{inner}</c:plotArea></c:chart></c:chartSpace>"


def lines_of(inner, title="历年水位"):
    package = Package(zipped({"charts/chart1.xml": chart(inner, title)}))
    node = parse_xml(f'<d {NAMES}><c:chart r:id="x"/></d>'.encode())
    return drawn_text(package, {"x": ("chart", "charts/chart1.xml")}, node)


def test_the_values_of_a_chart_stand_under_the_names_of_its_series():
    names = points("strCache", "春", "夏", "秋")
    told = lines_of(
        series("上游", names, points("numCache", 3, 4.50, None)) + series("下游", names, points("numCache", 5, 6, 7))
    )
    assert told == ["历年水位", "春 | 上游：3 | 下游：5", "夏 | 上游：4.5 | 下游：6", "秋 | 下游：7"]


def test_values_of_a_chart_are_shown_as_their_format_says():
    names = points("numCache", 45292, 45293, shape="yyyy/m/d")
    told = lines_of(series("", names, points("numCache", 0.125, "0.30000000000000004", shape="0.0%")))
    assert told[1:] == ["2024-01-01 | 12.5%", "2024-01-02 | 30.0%"]


def test_categories_on_two_levels_and_series_without_any():
    levels = (
        '<c:multiLvlStrCache><c:lvl><c:pt idx="0"><c:v>春</c:v></c:pt><c:pt idx="1"><c:v>夏</c:v></c:pt></c:lvl>'
        '<c:lvl><c:pt idx="0"><c:v>柳湾</c:v></c:pt></c:lvl></c:multiLvlStrCache>'
    )
    assert lines_of(series("船", levels, points("numCache", 3, 2)), "") == ["柳湾·春 | 船：3", "柳湾·夏 | 船：2"]
    assert lines_of(series("", "", points("numCache", 3, 2)), "") == ["3 2"]


def test_charts_in_a_word_file_and_the_table_they_are_drawn_from():
    names = points("strCache", "柳湾")
    parts = {
        "charts/chart1.xml": ("chart", chart(series("船", names, points("numCache", 3)))),
        "charts/_rels/chart1.xml.rels": (
            "none",
            '<Relationships><Relationship Id="p" Type="x/package" Target="../embeddings/a.xlsx"/></Relationships>',
        ),
        "embeddings/a.xlsx": ("package", b"PK"),
        "embeddings/b.bin": ("oleObject", b"x"),
    }
    body = paragraph('<w:r><w:drawing><c:chart r:id="charts/chart1.xml"/></w:drawing></w:r>')
    record, part_not_read = read_docx(docx(body, parts), "a.docx")
    assert record.content["text"] == "历年水位\n柳湾 | 船：3"
    assert part_not_read.detail == "1 embedded file"


def test_equations_on_slides_are_read_once_and_numbers_of_slides_not_at_all():
    mc = 'xmlns:mc="urn:mc" xmlns:a14="urn:a14"'
    inner = (
        f"<a:r><a:t>令</a:t></a:r><mc:AlternateContent {mc}><mc:Choice><a14:m><m:oMath {M}>{SUM}</m:oMath></a14:m>"
        "</mc:Choice>"
        "<mc:Fallback><a:r><a:t>求和</a:t></a:r></mc:Fallback></mc:AlternateContent>"
        '<a:fld type="slidenum"><a:t>7</a:t></a:fld>'
    )
    record, *_ = read_pptx(slides(f"<p:sp><p:txBody><a:p>{inner}</a:p></p:txBody></p:sp>"), "a.pptx")
    assert record.content["text"] == "令∑_(i=1)^n x_i"
