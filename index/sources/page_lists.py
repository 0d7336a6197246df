"""Pages whose text is links: a column's headlines, a directory; and the lists of references that end an article."""

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import NamedTuple

from index.sources.page_blocks import MIN_HEADLINE, Block, compact
from index.sources.page_furniture import SITE_WORDS, is_neighbour

MAX_BETWEEN = 24  # characters of a day or a name beside a link, or between two
SENTENCE = re.compile("[。！？!?；;]|，.*，")
_MIN_MEAN = 7  # characters of a headline in the mean
_MIN_MISNAMED = 10  # headlines of a list from which no name makes it furniture,
_MISNAMED_TIMES = 3  # where it is so many times as long as others
_MIN_ENTRIES = 5  # headlines from which a page may be a list of them
_MAX_TEASER = 200  # characters of sentences between two headlines, from which they are an article
_MIN_PROSE = 60  # characters of a line without links from which it is a sentence, whatever marks it has
_TIMES = 10  # how often as long as the sentences that no headline stands above the headlines of a list are
MIN_TOLD = 20  # characters below which a page says nothing but its links
_REPEATED = 3  # times a line stands on a page from which it is a button of each of its entries
_DAY = re.compile(r"\d{1,2}\s?[-/.月]\s?\d{1,2}")
_REFERENCES = re.compile(
    r"[【\[]?(?:[一二三四五六七八九十\d]{1,3}[、.．]\s*)?(?:主要)?(?:参考|參考|引用|征引|引证)(?:文献|文獻|资料|資料|书目|書目|来源|來源)[^。，]{0,6}"
    r"|(?:注[释釋解]|註[釋解]|脚注|腳註|尾注|附注|资料来源|資料來源|文献来源|references?|notes|bibliography)[】\]]?\s*[:：]?(?:\s*\[.{1,6}\])?",
    re.I,
)


def title_at(found: list[Block], title: str) -> int:
    """Where the title stands, the end if nowhere. Of several lines that say it a heading comes first, then one that is
    no link: menus and lists of news say it, too. What is named furniture comes last.
    """
    wanted = compact(title)
    places = [n for n, block in enumerate(found) if wanted and compact(block.text) == wanted]
    return min(places, default=len(found), key=lambda n: _rank(found[n]))


def _rank(block: Block) -> tuple[bool, bool, bool]:
    return block.furniture > 0, block.linked, not block.heading


def _may_be_entry(block: Block) -> bool:
    """Whether a line is a link to another article, perhaps with its day, or a row of a table of such."""
    if not block.anchors or block.attached or SITE_WORDS.search(block.text):
        return block.table and block.links > 0
    return len(compact(block.text)) - block.links <= MAX_BETWEEN and not is_neighbour(block.text)


def _entries(found: list[Block]) -> list[int]:
    """Where headlines of other articles stand: links as long as such, each or in the mean of those in one element."""
    around: dict[int, list[int]] = defaultdict(list)
    for n, block in enumerate(found):
        if _may_be_entry(block):
            around[block.place[1]].append(n)
    out: list[int] = []
    named: list[list[int]] = []
    longest = 0
    for group in around.values():
        length, anchors = sum(found[n].links for n in group), sum(found[n].anchors or 1 for n in group)
        alike = len(group) >= _MIN_ENTRIES and length >= _MIN_MEAN * anchors
        some = [n for n in group if alike or found[n].links >= MIN_HEADLINE * (found[n].anchors or 1)]
        if found[group[0]].furniture:
            named.append(some)
        else:
            out += some
            longest = max(longest, sum(found[n].links for n in some))
    for some in named:  # a name may lie where by far the longest list bears it, or one whose headlines have days
        dated = len(some) > 1 and 2 * sum(bool(_DAY.search(found[n].text)) for n in some) > len(some)
        length = sum(found[n].links for n in some)
        out += some if dated or (len(some) >= _MIN_MISNAMED and length > _MISNAMED_TIMES * longest) else []
    return sorted(out)


