"""One story under several roofs is found; the same notice for another day or place is not one."""

import numpy as np
import pytest

from index.analysis.near_duplicates import NOMINATED, SIZE, near_duplicates, nominated, signature, similarity

STORY = (
    "望榆县图书馆夜间服务昨晚启动。读者可以在一楼大厅自助借书，也可以在二楼自习到晚上十点半。"
    "馆长介绍说，夜间时段安排了四名馆员和两名保安值守，末班公交也延后到十一点。"
    "一位带孩子来的家长说，下班以后终于有地方安静地坐一会儿了。试运行为期三个月。"
)
REPRINT = "（转载）" + STORY + "\n\n责任编辑：无"
TRADITIONAL = (
    "望榆縣圖書館夜間服務昨晚啟動。讀者可以在一樓大廳自助借書，也可以在二樓自習到晚上十點半。"
    "館長介紹說，夜間時段安排了四名館員和兩名保安值守，末班公交也延後到十一點。"
    "一位帶孩子來的家長說，下班以後終於有地方安靜地坐一會兒了。試運行為期三個月。"
)
OTHER = (
    "水稻破口前后是稻瘟病侵染穗部的关键时期，田间湿度越大越要当心。打药宜在破口初期进行，隔七天再补一次。"
    "用药时田里要有浅水层，避开正午高温和降雨。收割以后要把病草带出田外，不要直接还田。"
)
NOTICE = (
    "各供热单位：经研究决定，今年冬季供暖自11月15日正式开始，请提前做好管网注水和试压。"
    "居民家中如有漏水，应当立即关闭入户阀门并拨打服务电话。供暖期间室内温度不得低于十八度。"
    "各单位要落实二十四小时值班制度，及时处理群众来电。\n望榆县住房和城乡建设局"
)


def alike(a: str, b: str) -> float:
    return float(similarity(signature(a), signature(b)[None, :])[0])


def test_a_signature_is_the_same_for_the_same_letters():
    assert signature(STORY).dtype == np.uint32
    assert signature(STORY).shape == (SIZE,)
    assert alike(STORY, STORY.replace("，", ", ").replace("。", "。\n")) == 1.0
    assert alike(STORY, TRADITIONAL) == 1.0


def test_a_reprint_is_nominated_and_another_text_is_not():
    assert alike(STORY, REPRINT) >= NOMINATED
    assert alike(STORY, OTHER) < 0.1


def test_the_estimate_is_near_the_true_similarity():
    letters = [chr(0x4E00 + i) for i in range(2_000)]
    a, b = "".join(letters[:1_000]), "".join(letters[200:1_200])
    true = (800 - 5) / (1_200 - 5)
    assert alike(a, b) == pytest.approx(true, abs=0.15)


def test_what_is_nominated_is_what_the_estimate_says():
    kinds = [STORY, OTHER, REPRINT, "喊我老公", NOTICE, "喊我老公", TRADITIONAL, NOTICE.replace("望榆县", "云汀县")]
    rows = np.stack([signature(kinds[i % len(kinds)] + "，再补一句。" * (i % 3)) for i in range(150)])
    want = [np.flatnonzero(similarity(one, rows[:i]) >= NOMINATED).tolist() for i, one in enumerate(rows)]
    assert list(nominated(rows)) == want
    assert any(want)
    assert list(nominated(rows[:0])) == []


def test_a_short_text_is_like_none():
    assert not signature("喊我老公").any()
    assert alike("喊我老公", "喊我老公") == 0.0


@pytest.mark.parametrize("copy", [REPRINT, TRADITIONAL, STORY.replace("一位带孩子来的家长说", "一名带孩子的家长说")])
def test_a_reprint_is_the_near_duplicates(copy):
    assert near_duplicates(STORY, copy)
    assert near_duplicates(copy, STORY)


@pytest.mark.parametrize(
    ("old", "new"),
    [("11月15日", "11月25日"), ("望榆县", "云汀县"), ("不得低于十八度", "不得低于二十度")],
)
def test_another_day_place_or_number_is_another_notice(old, new):
    changed = NOTICE.replace(old, new)
    assert alike(NOTICE, changed) >= NOMINATED
    assert not near_duplicates(NOTICE, changed)


def test_texts_that_share_little_are_different_stories():
    assert not near_duplicates(STORY, OTHER)
    assert not near_duplicates(STORY, "")
