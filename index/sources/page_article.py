"""Which blocks of a web page are its article.

Two ways to tell the article from its page are tried, trafilatura's and our own, which leaves out what is named as
navigation or footer and lists of links. Trafilatura's choice is taken where it holds nine tenths of the sentences of
ours; what stands behind it, beyond lists and menus, in elements of another kind is no loss, as long as it is less than
what it holds. Ours is taken where it lost more. Either way the text is that of our blocks, so that no link or bold word
cuts a sentence. A page of headlines is told by `page_lists`.
"""

import re
from bisect import bisect_left
from dataclasses import replace
from itertools import groupby, pairwise

from index.sources.page_blocks import Block, compact, joined
from index.sources.page_fields import is_byline
from index.sources.page_furniture import SITE_WORDS, is_count, is_neighbour
from index.sources.page_lists import MAX_BETWEEN, MIN_TOLD, SENTENCE, buttons, list_page, references, teasers, title_at

_COVERED = 0.9  # share of the characters of our sentences that trafilatura's text must hold to be believed
_MIN_LONG_LINE = 12  # characters of a line from which it is known wherever it stands
_BODY = 2  # the number of the element around all others
_MAX_DROPPED = 3  # lines in a row that trafilatura may have dropped from the middle of an article
_MIN_LINKED_HEADINGS = 4  # headings that are links from which they lead to other articles
_MIN_MISNAMED = 100  # characters that trafilatura takes for the article, from which no name makes furniture of them
_MISNAMED_LINE = 12  # characters of a line of them in the mean: lists of days and counts have less
_MISNAMED = 0.6  # share of the characters of a stretch named as furniture, likewise
_ABOVE = 2  # lines above the title that are kept


class _Theirs:
    """What trafilatura takes for the article, to be asked which lines it holds."""

    def __init__(self, text: str) -> None:
        self.text = compact(text)
        self._letters = re.sub(r"\W+", "", self.text)
        self._known: dict[str, bool] = {}

    def holds(self, text: str) -> bool:
        """Whether it holds `text`, or its first and last characters where it is long: marks differ at seams."""
        if text not in self._known:
            self._known[text] = bool(text) and (text in self.text or self._nearly(text))
        return self._known[text]

    def _nearly(self, text: str) -> bool:
        letters = re.sub(r"\W+", "", text)
        return (
            len(letters) >= _MIN_LONG_LINE
            and letters[:_MIN_LONG_LINE] in self._letters
            and letters[-_MIN_LONG_LINE:] in self._letters
        )

    def lines(self, found: list[Block]) -> set[int]:
        """Which blocks, by identity, it holds: long ones, as often as it has them, and short ones that stand in it
        between the long ones that they stand between on the page.
        """
        texts = [compact(block.text) for block in found]
        ends: dict[str, int] = {}
        at = []
        out = set()
        for block, text in zip(found, texts, strict=True):
            place = self.text.find(text, ends.get(text, 0)) if len(text) >= _MIN_LONG_LINE else -1
            at.append(place)
            if place >= 0 or (len(text) >= _MIN_LONG_LINE and text not in ends and self.holds(text)):
                out.add(id(block))
            if place >= 0:
                ends[text] = place + len(text)
        for before, after in pairwise([-1, *_rising(at), len(found)]):
            begin = at[before] + len(texts[before]) if before >= 0 else 0
            between = self.text[begin : at[after] if after < len(found) else len(self.text)]
            near = range(before + 1, after)
            out |= {id(found[n]) for n in near if 0 < len(texts[n]) < _MIN_LONG_LINE and texts[n] in between}
        return out


def _rising(at: list[int]) -> list[int]:
    """Indices of a longest rising sequence among the numbers that are not negative."""
    tails: list[int] = []
    last: list[int] = []  # the index that ends the best sequence of each length
    before: dict[int, int] = {}
    for n, value in enumerate(at):
        if value < 0:
            continue
        k = bisect_left(tails, value)
        before[n] = last[k - 1] if k else -1
        if k == len(tails):
            tails.append(value)
            last.append(n)
        elif value < tails[k]:
            tails[k], last[k] = value, n
    out: list[int] = []
    n = last[-1] if last else -1
    while n >= 0:
        out.append(n)
        n = before[n]
    return out[::-1]


