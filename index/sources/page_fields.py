"""What a page says of itself in its head and beside its article: names without what sites hang on them."""

import html as entities
import logging
import re
from typing import Any

from index.analysis.characters import COMMON_HAN
from index.sources.titles import names_nobody

_SITE = re.compile(
    r"\s*(?:[-_|–—]|::|»|·)+\s*[^-_|–—]{0,24}(?:网|網|报|報|站|频道|頻道|门户|政府|新闻|新聞|中心|日报|在线|論壇|论坛|博客|com|cn|net|org)\s*$",
    re.I,
)
MARKUP = re.compile(r"<[^<>]*>|\{\{|\}\}|&[a-z]+;|&#|\ufffd|undefined|null$", re.I)
_NO_NAME = re.compile(
    r"@|e-?mail|https?|www|\.(?:com|cn|net|org)|\bcom\b|\d{3}|网友|匿名|编辑|編輯|小编|管理员|admin|author|^(?:name|root|editor|user)$|"
    r"跟贴|热门|返回|查看|更多|版权|來源|来源|时间|時間|复制|文章|声明|评论|作者|链接|点击|关注|[:：■●【】<>]",
    re.I,
)
_OF_A_SITE = re.compile(
    r"(?!.*(?:联|聯|电|電|管|路|渔|域|特|太|上)[网網]$)[\w·]{0,10}(?:网|網|网站|網站|门户|門戶|首页|首頁|主页|频道|home)"
    rf"|[{COMMON_HAN}]{{2,10}}(?:\s*[>»›]+\s*[{COMMON_HAN}]{{2,12}})+",
    re.I,
)
_BETWEEN = re.compile(r"\s*(?:[_|｜»]|::|\s[-–—]|\s[<‹](?=\s)|-)+\s*")  # the parts of a `<title>`
_MIN_TITLE, _MAX_TITLE = 4, 100  # characters
_BADGE = re.compile(r"^(?:原创|原創|转载|轉載|置顶|置頂|精华|推荐|热门|独家|图文)\s+(?=.{4})")
_CUT = re.compile(r"\s*(?:…+|\.{2,}|。{2,})$")
_ROLE = re.compile(r"^\s*(?:作者|记者|記者|文|撰文|本报记者|通讯员)\s*(?:[:：/|]\s*|\s+)")
_SOURCE_LABEL = r"(?:(?:文章|稿件|信息|新闻|内容|消息)?(?:来源|來源)|稿源|转自|摘自|出处)\s*[:：]\s*"
_LABELLED = re.compile(rf"^\s*{_SOURCE_LABEL}")
_SOURCE_BESIDE = re.compile(
    rf"(?<!\w){_SOURCE_LABEL}[\[(（【［]?\s*([^\s|｜/丨\])）】］=]{{2,20}})(?=[\s|｜/丨\])）】］]|$)"
)
_MIN_BESIDE_NAME = 8  # characters beside a name from which the item of a list that holds it leads to another article
_LINKED = 0.6  # share of its characters within links, likewise
_RIGHTS = re.compile(
    r"\s*(?:版权所有|©|copyright|all rights reserved|备案|ICP|网站|官方网站|官网$|\s原创稿?$).*$", re.I
)


def without_site(title: str) -> str:
    """`某事发生了 - 某某网` -> `某事发生了`; the name of the site may stand there more than once."""
    for _ in range(3):
        shorter = _SITE.sub("", title)
        if not shorter.strip() or shorter == title:
            break
        title = shorter
    return title.strip()


def names_a_site(title: str) -> bool:
    """Whether a title is that of a site or of a way to a page: what stands first in the text is more of a title."""
    return bool(_OF_A_SITE.fullmatch(title))


def author_of(names: str) -> str:
    """Names alone, separated by blanks: no addresses, roles or buttons; nothing where none is left."""
    parts = [_ROLE.sub("", part).strip() for part in re.split(r"[;；,，、/|\n]", names)]
    good = [part for part in parts if 2 <= len(part) <= 24 and not (_NO_NAME.search(part) or names_nobody(part))]
    return " ".join(dict.fromkeys(good[:6]))


