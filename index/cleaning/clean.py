"""Raw text -> display text: the text people read and every offset refers to.

An ordered tuple of named steps, each a pure function of the article. What cannot be repaired surely is left alone.
Cleaning twice is cleaning once.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from index.cleaning import boilerplate, gbk_misaligned, gbk_repair, metadata, mojibake, pinyin_annotations
from index.cleaning.lost_bytes import LOST
from index.cleaning.parts import page_starts, with_cells
from index.models import Article, Change, Cleaned

CLEANER_VERSION = 8  # part of the index's fingerprint: raise it whenever a step gives another result

BOILERPLATE = "boilerplate"  # the step whose changes are lines taken out

Result = tuple[Article, list[Change]]


class Known(NamedTuple):
    """What a step may know beside the article: its source's learned boilerplate, and what the steps before it changed.

    `stretches`: for the misaligned GBK bytes, what `gbk_misaligned.find` says of the title and of the text.
    """

    boilerplate: frozenset[str]
    changes: tuple[Change, ...]
    stretches: dict[str, list[gbk_misaligned.Stretch]]
    keep_boilerplate: bool = False


class Step(NamedTuple):
    """One step of the cleaning: its name in reports, and what it does."""

    name: str
    run: Callable[[Article, Known], Result]


# Invisible characters that cut words in two: zero width, direction marks, soft hyphen, BOM, controls.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
# The same in text that holds bytes shown as Latin letters: what looks like a control or a soft hyphen is a byte there.
_INVISIBLE_BESIDE_BYTES = re.compile(_INVISIBLE.pattern.replace("\x7f-\x84\x86-\x9f\xad", "\x7f"))
_BREAKS = re.compile(r"\r\n?|[\x0c\x85\u2028\u2029]")
_BREAKS_BESIDE_BYTES = re.compile(_BREAKS.pattern.replace(r"\x85", ""))
_MARGINS = re.compile(r"[ \t\u3000\xa0]+$|^[\u3000\xa0]+", re.M)
_BLANK = re.compile(r"\n{3,}")


def _plain(text: str) -> bool:
    """Whether there is surely neither an invisible character nor a break but line feeds: those are not printable."""
    for char in "\n\t\u3000\xa0":
        text = text.replace(char, "")
    return text.isprintable()


def _spaces(text: str) -> str:
    # Going through a text for a class of characters is slow: first what tells that there is nothing.
    if not _plain(text):
        bytes_shown = mojibake.holds_bytes(text)
        text = (_BREAKS_BESIDE_BYTES if bytes_shown else _BREAKS).sub("\n", text)
        text = (_INVISIBLE_BESIDE_BYTES if bytes_shown else _INVISIBLE).sub("", text)
    text = text.replace("\xa0", " ")
    if "\u3000" in text or " \n" in text or "\t\n" in text or text.endswith((" ", "\t")):
        text = _MARGINS.sub("", text)
    if "\n\n\n" in text:
        text = _BLANK.sub("\n\n", text)
    return text.strip("\n")


def _characters(article: Article, _: Known) -> Result:
    text, title = _spaces(article.text), " ".join(_spaces(article.title).split())
    hidden = _INVISIBLE.findall(article.text) if len(text) < len(article.text) else []
    changes = [Change("characters", " ".join(f"U+{ord(c):04X}" for c in sorted(set(hidden))[:8]), "")] if hidden else []
    return replace(article, text=text, title=title), changes


def _both(article: Article, repair: Callable[[str], tuple[str, list[Change]]]) -> Result:
    """A repair of the text and of the title."""
    text, changes = repair(article.text)
    title, more = repair(article.title) if article.title else ("", [])
    if not changes and not more:
        return article, []
    return replace(article, text=text, title=title), [*more, *changes]


def _decoding(article: Article, _: Known) -> Result:
    whole, changes = mojibake.redecode(f"{article.title}\n{article.text}")  # the title is judged by its text too
    if not changes:
        return article, []
    title, text = whole.split("\n", 1)
    return replace(article, text=text, title=title), changes


def _pinyin_annotations(article: Article, _: Known) -> Result:
    return _both(article, pinyin_annotations.remove)


def _misaligned_gbk(article: Article, known: Known) -> Result:
    # Pinyin annotations were pasted in by a program that also broke bytes, and such damage seldom comes alone:
    # weaker marks of it are believed there.
    steps = Counter(change.step for change in known.changes)
    if steps["decoding"]:
        return article, []
    repaired, made = _both(article, lambda text: gbk_repair.repair(text, stretches=known.stretches.get(text)))
    if steps["pinyin_annotations"] >= 3 or steps["misaligned_gbk"] or made:
        repaired, more = _both(repaired, partial(gbk_repair.repair, damaged=True))
        made = [*made, *more]
    # Where lines still look like a wrong table's work, or did where signs for bytes stand, so does what was repaired.
    before = article.text if LOST in article.text else repaired.text
    if made and mojibake.garbled(before):
        return article, []
    return repaired, made


def _metadata(article: Article, _: Known) -> Result:
    own = {"source": article.source, "author": article.author, "published": article.published}
    given = {**article.meta, **{key: value for key, value in own.items() if value}}
    text, found, taken = metadata.take(article.text, given)
    if not found and not taken:
        return article, []
    meta = {**{k: v for k, v in found.items() if k not in ("source", "author", "published")}, **article.meta}
    changed = replace(
        article,
        text=_spaces(text),
        source=article.source or found.get("source"),
        author=article.author or found.get("author"),
        published=article.published or found.get("published"),
        meta=meta,
    )
    return changed, [Change("metadata", line, "") for line in taken]


def _boilerplate(article: Article, known: Known) -> Result:
    if known.keep_boilerplate:
        return article, []
    text, gone = boilerplate.remove(article.text, known.boilerplate, titled=bool(article.title))
    if not gone:
        return article, []
    return replace(article, text=_spaces(text)), [Change(BOILERPLATE, line, "") for line in gone]


def _title(article: Article, _: Known) -> Result:
    if not article.title:
        title, text = metadata.split_title(article.text)
        article = replace(article, title=title, text=text)
    text = article.text
    while (line := text.partition("\n"))[0].strip() == article.title and line[2].strip():
        if not metadata.reads_as_title(article.title):
            break  # a sentence, which was taken for the title where there is no other
        text = line[2].strip("\n")  # the page repeats its title above the text
    meta = dict(article.meta)
    subtitle, text = metadata.split_subtitle(text)
    changes = [Change("metadata", f"——{subtitle}", "")] if subtitle else []
    if subtitle:
        meta.setdefault("subtitle", subtitle)
    if issuer := metadata.issuer_of(article.title):
        meta.setdefault("issuing_body", issuer)
    if text == article.text and meta == article.meta:
        return article, []
    return replace(article, text=text, meta=meta), changes


_MAX_ROUNDS = 6  # a line that is gone brings others to the ends of the text: until nothing more is found
STEPS: tuple[Step, ...] = (
    Step("decoding", _decoding),
    Step("characters", _characters),
    Step("pinyin_annotations", _pinyin_annotations),
    Step("misaligned_gbk", _misaligned_gbk),
    Step("boilerplate", _boilerplate),
    Step("metadata", _metadata),
    Step("title", _title),
)
# Of a table's row no line is page furniture, and none a field to take out.
_REPAIRS = tuple(step for step in STEPS if step.run not in (_boilerplate, _metadata, _title))


def clean(article: Article, *, boilerplate: frozenset[str] = frozenset(), keep_boilerplate: bool = False) -> Cleaned:
    """The article with its display text and the fields found in it, and every change made on the way.

    `boilerplate`: what `index.cleaning.boilerplate.of_source` says of the article's source. Fields that came with the
    article are kept; `source`, `author` and `published` are filled where they were missing, everything else goes to
    `meta`. With `keep_boilerplate` no line is taken for boilerplate.
    """
    return clean_all([(article, boilerplate)], keep_boilerplate=keep_boilerplate)[0]


def clean_all(pages: Sequence[tuple[Article, frozenset[str]]], *, keep_boilerplate: bool = False) -> list[Cleaned]:
    """`clean` each article, given with its source's boilerplate: what becomes of one does not depend on others."""
    made = _cleaned(pages, STEPS, keep_boilerplate)
    tables = [place for place, (article, _) in enumerate(pages) if article.cells]
    rows = [(replace(pages[place][0], title="", text=pages[place][0].cells), frozenset[str]()) for place in tables]
    for place, row in zip(tables, _cleaned(rows, _REPAIRS, keep_boilerplate), strict=True):
        article = with_cells(replace(made[place].article, cells=row.article.text))
        made[place] = Cleaned(article, (*made[place].changes, *row.changes))
    for place, (raw, _) in enumerate(pages):
        if raw.pages:
            article = made[place].article
            starts = page_starts(raw.text, raw.pages, article.text)
            made[place] = replace(made[place], article=replace(article, pages=starts))
    return made


def _cleaned(
    pages: Sequence[tuple[Article, frozenset[str]]], steps: Sequence[Step], keep_boilerplate: bool
) -> list[Cleaned]:
    articles = [article for article, _ in pages]
    changes: list[list[Change]] = [[] for _ in pages]
    left = list(range(len(pages)))
    for _ in range(_MAX_ROUNDS):
        before = articles.copy()
        for step in steps:
            stretches = _stretches([articles[place] for place in left]) if step.run is _misaligned_gbk else {}
            for place in left:
                known = Known(pages[place][1], tuple(changes[place]), stretches, keep_boilerplate)
                articles[place], made = step.run(articles[place], known)
                changes[place] += made
        left = [place for place in left if articles[place] != before[place]]
    return [Cleaned(article, tuple(made)) for article, made in zip(articles, changes, strict=True)]


def _stretches(articles: Sequence[Article]) -> dict[str, list[gbk_misaligned.Stretch]]:
    """Of every title and text; looked for in all of them together, which is several times as fast."""
    texts = [text for article in articles for text in (article.title, article.text)]
    return dict(zip(texts, gbk_misaligned.find_all(texts), strict=True))
