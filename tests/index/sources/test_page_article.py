"""Which lines of a page are its article: lists of headlines, references, and what another extractor is believed of."""

import pytest

from index.sources import web
from index.sources.page_blocks import visible_text

FOOT = (
    "<p>网站声明 使用帮助 联系方式</p><p>主管：柳溪县融媒体中心 技术支持：柳溪县信息站 邮编：000000</p>"
    "<p>建议用新版浏览器看本站，转载请写明出处，侵权必究，谢谢各位网友一直以来的支持。</p>"
)
WELL = [
    "村东的古井去年见底，今年开春又涨了三尺。",
    "管井的人说，上游的水渠清了淤，漏进沙层的水才回得来。",
    "井台的青石换了两块，旧的留在祠堂门口，刻着光绪年间的字。",
    "如今每户限挑四担，夜里上锁，钥匙由四家轮着管。",
    "有人提议装泵，多数人不肯，怕抽干了再没有下一回。",
]


def _page(title, body, head=""):
    return f"<html><head>{head}</head><body><h1>{title}</h1>{body}</body></html>"


_NEWS = [
    f"{place}{what}"
    for place in ("鹭洲渡", "石桥村", "茶棚口")
    for what in ("添了两条新船", "换了井台的青石", "清完水渠的淤泥")
]


def _links(names, each="<li><a href='/n/{n}.html'>{name}</a><span>03-1{n}</span></li>"):
    return "".join(each.format(n=n, name=name) for n, name in enumerate(names))


_ONE_A_LINE = {
    "items": (f"<ul>{_links(_NEWS)}</ul>", " 03-1"),
    "divs": (_links(_NEWS, "<div><h4><a href='/n/{n}.html'>{name}</a></h4><p>2018-03-1{n}</p></div>"), "\n\n2018-03-1"),
    "side by side": (f"<div>{_links(_NEWS, '<a href=/n/{n}.html>{name}</a>')}</div>", ""),
    "cells": (
        f"<table>{_links(_NEWS, '<tr><td><a href=/n/{n}.html>{name}</a></td><td>03-1{n}</td></tr>')}</table>",
        None,
    ),
    "one column": (f"<table>{_links(_NEWS, '<tr><td><a href=/n/{n}.html>{name}</a></td></tr>')}</table>", ""),
    "named": (f"<div class='top-area'><ul>{_links(_NEWS)}</ul></div>", " 03-1"),
}


@pytest.mark.parametrize("kind", _ONE_A_LINE)
def test_the_headlines_of_a_list_page_are_its_text_one_a_line(kind):
    told, day = _ONE_A_LINE[kind]
    menu = "<div><a href='/'>首页</a> <a href='/a'>要闻</a> <a href='/b'>水情</a></div>"
    page = f"<html><head><title>动态_水乡网</title></head><body>{menu}<h2>动态</h2>{told}{FOOT}</body></html>"
    text = web.html(page)["text"]
    lines = text.split("\n")
    assert all(any(line.startswith(name) or name in line.split(" | ")[0] for line in lines) for name in _NEWS)
    assert day is None or all(f"{name}{day}" in text for name in _NEWS)
    assert not any(word in text for word in ("首页", "水情", "技术支持"))


def test_teasers_below_headlines_stay_with_them():
    each = "<div><h3><a href='/n/{n}.html'>{name}</a></h3><p>{name}，乡里人都说好，只是雨天还得等，船工也说。</p></div>"
    text = web.html(_page("动态", _links(_NEWS, each), "<title>动态_水乡网</title>"))["text"]
    assert all(f"{name}\n\n{name}，乡里人都说好" in text for name in _NEWS)


@pytest.mark.parametrize(
    "body", [WELL[0], "两条新船靠岸，一条旧船送去修，逢集照开。", "".join(f"<p>{line}</p>" for line in WELL)]
)
def test_lists_of_links_beside_an_article_are_none_of_it(body):
    news = f"<div><ul>{_links(_NEWS)}</ul></div>"
    page = _page("添船的告示", f"<div>{body}</div>{news}{FOOT}", "<title>添船的告示</title>")
    text = web.html(page)["text"]
    assert visible_text(body).split("\n\n")[-1] in text
    assert "石桥村" not in text