def source_of(name: str) -> str:
    """The name of a site without its claims and label: `来源：某网版权所有` -> `某网`; nothing where that is all."""
    name = next((part for part in re.split(r"[|｜]", re.sub(r"\s+", " ", name)) if part.strip()), "")
    name = _LABELLED.sub("", name)
    name = _RIGHTS.sub("", name).strip(" -_·:：")
    return "" if len(name) > 30 or _NO_NAME.search(name) or names_nobody(name) else name


_NAMED = {
    "author": ("author", "byl", "article:author", "contentauthor", "og:article:author"),
    "source": ("source", "contentsource", "mediaid"),
    "site": ("og:site_name",),
    "published": ("pubdate", "publishdate", "article:published_time", "og:published_time", "publish_time", "og:time"),
    "title": ("og:title", "articletitle"),
}
_FIELD_OF = {name: field for field, names in _NAMED.items() for name in names}


def told_in_head(tree: Any) -> dict[str, str]:
    """What `<meta>` elements say, each field once: those of HTML, of Open Graph and of Chinese offices' pages."""
    found: dict[str, str] = {}
    for node in tree.iter("meta"):
        field = _FIELD_OF.get((node.get("property") or node.get("name") or "").lower())
        value = re.sub(r"\s+", " ", entities.unescape(node.get("content") or "")).strip()
        if field and value and not MARKUP.search(value):
            found.setdefault(field, value)
    return found


def names_of(tree: Any, said: dict[str, str], found: dict[str, str], title: str, beside: list[str]) -> dict[str, str]:
    """Author and source of a page, each where it says them.

    What names the source of this article, in the head or in the lines `beside` its title, comes before the site's name,
    even where it names none, as `网络` does.
    `said` is from `told_in_head`, `found` is trafilatura's.
    """
    labelled = [match[1] for line in beside if len(line) <= _MAX_BYLINE and (match := _SOURCE_BESIDE.search(line))]
    written = [name for name in labelled if name not in title]  # a picture's source may be the article
    sites = [source_of(fields.get(key, "")) for fields, key in ((found, "source"), (said, "site"))]
    told = said.get("source", "")
    unnamed = bool(written) or names_nobody(_LABELLED.sub("", told))
    source = next(filter(None, (source_of(told), *map(source_of, written[:1]), *([] if unnamed else sites))), "")
    names = found.get("author", "").split(";")
    author = author_of(";".join(name for name in names if not _in_a_list(tree, name.strip())))
    if author in sites and author != source:
        author = ""  # a site that signs all of its pages wrote none that names another source
    if not author and (author := author_of(said.get("author", ""))) in (source, *sites):
        author = ""
    return {"author": author, "source": source}


def _in_a_list(tree: Any, name: str) -> bool:
    """Whether a name stands on the page in items alone that are links to other articles, each with its author."""
    if tree is None or not name or any(name in (node.get("content") or "") for node in tree.iter("meta")):
        return False
    holders = [node for node in tree.iter() if name in (node.text or "")]
    holders += [node.getparent() for node in tree.iter() if name in (node.tail or "")]
    return bool(holders) and all(_leads_elsewhere(node, name) for node in holders)


def _leads_elsewhere(node: Any, name: str) -> bool:
    while node is not None and node.tag not in ("li", "dd"):
        node = node.getparent()
    if node is None:
        return False
    length = _length(node)
    linked = sum(_length(link) for link in node.iter("a") if link.get("href"))
    return bool(linked > _LINKED * length and length - len(name) >= _MIN_BESIDE_NAME)


def _length(node: Any) -> int:
    return len(re.sub(r"\s+", "", node.text_content()))


# A line above the text that names a field: 来源：某报, 2024-03-05 08:30 作者：某人. Cleaning takes it out of the text.
_BYLINE = re.compile(
    r"(?:来源|來源|作者|记者|記者|通讯员|通訊員|编辑|編輯|责编|发布|發布|文号|字号|时间|時間|日期)[^:：]{0,4}[:：]|\d{4}[-年/.]\d{1,2}[-月/.]\d{1,2}"
)
_MAX_BYLINE = 160  # characters


def is_byline(text: str) -> bool:
    """Whether a line says who wrote what stands below it, where it comes from or when."""
    return len(text) <= _MAX_BYLINE and bool(_BYLINE.search(text))


