"""What an article is called, so that it is found by name: its title, short forms of it, and its document number.

A name counts by its letters and digits alone, folded, numbers in digits: 《科技周刊》第一百期 and 科技周刊（第100期）
are one. In the index a name is a facet of eight bytes, a hash of 42 bits, which is found in one step: among a million
titles one question in ten thousand takes another name for one of them.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import combinations

from index.analysis.characters import HAN
from index.analysis.fold import fold
from index.analysis.numerals import chinese_number
from index.models import Article, Token

MAX_NAME = 80  # characters of a name that is looked for in a question
_LETTERS = re.compile(r"[^\W_]+")
_NUMERAL = re.compile(r"[零〇○一二三四五六七八九十百千廿卅两]+")
_PIECE = re.compile(rf"{_NUMERAL.pattern}|[^\W_]")
_MAX_BORDERS = 48  # of words in a question between which names are looked for
_QUALIFIER = re.compile(r"\s*[（(〔\[【][^（()）〔〕\[\]【】]{1,40}[)）〕\]】]\s*$")
_QUALIFIES = frozenset(")）〕]】")  # ends of such
_STATE = "中华人民共和国"
_LAW = "法"
_SHORT_LAW = re.compile(rf"[{HAN}]{{2,3}}{_LAW}")
_LONG_LAW = re.compile(rf"[{HAN}]{{4,13}}(?<![办方用做作看说想书手语文]){_LAW}")  # no 办法, 做法
LETTERS = "…"  # before a name made of some letters of a law's title
FIELD = "@"  # before the name of something that an article only speaks of in a field
_MAX_VALUE = 30  # characters of a field's value that may be a name
_NAMES = re.compile(rf"[{HAN}]{{2}}|[A-Za-z]{{3}}")
_TITLES = ("subtitle", "aliases", "alias", "别名", "document_number")  # which are names of the article itself


def normal(text: str) -> str:
    """The letters and digits of `text`, folded, Chinese numbers as digits."""
    return "".join(_digits(word) for word in _LETTERS.findall(fold(text)))


def _digits(folded: str) -> str:
    return _NUMERAL.sub(_number, folded)


def _number(match: re.Match[str]) -> str:
    value = chinese_number(match.group())
    return match.group() if value is None else str(value)


def name_facets(names: Iterable[str]) -> list[str]:
    """The facets of articles that are called `names`, `normal` ones."""
    hashes = b"".join([blake2b(name.encode("utf-8", "replace"), digest_size=6).digest() for name in names])
    letters = b64encode(hashes, b"-_").decode()  # eight of each, as six bytes give
    return [f"_{letters[at : at + 7]}" for at in range(0, len(letters), 8)]


def names_of(article: Article) -> set[str]:
    """What an article is called: its title, without what brackets add to it or the state before it, and its number."""
    titles = {article.title, _unqualified(article.title)}
    titles |= {title.removeprefix(_STATE) for title in titles}
    found = {normal(title) for title in titles} | {normal(article.meta.get("document_number", ""))}
    return {name for name in found if len(name) > 1}


def _unqualified(title: str) -> str:
    title = title.rstrip()
    return _QUALIFIER.sub("", title) if title[-1:] in _QUALIFIES else title


def letter_names(article: Article) -> set[str]:
    """What a law may be called by three or four letters of its title, its first and last among them, marked so.

    民诉法 is the 民事诉讼法: whoever cites laws shortens them so, and few texts define it.
    """
    if _LAW not in article.title:
        return set()
    title = normal(_unqualified(article.title).removeprefix(_STATE))
    if not _LONG_LAW.fullmatch(title):
        return set()
    inner = [letters for count in (1, 2) for letters in combinations(title[1:-1], count)]
    return {LETTERS + title[0] + "".join(letters) + _LAW for letters in inner} - {LETTERS + title}


def by_letters(names: Iterable[str]) -> list[str]:
    """Those of `names` that a law may be called by letters of its title, marked so."""
    return [LETTERS + name for name in names if _SHORT_LAW.fullmatch(name)]


def field_values(article: Article) -> list[str]:
    """The short values of its fields that may name a person, a place or a thing: the author's, and of the metadata."""
    meta = [value for key, value in article.meta.items() if key not in _TITLES]
    values = [value.strip() for value in (article.author or "", *meta)]
    return [value for value in values if len(value) <= _MAX_VALUE and _NAMES.search(value) and "/" not in value]


def field_names(article: Article) -> set[str]:
    """What a question may call it by that is not its own name, marked so."""
    return {FIELD + name for value in field_values(article) if len(name := normal(value)) > 1}


def names_within(text: str, tokens: Sequence[Token]) -> list[tuple[str, int, int]]:
    """Every stretch of a question that may be a name, as (name, start, end) in characters of it, the longest first.

    Stretches begin and end where `tokens` of `text` do, and not within a number. Of a long question the first ones.
    """
    name, places = _located(fold(text))
    tokens = [token for token in tokens if _LETTERS.search(token.term)]  # no name begins or ends with a mark
    starts, ends = (
        [(at, places[at]) for at in sorted(borders.intersection(places))[:_MAX_BORDERS]]
        for borders in ({token.start for token in tokens}, {token.end for token in tokens})
    )
    found = [
        (name[first:last], start, end)
        for start, first in starts
        for end, last in ends
        if last - first > 1 and end - start <= MAX_NAME
    ]
    return sorted(found, key=lambda item: (item[1] - item[2], item[1]))


def _located(folded: str) -> tuple[str, dict[int, int]]:
    """`normal` of a folded text, and where in it each place of the text stands; those within a number are nowhere."""
    parts: list[str] = []
    places: dict[int, int] = {}
    length = end = 0
    for match in _PIECE.finditer(folded):
        for at in range(end, match.start() + 1):
            places[at] = length
        piece = _digits(match.group())
        parts.append(piece)
        length, end = length + len(piece), match.end()
    for at in range(end, len(folded) + 1):
        places[at] = length
    return "".join(parts), places
