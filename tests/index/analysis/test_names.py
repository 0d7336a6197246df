"""A name is its letters and digits, in whatever script, form of number and marks."""

import pytest

from index.analysis.names import letter_names, name_facets, names_of, names_within, normal
from index.analysis.tokenizer import Tokenizer
from tests.conftest import article

TOKENIZER = Tokenizer()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("《渡口周報》第一百二十期", "渡口周报（第120期）"),
        ("二〇二三年 渡口 安全报告", "2023年渡口安全报告"),
        ("ＧＢ/T 12", "gb/t12"),
        ("江城市人民政府令第三十八号", "江城市人民政府令 第38号"),
    ],
)
def test_spellings_of_one_name(one, other):
    assert normal(one) == normal(other)


def test_numbers_are_told_apart():
    assert normal("渡口周报第12期") != normal("渡口周报第120期")
    assert len(set(name_facets(normal(f"渡口周报第{n}期") for n in range(10_000)))) == 10_000


def test_an_article_has_its_title_short_forms_and_number_for_names():
    found = names_of(
        article("a", "文", title="中华人民共和国渡口法（2021年修正）", meta={"document_number": "国渡发〔2021〕3号"})
    )
    assert found == {
        "中华人民共和国渡口法2021年修正",
        "中华人民共和国渡口法",
        "渡口法2021年修正",
        "渡口法",
        "国渡发20213号",
    }
    assert names_of(article("b", "文", title="—")) == set()


@pytest.mark.parametrize("text", ["渡口周报第一百二十期 登船", "《渡口周报：第 120 期》登船", "12.5% 的渡口abc"])
def test_stretches_of_a_question_are_normal_and_do_not_cut_numbers(text):
    found = names_within(text, TOKENIZER.tokens(text))
    assert all(normal(text[start:end]) == name for name, start, end in found)
    assert all(name != "20期" for name, _, _ in found)
    if "渡口周报" in text:
        assert "渡口周报第120期" in {name for name, _, _ in found}


def test_letters_of_a_laws_title_are_names_of_it():
    names = letter_names(article("a", "文", title="中华人民共和国河道采砂法（试行）"))
    assert {"…河采法", "…河道砂法"} <= names
    assert all(name[1] == "河" and name[-1] == "法" and 4 <= len(name) <= 5 for name in names)
    for title in ("河道采砂管理办法", "糖醋鲤鱼的做法", "河道采砂条例", "砂法", "2021年河道采砂法"):
        assert not letter_names(article("a", "文", title=title))
