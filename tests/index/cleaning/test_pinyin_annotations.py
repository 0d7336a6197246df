import pytest

from index.cleaning import pinyin_annotations

ANNOTATED = [
    ("堅持創(chuàng)新驅(qū)動(dòng)發(fā)展", "堅持創新驅動發展"),
    ("堅持創（chuàng）新發（fā)展", "堅持創新發展"),
    ("堅持創(chuang)新驅(qu)動發(fa)展", "堅持創新驅動發展"),
    ("長(zhǎng)江流域成長(zhǎng)，全長(cháng)六千公里", "長江流域成長，全長六千公里"),
    ("女(nü)士和綠(lǜ)色產業(yè)", "女士和綠色產業"),
    ("数(shù)据中心的业(yè)务创(chuàng)新", "数据中心的业务创新"),
]
POLYPHONES = [
    ("行", "háng"),
    ("行", "xíng"),
    ("重", "zhòng"),
    ("重", "chóng"),
    ("都", "dōu"),
    ("都", "dū"),
    ("得", "dé"),
    ("得", "de"),
    ("了", "liǎo"),
    ("了", "le"),
]
MEANT = [
    "周末去唱卡拉OK(karaoke)。",
    "汉语拼音“fāng”写作方块的样子。",
    "拼音课上，老师教了妈(mā)、麻(má)、马(mǎ)、骂(mà)四个声调。",
    "三头牛叠在一起念犇(bēn)，是奔跑的意思。",
    "安徽六(lù)安市位于大别山北麓。",
    "他在函数(function)里写了注释(comment)。",
    "请见附件(a)和附件(b)。",
    "煲(bāo)：用文火慢慢煮。\n熬(áo)：小火长时间煮。\n烤(kǎo)：用火烘熟。\n醉(zuì)：用酒泡制。",
    "【煨(wēi)】用小火煮到软糯(nuò)。\n【卤(lǔ)】浸入卤汁。\n【烤(kǎo)】用火烘。\n【茸】加工成泥(ní)末(mò)的肉。",
    "北京(beijing)和上海(shanghai)之间有高铁。",
]


@pytest.mark.parametrize(("before", "after"), ANNOTATED)
def test_a_reading_behind_its_character_goes(before, after):
    assert pinyin_annotations.remove(before)[0] == after


@pytest.mark.parametrize(("char", "reading"), POLYPHONES)
def test_every_reading_of_a_polyphone_goes_where_the_article_is_full_of_annotations(char, reading):
    text = f"經(jīng)濟發(fā)展與創(chuàng)新{char}({reading})的質(zhì)量"
    assert pinyin_annotations.remove(text)[0] == f"經濟發展與創新{char}的質量"


@pytest.mark.parametrize("text", MEANT)
def test_a_reading_that_is_meant_stays(text):
    assert pinyin_annotations.remove(text) == (text, [])


def test_a_lesson_about_readings_keeps_them_in_an_article_without_annotations_elsewhere():
    text = "普通话里，“长”是多音字：长(cháng)短的长，长(zhǎng)大的长，读音不同。"
    assert pinyin_annotations.remove(text)[0] == text


def test_the_reading_of_another_character_stays():
    assert pinyin_annotations.remove("展(jié)開")[0] == "展(jié)開"


def test_an_annotation_behind_a_character_that_a_lost_byte_split_goes_too():
    # 區 is 85 5E: the misaligned bytes show a character that ends in 85, and a ^
    assert pinyin_annotations.remove("領(lǐng)導(dǎo)痹搮^(qū)重點(diǎn)")[0] == "領導痹搮^重點"


def test_one_change_per_piece():
    text, changes = pinyin_annotations.remove("創(chuàng)新發(fā)展")
    assert text == "創新發展"
    assert [(change.step, change.before, change.after) for change in changes] == [
        ("pinyin_annotations", "創(chuàng)", "創"),
        ("pinyin_annotations", "發(fā)", "發"),
    ]


@pytest.mark.parametrize(("reading", "plain"), [("chuàng", "chuang"), ("lǜ", "lu"), ("nv", "nu"), ("shɑ̀ng", "shang")])
def test_base_drops_the_tone(reading, plain):
    assert pinyin_annotations.base(reading) == plain


def test_readings_of_a_traditional_form_hold_those_of_the_simplified_one():
    assert {"zhang", "chang"} <= pinyin_annotations.readings("長")


def test_every_reading_looks_like_one_and_few_words_do():
    from pypinyin.constants import PINYIN_DICT

    plain = {pinyin_annotations.base(reading) for readings in PINYIN_DICT.values() for reading in readings.split(",")}
    assert len(plain) > 400
    assert not [reading for reading in plain if not pinyin_annotations._READING.fullmatch(reading)]
    assert not any(
        map(pinyin_annotations._READING.fullmatch, ("karaoke", "function", "gdp", "iii", "low", "pr", "visit"))
    )