def _listed(found: list[Block]) -> set[int]:
    """Which blocks, by identity, are lists of links: links, headings that are links where there are some of them, and
    the days and names between two of such.
    """
    heads = [block for block in found if block.heading and block.linked]
    listed = [block.linked and (not block.heading or len(heads) >= _MIN_LINKED_HEADINGS) for block in found]
    out = set()
    for n, block in enumerate(found):
        inside = 0 < n < len(found) - 1 and listed[n - 1] and listed[n + 1] and not block.heading
        if listed[n] or (inside and len(block.text) <= MAX_BETWEEN and not SENTENCE.search(block.text)):
            out.add(id(block))
    return out


def article_blocks(found: list[Block]) -> list[Block]:
    """Our own choice: what no furniture holds and is no list of links, up to the site's lines at the end."""
    if any(block.main for block in found):
        return [block for block in found if block.main]
    listed = _listed(found)
    told = [b for b in found if not (id(b) in listed or is_count(b.text) or is_neighbour(b.text))]
    kept = [block for block in told if not block.furniture]
    if not any(SENTENCE.search(block.text) for block in kept):
        kept = _despite_names(told, kept)
    while kept and not kept[-1].table and len(SITE_WORDS.findall(kept[-1].text)) >= 2:
        kept.pop()
    return kept or found


def _despite_names(told: list[Block], kept: list[Block]) -> list[Block]:
    """`kept`, or where furniture says more what is no deeper in such than its sentences: names may lie.
    Where neither says anything, all of it.
    """
    said = [b for b in told if b.furniture and SENTENCE.search(b.text) and not SITE_WORDS.search(b.text)]
    length = sum(len(block.text) for block in kept)
    if sum(len(block.text) for block in said) <= length:
        return kept if length >= MIN_TOLD or any(block.table for block in kept) else told
    level = min(block.furniture for block in said)
    return [block for block in told if block.furniture <= level]


def _without_misnamed(found: list[Block], title: str, theirs: _Theirs) -> list[Block]:
    """The blocks, none of them furniture in a stretch named so that trafilatura takes for the article all the same:
    names lie (`<div class="wrap nav">` around a body, `header-align-left` on a recipe). Where it took little of what no
    furniture holds, furniture may have misled it: then only what stands above all of that.
    """
    chosen = article_blocks(found)
    ours = [block for block in chosen if SENTENCE.search(block.text)]
    first = next((n for n, block in enumerate(found) if ours and block is ours[0]), len(found))
    agreed, listed = _is_believed(found, chosen, title, theirs), _listed(found)
    out: list[Block] = []
    for furniture, stretch in groupby(found, key=lambda block: block.furniture > 0):
        some = list(stretch)
        if furniture and (agreed or len(out) < first):
            texts = [compact(block.text) for block in some]
            taken = [
                len(text)
                for block, text in zip(some, texts, strict=True)
                if id(block) not in listed and theirs.holds(text)
            ]
            least = max(_MIN_MISNAMED, _MISNAMED * sum(map(len, texts)), _MISNAMED_LINE * len(taken))
            if len(taken) > 2 and sum(taken) >= least:
                some = [replace(block, furniture=0) for block in some]
        out += some
    return out


def article_text(found: list[Block], title: str, theirs: str) -> str:
    """The text of the article among the blocks of a page; `theirs` is what trafilatura takes for it."""
    if any(block.main for block in found):
        return joined([block for block in found if block.main])
    told = _Theirs(theirs)
    found = _without_misnamed(found, title, told)
    ours = _below_title(article_blocks(found), title)
    if headlines := list_page(found, ours, title):
        return joined(headlines)
    if _is_believed(found, ours, title, told):
        ours = _agreed(found, ours, title, told)
    kept = {id(block) for block in (*ours, *references(found, ours))}
    return joined([block for block in found if id(block) in kept])


