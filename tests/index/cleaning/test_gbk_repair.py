import math
import re

import pytest

from index.cleaning import gbk_repair, pinyin_annotations
from index.cleaning.gbk_beam import Search, units_of
from index.cleaning.gbk_codes import Context, script_of
from index.cleaning.mojibake import redecode

NEWS = (
    "近日，平安县委召开会议，研究部署今年的重点工作。会议指出，全县各级领导干部要加强学习，提高能力。"
    "平安县委书记在会上说，要把服务群众的工作做好，让群众满意。平安县是农业大县。"
)
TRADITIONAL = (
    "本市召開會議，研究部署今年的重點工作。會議指出，各級領導幹部要加強學習，提高能力，該區的發展為大家服務，"
    "讓群眾滿意。該區是農業大區，該區的數據顯示，產業發展潛力很大。市直機關的同志說，該區發展潛力大。"
)


def half(text):
    return text.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)})


def shown(data):
    return re.sub("[\ue000-\uf8ff]", "", data.decode("gb18030", "replace")).replace("\ufffd", "?")


def pasted(sound, *readings):
    """Readings pasted into the bytes of `sound`, wherever two bytes look like their character, and shown again."""
    data = sound.encode("gbk")
    for char, reading in readings:
        data = data.replace(char.encode("gbk"), char.encode("gbk") + f"({reading})".encode("gb18030"))
    out, at = "", 0
    while at < len(data):
        pair = data[at : at + 2]
        if pair[0] < 0x80:
            out, at = out + chr(pair[0]), at + 1
            continue
        try:
            out += pair.decode("gb18030")
        except UnicodeDecodeError:
            out += "?"  # and the bracket behind it is swallowed
        at += 2
    return out


EXACT = [  # the sound sentence, and the characters that two of its neighbours' bytes only look like
    ("我們要拓展潛力巨大的本地機構,再做研究", [("節", "jié")], "?jié)"),
    ("這本書很好看,因為大家都喜歡,所以要再印", [("驗", "yàn")], "?yàn)"),
    ("大家要懂得‘數據’的用處", [("數", "shù"), ("當", "dāng"), ("據", "jù")], "?dāng)?shù)"),
    ("這個領域專項檢查已經做完", [("驅", "qū"), ("項", "xiàng")], "?qū)"),
]


@pytest.mark.parametrize(("sound", "readings", "mark"), EXACT)
def test_a_reading_pasted_inside_a_character_gives_its_byte_back(sound, readings, mark):
    damaged = half(pasted(sound, *readings))
    assert mark in damaged
    assert gbk_repair.repair(pinyin_annotations.remove(damaged)[0])[0] == sound


def test_a_lost_byte_is_put_back_in_an_article_that_held_annotations():
    text = half(TRADITIONAL) + "\n“大家都說好!痹搮^的工作很好"
    repaired, changes = gbk_repair.repair(text, damaged=True)
    assert repaired.endswith("“大家都說好!”該區的工作很好")
    assert [(change.before, change.after) for change in changes] == [("好!痹搮^的工", "好!”該區的工")]


def test_a_halved_mark_across_a_border_is_read_as_the_full_stop_it_was():
    text = half(TRADITIONAL) + "\n本縣已經召開會議??h里的同志都來了,縣里的領導也來了。"
    assert "召開會議。縣里的同志" in gbk_repair.repair(text, damaged=True)[0]


def test_a_character_that_cannot_be_known_again_is_shown_as_a_question_mark():
    text = half(TRADITIONAL) + "\n排隊的時候,李小??粗謾C里的消息說"
    assert "李小?看著手機里的消息" in gbk_repair.repair(text, damaged=True)[0]


SOUND = [NEWS, TRADITIONAL, half(NEWS), "维生素C、A股和T恤", "什么??真的吗", "朱祁镇、朱祁钰与于谦", ""]


