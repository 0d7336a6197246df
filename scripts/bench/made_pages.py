"""Web pages made by script for `extraction.py`, each with the text and the fields that it shows.

Twelve kinds of pages as Chinese sites and programs write them: news portals, notices of offices, saved WeChat pages,
forums, pages of questions and answers, encyclopedias, blogs, old pages laid out with tables, pages of bare `div` and
`br`, tables of data, short notes beside much furniture, and pages that go on after their end. Every sentence is put
together here from words of our own. Names, places and offices are made up.
"""

from collections.abc import Callable, Iterator
from html import escape

from scripts.bench.made_documents import WHAT, WHERE, WHO, Made, Writer

_PEOPLE = ("林若溪", "顾长风", "沈青禾", "叶知秋", "陆明远", "宋小满")
_SITES = ("江北晚报", "青石镇新闻网", "云溪在线", "桃源日报", "望海网")
_OFFICES = ("青石县人民政府办公室", "云溪区教育局", "桃源镇人民政府", "望海市水务局")
_MENU = ("首页", "要闻", "民生", "文教", "专题", "图片", "视频", "评论", "论坛")


class Page:
    """A page in the making: what it shows is written down beside its HTML."""

    def __init__(self, seed: int, kind: str) -> None:
        self.writer = Writer(seed * 31 + sum(map(ord, kind)))
        self.seed, self.kind = seed, kind
        self.lines: list[str] = []
        self.gone: list[str] = []
        self.fields = {"title": f"{self.writer.title()}（{kind}{seed}）"}

    def say(self, sentences: int = 3) -> str:
        """A paragraph of the article."""
        self.lines.append(self.writer.paragraph(sentences))
        return escape(self.lines[-1])

    def head(self) -> str:
        """A heading within the article."""
        self.lines.append(f"{'一二三四五六七八九'[len(self.lines) % 9]}、{WHERE[len(self.lines) % len(WHERE)]}里的安排")
        return self.lines[-1]

    def noise(self, text: str) -> str:
        """What stands on the page and is no part of the article."""
        self.gone.append(text)
        return escape(text)

    def field(self, key: str, values: tuple[str, ...] | str) -> str:
        """A field that the page shows."""
        self.fields[key] = values if isinstance(values, str) else values[self.seed % len(values)]
        return self.fields[key]

    def day(self) -> str:
        """The day the article came out."""
        return self.field("published", f"20{15 + self.seed % 9}-0{1 + self.seed % 9}-1{self.seed % 10}")

    def menu(self) -> str:
        """Navigation, as a list of links."""
        return "".join(f'<li><a href="/{n}.html">{word}</a></li>' for n, word in enumerate(_MENU))

    def links(self, count: int = 5) -> str:
        """Links to other articles."""
        titles = [self.noise(f"{self.writer.title()}，{WHAT[n % len(WHAT)]}") for n in range(count)]
        return "".join(f'<li><a href="/a/{n}.html">{title}</a></li>' for n, title in enumerate(titles))

    def done(self, body: str, head: str = "", *, title: str = "", charset: str = "utf-8", tail: str = "") -> Made:
        """The page as a file."""
        named = title or f"{self.fields['title']}_{_SITES[self.seed % len(_SITES)]}"
        data = (
            f'<!DOCTYPE html>\n<html lang="zh"><head><meta charset="{charset}"><title>{escape(named)}</title>{head}</head>'
            f"<body>{body}</body></html>{tail}"
        )
        return Made(f"{self.kind}{self.seed}.html", data.encode(charset), self.lines, self.gone, self.fields)


def news(seed: int) -> Made:
    """A portal's article: byline, hot list, comments, editor."""
    p = Page(seed, "news")
    site, day, who = p.field("source", _SITES), p.day(), p.field("author", _PEOPLE)
    body = "".join(f"<p>　　{p.say()}</p>" for _ in range(4))
    return p.done(
        f'<div class="nav"><ul>{p.menu()}</ul></div><div class="main"><h1>{p.fields["title"]}</h1>'
        f'<div class="info"><span>{day} 08:30</span> <span>来源：{site}</span> <span>记者：{who}</span></div>'
        f'<div class="content">{body}</div><div class="comments"><p>{p.noise("楼上说得对，我家门口也该修一修了。")}</p></div></div>'
        f'<div class="sidebar"><h3>热门排行</h3><ol class="hot-list">{p.links()}</ol></div>'
        f'<div class="footer"><p>{p.noise("本网站所有内容未经授权不得转载，违者必究。")}</p></div>'
    )


