"""UTF-8 that was shown as GBK: characters that lost a byte or two are read from what stands around them."""

import numpy as np
import pytest

from index.cleaning.charmodel import load
from index.cleaning.mojibake import redecode


def shown(text: str) -> str:
    """The text as a reader shows it that takes its UTF-8 for GBK."""
    return text.encode("utf-8").decode("gbk", "replace")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("平家的史书将他记载为后白河的第二皇子，高速列车驶入大上海。", "后白河的第二皇子"),  # 第 keeps a byte of three
        (
            "这里是天独厚的“双铁之城”，高速列车半小时驶入市区，很多人来。",
            "“双铁之城”，",
        ),  # marks are of three bytes, too
        (
            "由于参加建设的人越来越多，我们把《人民日报》的文章读了一遍。",
            "把《人民日报》的",
        ),  # 《, not ㊊ of the same bytes
    ],
)
def test_lost_bytes_are_read_from_what_stands_around(text, read):
    damaged = shown(text)
    assert "\ufffd" in damaged
    repaired, changes = redecode(damaged)
    assert read in repaired
    assert [change.step for change in changes] == ["decoding"]


def test_a_name_that_the_line_holds_unbroken_helps_where_it_is_broken():
    text = "记者代绪刚报道，代绪刚昨天来到我们学校，代绪刚说学生们很高兴。"
    damaged = shown(text)
    assert "\ufffd" in damaged
    assert redecode(damaged)[0] == text


def test_sound_text_with_question_marks_stays():
    text = "他问：“你是谁？”她没有回答?过了一会儿才说：“我是新来的。”"
    assert redecode(text) == (text, [])


def test_trigrams_share_out_one_whole():
    model = load()
    first, second = model.encode("共产")
    every = np.arange(model.size)
    shares = np.exp(model.behind(first, second, every))
    assert 0.9 < shares.sum() < 1.1
    assert model.encode("党")[0] == int(every[shares.argmax()])