def test_a_directory_of_short_names_is_kept():
    names = _links(("老周", "老吴", "老郑", "老陈", "老李", "老王"), "<li><a href='/p/{n}'>{name}</a></li>")
    menu = "<ul class='nav'><li><a href='/'>首页</a></li></ul>"
    page = f"<html><head><title>船工名录</title></head><body>{menu}<h1>船工名录</h1><ul>{names}</ul></body></html>"
    text = web.html(page)["text"]
    assert text.split("\n\n") == ["船工名录", "老周", "老吴", "老郑", "老陈", "老李", "老王"]


@pytest.mark.parametrize(
    ("head", "items"),
    [
        ("<h2>参考文献</h2>", "<ol>{}</ol>"),
        ("<p><b>参考资料：</b></p>", "{}"),
        ("<div>注释</div>", "<div class='notes'><ul>{}</ul></div>"),
        ("<h3>五、参考书目</h3>", "<table>{}</table>"),
    ],
)
def test_references_at_the_end_of_an_article_stay(monkeypatch, head, items):
    told = ["周远. 渡船与水位[J]. 水运, 1998(2): 12-15.", "鹭洲志编委会. 鹭洲志[M]. 1987.", "水乡旧影, 2003年影印本"]
    each = {"<o": "<li>{}</li>", "{}": "<p>{}</p>", "<d": "<li>{}</li>", "<t": "<tr><td>{}</td></tr>"}[items[:2]]
    listed = items.format("".join(each.format(f"<a href='http://x/{n}'>{one}</a>") for n, one in enumerate(told)))
    body = "".join(f"<p>{line}</p>" for line in WELL)
    below = f"<h3>看了又看</h3><ul>{_links(_NEWS)}</ul>{FOOT}"
    page = _page("古井复涨", f"<div class='con'>{body}{head}{listed}</div>{below}")
    monkeypatch.setattr(web, "trafilatura_of", lambda page: ("\n".join(WELL), {}))
    text = web.html(page)["text"]
    assert all(one in text for one in told)
    assert "石桥村" not in text
    assert "技术支持" not in text


def test_furniture_of_sentences_below_an_article_costs_it_no_trust(monkeypatch):
    body = "".join(f"<p>{line}</p>" for line in WELL)
    more = "".join(
        f"<div class='teaser'><a href='/{n}'>{name}</a><p>{name}，说来话长，请看详情。</p></div>"
        for n, name in enumerate(_NEWS)
    )
    lines = "<div>军事</div><div>井台</div><div>财经</div><div>视频</div>"
    page = f"<html><body><h1>古井复涨</h1><div class='con'>{body}</div>{more}{lines}</body></html>"
    monkeypatch.setattr(web, "trafilatura_of", lambda page: ("\n".join(WELL), {}))
    assert web.html(page)["text"].split("\n\n")[-len(WELL) :] == WELL


@pytest.mark.parametrize(
    "rest",
    [
        "<p>{}</p>",  # no list stands between
        "<ul class='nav'><li><a href='/1'>首页</a></li></ul><div class='con'><p>{}</p></div>",  # of the same name
        "<h2>后来</h2><div class='more'>{}</div>",
    ],
)
def test_what_goes_on_below_what_others_take_is_the_article(monkeypatch, rest):
    body = "".join(f"<p>{line}</p>" for line in WELL[:3])
    left = "".join(WELL[3:])
    page = f"<html><body><h1>古井复涨</h1><div class='con'>{body}</div>{rest.format(left)}</body></html>"
    monkeypatch.setattr(web, "trafilatura_of", lambda page: ("\n".join(WELL[:3]), {}))
    assert left in web.html(page)["text"]


def test_buttons_of_every_post_are_none_of_their_text(monkeypatch):
    posts = "".join(
        f"<div class='post'><div>{line}</div><div>引用 赞一个</div><div>3月{n}日</div></div>"
        for n, line in enumerate(WELL)
    )
    monkeypatch.setattr(web, "trafilatura_of", lambda page: ("\n".join(WELL), {}))
    text = web.html(_page("古井复涨", posts))["text"]
    assert all(line in text for line in WELL)
    assert "赞一个" not in text
    assert "3月2日" in text


