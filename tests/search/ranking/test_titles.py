"""Titles that a question nearly says."""

import pytest

from search.models import MODES, SearchOptions
from search.ranking.titles import MAX_LIFT, compared, letters, like_titles
from tests.conftest import article, hashed_engine

SPEAKS = "上期是渡船简报：第 {} 期，下期是渡船简报：第 {} 期，渡船简报。"
ISSUES = [article(f"s{n}", SPEAKS.format(n + 1, n % 30 + 1), title=f"渡船简报：第 {n} 期") for n in range(1, 31)]
OTHERS = [
    article("rule", "未拴绳的，处五百元以下罚款。", title="临江市养犬管理条例"),
    article("cats", "养犬管理条例说的是犬，临江市没有管猫的条例，条例不管猫。", title="猫由谁管"),
    article("south", "犬只要打疫苗。", title="南港市养犬管理条例"),
    article("talk", "造船要选好木头。", title="从独木舟到铁壳船——船匠李石老的一生"),
    article("list", "从独木舟到铁壳船，船匠李石老的一生；渡船简报；临江市养犬。", title="目录"),
]


@pytest.fixture(scope="module")
def titled(tmp_path_factory):
    path = tmp_path_factory.mktemp("titled") / "index"
    with hashed_engine([*ISSUES, *OTHERS], path) as engine:
        yield engine


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("question", "want"),
    [
        ("渡船简报 17", "s17"),
        ("渡船简报17期", "s17"),
        ("第十七期渡船简报", "s17"),
        ("临江市养犬条例", "rule"),  # as people shorten it
        ("临江市养犬管理条列", "rule"),  # with a slip
        ("临江市养犬管理", "rule"),  # without its end
        ("臨江市養犬管理條例（試行）全文", "rule"),
        ("从独木舟到铁壳船", "talk"),
        ("船匠李石老的一生", "talk"),
        ("请问从独木舟到铁壳船这篇文章", "talk"),
    ],
)
def test_the_article_with_nearly_that_title_comes_first(titled, mode, question, want):
    answer = titled.search(question, SearchOptions(mode=mode, explain=True))
    assert answer.results[0].article_id == want
    assert answer.results[0].explain.named > 0


def test_a_question_that_says_little_of_a_title_lifts_nothing(titled):
    for question in ("养犬要罚多少钱", "船", "李石老怎么选木头", "谁管猫和犬的疫苗"):
        assert not titled.ranking(question, SearchOptions()).lifts


def test_the_beginning_of_a_sentence_is_no_title(tmp_path):
    said = {
        "whole": "今晚想听船歌",
        "cut": "今晚想听船歌，你来唱。",
        "line": "今晚想听船歌\n词曲都是船工写的。",
        "given": "词曲都是船工写的。",
    }
    articles = [article(name, text, title="今晚想听船歌") for name, text in said.items()]
    with hashed_engine([*articles, *OTHERS], tmp_path / "index") as engine:
        assert {*engine.ranking("今晚要听船歌", SearchOptions()).lifts} == {"line", "given"}
        assert {*engine.ranking("今晚想听船歌", SearchOptions()).lifts} == {*said}  # by their name in full


def test_the_liker_the_higher_and_numbers_count_as_wholes():
    titles = {"same": "渡船简报第117期", "other": "渡船简报第17期", "some": "渡船简报", "none": "井盖"}
    lifts = like_titles(letters("渡船简报117"), titles)
    assert MAX_LIFT > lifts["same"] > lifts.get("some", 0.0)
    assert lifts["same"] > 2 * lifts.get("other", 0.0)
    assert "none" not in lifts
    assert like_titles(letters("渡船简报第117期"), titles)["same"] == pytest.approx(MAX_LIFT)


def test_numbers_and_latin_words_are_alike_however_a_title_spells_them():
    titles = {"issue": "Ａ Ｂ 简报：第二〇二四期", "other": "A B 简报：第二〇二三期", "far": "渡船史话，二〇二四"}
    lifts = like_titles(letters("ab 2024 简报"), titles)
    assert lifts["issue"] > MAX_LIFT / 2
    assert {*lifts} == {"issue"}


def test_a_part_of_a_title_lifts_less_far():
    titles = {"whole": "铁壳船", "part": "铁壳船——船匠的一生"}
    lifts = like_titles(letters("铁壳船"), titles)
    assert lifts == {"whole": pytest.approx(MAX_LIFT), "part": pytest.approx(0.8 * MAX_LIFT)}


def test_single_words_and_sentences_are_not_compared():
    assert not compared(letters("船"))
    assert not compared(letters("，。"))
    assert not compared(letters("船" * 100))
    assert compared(letters("渡船简报 1"))
