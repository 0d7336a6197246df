"""HTML -> plain text and what a page says of itself.

A page is cut into blocks: paragraphs with all that is inline in them, headings, lines around `<br>`, tables. Two ways
to tell the article from its page are tried, trafilatura's and our own, which leaves out what is named as navigation or
footer and lists of links. Trafilatura's choice is taken where it holds nine tenths of the sentences of ours, ours where
it lost more; either way the text is that of our blocks, so that no link or bold word cuts a sentence.
"""

import html as entities
import re
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from index.analysis.dates import find_date
from index.sources import tables
from index.sources.html_tables import is_grid, spanned
from index.sources.list_labels import labels_of
from index.sources.page_fields import chosen_title, is_byline, names_of, told_in_head, trafilatura_of
from index.sources.page_furniture import NAMED, SITE_WORDS, is_count
from index.sources.style_sheets import without_rules

_COVERED = 0.9  # share of the characters of our sentences that trafilatura's text must hold to be believed
_LINKS = 0.6  # share of a block's characters within links from which it is a list of links
_MAX_DROPPED = 3  # lines in a row that trafilatura may have dropped from the middle of an article
_MIN_TOLD = 12  # characters beside links from which a sentence says something itself
_WECHAT_DATE = re.compile(r"var\s+(?:ct|oriCreateTime|createTime)\s*=\s*[\"']?(\d{10}|\d{4}-\d\d-\d\d)")
_MIN_LINKED_HEADINGS = 4  # headings that are links from which they lead to other articles
_MIN_MISNAMED = 100  # characters that trafilatura takes for the article, from which no name makes furniture of them
_MISNAMED_LINE = 12  # characters of a line of them in the mean: lists of days and counts have less
_MISNAMED = 0.6  # share of the characters of a stretch named as furniture, likewise
_MIN_LINE = 8  # characters of a line from which it may be the title though it is no heading
_ABOVE, _BESIDE = 2, 6  # lines above the title that are kept; below it, among which its day stands
_DATED = re.compile(r"[^，。；]{0,12}[:：]?\s*$")
_MAX_BETWEEN = 24  # characters of a day or a name between two links
_CLOSED = re.compile(r"</(?:html|body)\s*>", re.I)
_SKIPPED = frozenset(
    "script style noscript template head svg math iframe object audio video canvas select option textarea rt rp "
    "input".split()
)
_BLOCKS = frozenset(
    "p div br li ul ol dl tr table tbody thead caption h1 h2 h3 h4 h5 h6 section article header footer main aside nav "
    "blockquote pre dd dt hr form fieldset figure figcaption body html center details summary address button "
    "label".split()
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_FURNITURE = frozenset(("nav", "footer", "aside", "form", "button", "label"))
_SENTENCE = re.compile("[。！？!?；;]|，.*，")


@dataclass(slots=True)
class Block:
    """A line of a page: its text, how many characters of it are links, what it is, and whether furniture holds it.

    `soft`: only a line break parts it from the line before. `label`: the number that a browser writes before it.
    """

    text: str
    links: int = 0
    heading: str = ""
    furniture: bool = False
    table: bool = False
    main: bool = False
    soft: bool = False
    label: str = ""

    @property
    def shown(self) -> str:
        """The text with its number."""
        return self.label + self.text

    @property
    def linked(self) -> bool:
        """Whether it is a link to another page, or a row of them, and no sentence that refers to some."""
        length = len(_compact(self.text))
        return self.links > _LINKS * length and not (length - self.links >= _MIN_TOLD and self.text.endswith("。"))


class _Inline(NamedTuple):
    text: str
    link: bool


def _compact(text: str) -> str:
    return re.sub(r"[\s\ue000-\uf8ff]+", "", text)  # private characters are bullets of fonts, and blanks


def parsed(page: str) -> Any:
    """The tree of a page or of a piece of one; None where there is none in it. What follows its end counts too."""
    from lxml import etree, html

    page = re.sub(r"^\s*<\?xml[^>]*\?>", "", _CLOSED.sub("", page))
    try:
        return html.document_fromstring(page.replace("\0", ""), parser=html.HTMLParser(encoding=None, huge_tree=True))
    except (etree.ParserError, ValueError, AssertionError):
        return None


def blocks(tree: Any) -> list[Block]:
    """The lines of a page, in order."""
    walk = _Walk()
    if tree is None:
        return []
    try:
        walk.node(tree)
        walk.end()
    except RecursionError:  # elements within elements, thousands deep: nobody's article, but its words are there
        return [Block(line.strip()) for line in tree.text_content().split("\n") if line.strip()]
    return walk.out


class _Walk:
    """Goes through a tree once and cuts it into blocks."""

    def __init__(self) -> None:
        self.out: list[Block] = []
        self._line: list[_Inline] = []
        self._heading = ""
        self._furniture = self._main = self._link = self._pre = 0
        self._soft = False
        self._labels: dict[Any, str] = {}  # of items to come
        self._label = ""

    def end(self, *, soft: bool = False) -> None:
        """A block has ended; `soft`: by a line break only."""
        raw = "".join(part.text for part in self._line)
        linked = sum(len(_compact(part.text)) for part in self._line if part.link)
        self._line.clear()
        for text in raw.split("\n") if self._pre else [raw]:
            shown = text.rstrip() if self._pre else re.sub(r"[ \t\r\n\f\v]+", " ", text).strip()
            if shown.strip():
                inside = self._furniture > 0, self._main > 0
                block = Block(shown, linked, self._heading, inside[0], main=inside[1], soft=self._soft)
                block.label, self._label = "" if block.linked else self._label, ""
                self.out.append(block)
                self._soft = self._pre > 0
        self._soft = soft and (self._soft or bool(raw.strip()))

    def node(self, node: Any) -> None:
        """An element and all that is in it."""
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or tag in _SKIPPED or _hidden(node):
            return
        if tag in _BLOCKS:
            self.end(soft=tag == "br")
        if tag == "ol":
            self._labels |= labels_of(node)
        elif tag == "li":
            self._label = self._labels.pop(node, "")
        if tag == "table" and is_grid(node):
            inside = self._furniture > 0, self._main > 0
            rows = _table_lines(node)
            self.out += [Block(row, 0, "", inside[0], True, inside[1], n > 0) for n, row in enumerate(rows)]
            return
        before, furniture, main = self._heading, _is_furniture(node, tag), node.get("id") == "js_content"
        self._heading = tag if tag in _HEADINGS else before
        self._furniture, self._main = self._furniture + furniture, self._main + main
        link = tag == "a" and not (node.get("href") or "#").startswith("#")  # one within the page is no list's
        self._link, self._pre = self._link + link, self._pre + (tag == "pre")
        self._text(node.text)
        for child in node:
            self.node(child)
            self._text(child.tail)
        if tag in _BLOCKS and tag != "br":
            self.end()
        self._heading = before
        self._furniture, self._main = self._furniture - furniture, self._main - main
        self._link, self._pre = self._link - link, self._pre - (tag == "pre")
        self._text(" " if tag in ("td", "th") else None)

    def _text(self, text: str | None) -> None:
        if text:
            self._line.append(_Inline(text, self._link > 0))


def _is_furniture(node: Any, tag: str) -> bool:
    """Whether an element says by its kind or its names that it is no part of the article."""
    if tag in ("body", "html", "main", "article"):
        return False
    if tag in _FURNITURE or (tag == "header" and node.find(".//h1") is None):
        return True
    return bool(NAMED.search(f"{node.get('class') or ''} {node.get('id') or ''} {node.get('role') or ''}"))


def _hidden(node: Any) -> bool:
    style = (node.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or node.get("hidden") is not None


def _table_lines(node: Any) -> list[str]:
    rows: list[list[str]] = []
    ranges: list[tuple[int, int, int, int]] = []
    taken: dict[tuple[int, int], bool] = {}
    caption = node.find(".//caption")
    for y, row in enumerate(node.iter("tr")):
        cells: list[str] = []
        x = 0
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            while taken.get((y, x)):
                cells.append("")
                x += 1
            wide, high = spanned(cell.get("colspan")), spanned(cell.get("rowspan"))
            cells += [" ".join(part.shown for part in blocks(cell)), *[""] * (wide - 1)]
            for down in range(high):
                for right in range(wide):
                    taken[y + down, x + right] = True
            if wide > 1 or high > 1:
                ranges.append((y, x, y + high - 1, x + wide - 1))
            x += wide
        rows.append(cells)
    told = tables.lines(tables.merged(rows, ranges))
    return [" ".join(part.text for part in blocks(caption)), *told] if caption is not None else told


def visible_text(page: str) -> str:
    """Every word a page or a piece of one shows, a line a block, without readings above characters."""
    if "<" not in page:
        return _lines(entities.unescape(page).split("\n"))
    if told := _joined(blocks(parsed(page))):
        return told
    bare = re.sub(r"<(script|style)\b[^>]*>.*?(?:</\1\s*>|\Z)", "\n", page, flags=re.S | re.I)
    return _lines(entities.unescape(re.sub(r"<[^<>]{0,5000}>", "\n", bare)).split("\n"))  # no parser reads it


def _lines(lines: list[str]) -> str:
    told = (re.sub(r"[ \t\r\f]+", " ", line).strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(told)).strip()


def _listed(found: list[Block]) -> set[int]:
    """Which blocks, by identity, are lists of links: links, headings that are links where there are some of them, and
    the days and names between two of such.
    """
    heads = [block for block in found if block.heading and block.linked]
    listed = [block.linked and (not block.heading or len(heads) >= _MIN_LINKED_HEADINGS) for block in found]
    out = set()
    for n, block in enumerate(found):
        inside = 0 < n < len(found) - 1 and listed[n - 1] and listed[n + 1] and not block.heading
        if listed[n] or (inside and len(block.text) <= _MAX_BETWEEN and not _SENTENCE.search(block.text)):
            out.add(id(block))
    return out


def article_blocks(found: list[Block]) -> list[Block]:
    """Our own choice: what no furniture holds and is no list of links, up to the site's lines at the end."""
    if any(block.main for block in found):
        return [block for block in found if block.main]
    listed = _listed(found)
    kept = [block for block in found if not block.furniture and id(block) not in listed and not is_count(block.text)]
    if not any(_SENTENCE.search(block.text) for block in kept):  # a page of furniture by its names: names may lie
        kept = [block for block in found if id(block) not in listed] or found
    while kept and not kept[-1].table and len(SITE_WORDS.findall(kept[-1].text)) >= 2:
        kept.pop()
    return kept or found


def _without_misnamed(found: list[Block], held: str) -> list[Block]:
    """The blocks, none of them furniture in a stretch named so that trafilatura takes for the article all the same:
    names lie (`<div class="wrap nav">` around a body, `header-align-left` on a recipe). Where it took little of what no
    furniture holds, furniture may have misled it: then only what stands above all of that.
    """
    ours = [block for block in article_blocks(found) if _SENTENCE.search(block.text)]
    first = next((n for n, block in enumerate(found) if ours and block is ours[0]), len(found))
    agreed, listed = _covers(held, ours), _listed(found)
    out: list[Block] = []
    for furniture, stretch in groupby(found, key=lambda block: block.furniture):
        some = list(stretch)
        if furniture and (agreed or len(out) < first):
            texts = [_compact(block.text) for block in some]
            taken = [
                len(text)
                for block, text in zip(some, texts, strict=True)
                if id(block) not in listed and _held(text, held)
            ]
            least = max(_MIN_MISNAMED, _MISNAMED * sum(map(len, texts)), _MISNAMED_LINE * len(taken))
            if len(taken) > 2 and sum(taken) >= least:
                some = [replace(block, furniture=False) for block in some]
        out += some
    return out


def article_text(found: list[Block], title: str, theirs: str) -> str:
    """The text of the article among the blocks of a page; `theirs` is what trafilatura takes for it."""
    held = _compact(theirs)
    found = _without_misnamed(found, held)
    ours = _below_title(article_blocks(found), title)
    if not any(block.main for block in ours) and _covers(held, ours):
        chosen, listed = {id(block) for block in ours}, _listed(found)
        both = [
            block
            for block in found
            if (_held(_compact(block.text), held) or (block.table and id(block) in chosen))
            and not is_count(block.text)
            and (id(block) in chosen or (id(block) not in listed and bool(_SENTENCE.search(block.text))))
        ]
        # trafilatura drops what stands between title and text: who wrote it, for whom and when; within, captions and
        # headings that are no more than lines: a few at a time, for players and lists are longer.
        first = next((n for n, block in enumerate(ours) if block in both and _SENTENCE.search(block.text)), 0)
        last = max((n for n, block in enumerate(ours) if block in both), default=-1)
        taken, within = {id(block) for block in both}, list[Block]()
        for held_too, stretch in groupby(ours[first : last + 1], key=lambda block: id(block) in taken):
            some = list(stretch)
            short = not held_too and len(some) <= _MAX_DROPPED
            within += [block for block in some if short or block.heading or _SENTENCE.search(block.text)]
        kept = {id(block) for block in (*both, *within, *(block for block in ours[:first] if is_byline(block.text)))}
        ours = [block for block in found if id(block) in kept]
    return _joined(ours)


def _below_title(ours: list[Block], title: str) -> list[Block]:
    """Without what stands above the title, but for two lines, where the most of the sentences stand below it."""
    wanted = _compact(title)
    at = next((n for n, block in enumerate(ours) if wanted and _compact(block.text) == wanted), 0)
    told = [
        sum(map(len, {b.text for b in part if b.table or _SENTENCE.search(b.text)})) for part in (ours[:at], ours[at:])
    ]
    if at <= _ABOVE or told[0] >= told[1]:
        return ours
    return [*(block for block in ours[:at] if block.main or block.table), *ours[at - _ABOVE :]]


def _beside(found: list[Block], title: str) -> list[str]:
    """The lines right below the title."""
    wanted = _compact(title)
    at = next((n for n, block in enumerate(found) if wanted and _compact(block.text) == wanted), len(found))
    return [block.text for block in found[at + 1 : at + 1 + _BESIDE]]


def _day_beside(beside: list[str]) -> str | None:
    """The day in a line by itself, or behind its label, right below the title."""
    for line in beside:
        if (match := find_date(line)) and _DATED.match(line[: match[1]]) and len(line) <= 80:
            return match[0]
    return None


def _covers(held: str, ours: list[Block]) -> bool:
    """Whether a text holds nearly all sentences of these blocks, of which there are some."""
    sentences = [_compact(block.text) for block in ours if _SENTENCE.search(block.text)]
    want = sum(map(len, sentences))
    return want > 0 and sum(len(text) for text in sentences if _held(text, held)) >= _COVERED * want


def _held(text: str, whole: str) -> bool:
    """Whether `whole` holds `text`, or its first and last characters where it is long: marks differ at seams."""
    if text in whole:
        return bool(text)
    plain = re.sub(r"\W+", "", text)
    return len(plain) >= 12 and plain[:12] in (bare := re.sub(r"\W+", "", whole)) and plain[-12:] in bare


def _joined(found: list[Block]) -> str:
    out: list[str] = []
    for n, block in enumerate(found):
        if n:
            out.append("\n" if block.soft else "\n\n")
        out.append(block.shown)
    return "".join(out)


def title_of(tree: Any, found: list[Block], said: dict[str, str], theirs: str) -> str:
    """The title of a page. `found` are its blocks, `said` what its head tells; `theirs` is trafilatura's."""
    if tree is None:
        return chosen_title("", [], [], "", theirs)

    def told(node: Any) -> str:
        text = "" if node is None else " ".join(block.text for block in blocks(node)) or node.text_content()
        return re.sub(r"\s+", " ", text).strip()

    if wechat := told(tree.find(".//*[@id='activity-name']")):
        return wechat
    heads = [text for node in tree.iter("h1") if (text := told(node)) and len(text) <= 200]
    lines = [block.text for block in found if not block.linked and (block.heading or len(block.text) >= _MIN_LINE)]
    return chosen_title(told(tree.find(".//title")), heads, lines, said.get("title", ""), theirs)


def html(page: str) -> dict[str, Any]:
    """A record of one page: `text`, and `title`, `author`, `published`, `source`, `url` where the page says them."""
    tree = parsed(page)
    theirs, found = trafilatura_of(_CLOSED.sub("", page))
    shown = blocks(tree)
    said = told_in_head(tree) if tree is not None else {}
    title = title_of(tree, shown, said, found.get("title", ""))
    text = article_text(shown, title, theirs)
    record: dict[str, Any] = {**said, **found, "text": without_rules(text if text.strip() else visible_text(page))}
    beside = _beside(shown, title)
    record |= {"title": title, "site": "", **names_of(tree, said, found, title, beside)}
    days = (said.get("published", ""), _day_beside(beside) or "", found.get("published", ""))
    record.pop("published", None)
    if day := next((day for day in days if find_date(day)), ""):
        record["published"] = day
    if (account := tree.find(".//*[@id='js_name']") if tree is not None else None) is not None:
        record["source"] = re.sub(r"\s+", " ", account.text_content()).strip() or record.get("source", "")
    if "published" not in record and (date := _WECHAT_DATE.search(page)):
        record["published"] = int(date[1]) if date[1].isdigit() else date[1]
    return {key: value for key, value in record.items() if value}
