"""Short forms that texts define are learned, what only looks like one is not."""

import pytest

from index.analysis.short_forms import ShortForms, definitions, learned
from index.analysis.tokenizer import Tokenizer

TOKENIZER = Tokenizer()


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("对申请最低生活保障（以下简称低保）的家庭进行核查。", ("低保", "最低生活保障")),
        ("本市推行科学技术普及（以下简称“科普”）工作。", ("科普", "科学技术普及")),
        ("依照《反电信网络诈骗法》（以下简称《反电诈法》）处理。", ("反电诈法", "反电信网络诈骗法")),
        ("由市人民代表大会常务委员会(下称市人大常委会)決定。", ("市人大常委会", "市人民代表大会常务委员会")),
        ("天热时，葵扇（又称蒲扇）好卖，凉茶也好卖。", ("蒲扇", "葵扇")),
        ("天热时街坊们都爱摇葵扇（又称蒲扇）。", None),
        ("縣裡的農村公共汽車（俗稱農公車）每天四班。", ("农公车", "农村公共汽车")),
        ("某某云汀啤酒股份有限公司（以下简称公司）公告如下。", None),
        ("《云汀市供水条例》（以下简称《条例》）已经通过。", None),
        ("本市的中学、小学和幼儿园（以下统称学校）应当开放操场。", None),
        ("昨天下雨（天气预报说的），大家没有出门。", None),
    ],
)
def test_what_a_text_defines(text, pair):
    assert next(definitions(text, TOKENIZER), None) == pair


def test_a_traditional_text_defines_in_simplified_script():
    pairs = dict(definitions("農村公共汽車（以下簡稱農汽）停在渡口。", TOKENIZER))
    assert pairs == {"农汽": "农村公共汽车"}


def test_what_is_defined_in_several_ways_tells_nothing():
    pairs = 2 * [("北大", "北京大学")] + [("北大", "东北大学"), ("中心", "中国心理学会"), ("中心", "中药心得")]
    forms = ShortForms(learned({}, pairs))
    assert forms.within("北大和中心") == {"北大": ["北京大学"]}
    assert forms.within("去北京大学怎么走") == {"北京大学": ["北大"]}


def test_what_was_learned_grows_and_stays_small(monkeypatch):
    known = learned({}, [("低保", "最低生活保障")])
    assert learned(known, []) == known
    assert learned(known, [("低保", "最低生活保障")]) == {"低保": {"最低生活保障": 2}}
    monkeypatch.setattr("index.analysis.short_forms._MAX_FORMS", 1)
    assert set(learned(known, [("科普", "科学普及"), ("科普", "科学普及")])) == {"科普"}


def test_of_names_within_names_the_longest_counts():
    forms = ShortForms(learned({}, [("人大", "人民代表大会"), ("市人大", "市人民代表大会")]))
    assert set(forms.within("市人大开会")) == {"市人大"}
