"""An article as a reference by GB/T 7714-2015 (信息与文献 参考文献著录规则), numeric style.

    主要责任者. 题名[文献类型标识/载体标识]. 来源, 日期: 页码[引用日期]. 网址.

What is not known is left out, as the standard has it; nothing is made up but the date of the citation, which is
the day it is made.
"""

import re
from datetime import date
from pathlib import PurePath
from urllib.parse import urlsplit

from index.models import Article

_MAX_AUTHORS = 3  # of more, the first three and 等
_AUTHORS = re.compile(r"[、,，;；/\s]+")
_NEWSPAPER = re.compile(r"(?:日报|晚报|早报|晨报|时报|时評|都市报|商报|导报|周报|報|报)$")
_JOURNAL = re.compile(r"(?:学报|學報|月刊|季刊|双月刊|周刊|半月刊|期刊|学刊|杂志|雜誌|通讯|通訊)$")
_NUMBER = "document_number"
_ISSUER = "issuing_body"


def gb7714(article: Article, *, page: int | None = None, accessed: date | None = None) -> str:
    """The reference to `article`, to its `page` where there is one; `accessed` is the day it was read, or today."""
    online = article.url if article.url and urlsplit(article.url).scheme in ("http", "https") else None
    kind = _kind(article, online)
    parts = [*_responsible(article), f"{_title(article)}[{kind}]"]
    issue = _where_and_when(article, kind, page)
    if online:
        issue += f"[{(accessed or date.today()).isoformat()}]"
    parts += [issue, online or ""]
    return ". ".join(part for part in (part.strip() for part in parts) if part).rstrip(".") + "."


def _responsible(article: Article) -> list[str]:
    names = [name for name in _AUTHORS.split(article.author or "") if name]
    if not names:
        body = article.meta.get(_ISSUER)
        return [body] if body else []
    if len(names) > _MAX_AUTHORS:
        return [", ".join(names[:_MAX_AUTHORS]) + ", 等"]
    return [", ".join(names)]


def _title(article: Article) -> str:
    title = " ".join(article.title.split()) or (PurePath(article.path).stem if article.path else "") or "[题名不详]"
    number = article.meta.get(_NUMBER)
    return f"{title}: {number}" if number and number not in title else title


def _kind(article: Article, online: str | None) -> str:
    """The standard's letters for the kind of document, with /OL for one that is read online."""
    source = (article.source or "").strip()
    if article.meta.get(_NUMBER):
        letter = "A"
    elif _JOURNAL.search(source):
        letter = "J"
    elif _NEWSPAPER.search(source):
        letter = "N"
    else:
        letter = "EB" if online else "Z"
    return f"{letter}/OL" if online else letter


def _where_and_when(article: Article, kind: str, page: int | None) -> str:
    """Source, day and page. What is online and no serial has a year of its publisher, and the day in brackets."""
    source, day = (article.source or "").strip(), article.published or ""
    bracketed = day if kind in ("EB/OL", "A/OL") else ""
    when = (day[:4] if source else "") if bracketed else day
    text = ", ".join(part for part in (source, when) if part)
    if page:
        text = f"{text}: {page}" if text else f"第 {page} 页"
    return f"{text}({bracketed})" if bracketed else text