def list_page(found: list[Block], ours: list[Block], title: str) -> list[Block]:
    """The lines of a page that lists other articles, none where it is an article; `ours` are those that are no links.

    A list has five headlines and more, longer than all else that it says, and sentences only as teasers below them.
    """
    at = title_at(found, title)
    entries = _entries(found)
    below = [n for n in entries if n > at]
    entries = below if 2 * len(below) > len(entries) else entries
    chosen = {id(block) for block in ours}
    if len({compact(found[n].text) for n in entries}) < _MIN_ENTRIES:
        return _directory(found, ours, at)
    length = sum(found[n].links for n in entries)
    listed = set(map(id, (found[n] for n in entries)))
    told = _told(found, entries, chosen, at)
    ours = [block for block in ours if not block.furniture or id(block) in listed]
    others = listed | told.teasers
    plain = {compact(block.text) for block in ours if id(block) not in others} - {compact(title)}
    if told.article or sum(map(len, plain)) > length:
        return []
    if told.told and (told.right_below or length < _TIMES * told.told):
        return []
    pressed = buttons(ours)
    days = {id(found[m]) for n in entries for m in (n - 1, n + 1) if 0 <= m < len(found) and _is_day(found[m])}
    kept = listed | days | {id(block) for block in ours if id(block) not in pressed}
    return [block for block in found if id(block) in kept]


def buttons(ours: list[Block]) -> set[int]:
    """Which lines, by identity, are buttons of each entry or post: short, the same at each, and no days."""
    times = Counter(block.text for block in ours)
    return {
        id(block)
        for block in ours
        if times[block.text] >= _REPEATED and len(block.text) <= MAX_BETWEEN and not re.search(r"\d", block.text)
    }


def _is_day(block: Block) -> bool:
    return (
        not (block.linked or block.furniture) and len(block.text) <= MAX_BETWEEN and bool(re.search(r"\d", block.text))
    )


def teasers(found: list[Block], ours: list[Block], title: str) -> set[int]:
    """Which sentences, by identity, stand below headlines of other articles, a few between two of them."""
    entries = _entries(found)
    return _told(found, entries, {id(block) for block in ours}, title_at(found, title)).teasers


class _Told(NamedTuple):
    """Sentences of a page: which are teasers, how many characters are not, whether some of those stand right below the
    title, and whether an article stands among the headlines.
    """

    teasers: set[int]
    told: int
    right_below: bool
    article: bool


def _told(found: list[Block], entries: list[int], chosen: set[int], title: int) -> _Told:
    runs: list[tuple[int, set[int]]] = []  # between two headlines: characters of sentences, and which are below one
    told, right_below = 0, False
    for before, after in pairwise([-1, *entries, len(found)]):
        under, length, some = before >= 0, 0, set[int]()
        for n in range(before + 1, after):
            block = found[n]
            if n == title or (block.heading and not block.linked):
                under = False
            elif id(block) in chosen and _is_prose(block):
                length += len(block.text)
                told += 0 if under else len(block.text)
                some |= {id(block)} if under else set()
                right_below |= not under and before < title < n and not found[title].furniture
        runs.append((length, some))
    least = max(_MAX_TEASER, sum(length for length, _ in runs) / 2)  # from which a run is an article
    below = {block for length, some in runs if length < least for block in some}
    return _Told(below, told, right_below, any(length >= least for length, _ in runs))


def _is_prose(block: Block) -> bool:
    """Whether a line is a sentence, or as long as one though its marks are lost, and none of the site's own."""
    sentence = SENTENCE.search(block.text) or (len(block.text) >= _MIN_PROSE and not block.anchors)
    return bool(sentence) and not SITE_WORDS.search(block.text)


def _directory(found: list[Block], ours: list[Block], title: int) -> list[Block]:
    """What stands below the title of a page that says nothing but links, though they are short as names are."""
    wanted = compact(found[title].text) if title < len(found) else ""
    told = [block for block in ours if compact(block.text) != wanted]
    links = [n for n, block in enumerate(found) if block.linked and not block.furniture and n > title]
    if sum(len(compact(b.text)) for b in told) >= MIN_TOLD or len(links) < _MIN_ENTRIES:
        return []
    kept = {id(block) for block in (*ours, *(found[n] for n in links))}
    return [block for block in found if id(block) in kept]


def references(found: list[Block], ours: list[Block]) -> list[Block]:
    """The lists of references and notes that stand under such a heading behind the beginning of an article."""
    out: list[Block] = []
    chosen = {id(block) for block in ours}
    first = next((n for n, block in enumerate(found) if id(block) in chosen), len(found))
    for n in range(first + 1, len(found) - 1):
        head, item = found[n], found[n + 1]
        if head.furniture or not _REFERENCES.fullmatch(head.text.strip()):
            continue
        stretch = [head]
        for block in found[n + 1 :]:
            apart = block.place[1] != item.place[1] and block.place[0] != item.place[0]
            if apart or block.furniture or block.heading or len(SITE_WORDS.findall(block.text)) > 1:
                break
            stretch.append(block)
        out += stretch if len(stretch) > 1 else []
    return out
