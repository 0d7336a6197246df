import re
from functools import cache
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.cleaning.clean import CLEANER_VERSION, STEPS, clean, clean_all
from index.models import Article

SEEDS = Path(__file__).parents[4] / "shared" / "seeds"


def digest(text):
    return blake2b(text.encode(), digest_size=8).hexdigest()


def text_of(raw, **given_fields):
    return clean(Article("a", given_fields.pop("title", "题目"), raw, **given_fields)).article.text


BY_STEP = {
    "decoding": [("关于做好安全生产工作的通知".encode().decode("latin-1"), "关于做好安全生产工作的通知")],
    "characters": [
        ("甲\r\n乙\r丙", "甲\n乙\n丙"),
        ("零\u200b宽\ufeff字\u00ad符", "零宽字符"),
        ("　　段首空两格。  \n　　第二段。", "段首空两格。\n第二段。"),
        ("甲\n\n\n\n乙", "甲\n\n乙"),
        ("不\xa0断空格", "不 断空格"),
        ("控\x00制\x07符", "控制符"),
        ("a  b", "a  b"),
    ],
    "pinyin_annotations": [("堅持創(chuàng)新驅(qū)動(dòng)", "堅持創新驅動")],
    "misaligned_gbk": [("我們開(kāi)會(huì)研究,因?yàn)檫@一天大家都來了", "我們開會研究,因為這一天大家都來了")],
    "boilerplate": [("正文在这里。\n还没有评论,快来抢沙发吧!", "正文在这里。")],
    "metadata": [("来源：某某网 2024-01-02\n正文在这里。", "正文在这里。")],
    "title": [("题目\n\n正文在这里。", "正文在这里。")],
}


def test_every_step_has_its_cases():
    assert [step.name for step in STEPS] == list(BY_STEP)
    assert CLEANER_VERSION >= 1


@pytest.mark.parametrize(("before", "after"), [case for cases in BY_STEP.values() for case in cases])
def test_before_and_after(before, after):
    assert text_of(before) == after


def test_articles_cleaned_together_come_out_as_each_alone():
    pages = [
        (Article(str(n), "题目", before), frozenset({"正文在这里。"} if n % 2 else ()))
        for n, (before, _) in enumerate(case for cases in BY_STEP.values() for case in cases)
    ]
    assert clean_all(pages) == [clean(article, boilerplate=boilerplate) for article, boilerplate in pages]
    assert clean_all([]) == []


def test_sound_text_comes_out_as_it_went_in():
    text = "第一段，有“引号”、《书名》和 English words，3.5%。\n\n第二段：A股 | B股 | C股\n- 一项\n- 二项"
    cleaned = clean(Article("a", "题目", text))
    assert cleaned.article.text == text
    assert cleaned.changes == ()


def test_fields_fill_what_was_missing_and_keep_what_was_given():
    raw = "来源：某某网 2024-01-02\n记者:张三丨编辑:李四\n正文在这里，有很多话。"
    article = clean(Article("a", "题目", raw, source="给定的来源")).article
    assert (article.source, article.author, article.published) == ("给定的来源", "张三", "2024-01-02")
    assert article.meta == {"editor": "李四"}
    assert article.text == "来源：某某网 2024-01-02\n正文在这里，有很多话。"  # which nothing else says


def test_a_title_is_found_where_none_was_given():
    article = clean(Article("a", "", "关于防汛的通知\n来源：某某网\n\n各单位要认真落实。")).article
    assert (article.title, article.text) == ("关于防汛的通知", "各单位要认真落实。")


def test_the_title_is_repaired_like_the_text():
    assert clean(Article("a", "創(chuàng)新發(fā)展", "正文在這里。")).article.title == "創新發展"


def test_changes_say_step_before_and_after():
    changes = clean(Article("a", "题目", "創(chuàng)新發(fā)展\n评论一下")).changes
    assert [(change.step, change.before, change.after) for change in changes] == [
        ("pinyin_annotations", "創(chuàng)", "創"),
        ("pinyin_annotations", "發(fā)", "發"),
        ("boilerplate", "评论一下", ""),
    ]


def test_learned_boilerplate_goes():
    article = Article("a", "题目", "正文在这里。\n某报客户端下载")
    assert clean(article, boilerplate=frozenset({"$某报客户端下载"})).article.text == "正文在这里。"


NOISE = st.sampled_from(
    (
        *("創(chuàng)新", "展?jié)撛诘", "!痹搮^", "来源：某网", "2024-01-02", "评论一下", "\n", "\n\n", "正文。"),
        *("記者:張三", "(a)", "ä¸\xadæ–‡", "涓枃", "\ufffd", "??h委", "编辑：李四", "1", "ICP备12345678号"),
        *("　", "“", "”", "。", "標題"),
    )
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(NOISE, st.text(max_size=8)), max_size=14))
def test_cleaning_twice_is_cleaning_once(parts):
    once = clean(Article("a", "", "".join(parts))).article
    assert clean(once).article == once


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the crawled articles are not in this checkout")
class TestSeeds:
    @staticmethod
    @cache
    def article(number):
        path = sorted(SEEDS.glob("*.txt"))[number]
        return clean(Article(path.stem, "", path.read_text(encoding="utf-8")))

    @pytest.mark.parametrize("number", range(5))
    def test_no_annotation_is_left_and_nothing_else_is_lost(self, number):
        text = self.article(number).article.text
        assert re.findall(r"[?(（][a-zāáǎàēéěèīíǐìōóǒòūúǔùǜ]+[)）]", text) == []

    # The articles are not ours to copy: what must stand in them is known by its length and digest only.
    @pytest.mark.parametrize(
        ("number", "length", "expected"),
        [
            (1, 17, "2f06e059669e9b4e"),
            (1, 14, "c5292d18327b3504"),
            (1, 10, "5515f13d221c004d"),
            (2, 14, "41747224c693b4dd"),
            (4, 11, "74e77905fa6226de"),
            (4, 9, "2c5c95069e6181e3"),
            (4, 12, "eae50c97ade6725d"),
            (4, 12, "7a5f17f46467fbec"),
        ],
    )
    def test_misaligned_bytes_are_read_again(self, number, length, expected):
        text = self.article(number).article.text
        assert expected in {digest(text[at : at + length]) for at in range(len(text) - length + 1)}

    def test_fields(self):
        first, third, fourth = (self.article(number).article for number in (0, 3, 4))
        assert digest(first.author) == "f5bc83cc75041491"
        assert digest(first.meta["editor"]) == "bcd6e95377e261ad"
        assert sorted(first.meta) == ["correspondent", "editor", "other_editor", "proofreader", "reviewer"]
        assert (digest(third.source), third.published) == ("e24155e6d042f7b7", "2024-01-29")
        assert digest(fourth.meta["correspondent"]) == "2afed6f337f00ee4"

    def test_boilerplate_is_gone_and_the_last_paragraph_is_not(self):
        assert digest(self.article(0).article.text[-8:]) == "f49e11028b3f250c"
        assert digest(self.article(3).article.text[-8:]) == "5b0c8cc26dfd8abb"
        assert next(c.before for c in self.article(3).changes if c.step == "boilerplate") == "1"