def trafilatura_of(page: str) -> tuple[str, dict[str, str]]:
    """The text and the metadata that trafilatura finds; nothing where it fails."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs every page it cannot make sense of
    try:
        document = trafilatura.bare_extraction(
            page,
            include_comments=False,
            include_tables=True,
            include_formatting=False,
            with_metadata=True,
            date_extraction_params={"extensive_search": False, "original_date": True},  # no guess from stray numbers
        )
    except Exception:  # a parser inside a parser: whatever it stumbles on, our own blocks still read the page
        document = None
    if document is None:
        return "", {}
    names = {"title": "title", "author": "author", "date": "published", "sitename": "source", "url": "url"}
    found = {ours: getattr(document, theirs, None) for theirs, ours in names.items()}
    return document.text or "", {key: value for key, value in found.items() if isinstance(value, str) and value}


def chosen_title(element: str, heads: list[str], lines: list[str], shown: str, theirs: str, site: str = "") -> str:
    """The title of a page: what its head says and the page shows.

    That is the first `<h1>` that agrees with `<title>` or `og:title`, else the line that `<title>` begins or ends with,
    else the line that one of the two cuts short. Where the page shows nothing of the kind it is the only `<h1>` if the
    two disagree, else `<title>`, and then `og:title`. The site's name, a section's and what is malformed are none.

    `element` is `<title>`, `heads` the `<h1>`, `lines` those that may be a title, `shown` is `og:title`, `site` names
    the site; `theirs`, what somebody else takes for the title, is the last resort.
    """
    parts = [part for part in _BETWEEN.split(element) if part]
    named = "" if _BETWEEN.match(element) else without_site(element)  # `_某某网` names the site of no title
    told = without_site(shown)
    good = [text for text in (told, named) if text and not MARKUP.search(text) and text != site]
    sites = {site, *parts[1:]} - {*parts[:1]} | {site}
    heads = [_BADGE.sub("", head) for head in heads]
    heads = [head for head in heads if head not in sites and not (names_a_site(head) and parts[1:])]
    for head in heads:
        if any(_agree(head, text) for text in (*good, *parts[:1])):
            return without_site(head)
    if line := _line_of(element, lines, site) or _whole_of([*good, *parts[:1]], lines):
        return line
    if len(heads) == 1 and not (good and good[0] == named and named in element):
        return without_site(heads[0])
    if named and named in good and not names_a_site(named):
        return named
    last = "" if (not named or names_a_site(named)) and theirs in element else without_site(theirs)
    return next((text for text in (*good, *heads, last) if text and not names_a_site(text)), "")


def _agree(head: str, text: str) -> bool:
    """Whether two titles are one: equal, or one is most of the other, or is cut short."""
    shorter, longer = sorted((head, text), key=len)
    return (shorter in longer and len(longer) <= 2 * len(shorter)) or _completes(head, text)


def _completes(line: str, text: str) -> bool:
    """Whether `text` is the beginning of `line`, cut short: `渡口的船修…`."""
    stem = _CUT.sub("", text)
    return _MIN_TITLE <= len(stem) < min(len(text), len(line)) and line.startswith(stem)


def _whole_of(texts: list[str], lines: list[str]) -> str:
    """The line that one of `texts` cuts short."""
    cut = [text for text in texts if _CUT.search(text)]
    return next((line for line in lines for text in cut if len(line) <= _MAX_TITLE and _completes(line, text)), "")


def _line_of(element: str, lines: list[str], site: str) -> str:
    """The longest line that `<title>` is or begins with, the rest being the site's or a section's; that it ends with,
    where it begins with the site.
    """
    known = {line for line in lines if len(line) >= _MIN_TITLE and line != site and not names_a_site(line)}
    marks = list(_BETWEEN.finditer(element))
    runs = [element, *(element[: mark.start()].strip() for mark in reversed(marks))]
    long = (line for line in known if 2 * len(line) > len(element) and element.startswith(f"{line} "))
    runs += sorted(long, key=len, reverse=True)
    if marks and (element[: marks[0].start()] == site or names_a_site(element[: marks[0].start()])):
        runs += [element[mark.end() :].strip() for mark in marks]
    return next((run for run in runs if run in known), "")
