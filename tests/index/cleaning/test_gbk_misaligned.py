import random

import pytest

from index.cleaning import gbk_misaligned
from index.cleaning.charmodel import STEP, load

SOUND = "全县各级领导干部都要认真学习有关精神,按时完成任务,让群众满意。该区的数据显示,产业发展潜力很大。"

LOST = "你有的话。我总是烙谔《琳呦胨档幕!很好"  # 我总是乐于听取读者想说的话, without the first byte of 乐
GAINED = "如果要依赖的,将要览倒叵盗斜硎游? 不必"  # 将依赖关系列表视为, with a byte before 依


def test_sound_text_holds_no_stretch():
    assert gbk_misaligned.find(SOUND) == []


@pytest.mark.parametrize(
    "text", ["", "abc", "中", "\ud800中文😀", "？？？", "日本語のテキスト", "在 、、、、、、、、 和", "😀" * 9]
)
def test_any_text_can_be_asked(text):
    assert gbk_misaligned.find(text) == []


@pytest.mark.parametrize(("text", "mark"), [(LOST, "烙"), (GAINED, "览")])
def test_a_misaligned_run_is_seen_to_its_end(text, mark):
    (stretch,) = gbk_misaligned.find(text)
    assert text.index(mark) <= stretch.start <= text.index(mark) + 3
    assert 5 <= stretch.end - stretch.start <= 10


@pytest.mark.parametrize("least", [gbk_misaligned.THRESHOLD, 4.0])
def test_many_texts_are_searched_as_each_alone(least):
    texts = ["", "abc", LOST, SOUND * 900, f"{SOUND}\n{GAINED}", "\ud800中文😀", LOST[:9], LOST[9:], GAINED * 40, SOUND]
    random.Random(2).shuffle(texts)
    assert gbk_misaligned.find_all(texts, least) == [gbk_misaligned.find(text, least) for text in texts]
    assert gbk_misaligned.find_all([]) == []


def test_every_misaligned_run_is_found():
    assert len(gbk_misaligned.find(f"{LOST}\n{SOUND}\n{LOST}")) == 2


def test_more_is_asked_of_a_stretch_by_a_higher_bar():
    assert gbk_misaligned.find(LOST)
    assert gbk_misaligned.find(LOST, 1000.0) == []


def plainly(text, least):
    """The stretches, a character at a time: `ahead` grows by what each gains, and begins anew below 0."""
    codes, table = gbk_misaligned._codes(), load().table
    points = [min(ord(char), 0x10000) % 0x10000 for char in text + "\n"]
    found, ahead, start, before, run = [], 0, 0, 0, None
    for at, (here, behind) in enumerate(zip(points, points[1:], strict=False)):
        first, second = int(codes.trail[here]), int(codes.lead[behind])
        pair = int(codes.pair[first | second])
        shown = min(int(table[codes.shown[here], codes.shown[behind]]), gbk_misaligned._MAX_STEPS)
        gained = shown - (int(table[before, pair]) if pair >= 0 else gbk_misaligned._UNDEFINED)
        gained = min(gained, 0) if here == behind else gained
        gained = gained if first and second else gbk_misaligned._BORDER
        before = max(pair, 0)
        start = at if ahead <= 0 and at else start
        ahead = max(ahead, 0) + gained
        if ahead >= least / STEP:
            run = max(run or (0, 0, 0), (ahead, -at, start))
        elif run:
            found.append((run[2], 1 - run[1]))
            run = None
    return [*found, (run[2], 1 - run[1])] if run else found


def test_what_can_be_left_out_changes_nothing():
    rng = random.Random(3)
    texts = [SOUND, LOST, GAINED, "在 、、、、和😀\ud800", "郑泽光强调，自从", "abc@中"]
    for _ in range(200):
        data = bytearray("".join(rng.sample(texts, 3)).encode("gb18030", "ignore"))
        del data[rng.randrange(len(data))]
        text = data.decode("gb18030", "ignore") + rng.choice(texts)
        for least in (gbk_misaligned.THRESHOLD, 9.0, 4.0):
            assert [one[:2] for one in gbk_misaligned.find(text, least)] == plainly(text, least)


def test_a_stretch_is_over_where_what_follows_no_longer_reads_better():
    shown = "全县各级斓几刹慷家认真学习有关精神，按时完成任务，让群众满意。"  # 领导干部都要, without two bytes
    (stretch,) = gbk_misaligned.find(shown)
    assert shown[stretch.start : stretch.end] == "几刹慷"
    assert stretch.over == stretch.end + 2
