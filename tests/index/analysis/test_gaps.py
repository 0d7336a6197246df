"""What stands between two letters without parting them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.fold import fold
from index.analysis.gaps import as_read, close_all, close_gaps, holds, lone_joined
from index.analysis.tokenizer import Tokenizer

TOKENIZER = Tokenizer()


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("渔 船 靠 岸", "渔船靠岸"),
        ("王　芳", "王芳"),
        ("稻\n谷", "稻谷"),
        ("稻 \n　　谷", "稻谷"),
        ("用 Python 写", "用Python写"),
        ("2024 年 3 月", "2024年3月"),
        ("葛\U000e0100洲\ufe00坝", "葛洲坝"),
        ("甲\n\n乙", "甲乙"),  # each has a line of its own
        ("甲方\n\n乙方", "甲方\n\n乙方"),
        ("甲方\n\n\n乙方", "甲方\n\n\n乙方"),
        ("甲方            乙方", "甲方            乙方"),  # two columns
        ("甲方\t乙方", "甲方\t乙方"),
        ("two  words\nmore", "two  words\nmore"),
        ("甲， 乙", "甲， 乙"),
        (" 甲 ", " 甲 "),
        ("", ""),
    ],
)
def test_gaps_are_closed_and_other_blanks_stay(text, closed):
    found = close_gaps(text)
    assert found.text == closed
    if found.places is not None:
        assert "".join(text[at] for at in found.places.tolist()) == closed


def test_offsets_go_there_and_back():
    text = "渔 船\n靠岸"
    found = close_gaps(text)
    assert found.gaps.tolist() == [1, 2]
    assert found.to(np.arange(len(text) + 1)).tolist() == [0, 1, 1, 2, 2, 3, 4]
    assert found.span(1, 3) == (2, 5)
    assert text[2:5] == "船\n靠"


def test_many_texts_are_closed_as_each_would_be():
    texts = ["渔 船\n靠岸", "", " 甲 ", "two words", "稻", "\n谷", "王　芳"]
    for text, found in zip(texts, close_all(texts), strict=True):
        alone = close_gaps(text)
        assert (found.text, found.gaps.tolist()) == (alone.text, alone.gaps.tolist())
        assert (found.places is None) == (alone.places is None)


def test_marks_take_part_where_they_are_asked_for():
    assert close_gaps("靠岸，\n补 网 。", marks=True).text == "靠岸，补网。"


@given(st.text("年轻a1，( \n\u200b", max_size=40), st.text("年轻a1，( \n", min_size=1, max_size=4), st.data())
def test_a_phrase_stands_in_a_text_where_it_does_once_both_are_closed(text, other, data):
    start = data.draw(st.integers(0, len(text)))
    for phrase in (other, text[start : start + 6]):
        closed = close_gaps(phrase, marks=True).text.strip()
        if closed:
            assert holds(text, closed) == (closed in close_gaps(text, marks=True).text)


def test_a_question_keeps_the_blanks_between_longer_words():
    assert lone_joined("溢 洪 道 怎么 修") == "溢洪道 怎么 修"
    assert lone_joined("年轻干部 双导师") == "年轻干部 双导师"
    assert lone_joined("王 芳") == "王芳"


def test_an_encoder_reads_over_gaps():
    assert as_read("渔 船\n靠 岸，two words") == "渔船\n靠岸，two words"


def test_a_word_over_a_gap_is_found_and_so_are_those_it_would_part():
    terms = {token.term for token in TOKENIZER.tokens("他在这里研究\n生活用水")}
    assert {"研究", "生活"} <= terms
    assert "稻谷" in {token.term for token in TOKENIZER.tokens("晒场上铺满了稻\n谷")}


def test_tokens_stand_on_the_characters_of_the_text():
    text = "晒 场 上 铺 满 了 稻\n谷，第 二 十 三 条"
    for token in TOKENIZER.tokens(text):
        on = close_gaps(fold(text)[token.start : token.end]).text
        assert on == token.term or token.term in ("第23条", "第", "23", "条")
