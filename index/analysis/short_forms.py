"""Short forms and other names that texts define themselves: 最低生活保障（以下简称低保）, 葵扇（又称蒲扇）.

A short form counts where its characters stand in the full one in this order, but not side by side: what stands there
whole (公司 for 某某公司, 条例 for 某某条例) is found without being told, and means something else in the next text. Of
other names only those of a word by itself are believed. What a corpus defines in several ways tells nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from index.analysis.characters import HAN
from index.analysis.fold import fold
from index.analysis.tokenizer import Tokenizer

MAX_NAME = 24  # characters of a full form
_MAX_SHORT = 10
_MAX_FORMS = 2_000  # short forms that are kept of an index
_MAX_FULL_FORMS = 3  # of a short one
_SHARE = 0.6  # of its definitions that a short form's commonest full one must have
_MAX_WORD = 6  # characters before another name that are the thing itself
_DEFINITION = re.compile(
    r"[（(]\s*(?P<kind>(?:以下|下文|下)?[简簡统統]?[称稱]|[又亦也俗别別通][称稱]|[又别別]名)[为：:]?\s*"
    rf"[“\"「『《〈]?(?P<short>[{HAN}a-zA-Z0-9]{{2,{_MAX_SHORT}}})[”\"」』》〉]?\s*[)）]"
)
_QUOTED = re.compile(r"[《“「『〈]([^《》“”「」『』〈〉]{2,40})[》”」』〉]$")
_RUN = re.compile(rf"[{HAN}a-zA-Z0-9]+$")
_OTHER_NAMES = frozenset("又称 亦称 也称 又名 俗称 别名 别称 通称".split())


def definitions(text: str, tokenizer: Tokenizer) -> Iterator[tuple[str, str]]:
    """(short, full), folded, of every definition in `text`."""
    for match in _DEFINITION.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()].rstrip()
        short, quoted = fold(match["short"]), _QUOTED.search(before)
        run = quoted[1] if quoted else (found[0] if (found := _RUN.search(before)) else "")
        full = _spelled_out(short, fold(run), tokenizer)
        if not full and fold(match["kind"]) in _OTHER_NAMES and len(run) <= _MAX_WORD:
            full = fold(run)
        if full and len(full) <= MAX_NAME and full not in short and short not in full:
            yield short, full


def _spelled_out(short: str, run: str, tokenizer: Tokenizer) -> str:
    """The end of `run`, on a word's border, that `short` is made of; nothing where it is not."""
    at = len(run)
    for char in reversed(short):
        at = run.rfind(char, 0, at)
        if at < 0:
            return ""
    for token in tokenizer.tokens(run):
        if token.start < at < token.end:
            return run[token.start :]
    return run[at:]


def learned(known: Mapping[str, Mapping[str, int]], pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """`known` definitions, short -> full -> how often, and those of `pairs`: the commonest, so many as are kept."""
    counts = {short: dict(fulls) for short, fulls in known.items()}
    for short, full in pairs:
        fulls = counts.setdefault(short, {})
        fulls[full] = fulls.get(full, 0) + 1
    order = sorted(counts, key=lambda short: (-sum(counts[short].values()), short))[:_MAX_FORMS]
    return {
        short: dict(sorted(counts[short].items(), key=lambda pair: (-pair[1], pair[0]))[:_MAX_FULL_FORMS])
        for short in sorted(order)
    }


class ShortForms:
    """What an index has learned, to be looked up in questions."""

    def __init__(self, learned: Mapping[str, Any] | None) -> None:
        """`learned` is what the function of that name gave."""
        self._others: dict[str, list[str]] = {}
        for short, fulls in (learned or {}).items():
            full = max(fulls, key=lambda name: (fulls[name], name))
            if fulls[full] >= _SHARE * sum(fulls.values()):
                self._others.setdefault(short, []).append(full)
                self._others.setdefault(full, []).append(short)
        self._lengths = sorted({len(name) for name in self._others}, reverse=True)

    def within(self, folded: str) -> dict[str, Sequence[str]]:
        """The names that stand in a folded question, each with what else it is called; of names within names the
        longest.
        """
        found: dict[str, Sequence[str]] = {}
        taken: list[tuple[int, int]] = []
        for length in self._lengths:
            for start in range(len(folded) - length + 1):
                name, end = folded[start : start + length], start + length
                if name in self._others and not any(start < b and a < end for a, b in taken):
                    taken.append((start, end))
                    found[name] = self._others[name]
        return found
