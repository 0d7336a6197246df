import pytest

from index.cleaning import boilerplate
from index.cleaning.clean import clean
from index.models import Article

SURE = [
    "京ICP备12345678号-1",
    "ICP備案號:湘ICP備12345678號",
    "京公网安备 11010502000000号",
    "您是第 12345 位访问者",
    "您是第 位來訪者",
    "版权所有：某某市人民政府办公室",
    "Copyright © 2024 某某网 All Rights Reserved",
    "未经许可 不得转载",
    "（未经授权，禁止转载）",
    "还没有评论,快来抢沙发吧!",
    "已有0人参与,点击查看更多精彩评论",
    "最新评论",
    "網友評論",
    "分享到：微信 微博 QQ空间",
    "【打印】 【关闭】",
    "字号：大 中 小".replace("字号：", ""),
    "上一篇：关于召开会议的通知",
    "当前位置：首页 > 新闻中心 > 正文",
    "首页 > 政务公开 > 通知公告",
    "扫一扫在手机打开当前页",
    "平山县| 江城市| 东湖区| 西山县| 南河市| 北岭县| 石桥县| 花园市| 青龙县|",
]
KEPT = [
    "会议由县委书记主持，版权保护是今年的重点工作之一，要求各单位认真落实。",
    "他评论说，这部作品很好。",
    "欢迎来到我们的家乡！",
    "评论员文章：推动高质量发展",
    "首页设计要简洁，不要堆砌内容",
    "姓名 | 年龄 | 单位 | 电话",
    "张三 | 32 | 办公室 | 13800000000 | 男 | 北京 | 党员 | 本科 | 科长",
    "打印机的使用方法",
    "大会圆满结束",
    "分享改革成果是人民的期盼",
    "他关闭了窗户，收藏了这本书。",
    "ICP是互联网内容提供商的缩写，办理时需要哪些材料？",
    "ICP备案号办理流程",
    "公网安备案办理指南",
    "版权所有者的权利与义务",
    "软件版权所有权转让合同",
    "下一篇文章怎么写",
    "二百人参与植树",
    "200人参与植树活动",
    "第五条 未经许可使用他人商标的",
]


@pytest.mark.parametrize("line", SURE)
def test_a_line_that_nobody_writes_is_boilerplate(line):
    assert boilerplate.sure(line) is True


@pytest.mark.parametrize("line", KEPT)
def test_a_line_of_an_article_is_not(line):
    assert boilerplate.sure(line) is False


@pytest.mark.parametrize(
    "rule",
    [
        "未经许可，不得开展演出活动。",
        "未经批准授权，禁止入内",
        "未经著作权人许可，不得转载、摘编其作品。",
        "未经书面同意，任何人不得转载会议记录。",
    ],
)
def test_a_rule_about_permission_between_others_is_the_articles_own(rule):
    text = f"第三条 演出场所应当备案。\n{rule}\n第四条 本办法自发布之日起施行。"
    assert boilerplate.remove(text) == (text, [])


def test_a_notice_of_rights_goes_from_the_foot_of_a_page():
    body = "音乐会门票今天开售。"
    foot = ["本文为独家稿件，未经授权，不得转载。", "责任编辑：某某", "返回顶部"]
    assert "未经" not in boilerplate.remove("\n".join([body, *foot]))[0]


def test_doubtful_lines_go_only_in_the_company_of_sure_ones_at_the_foot():
    article = "标题\n\n正文第一段，说了一些事情。\n正文第二段，又说了一些。"
    foot = "主办单位：某某县委组织部\n技术支持：某某公司\n某ICP备12345678号\n欢迎您访问某某网"
    assert boilerplate.remove(f"{article}\n{foot}") == (article, foot.split("\n"))
    alone = f"{article}\n主办单位：某某县委组织部"
    assert boilerplate.remove(alone) == (alone, [])


def test_the_telephone_of_a_notice_stays_and_that_of_the_site_goes():
    notice = "请按时报名。\n联系电话：027-12345678"
    assert boilerplate.remove(f"{notice}\n打印本页") == (notice, ["打印本页"])
    site = "返回顶部\n联系我们 | 网站地图 | 关于我们\n联系电话：027-12345678"
    assert boilerplate.remove(f"请按时报名。\n{site}") == ("请按时报名。", site.split("\n"))


def test_a_sentence_about_licences_above_an_imprint_stays():
    law = "第三条 申请人应当持有许可证，并向主管机关申请核准。"
    assert boilerplate.remove(f"第二条 略。\n{law}\n某ICP备12345678号")[0] == f"第二条 略。\n{law}"


def test_a_long_tail_of_the_article_survives_a_comment_box():
    body = "\n".join(f"第{n}段的内容在这里，说的是第{n}件事。" for n in range(60))
    text, gone = boilerplate.remove(f"{body}\n评论一下\n评论 0人参与,0条评论\n最热评论")
    assert text == body
    assert gone == ["评论一下", "评论 0人参与,0条评论", "最热评论"]


def test_boilerplate_in_the_middle_of_a_long_article_is_left():
    body = "\n".join([*(f"第{n}段。" for n in range(40)), "最新评论", *(f"第{n}段。" for n in range(40, 120))])
    assert boilerplate.remove(body) == (body, [])


def test_a_page_of_nothing_but_boilerplate_is_left_alone():
    assert boilerplate.remove("最新评论\n打印本页") == ("最新评论\n打印本页", [])