def notice(seed: int) -> Made:
    """A notice of an office: a table of fields above, numbered paragraphs, signature and day below."""
    p = Page(seed, "notice")
    office, day = p.field("issuing_body", _OFFICES), p.day()
    number = p.field("document_number", f"青政办〔20{15 + seed % 9}〕{seed + 3}号")
    body = "".join(f"<p>{p.head()}</p><p>　　{p.say(2)}</p>" for _ in range(3))
    year, month, date = day.split("-")
    return p.done(
        f'<div class="header"><ul>{p.menu()}</ul></div><div class="crumbs">当前位置：首页 &gt; 政务公开 &gt; 通知公告</div>'
        f"<table class='xxgk'><tr><td>索引号：</td><td>00{seed}-{year}</td><td>发文字号：</td><td>{number}</td></tr>"
        f"<tr><td>发布机构：</td><td>{office}</td><td>发布日期：</td><td>{day}</td></tr></table>"
        f'<h1>{p.fields["title"]}</h1><div class="TRS_Editor">{body}<p style="text-align:right">{office}</p>'
        f'<p style="text-align:right">{year}年{int(month)}月{int(date)}日</p></div>'
        f'<div class="share">分享到：</div><div class="foot">主办：{office}　{p.noise("网站标识码4200000099")}</div>'
    )


def wechat(seed: int) -> Made:
    """A saved WeChat page: sections and spans, hidden until a script shows it, no `<p>`."""
    p = Page(seed, "wechat")
    account = p.field("source", _SITES)
    p.fields["author"] = _PEOPLE[(seed + 2) % len(_PEOPLE)]
    body = "".join(
        f'<section><section style="padding:8px"><span style="font-size:15px">{p.say(2)}</span></section></section><section><br></section>'
        for _ in range(4)
    )
    return p.done(
        f'<div id="js_article" class="rich_media"><h1 class="rich_media_title" id="activity-name">\n  {p.fields["title"]}\n</h1>'
        f'<div id="meta_content"><span class="rich_media_meta_text">{p.fields["author"]}</span>'
        f'<a id="js_name" href="javascript:void(0);">\n  {account}  </a><em id="publish_time"></em></div>'
        f'<div class="rich_media_content" id="js_content" style="visibility: hidden; opacity: 0;">{body}</div></div>'
        f'<div class="rich_media_tool"><p>{p.noise("微信扫一扫关注该公众号")}</p></div>',
        f'<meta property="og:title" content="{p.fields["title"]}"><meta name="author" content="{p.fields["author"]}">',
        title=p.fields["title"] if seed % 2 else " ",
    )


def forum(seed: int) -> Made:
    """A thread: the first post is the article, the replies belong to it."""
    p = Page(seed, "forum")
    posts = "".join(
        f'<div class="post" id="post_{n}"><div class="author"><a href="/u/{n}">网友{n}</a></div><div class="t_f">{p.say(2)}<br>{p.say(1)}</div>'
        f'<div class="po"><a href="#">回复</a> <a href="#">举报</a></div></div>'
        for n in range(4)
    )
    return p.done(
        f'<div id="nv"><ul>{p.menu()}</ul></div><h1><span id="thread_subject">{p.fields["title"]}</span></h1>{posts}'
        f'<div class="related"><h4>相关帖子</h4><ul>{p.links(4)}</ul></div><div id="ft">{p.noise("论坛程序由热心网友维护")}</div>'
    )


def questions(seed: int) -> Made:
    """Questions and answers."""
    p = Page(seed, "questions")
    asked = "".join(
        f'<div class="qa"><h3>{p.head()}</h3><div class="answer"><div>{p.say(2)}</div></div></div>' for _ in range(4)
    )
    return p.done(
        f"<header><nav><ul>{p.menu()}</ul></nav></header><main><h1>{p.fields['title']}</h1>{asked}</main>"
        f"<aside><h2>大家还在问</h2><ul>{p.links(6)}</ul></aside><footer>{p.noise('客服热线每天早九点到晚六点接听')}</footer>"
    )


def encyclopedia(seed: int) -> Made:
    """Headings, lists, inline links and readings above characters."""
    p = Page(seed, "encyclopedia")
    sections = []
    for n in range(3):
        told = p.say(3)
        linked = told.replace("的", '<a href="/wiki/x">的</a>', 1).replace("要", "<b>要</b>", 1)
        item = f"{WHO[(seed + n) % len(WHO)]}在{WHERE[(seed * 3 + n) % len(WHERE)]}守了{seed + n + 2}年"
        p.lines.append(item)
        ruby = f"<ruby>{item[0]}<rp>(</rp><rt>du</rt><rp>)</rp></ruby>{item[1:]}"
        sections.append(f"<h2>{p.head()}<span class='edit'></span></h2><p>{linked}</p><ul><li>{ruby}</li></ul>")
    toc = "".join(f'<li><a href="#s{n}">第{n}节目录</a></li>' for n in range(4))
    return p.done(
        f'<div id="mw-navigation"><ul>{p.menu()}</ul></div><div id="content"><h1>{p.fields["title"]}</h1>'
        f'<div id="toc" class="toc"><ul>{toc}</ul></div>{"".join(sections)}</div>'
        f'<div id="footer"><ul><li>{p.noise("本页最近由机器人整理过一次")}</li></ul></div>'
    )