def test_a_refrain_is_kept_as_often_as_it_is_sung(monkeypatch):
    song = [WELL[0], "井水清清，挑水的人莫着急，慢慢来。", WELL[1], "井水清清，挑水的人莫着急，慢慢来。", WELL[2]]
    page = f"<html><body><h1>古井谣</h1>{''.join(f'<p>{line}</p>' for line in song)}</body></html>"
    monkeypatch.setattr(web, "trafilatura_of", lambda page: ("\n".join(song), {}))
    assert web.html(page)["text"].split("\n\n")[-5:] == song


_ROSTER = (
    "<table>{}</table>".format(
        "".join(
            f"<tr><td><a href='/d/{n}'>周{n}</a></td><td><a href='/p/{n}'>老{w}</a></td></tr>"
            for n, w in enumerate("周吴郑")
        )
    ),
    "<table border='1'><tr><td><a href='/p/1'>老郑</a></td></tr><tr><td><a href='/p/2'>老吴</a></td></tr></table>",
    "<table><tr><th>谁</th></tr><tr><td><a href='/1'>老郑</a></td></tr><tr><td><a href='/2'>老吴</a></td></tr></table>",
)


@pytest.mark.parametrize("table", _ROSTER)
@pytest.mark.parametrize("told", [WELL, WELL[:1], []])
def test_a_table_of_links_is_a_table(table, told):
    body = "".join(f"<p>{line}</p>" for line in told)
    text = web.html(_page("看井的人", f"<div class='con'>{body}{table}</div>{FOOT}"))["text"]
    assert "老吴" in text
    assert "老郑" in text
    assert all(line in text for line in told)


_NAMED = "<meta property='og:site_name' content='水乡旧闻社'>"
_LOGO = "<h1>水乡旧闻社</h1>"


@pytest.mark.parametrize(
    ("element", "shown", "body", "title"),
    [
        ("古井又见水_水乡旧闻社", "水乡旧闻社，天天有旧闻", f"{_LOGO}<h2>古井又见水</h2>", "古井又见水"),
        ("古井又见水", "水乡旧闻社，天天有旧闻", f"{_LOGO}<h2>古井又见水</h2>", "古井又见水"),
        ("水乡旧闻社 - 古井又见水", "", f"{_NAMED}{_LOGO}<h2>古井又见水</h2>", "古井又见水"),
        ("水乡旧闻社", "古井又见水", "<h1>古井又见水</h1>", "古井又见水"),
        ("村东的古井隔了一年又见…_水乡旧闻社", "", "<h2>村东的古井隔了一年又见水了</h2>", "村东的古井隔了一年又见水了"),
        ("", "村东的古井隔了一年又见...", "<p>村东的古井隔了一年又见水了</p>", "村东的古井隔了一年又见水了"),
        ("村东的古井隔了一年又见水 水乡旧闻社", "", "<p>村东的古井隔了一年又见水</p>", "村东的古井隔了一年又见水"),
        ("古井又见水_古井_水", "", "<h1><span>原创</span> 古井又见水</h1>", "古井又见水"),
        ("旧闻", "", "<h1>古井又见水</h1>", "旧闻"),
        ("_水乡旧闻专区", "", "<p>古井又见水</p>", None),
    ],
)
def test_the_title_is_what_the_head_says_and_the_page_shows(element, shown, body, title):
    head = f"<title>{element}</title><meta property='og:title' content='{shown}'>"
    body += "".join(f"<p>{line}</p>" for line in WELL)
    assert web.html(f"<html><head>{head}</head><body>{body}</body></html>").get("title") == title


def test_an_article_whose_marks_are_lost_is_no_list_of_the_links_beside_it():
    body = "".join(f"<p>{line.translate(str.maketrans('。，', '  ')) * 3}</p>" for line in WELL)
    page = _page("古井复涨", f"<div>{body}</div><div><ul>{_links(_NEWS * 9)}</ul></div>")
    text = web.html(page)["text"]
    assert "祠堂门口" in text
    assert "石桥村" not in text


def test_a_page_of_names_of_furniture_alone_keeps_what_it_says():
    page = "<html><body><div class='share-box'><p>古井又见水</p><p>看井人老吴 摄</p></div><div>打开</div></body></html>"
    assert "看井人老吴 摄" in web.html(page)["text"]