def test_lines_repeated_across_a_source_are_learned():
    counts = boilerplate.BoilerplateCounts(least=3, share=0.3)
    for n in range(10):
        counts.add("某报", f"{'甲乙丙丁戊己庚辛壬癸'[n]}说的话。\n某报客户端下载 第{n}期")
        counts.add("别家", f"别家{'甲乙丙丁戊己庚辛壬癸'[n]}说的话。")
    learned = boilerplate.of_source(counts.lines(), "某报")
    assert learned == {boilerplate.key("某报客户端下载 第9期", end=end) for end in (True, False)}  # a short page
    text = "今天的正文。\n某报客户端下载 第77期"
    assert boilerplate.remove(text, learned) == ("今天的正文。", ["某报客户端下载 第77期"])


def test_a_line_that_stands_in_few_articles_is_not_learned():
    counts = boilerplate.BoilerplateCounts(least=3, share=0.3)
    for n in range(30):
        counts.add("某报", f"正文{n}甲乙丙丁" + ("\n会议强调" if n < 5 else ""))
    assert boilerplate.key("会议强调", end=True) not in boilerplate.of_source(counts.lines(), "某报")


def test_what_one_source_repeats_is_left_in_the_pages_of_another():
    counts = boilerplate.BoilerplateCounts(least=3, share=0.3)
    for n in range(10):
        counts.add("某报", f"{'甲乙丙丁戊己庚辛壬癸'[n]}说的话。\n微信公众号投稿须知")
    text = "今天的正文。\n微信公众号投稿须知"
    known = boilerplate.per_source(counts.lines())
    assert boilerplate.remove(text, known(Article("a", "题目", text, source="某报")))[1] == ["微信公众号投稿须知"]
    assert boilerplate.remove(text, known(Article("a", "题目", text, source="别家"))) == (text, [])


def learned_of(texts):
    counts = boilerplate.BoilerplateCounts()
    for text in texts:
        counts.add("folder", text)
    return boilerplate.of_source(counts.lines(), "folder")


def test_serial_titles_headings_and_closing_sentences_are_no_boilerplate():
    texts = [
        f"{year}年柳溪乡蚕桑纪要\n本期要闻\n{year}年春蚕收茧{year - 1900}担。\n桑园\n"
        f"桑叶比上年{'多' * (year % 3 + 1)}。\n"
        f"来稿请寄编辑部\n本纪要共印{year - 1990}份，存乡公所。\n柳溪乡公所\n{year}年12月31日"
        for year in range(2001, 2025)
    ]
    learned = learned_of(texts)
    for text in texts:
        assert boilerplate.remove(text, learned, titled=False) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "读者来信\n评论\n张家湾的读者说桥修得好。",
        "茶经新注\n此书注文详实。\n相关阅读\n《茶录》讲点茶，《大观茶论》讲制茶。",
    ],
)
def test_a_word_that_heads_a_section_stays(text):
    assert boilerplate.remove(text) == (text, [])


def test_the_same_word_goes_where_nothing_of_the_article_follows():
    page = "茶经新注\n此书注文详实。"
    assert boilerplate.remove(f"{page}\n相关阅读\n打印本页") == (page, ["相关阅读", "打印本页"])


@pytest.mark.parametrize("title", ["评论", "收藏", "扫码支付手机安全须知", "相关链接", "上一篇"])
def test_a_first_line_that_may_be_the_title_stays(title):
    text = f"{title}\n今天说的就是这件事。"
    assert boilerplate.remove(text, titled=False) == (text, [])
    assert boilerplate.remove(f"当前位置：首页 > 正文\n{text}", titled=False)[1] == ["当前位置：首页 > 正文"]


def test_what_a_source_repeats_goes_only_from_the_end_where_it_repeats_it():
    snow = ["山上下了雪。"] * 12
    pages = ["\n".join([f"第{n}号消息", *snow, "石门晨讯网"]) for n in range(8)]
    learned = learned_of(pages)
    assert boilerplate.remove(pages[0], learned)[1] == ["石门晨讯网"]
    moved = "石门晨讯网\n石门晨讯网\n石门晨讯网\n今天开通，众人来贺。"
    assert boilerplate.remove(moved, learned) == (moved, [])


def test_contacts_tables_and_issuers_of_notices_are_not_learned():
    texts = [
        f"第{n}次培训通知\n姓名 | 单位 | 热线\n请于{n}日到会。\n报名热线：5550{n}\n石门镇农技站" for n in range(1, 9)
    ]
    assert learned_of(texts) == frozenset()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("打印\n打印机在二楼，卡纸先断电。", "打印\n打印机在二楼，卡纸先断电。"),
        ("分享\n三家各讲了补网的法子。", "分享\n三家各讲了补网的法子。"),
        ("打印\n收藏\n打印机在二楼，卡纸先断电。", "打印机在二楼，卡纸先断电。"),
        ("阅读 312\n打印机在二楼，卡纸先断电。", "打印机在二楼，卡纸先断电。"),
        ("船期贴在码头。\n扫描二维码，可看下月船期。", "船期贴在码头。\n扫描二维码，可看下月船期。"),
        ("船期贴在码头。\n扫描下方二维码关注我们", "船期贴在码头。"),
        ("船期贴在码头。\n扫描二维码", "船期贴在码头。"),
    ],
)
def test_a_word_of_a_button_alone_below_the_title_may_be_a_heading_and_a_sentence_tells_something(text, left):
    assert clean(Article("a", "办事须知", text)).article.text == left
