import pytest

from index import shifts

SOUND = "全县各级领导干部都要认真学习有关精神,按时完成任务,让群众满意。该区的数据显示,产业发展潜力很大。"

LOST = "你有的话。我总是烙谔《琳呦胨档幕!很好"  # 我总是乐于听取读者想说的话, without the first byte of 乐
GAINED = "如果要依赖的,将要览倒叵盗斜硎游? 不必"  # 将依赖关系列表视为, with a byte before 依


def test_sound_text_holds_no_stretch():
    assert shifts.find(SOUND) == []


@pytest.mark.parametrize(
    "text", ["", "abc", "中", "\ud800中文😀", "？？？", "日本語のテキスト", "在 、、、、、、、、 和", "😀" * 9]
)
def test_any_text_can_be_asked(text):
    assert shifts.find(text) == []


@pytest.mark.parametrize(("text", "sign"), [(LOST, "烙"), (GAINED, "览")])
def test_a_shifted_run_is_seen_to_its_end(text, sign):
    (stretch,) = shifts.find(text)
    assert text.index(sign) <= stretch.start <= text.index(sign) + 3
    assert 5 <= stretch.end - stretch.start <= 10


def test_every_shifted_run_is_found():
    assert len(shifts.find(f"{LOST}\n{SOUND}\n{LOST}")) == 2


def test_more_is_asked_of_a_stretch_by_a_higher_bar():
    assert shifts.find(LOST)
    assert shifts.find(LOST, 1000.0) == []
