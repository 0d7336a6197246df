import pytest

from index.analysis.fold import fold
from index.connect import open_backend
from search.engine import SearchEngine
from search.query.spellings import MAX_SPELLINGS, spellings
from tests.conftest import HashEncoder, article, open_writer, prepared


@pytest.mark.parametrize(
    ("phrase", "other"),
    [
        ("第37条", "第三十七条"),
        ("第三十七条", "第37条"),
        ("第 37 条", "第三十七条"),
        ("2019年", "二零一九年"),
        ("二〇一九年五月六日", "2019年5月6日"),
        ("2019-05-06", "二零一九年五月六日"),
        ("5月6日起", "五月六日起"),
        ("2600万元", "二千六百万元"),
        ("两千六百万元", "2600万元"),
        ("百分之四十", "40%"),
        ("12.5%", "百分之十二点五"),
        ("十七名船工", "17名船工"),
        ("2只船", "两只船"),
        ("1,200亩", "一千二百亩"),
    ],
)
def test_a_numeral_is_spelled_the_other_way(phrase, other):
    assert other in spellings(fold(phrase))


@pytest.mark.parametrize("phrase", ["一定要统一", "三三两两", "五g基站", "5g基站", "万一", "v2.5", "九江口"])
def test_what_is_no_numeral_is_left(phrase):
    assert spellings(fold(phrase)) == ()


def test_of_many_spellings_the_likeliest_are_taken():
    found = spellings("2019年5月6日至2020年7月8日的第3条第4款")
    assert found[0] == "二零一九年五月六日至二零二零年七月八日的第三条第四款"
    assert len(found) <= MAX_SPELLINGS


@pytest.mark.parametrize(
    ("question", "marked"),
    [('"第37条"', "第三十七条"), ('"二〇一九年五月"', "2019年5月"), ('"2,600万元"', "二千六百万元")],
)
def test_a_quoted_phrase_finds_and_marks_the_other_spelling(tmp_path, question, marked):
    text = "渡船章程第三十七条写明，2019年5月起由埠头出资二千六百万元。"
    writer = open_writer(tmp_path / "index")
    writer.upsert(*prepared([article("rule", text), *(article(f"o{n}", f"第{n}条写了别的事。") for n in range(3))]))
    writer.commit()
    writer.close()
    with SearchEngine(open_backend(tmp_path / "index"), HashEncoder()) as engine:
        answer = engine.search(question)
    (result,) = answer.results
    assert result.article_id == "rule"
    assert not answer.warnings
    (passage,) = result.passages
    assert marked in [passage.text[start:end] for start, end in passage.highlights]