def blog(seed: int) -> Made:
    """A blog: malformed og:title, code, author's box, tags."""
    p = Page(seed, "blog")
    day, who = p.day(), p.field("author", _PEOPLE)
    code = f"echo {seed} >> /tmp/log"
    body = f"<p>{p.say(2)}</p><pre><code>{code}</code></pre><blockquote><p>{p.say(1)}</p></blockquote><p>{p.say(3)}</p>"
    p.lines.append(code)
    return p.done(
        f'<div class="topbar"><ul>{p.menu()}</ul></div><article><h1 class="post-title">{p.fields["title"]}</h1>'
        f'<div class="post-meta">作者：{who} | 发布时间：{day} | 阅读（{seed}35）</div><div class="entry">{body}</div></article>'
        f'<div class="recommend-box"><ul>{p.links()}</ul></div><div class="pager"><a href="#">上一篇</a><a href="#">下一篇</a></div>',
        '<meta property="og:title" content="{{ page.title }} <%= site %>">',
        title=f"{p.fields['title']} - 山居笔记博客",
    )


def layout(seed: int) -> Made:
    """An old page in GBK, laid out with tables and `font`."""
    p = Page(seed, "layout")
    body = "<br>".join(f"　　{p.say(2)}" for _ in range(4))
    return p.done(
        f'<table width="980"><tr><td>{"".join(f"<a href=/{n}>{w}</a>|" for n, w in enumerate(_MENU))}</td></tr></table>'
        f'<table width="980"><tr><td width="200"><table>{"".join(f"<tr><td>{x}</td></tr>" for x in [p.links(3)])}</table></td>'
        f'<td><table><tr><td align="center"><font size="5"><b>{p.fields["title"]}</b></font></td></tr>'
        f'<tr><td><font size="3">{body}</font></td></tr></table></td></tr></table>'
        f'<table width="980"><tr><td align="center">{p.noise("望海镇中心小学 版权所有 建议使用宽屏浏览")}</td></tr></table>',
        charset="gbk",
    )


def bare(seed: int) -> Made:
    """The article in `div`, `section` and `br`, furniture in longer `<p>`."""
    p = Page(seed, "bare")
    text = "<br/><br/>".join(p.say(1) for _ in range(4))
    return p.done(
        f'<div class="menu"><ul>{p.menu()}</ul></div><h1>{p.fields["title"]}</h1><div><section>{text}</section></div>'
        f'<div class="sidebar">{"".join(f"<p>{p.noise(p.writer.paragraph(3))}</p>" for _ in range(3))}</div>'
        f'<div class="copyright"><p>{p.noise("凡注明原创的稿件，转载请联系本站编辑部并注明出处。")}</p></div>'
    )


def grid(seed: int) -> Made:
    """A table of data between two paragraphs: every cell under its header."""
    p = Page(seed, "grid")
    above = p.say(1)
    rows = []
    for n in range(4):
        cells = [WHO[(seed + n) % len(WHO)], WHERE[(seed + 2 * n) % len(WHERE)], f"{(seed + n) % 3 + 1}趟", "值夜"]
        p.lines.append("\t".join(cells))
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    table = f"<table><tr><th>谁</th><th>去处</th><th>几趟</th><th>班次</th></tr>{''.join(rows)}</table>"
    return p.done(
        f'<nav>{p.menu()}</nav><h1>{p.fields["title"]}</h1><div class="article"><p>{above}</p>{table}<p>{p.say(1)}</p></div>'
        f"<footer><p>{p.noise('本站由青石信息技术服务社提供技术支持')}</p></footer>"
    )


def short(seed: int) -> Made:
    """A note of one or two sentences beside long furniture."""
    p = Page(seed, "short")
    return p.done(
        f'<div class="header"><ul>{p.menu()}</ul></div><h1>{p.fields["title"]}</h1><div class="news_txt">{p.say(1)}</div>'
        f'<div class="hot"><h3>24小时热榜</h3><ol>{p.links(10)}</ol></div><div class="share">{p.noise("128评论")}</div>'
        f'<div class="footer"><div>{p.noise("增值电信业务经营许可证：青B2-2009000")}</div></div>'
    )


def after_end(seed: int) -> Made:
    """A page that goes on after its first `</body></html>`, as dumps and broken templates do."""
    p = Page(seed, "after_end")
    first = f'<h1>{p.fields["title"]}</h1><div class="con"><p>{p.say(2)}</p></div>'
    return p.done(first, tail=f'<div class="con"><p>{p.say(2)}</p><p>{p.say(2)}</p></div></body></html>')


MAKERS: tuple[Callable[[int], Made], ...] = (
    news, notice, wechat, forum, questions, encyclopedia, blog, layout, bare, grid, short, after_end,
)  # fmt: skip


def pages(each: int = 6) -> Iterator[Made]:
    """`each` pages of every kind."""
    for maker in MAKERS:
        for seed in range(each):
            yield maker(seed)
