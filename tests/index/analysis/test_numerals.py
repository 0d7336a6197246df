"""Either spelling of a number gives the same terms."""

import pytest

from index.analysis.fold import fold
from index.analysis.numerals import chinese_number, numeral_terms
from index.analysis.tokenizer import Tokenizer

TOKENIZER = Tokenizer()


def terms(text):
    return [term for term, _, _ in numeral_terms(fold(text))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一千零三十六", 1036),
        ("一万二千", 12000),
        ("两万五", 25000),
        ("三千八百万", 38_000_000),
        ("十二亿零五十", 1_200_000_050),
        ("一亿二千万", 120_000_000),
        ("十", 10),
        ("廿九", 29),
        ("二〇二四", 2024),
        ("三四百", None),
        ("七八十", None),
        ("万一", None),
        ("千万", None),
        ("百千", None),
        ("一百千", None),
        ("好", None),
        ("", None),
    ],
)
def test_the_value_of_a_numeral(text, value):
    assert chinese_number(text) == value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("第一百零七条", "第107条"),
        ("第三章", "第3章"),
        ("第二十届", "第20届"),
        ("二〇一九年十月三日", "2019年10月3日"),
        ("二〇一九年十月三日", "2019-10-03"),
        ("2019/10/3", "2019年10月03日"),
        ("二零一九年", "2019年"),
        ("十月三日", "10月3日"),
        ("四千六百万元", "4600万元"),
        ("0.46亿元", "4,600万元"),
        ("46,000,000元", "4600万元"),
        ("百分之十二点五", "12.5%"),
        ("一百二十户", "120户"),
    ],
)
def test_two_spellings_share_a_term_and_other_numbers_do_not(one, other):
    def told(text):
        return {token.term for token in TOKENIZER.tokens(text) if any(char.isdigit() for char in token.term)}

    assert told(one) & told(other)
    assert max(told(one) & told(other), key=len) not in told("第9999条，8年7月6日，5555万元，44%")


@pytest.mark.parametrize(
    "text", ["一一列举", "千万别去", "万一下雨", "十分好看", "三四百人", "五六十个", "一心一意", "三五成群", "第一"]
)
def test_what_only_looks_like_a_number_gives_none(text):
    assert terms(text) == []


def test_the_spans_are_those_of_the_numeral():
    text = "按第二十三条，罚三百元。"
    assert [(term, text[a:b]) for term, a, b in numeral_terms(text)] == [
        ("第23条", "第二十三条"),
        ("第", "第二十三条"),
        ("23", "第二十三条"),
        ("条", "第二十三条"),
        ("300", "三百"),
    ]


def test_articles_of_a_law_are_told_apart():
    assert "第12条" in terms("第十二条")
    assert "第12条" not in terms("第二十条")