@pytest.mark.parametrize("text", SOUND)
def test_sound_text_is_left_alone(text):
    assert gbk_repair.repair(text) == (text, [])
    assert gbk_repair.repair(text, damaged=True) == (text, [])


def test_a_byte_lost_in_plain_text_is_found_by_the_run_it_misaligns():
    sound = half(NEWS) + "全县各级领导干部都要认真学习有关精神,2024年完成任务"
    data = sound.encode("gbk")
    at = data.index("级领导干部都".encode("gbk"))
    repaired = gbk_repair.repair(shown(data[:at] + data[at + 1 :]))[0]
    assert "全县各级领导干部都要认真学习有关" in repaired


@pytest.mark.parametrize(("meant", "shown_as"), [("utf-8", "latin-1"), ("gbk", "latin-1"), ("utf-8", "gb18030")])
def test_a_wrong_table_is_undone(meant, shown_as):
    text = "关于做好全市安全生产工作的通知，各县区人民政府办公室"
    broken = text.encode(meant).decode(shown_as, "replace")
    repaired, changes = redecode(f"标题\n{broken}\n正文")
    assert repaired.split("\n")[1][:12] == text[:12]
    assert [change.step for change in changes] == ["decoding"]


RIGHT = [
    NEWS,
    "咖啡馆的名字叫 Café à la crème，很法国。",
    "naïve 的意思是天真，Müller 是姓。",
    "さくらは桜のことです。",
]


@pytest.mark.parametrize("text", RIGHT)
def test_rightly_decoded_text_is_left_alone(text):
    assert redecode(text) == (text, [])


def test_units_are_the_bytes_of_the_display():
    units = units_of("區A😀")
    assert [unit.options for unit in units] == [(0x85,), (0x5E,), (0x41,), ()]
    assert [unit.opens for unit in units] == [True, False, True, True]


def test_annotations_then_misaligned_bytes_is_stable():
    text = half(TRADITIONAL) + "數據表明,要拓展?jié)摿薮蟮谋镜貦C構".replace("數據", "數(shù)據(jù)")
    once = gbk_repair.repair(pinyin_annotations.remove(text)[0], damaged=True)[0]
    assert once.endswith("數據表明,要拓展潛力巨大的本地機構")
    assert gbk_repair.repair(pinyin_annotations.remove(once)[0], damaged=True)[0] == once


def test_gbk_read_as_big5_is_undone_but_for_the_bytes_that_fell_out():
    text = "老船工说，过去运茶全靠木船，一船茶叶要走三天。如今公路通到山脚，卡车半天就能来回。"
    broken = text.encode("gbk").decode("big5", "replace")
    assert "\ufffd" in broken
    again = redecode(broken)[0]
    assert len(again) == len(text)
    assert all(char in (sound, "\ufffd") for char, sound in zip(again, text, strict=True))
    assert again.count("\ufffd") <= len(text) // 4


def test_gbk_read_as_big5_without_a_sign_is_left_for_a_lost_byte_would_not_show():
    line = "中文网站的编码问题很常见。今天我们来讨论"
    broken = line.encode("gbk").decode("big5")
    for text in (broken, "\n".join([broken] * 6)):
        assert redecode(text) == (text, [])


@pytest.mark.parametrize("sound", [NEWS, TRADITIONAL])
def test_a_search_is_given_up_only_where_it_would_find_nothing_better(sound):
    context, outcomes = Context(sound, script_of(sound)), set()
    for start in range(0, 70, 3):
        data = sound[start : start + 30].encode("gbk")
        for old in (sound[start : start + 30], shown(data[:15] + data[16:])):  # as it is, and without a byte
            search, units = Search(context, ""), units_of(old)
            every = search.run(units, first=10, last=18)
            found = search.run(units, first=10, last=18, enough=12.0)
            best = max((reading.score for reading in every if reading.text != old), default=-math.inf)
            assert found == every or (not found and best < context.score(old, "") + 12.0)
            outcomes.add(bool(found))
    assert outcomes == {True, False}
