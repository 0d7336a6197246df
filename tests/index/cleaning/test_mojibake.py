"""UTF-8 that was shown as GBK: characters that lost a byte or two are read from what stands around them."""

import numpy as np
import pytest

from index.cleaning.charmodel import load
from index.cleaning.clean import clean
from index.cleaning.lost_bytes import fill
from index.cleaning.mojibake import LOST, redecode
from index.models import Article


def shown(text: str) -> str:
    """The text as a reader shows it that takes its UTF-8 for GBK."""
    return text.encode("utf-8").decode("gbk", "replace")


LINES = [
    "一片一片的雪落在屋顶上，一夜之间山就白了。",
    "他一个人中午走到河边，看见一只小船停在那里。",
    "我们把《山村纪事》又读了一遍，越读越觉得亲切。",
    "　　井水一年四季都是凉的，夏天来打水的人特别多。",
    "木匠说：“一根房梁，要晾三年。”徒弟们都记住了。",
    "一、修渠。二、补路。三、栽树。四、清塘。",
]


def is_true_or_lost(repaired: str, sound: str) -> bool:
    """Whether every character is the right one or is shown as lost, and at most a fourth is lost."""
    same = len(repaired) == len(sound) and all(a in (b, LOST) for a, b in zip(repaired, sound, strict=True))
    return same and repaired.count(LOST) * 4 <= len(sound)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("sign", ["\ufffd", "?"])
def test_what_lost_bytes_is_told_or_shown_as_lost_and_never_made_up(line, sign):
    damaged = shown(line).replace("\ufffd", sign)
    repaired, changes = redecode(damaged)
    assert is_true_or_lost(repaired, line) or repaired == damaged
    assert (repaired == damaged) == (changes == [])


def test_a_line_that_lost_nothing_comes_back_whole():
    for line in ("石匠凿平桥面方便行人过河", "茶农采摘嫩芽炒制新茶"):
        assert redecode(shown(line))[0] == line


def test_what_can_be_nothing_else_is_written():
    line = "　　村口的石桥修好了，大家都去看，孩子们在桥上跑来跑去。"
    assert redecode(shown(line))[0].startswith("　　村口的石桥修好了")  # E3 80 80, and nothing else is like it


def test_bytes_that_fell_out_without_a_sign_are_not_guessed():
    line = LINES[1]
    damaged = shown(line).replace("\ufffd", "")
    assert redecode(damaged) == (damaged, [])  # too much is gone
    line += "村里的老人坐在树下喝茶下棋说旧事，天色暗了才各自回家。"
    repaired = redecode(shown(line).replace("\ufffd", ""))[0]
    assert LOST in repaired
    assert set(repaired) <= {*line, LOST}


def test_a_line_in_windows_1252_is_decoded_whole_or_not_at_all():
    line = "小船停在河湾里，船上的灯一直亮到天明，岸边的人都看见了。"
    damaged = line.encode("utf-8").decode("cp1252", "replace")
    assert LOST in damaged
    assert is_true_or_lost(redecode(damaged)[0], line)


def test_characters_that_look_like_a_wrong_table_stay_where_they_are_meant():
    text = "字书说：鏄、銆、涓、绗四字，旧时少用。"
    assert redecode(text) == (text, [])


def test_no_other_repair_follows_a_wrong_table():
    for line in LINES:
        text = clean(Article("a", "题目", shown(line))).article.text
        assert is_true_or_lost(text, line.strip("　")) or text == shown(line).strip("　")


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


def _read_as(text: str, meant: str, shown: str, mark: str = "\ufffd") -> str:
    return text.encode(meant).decode(shown, "replace").replace("\ufffd", mark)


def test_a_character_that_stands_twice_in_big5_is_not_guessed():
    # 、 and the first byte of 温 make 卅, which Big5 has at two places.
    text = "渡口的船工说，新茶要清、温、甘、润，晒场上的稻谷要干、净、匀、满，缺一样都不算好收成，逢集再挑到镇上去卖。"
    got, changes = redecode(_read_as(text, "gbk", "big5"))
    assert changes
    assert [char for char in got if char not in text] == [LOST] * got.count(LOST)


def test_gbk_that_big5_showed_without_a_sign_for_what_it_lost_is_left():
    text = "因为，如果船工不来，渡口的人就要绕道石桥，到集上要多走一个时辰，茶叶也就卖不上价钱了。" * 4
    damaged = _read_as(text, "gbk", "big5", "")
    assert damaged != _read_as(text, "gbk", "big5")
    assert redecode(damaged) == (damaged, [])


def test_what_reads_oddly_where_bytes_are_gone_silently_is_lost():
    text = "船工把竹排推下水，顺着缓坡漂到对岸的码头，再把一篓一篓的茶叶搬上岸去。"
    data = text.encode()
    at = data.index("缓".encode())
    gone = data[: at + 2] + data[at + 5 :]  # 缓 and 坡 have become one character, with nothing to show for it
    got = fill(gone[:-2])
    assert got is not None
    assert all(char in text or char == LOST for char in got)


def test_a_byte_that_looks_like_a_soft_hyphen_is_no_hyphen():
    # 環 is AD 68 in GBK: without its AD an h would stand there, and all behind it be paired anew.
    line = "船工說這條河的環境好了許多，涵蓋上下游的碼頭都看得見白鷺，逢集的船也多開了兩班。"
    for sign in ("", "\ufffd"):
        text = line.encode("gbk").decode("cp1252", "ignore" if not sign else "replace")
        got = clean(Article("a", "題目", text)).article.text
        assert "h境" not in got
        assert "荷w" not in got


def test_a_byte_that_looks_like_a_line_break_is_no_break():
    # 參 and 區 begin with 85 in GBK, which is a line break where letters are meant.
    line = "船工參加過三次水路普查，這個區的渡口他都到過，哪裏水淺哪裏有石，閉着眼也說得出來。"
    got = clean(Article("a", "題目", line.encode("gbk").decode("latin-1"))).article.text
    assert "\n" not in got


@pytest.mark.parametrize("times", [2, 3])
def test_what_was_shown_wrongly_twice_is_read_again_as_often(times):
    meant = shown = "渡口的旧船要大修，孩子们学着织网，全凭老人口传。"
    for _ in range(times):
        shown = shown.encode("utf-8").decode("latin-1")
    assert redecode(shown)[0] in ((meant,) if times == 2 else (meant, shown))