def _agreed(found: list[Block], ours: list[Block], title: str, theirs: _Theirs) -> list[Block]:
    """What both choices hold, and of ours what trafilatura drops of an article all the same."""
    chosen, listed, held = {id(block) for block in ours}, _listed(found), theirs.lines(found)
    both = [
        block
        for block in found
        if (id(block) in held or (block.table and not block.links and id(block) in chosen))
        and not (is_count(block.text) or is_neighbour(block.text))
        and (id(block) in chosen or (id(block) not in listed and bool(SENTENCE.search(block.text))))
    ]
    taken = {id(block) for block in both}
    first = next((n for n, block in enumerate(ours) if id(block) in taken and SENTENCE.search(block.text)), 0)
    last = max((n for n, block in enumerate(ours) if id(block) in taken), default=-1)
    kept = {*taken, *_within(ours[first : last + 1], taken)}
    # Above, who wrote it, for whom and when, and what it is about; below, signatures and what is attached.
    top = title_at(ours, title)
    kept |= {id(b) for n, b in enumerate(ours[:first]) if is_byline(b.text) or (n > top and SENTENCE.search(b.text))}
    around = _places(both)
    kept |= {id(block) for block in ours[last + 1 :] if block.attached or around & set(block.place)}
    kept -= buttons(ours) - held
    return [block for block in found if id(block) in kept]


def _within(ours: list[Block], taken: set[int]) -> set[int]:
    """Captions and headings within that are no more than lines: a few at a time, for players and lists are longer."""
    out = set()
    for held, stretch in groupby(ours, key=lambda block: id(block) in taken):
        some = list(stretch)
        short = not held and len(some) <= _MAX_DROPPED
        out |= {id(block) for block in some if short or block.heading or SENTENCE.search(block.text)}
    return out


def _places(held: list[Block]) -> set[int]:
    """The elements that hold these sentences, but the one around all."""
    places = {place for block in held if SENTENCE.search(block.text) for place in block.place}
    return {place for place in places if place > _BODY}


def _below_title(ours: list[Block], title: str) -> list[Block]:
    """Without what stands above the title, but for two lines, where the most of the sentences stand below it."""
    at = title_at(ours, title) % max(1, len(ours))
    told = [
        sum(map(len, {b.text for b in part if b.table or SENTENCE.search(b.text)})) for part in (ours[:at], ours[at:])
    ]
    if at <= _ABOVE or told[0] >= told[1]:
        return ours
    return [*(block for block in ours[:at] if block.main or block.table), *ours[at - _ABOVE :]]


def _is_believed(found: list[Block], ours: list[Block], title: str, theirs: _Theirs) -> bool:
    """Whether trafilatura's text holds nearly all sentences of ours, each counted once, that may be the article's."""
    chosen, listed = {id(block) for block in ours}, _listed(found)
    firsts: dict[str, int] = {}
    for n, block in enumerate(found):
        if id(block) in chosen and SENTENCE.search(block.text):
            firsts.setdefault(compact(block.text), n)
    sentences = {n: text for text, n in firsts.items()}
    held = {n for n, text in sentences.items() if theirs.holds(text)}
    if not held:
        return False
    first, last = min(held), max(held)
    around, kinds = _places([found[n] for n in held]), {found[n].kind for n in held} - {""}
    apart = next((n for n in range(last, len(found)) if found[n].furniture or id(found[n]) in listed), len(found))
    below = teasers(found, ours, title)
    got = lost = other = 0
    for n, text in sentences.items():
        block = found[n]
        if n in held:
            got += len(text)
        elif n < first:
            other += len(text)
        elif n < last or around & set(block.place):
            lost += len(text)
        elif SITE_WORDS.search(block.text) or (n > apart and block.kind not in kinds):
            other += 0 if id(block) in below else len(text)
        else:
            lost += len(text)
    return got >= _COVERED * (got + lost) and got >= other
