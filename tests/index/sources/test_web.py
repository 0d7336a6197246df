"""Pages as people save them: what is the article is kept, however it is marked up."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from index.cleaning.clean import clean
from index.models import Article
from index.sources import web
from index.sources.articles import read_sources
from index.sources.page_blocks import visible_text
from index.sources.page_fields import author_of, source_of
from scripts.bench.extraction import FIELDS, ours, scores
from scripts.bench.made_pages import pages

NAV = "<ul class='nav'><li><a href='/'>首页</a></li><li><a href='/a'>要闻</a></li><li><a href='/b'>服务</a></li></ul>"
FOOT = (
    "<p>网站声明 使用帮助 联系方式</p><p>主管：柳溪县融媒体中心 技术支持：柳溪县信息站 邮编：000000</p>"
    "<p>建议用新版浏览器看本站，转载请写明出处，侵权必究，谢谢各位网友一直以来的支持。</p>"
)
BODY = ["渡口的船修好了，逢集多开两班。", "雨天不开船，走石桥。"]


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{BODY[0]}<br>{BODY[1]}</div>",
        f"<section><section>{BODY[0]}</section><section>{BODY[1]}</section></section>",
        f"<table><tr><td>{BODY[0]}</td></tr><tr><td>{BODY[1]}</td></tr></table>",
        f"<center><font>{BODY[0]}</font><p>{BODY[1]}</center>",
        f"<article><p>{BODY[0]}</p><p>{BODY[1]}</p></article>",
    ],
)
def test_a_short_body_beside_longer_furniture_is_the_article(body):
    page = f"<html><head><title>渡口通知</title></head><body>{NAV}{body}{FOOT}</body></html>"
    found = web.html(page)
    assert found["title"] == "渡口通知"
    assert all(line in found["text"] for line in BODY)
    assert "首页" not in found["text"]
    assert "技术支持" not in found["text"]


@pytest.mark.parametrize("end", ["</body></html>", "</html>", "</body>"])
def test_what_follows_the_end_of_the_page_is_read(end):
    page = f"<html><body>{NAV}{end}<div><p>{BODY[0]}</p></div>{end}<p>{BODY[1]}</p>{end}"
    assert all(line in web.html(page)["text"] for line in BODY)


def test_inline_elements_cut_no_sentence():
    page = "<html><body><p>石<b>匠</b>把<a href='/x'>桥面</a>的<span>石板</span>换<em>了</em>三块。</p></body></html>"
    assert web.html(page)["text"] == "石匠把桥面的石板换了三块。"


def test_readings_above_characters_are_left_out():
    ruby = "<p>船<ruby>桅<rp>(</rp><rt>wéi</rt><rp>)</rp></ruby>上<ruby>挂<rt>guà</rt></ruby>着灯。</p>"
    assert visible_text(ruby) == "船桅上挂着灯。"


def test_a_saved_page_of_an_account_is_its_content():
    page = (
        "<html><head><meta property='og:title' content='采茶的早晨'></head><body><h1 id='activity-name'>采茶的早晨</h1>"
        "<a id='js_name'> 柳溪茶话 </a><script>var ct = \"1710460800\";</script>"
        "<div class='rich_media_content' id='js_content' style='visibility: hidden; opacity: 0;'>"
        "<section><p><span>天不亮就上山，</span><span>露水还在叶上。</span></p></section><p>一人一早采三斤。</p></div>"
        "<div>预览时标签不可点 微信扫一扫关注该公众号</div></body></html>"
    )
    found = web.html(page)
    assert found["text"] == "天不亮就上山，露水还在叶上。\n\n一人一早采三斤。"
    assert (found["title"], found["source"]) == ("采茶的早晨", "柳溪茶话")
    assert found["published"] == 1710460800


def test_lists_of_links_and_counts_are_left_out():
    hot = "".join(f"<li><a href='/{n}'>热闻第{n}条说的是别处的事</a></li>" for n in range(8))
    text = "".join(f"<p>{line}大家都这么说，船工也这么说。</p>" for line in BODY)
    found = web.html(
        f"<html><body><h1>渡口</h1>{text}<p>128条评论</p><div class='hot-list'><ul>{hot}</ul></div></body></html>"
    )
    assert all(line in found["text"] for line in BODY)
    assert "热闻" not in found["text"]
    assert "128条评论" not in found["text"]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<meta property='og:title' content='{{title}}'><title>渡口改期 - 柳溪新闻网</title>", "渡口改期"),
        ("<meta property='og:title' content='&lt;b&gt;渡'><title>渡口改期_柳溪网</title>", "渡口改期"),
        ("<meta property='og:title' content='渡口改期'><title>柳溪网</title>", "渡口改期"),
        ("<title>渡口改期</title>", "渡口改期"),
    ],
)
def test_a_malformed_title_beats_no_intact_one(head, title):
    assert web.html(f"<html><head>{head}</head><body><h1>渡口改期</h1><p>{BODY[0]}</p></body></html>")["title"] == title


def test_headings_that_lead_elsewhere_and_the_days_between_them_are_a_list():
    text = "".join(f"<div>{line}大家都这么说，船工也这么说。</div>" for line in BODY)
    more = "".join(
        f"<h4><a href='/{n}'>对岸第{n}桩新鲜事说来话长</a></h4><span><p>2021-03-0{n} 水运</p></span>"
        for n in range(1, 7)
    )
    found = web.html(f"<html><body><h1>渡口</h1><h2>去年</h2><div>{text}</div>{more}</body></html>")
    assert all(line in found["text"] for line in BODY)
    assert "新鲜事" not in found["text"]
    assert found["text"].count("水运") <= 1  # the last of them stands before no link


def test_headings_with_links_into_their_own_page_stay():
    parts = "".join(f"<h2><a href='#p{n}'>第{n}段水路</a></h2><p>{BODY[0]}</p>" for n in range(5))
    assert all(f"第{n}段水路" in web.html(f"<html><body>{parts}</body></html>")["text"] for n in range(5))


@pytest.mark.parametrize(
    ("element", "title"),
    [("柳溪网", "渡口改期"), ("柳溪 &gt; 要闻", "渡口改期"), ("互联网", "互联网"), ("渡船 -> 石桥", "渡船 -> 石桥")],
)
def test_a_title_that_names_the_site_is_none(element, title):
    page = web.html(
        f"<html><head><title>{element}</title></head><body><p><b>渡口改期</b></p><p>{BODY[0]}</p></body></html>"
    )
    assert clean(Article("a", page.get("title", ""), page["text"])).article.title == title


@pytest.mark.parametrize(
    ("names", "author"),
    [
        ("陈渡; Email Com", "陈渡"),
        ("a@b.cn", ""),
        ("王桥、李舟", "王桥 李舟"),
        ("网友", ""),
        ("Name", ""),
        ("责任编辑：张三", ""),
        ("记者：陈渡", "陈渡"),
        ("陈渡 | 查看更多", "陈渡"),
        ("■ 该作者文章", ""),
    ],
)
def test_authors_are_names(names, author):
    assert author_of(names) == author


def test_the_line_above_the_text_stays_for_its_fields_to_be_read():
    text = "".join(f"<p>{line}大家都这么说，船工也这么说，天亮就走。</p>" for line in BODY * 3)
    byline = "<div class='info'><span>2021-03-05 08:30</span> <span>来源：柳溪晚报</span> <span>记者：陈渡</span></div>"
    page = f"<html><body><h1>渡口</h1><span>手机看</span>{byline}<div class='content'>{text}</div></body></html>"
    article = clean(Article("a", "", web.html(page)["text"])).article
    assert (article.source, article.author, article.published) == ("柳溪晚报", "陈渡", "2021-03-05")


def test_fields_in_the_head_of_a_page_count():
    head = "<meta name='ContentSource' content='柳溪县水务局'><meta name='PubDate' content='2021-03-05 10:00'>"
    found = web.html(
        f"<html><head>{head}<meta name='author' content='陈渡'></head><body><p>{BODY[0]}</p></body></html>"
    )
    assert (found["source"], found["author"]) == ("柳溪县水务局", "陈渡")
    assert found["published"].startswith("2021-03-05")


@pytest.mark.parametrize("made", list(pages(each=1)), ids=lambda made: made.name)
def test_made_pages_come_out_whole(made):
    with TemporaryDirectory() as folder:
        path = Path(folder, made.name)
        path.write_bytes(made.data)
        told = scores(ours(path), made)
    assert told["recall"] == 1
    assert told["gone"] == 0
    assert all(told[key] == 1 for key in FIELDS if key in told)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("转载自网络", ""),
        ("综合整理", ""),
        ("于和平", "于和平"),
        ("柳溪网版权所有", "柳溪网"),
        ("柳溪网", "柳溪网"),
        ("© 2020", ""),
        ("柳溪网 | 发表评论", "柳溪网"),
    ],
)
def test_sources_make_no_claims(name, source):
    assert source_of(name) == source


_SIDE = "".join(
    f"<li><a href='/b/{n}'><span class='author'>{name}：</span>{name}说开春以后的{n}号渡口</a></li>"
    for n, name in enumerate(("陈大同", "李舟", "王桥"), 3)
)


@pytest.mark.parametrize(
    ("head", "byline", "fields"),
    [
        ("<meta name='source' content='来源：渡口日报'>", "", ("渡口日报", None)),
        ("<meta name='contentsource' content='渡口日报 原创稿'>", "", ("渡口日报", None)),
        ("", "2019-03-05 08:00　来源：渡口日报　作者：周远", ("渡口日报", "周远")),
        ("<meta name='author' content='柳溪网'>", "来源：[ 渡口日报 ]", ("渡口日报", None)),
        ("<meta name='author' content='周远'>", "2019-03-05 08:00", ("柳溪网", "周远")),
        ("", "来源：渡口的船修好了", ("柳溪网", None)),  # that of a picture, which is the article
        ("", "来源：size=20", ("柳溪网", None)),
        ("", "2019-03-05 08:00　来源：网络　作者：佚名", (None, None)),
        ("", "来源：本站原创", (None, None)),
        ("<meta name='source' content='互联网转载'>", "", (None, None)),
        ("<meta name='source' content='渡口网络报'>", "", ("渡口网络报", None)),
        ("", "<ul><li>作者：<a class='author' href='/u'>周远</a></li></ul>", ("柳溪网", "周远")),
    ],
)
def test_what_a_page_says_of_its_article_comes_before_the_name_of_the_site(head, byline, fields):
    page = (
        f"<html><head><title>渡口的船修好了</title><meta property='og:site_name' content='柳溪网'>{head}</head><body>"
        f"<h1>渡口的船修好了</h1><div>{byline}</div><p>{BODY[0]}</p><p>{BODY[1]}</p>"
        f"<div class='side'><ul>{_SIDE}</ul></div></body></html>"
    )
    found = clean(Article("a", "渡口的船修好了", web.html(page)["text"], **_names(web.html(page)))).article
    assert (found.source, found.author) == fields
    assert all(line in found.text for line in BODY)


def _names(page):
    return {key: page[key] for key in ("source", "author") if key in page}


def test_a_table_keeps_its_cells():
    rows = "<tr><th>船</th><th>船工</th><th>班次</th></tr>" + "".join(
        f"<tr><td>{n}号</td><td>老{name}</td><td>2</td></tr>" for n, name in ((1, "周"), (2, "吴"), (3, "郑"))
    )
    text = web.html(f"<html><body><p>{BODY[0]}</p><table>{rows}</table></body></html>")["text"]
    assert "2号" in text
    assert "老吴" in text


def test_elements_within_elements_thousands_deep_are_read():
    deep = "<div>" * 3000 + BODY[0] + "</div>" * 3000
    assert BODY[0] in visible_text(f"<html><body>{deep}</body></html>")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<ol><li>收缆</li><li>起锚</li></ol>", "1. 收缆\n\n2. 起锚"),
        ("<ol start=3 type=a><li>收缆</li><li value=9>起锚</li></ol>", "c. 收缆\n\ni. 起锚"),
        ("<ol style='list-style: cjk-ideographic'><li>收缆</li></ol>", "一、收缆"),
        ("<ol style='list-style:none'><li>收缆</li></ol>", "收缆"),
        ("<ol><li>1. 收缆</li><li>2. 起锚</li></ol>", "1. 收缆\n\n2. 起锚"),
        ("<ul><li>收缆</li></ul>", "收缆"),
        ("<ol><li>收缆<ol><li>先左</li></ol></li><li>起锚</li></ol>", "1. 收缆\n\n1. 先左\n\n2. 起锚"),
    ],
)
def test_numbers_that_a_browser_writes_before_items(written, read):
    assert visible_text(written) == read


TOLD = (
    "<p>渡口的木船每天清晨六点开始摆渡，船工要先查看缆绳。</p>"
    "<p>夜里下过大雨，就等到水色转清才能开船，过河的人依次上船。</p>"
)


@pytest.mark.parametrize(
    ("head", "above", "title"),
    [
        ("添船的告示_鹭洲渡_摆渡人的家", "<h1>鹭洲渡</h1><h3>添船的告示</h3>", "添船的告示"),
        ("添船的告示_鹭洲渡_摆渡人的家", "<p>乡里添船的事</p><p>添船的告示</p>", "添船的告示_鹭洲渡_摆渡人的家"),
        ("鹭洲渡口添船的告示-摆渡人的家-水乡", "<p>鹭洲渡口添船的告示</p>", "鹭洲渡口添船的告示"),
        ("添船的告示 - 鹭洲渡", "<h1>添船的告示</h1>", "添船的告示"),
        ("鹭洲——添船的告示", "<h1>鹭洲——添船的告示</h1>", "鹭洲——添船的告示"),
    ],
)
def test_the_title_is_what_the_page_and_its_head_agree_on_and_not_the_site(head, above, title):
    page = f"<html><head><title>{head}</title></head><body>{above}{TOLD}</body></html>"
    assert web.html(page)["title"] == title


def test_the_day_is_that_beside_the_title_rather_than_one_of_a_comment():
    page = (
        "<html><head><title>添船的告示</title></head><body><h1>添船的告示</h1><div>发布时间：2015年04月08日 08:19</div>"
        f"{TOLD}<div>乡邻一 2018-10-30 13:11:10 说得好</div></body></html>"
    )
    assert web.html(page)["published"] == "2015-04-08"
    undated = page.replace("发布时间：2015年04月08日 08:19", "两人一船，2015年04月08日起，轮流歇息")
    assert web.html(undated).get("published") != "2015-04-08"


def test_menus_above_the_title_go_and_what_is_told_beside_it_stays():
    menu = "".join(f"<div>{name}</div>" for name in ("渡口", "茶棚", "码头", "集市", "船队"))
    body = f"{menu}<p>水乡要闻</p><h2>添船的告示</h2>{TOLD}"
    page = f"<html><head><title>添船的告示</title></head><body>{body}</body></html>"
    text = web.html(page)["text"]
    assert "茶棚" not in text
    assert text.startswith("船队\n\n水乡要闻\n\n添船的告示")


def test_a_caption_within_an_article_stays():
    caption = "<figure><img src=a.png><figcaption>两条新船靠在岸边。乡邻一 摄</figcaption></figure>"
    body = f"<article><h1>添船</h1>{TOLD}{caption}{TOLD}</article>"
    page = f"<html><head><title>添船</title></head><body>{body}</body></html>"
    assert "两条新船靠在岸边。" in web.html(page)["text"]


_WELL = [
    "村东的古井去年见底，今年开春又涨了三尺。",
    "管井的人说，上游的水渠清了淤，漏进沙层的水才回得来。",
    "井台的青石换了两块，旧的留在祠堂门口，刻着光绪年间的字。",
    "如今每户限挑四担，夜里上锁，钥匙由四家轮着管。",
    "有人提议装泵，多数人不肯，怕抽干了再没有下一回。",
]


@pytest.mark.parametrize("named", ["wrap nav", "card header-align-left", "main-side", "entry no-sidebar"])
def test_names_of_furniture_do_not_cost_a_body_that_reads_as_one(named):
    body = "".join(f"<p>{line}</p>" for line in _WELL)
    page = f"<html><head><title>古井复涨</title></head><body><h1>古井复涨</h1><div class='{named}'>{body}</div>"
    page += "<div class='links'><a href='/a'>上一篇：修渠记</a> <a href='/b'>下一篇：看闸人</a></div>"
    page += "<p>本网版权所有，转载请联系我们。</p></body></html>"
    text = web.html(page)["text"]
    assert all(line in text for line in _WELL)
    assert "修渠记" not in text


def test_a_list_of_short_lines_with_days_and_counts_stays_furniture_though_others_take_it():
    rows = "".join(f"<li>小满前后第{n}则</li><li>5月{n}日</li><li>{n}81</li>" for n in range(1, 9))
    body = "".join(f"<p>{line}</p>" for line in _WELL)
    page = f"<html><body><h1>古井复涨</h1><article>{body}</article><div class='hotlist'><ul>{rows}</ul></div></body>"
    text = web.html(page)["text"]
    assert all(line in text for line in _WELL)
    assert "第3则" not in text


def test_lines_and_numbered_headings_within_an_article_stay_though_others_drop_them(monkeypatch):
    told = [*_WELL[:2], "一、换石", *_WELL[2:3], "新石两块，旧石进祠堂", *_WELL[3:]]
    monkeypatch.setattr(web, "trafilatura_of", lambda page: ("\n".join(_WELL), {}))
    page = "<html><body><h1>古井复涨</h1>" + "".join(f"<div>{line}</div>" for line in told) + "</body></html>"
    assert web.html(page)["text"].split("\n\n")[-len(told) :] == told


def test_a_sentence_that_is_mostly_references_is_no_list_of_links():
    refers = (
        "修渠的规矩，照<a href='/1'>《柳溪县农田水利设施管护暂行办法》</a>和<a href='/2'>《三村用水公约》</a>里写的办。"
    )
    page = f"<html><body><h1>古井复涨</h1><p>{_WELL[0]}</p><p>{refers}</p><p>{_WELL[1]}</p></body></html>"
    assert "里写的办。" in web.html(page)["text"]


def test_the_wide_blank_of_chinese_code_pages_is_a_blank(tmp_path):
    page = "<html><head><meta charset=gb2312></head><body><h1>古井复涨</h1><p>##一、清淤</p>".encode("gb18030")
    page += "".join(f"<p>##{line}</p>" for line in _WELL).encode("gb18030") + b"</body></html>"
    for name, data in (("a.html", page), ("b.txt", "\n".join(f"##{line}" for line in _WELL).encode("gb18030"))):
        path = tmp_path / name
        path.write_bytes(data.replace(b"##", b"\xa3\xa0\xa3\xa0"))
        (item,) = read_sources([path])
        text = clean(item).article.text
        assert "\ue5e5" not in text
        assert all(line in text for line in _WELL)


def _told(line):
    return visible_text(f"<div>{line}</div>")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("<span>2018-04-09</span><span>来源：水乡晚报</span>", "2018-04-09 来源：水乡晚报"),
        ("<em>水乡晚报</em><em>2018年4月9日</em><em>08:15</em>", "水乡晚报 2018年4月9日 08:15"),
        ("<span>作者：周远</span><a href='/p'>打印</a>", "作者：周远 打印"),
        ("<a href='/1'>修渠记</a><a href='/2'>看闸人</a>", "修渠记 看闸人"),
        ("<b>作者：</b><b>周远</b>", "作者：周远"),
        ("<span>2018</span><span>年</span><span>修</span><span>渠</span>", "2018年修渠"),
        ("<i>2018-04-09</i><i>前修好</i>", "2018-04-09前修好"),
        ("<a href='/1'>修渠</a><a href='/2'>的人</a>都回来了，井台也换了石。", "修渠的人都回来了，井台也换了石。"),
        ("<span>石</span><b>匠</b><span>和</span><b>船</b><span>工</span>", "石匠和船工"),
    ],
)
def test_elements_side_by_side_that_say_two_things_are_parted_and_words_are_not(line, told):
    assert _told(line) == told


_FILES = (
    "<p><a href='/f/1.doc'>渡船检修登记表</a></p>",
    "<table><tr><td><a href='/f/2.pdf?id=3'>渡船检修登记表</a></td></tr></table>",
    "<ul class='fj'><li><a href='/down?id=4'>附件1：渡船检修登记表</a></li></ul>",
)


@pytest.mark.parametrize("file", _FILES)
def test_what_is_attached_is_no_list_of_links(file):
    page = f"<html><body><h1>添船的告示</h1><div class='con'>{TOLD}</div>{file}<p>主办：水乡 版权所有</p></body></html>"
    text = web.html(page)["text"]
    assert "渡船检修登记表" in text
    assert "版权所有" not in text
