"""Which blocks of a web page are its article.

Two ways to tell the article from its page are tried, trafilatura's and our own, which leaves out what is named as
navigation or footer and lists of links. Trafilatura's choice is taken where it holds nine tenths of the sentences of
ours, ours where it lost more; either way the text is that of our blocks, so that no link or bold word cuts a sentence.
"""

import re
from dataclasses import replace
from itertools import groupby

from index.sources.page_blocks import Block, compact, joined
from index.sources.page_fields import is_byline
from index.sources.page_furniture import SITE_WORDS, is_count

_COVERED = 0.9  # share of the characters of our sentences that trafilatura's text must hold to be believed
_MAX_DROPPED = 3  # lines in a row that trafilatura may have dropped from the middle of an article
_MIN_LINKED_HEADINGS = 4  # headings that are links from which they lead to other articles
_MIN_MISNAMED = 100  # characters that trafilatura takes for the article, from which no name makes furniture of them
_MISNAMED_LINE = 12  # characters of a line of them in the mean: lists of days and counts have less
_MISNAMED = 0.6  # share of the characters of a stretch named as furniture, likewise
_ABOVE = 2  # lines above the title that are kept
_MAX_BETWEEN = 24  # characters of a day or a name between two links
_SENTENCE = re.compile("[。！？!?；;]|，.*，")


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
            texts = [compact(block.text) for block in some]
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
    held = compact(theirs)
    found = _without_misnamed(found, held)
    ours = _below_title(article_blocks(found), title)
    if not any(block.main for block in ours) and _covers(held, ours):
        chosen, listed = {id(block) for block in ours}, _listed(found)
        both = [
            block
            for block in found
            if (_held(compact(block.text), held) or (block.table and id(block) in chosen))
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
    return joined(ours)


def _below_title(ours: list[Block], title: str) -> list[Block]:
    """Without what stands above the title, but for two lines, where the most of the sentences stand below it."""
    wanted = compact(title)
    at = next((n for n, block in enumerate(ours) if wanted and compact(block.text) == wanted), 0)
    told = [
        sum(map(len, {b.text for b in part if b.table or _SENTENCE.search(b.text)})) for part in (ours[:at], ours[at:])
    ]
    if at <= _ABOVE or told[0] >= told[1]:
        return ours
    return [*(block for block in ours[:at] if block.main or block.table), *ours[at - _ABOVE :]]


def _covers(held: str, ours: list[Block]) -> bool:
    """Whether a text holds nearly all sentences of these blocks, of which there are some."""
    sentences = [compact(block.text) for block in ours if _SENTENCE.search(block.text)]
    want = sum(map(len, sentences))
    return want > 0 and sum(len(text) for text in sentences if _held(text, held)) >= _COVERED * want


def _held(text: str, whole: str) -> bool:
    """Whether `whole` holds `text`, or its first and last characters where it is long: marks differ at seams."""
    if text in whole:
        return bool(text)
    plain = re.sub(r"\W+", "", text)
    return len(plain) >= 12 and plain[:12] in (bare := re.sub(r"\W+", "", whole)) and plain[-12:] in bare
