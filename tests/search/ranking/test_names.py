"""What is asked for by name comes first, however often others say the name."""

import pytest

from index.models import Token
from search.models import MODES, SearchOptions
from search.ranking.names import asked_for
from tests.conftest import article, hashed_engine

SPEAKS = "本期转载渡口周报第12期的登船须知，渡口周报第12期说，登船须知在渡口周报第12期。"
ISSUES = [
    article(f"n{n}", (SPEAKS if n == 13 else f"第{n}次会议谈了船票、救生衣和渔汛。") * 2, title=f"渡口周报：第 {n} 期")
    for n in range(1, 31)
]
OTHERS = [
    article(
        "rule", "携带大件行李的，另购货票。", title="渡船乘坐管理规定（试行）",
        meta={"document_number": "江渡发〔2020〕7号"},
    ),
    article("cite", "依照江渡发〔2020〕7号和渡船乘坐管理规定，江渡发〔2020〕7号继续有效。", title="关于规定的说明"),
    article("signs", "缆绳一年一换。", title='"老船工"谈缆绳 -上'),
    article(
        "skipper", "逆风靠岸要先收帆。", title="靠岸的手艺", author="钟离远帆",
        meta={"place": "鹭湾东渡", "year": "1987"},
    ),
    article("told", "钟离远帆在鹭湾东渡说过，钟离远帆的船在鹭湾东渡。", title="听钟离远帆讲鹭湾东渡"),
]  # fmt: skip


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    path = tmp_path_factory.mktemp("named") / "index"
    with hashed_engine([*ISSUES, *OTHERS], path) as engine:
        yield engine


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("question", "want"),
    [
        ("渡口周报：第 12 期", "n12"),
        ("《渡口周报》第十二期", "n12"),
        ("渡口周报第12期 登船须知", "n12"),
        ("登船须知 渡口周报第12期", "n12"),
        ("渡船乘坐管理规定", "rule"),
        ("渡船乘坐管理规定 行李", "rule"),
        ("江渡发(2020)7号", "rule"),
    ],
)
def test_the_article_named_comes_first(named, mode, question, want):
    answer = named.search(question, SearchOptions(mode=mode, explain=True))
    assert answer.results[0].article_id == want
    assert answer.results[0].explain.named > 0
    assert answer.confident


@pytest.fixture(scope="module")
def laws(tmp_path_factory):
    titles = [
        "中华人民共和国渡船航行安全法",
        "渡船管理条例",
        "桥梁养护法",
        "桥梁法",
        "灯塔看守人权益保障法（2021年修正）",
    ]
    texts = {title: f"为了{title.removeprefix('中华人民共和国')}的施行，船期、罚款和申诉另作规定。" for title in titles}
    others = [article(f"o{n}", f"船期公告第{n}号：罚款和申诉照旧，安全第一，渡口交通有法可依。") for n in range(8)]
    items = [article(f"l{n}", text, title=title) for n, (title, text) in enumerate(texts.items())]
    with hashed_engine([*items, *others], tmp_path_factory.mktemp("laws") / "index") as engine:
        yield engine


@pytest.mark.parametrize(
    ("question", "want"),
    [("渡航法", "l0"), ("渡航安法", "l0"), ("渡航法 罚款", "l0"), ("灯权法", "l4"), ("桥梁法", "l3"), ("桥养法", "l2")],
)
def test_a_law_is_found_by_letters_of_its_title(laws, question, want):
    answer = laws.search(question, SearchOptions(explain=True))
    assert answer.results[0].article_id == want
    assert answer.results[0].explain.named > 0


@pytest.mark.parametrize("question", ["航渡法", "安航渡法", "罚款法"])
def test_letters_in_another_order_are_no_name(laws, question):
    assert not laws.ranking(question, SearchOptions()).lifts


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", ["钟离远帆", "鹭湾东渡", "鐘離遠帆", "钟离远帆 收帆", "收帆，“鹭湾东渡”"])
def test_what_a_field_names_lifts_its_article(named, mode, question):
    first = named.search(question, SearchOptions(mode=mode, explain=True)).results[0]
    assert first.article_id == "skipper"
    assert 0 < first.explain.named < 0.5


def test_a_field_of_many_articles_or_of_numbers_lifts_little_or_none(tmp_path):
    many = [article(f"m{n}", f"第{n}条船。", meta={"place": "上游码头", "year": "1987"}) for n in range(25)]
    about = article("about", "上游码头哪年建的？1987年。", title="上游码头的来历")
    with hashed_engine([*many, about], tmp_path / "i") as engine:
        assert engine.search("上游码头哪年建的").results[0].article_id == "about"
        assert not engine.ranking("1987", SearchOptions()).lifts


def test_a_title_with_signs_is_a_title(named):
    answer = named.search('"老船工"谈缆绳 -上')
    assert answer.results[0].article_id == "signs"
    assert answer.warnings == ()


def test_filters_hold_for_what_is_named(named):
    answer = named.search("渡口周报第12期 -title:12")
    assert "n12" not in {result.article_id for result in answer.results}


@pytest.mark.parametrize(
    "question",
    ["请问渡船乘坐管理规定", "帮我找一下《渡船乘坐管理规定》全文", "渡船乘坐管理规定是什么",
     "有没有渡船乘坐管理规定这篇文章", "渡船乘坐管理规定.pdf", "渡船乘坐管理规定_江渡网",
     "2031年渡船乘坐管理规定", "渡船乘坐管理规定 - 江渡网"],
)  # fmt: skip
def test_words_that_ask_a_date_and_the_name_of_a_site_leave_a_name_its_lift(named, question):
    first = named.search(question, SearchOptions(explain=True)).results[0]
    assert first.article_id == "rule"
    assert first.explain.named > 0.5


def test_many_that_bear_a_name_come_first_where_it_is_asked_for(tmp_path):
    many = [article(f"m{n}", f"第{n}栋楼，门前有树。", title="校史馆") for n in range(12)]
    many.append(article("us", "馆里有三个人。", title="关于我们"))
    about = article("about", "参观校史馆要预约，校史馆周一闭馆，校史馆在湖边。", title="参观须知")
    with hashed_engine([*many, about], tmp_path / "i") as engine:
        assert engine.search("查找校史馆").results[0].title == "校史馆"
        assert engine.search("关于我们（全文）").results[0].title == "关于我们"
        assert engine.search("参观校史馆“周一”要预约吗").results[0].article_id == "about"


def test_words_between_what_a_question_is_about_are_not_asking():
    cut = [Token(term, at, at + 1) for at, term in enumerate("从甲到乙")]
    assert asked_for(cut) == cut
    assert [token.term for token in asked_for([Token("请问", 0, 2), *cut])] == ["甲", "到", "乙"]
    assert asked_for([Token("请问", 0, 2)]) == [Token("请问", 0, 2)]
