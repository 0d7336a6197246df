"""Titles that a question nearly says: 青年简报 75 for 青年读书会简报：第 75 期, a title without its end or with a slip.

A question that says a title in full is known by name (search.ranking.names). Here title and question are compared
letter by letter, folded, numbers and Latin words as wholes, in whatever order, for 第75期简报 is 简报：第 75 期: what
both have is a share of the question and of the title, or of a part of it before or behind a mark. Where the harmonic
mean of these is high the article is lifted, as far as MAX_LIFT, and four fifths of the way at most by a part.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from index.analysis.fold import fold_all
from index.analysis.names import normal

MAX_LIFT = 0.5
_MIN_MEAN = 0.7  # of the harmonic mean, which lifts by nothing
_MIN_QUESTION = 0.7  # of the question that must be in the title
_MIN_LETTERS, _MAX_LETTERS = 3, 60
_MIN_PIECE = 3  # letters
_BY_PIECE = 0.8  # of the way that the whole title would lift
_LETTER = re.compile(r"\d+|[a-z]+|[^\W_]")
_BORDER = re.compile(r"\s*(?:——|--|[：:|｜_]|\s[-–—]\s|\s)\s*")
_NUMBER, _WORD = 4, 3  # weight of a number, and of a Latin word at most; a Chinese character has 1

Letters = Sequence[str]


def letters(text: str) -> list[str]:
    """The letters of `text` that are compared: of `normal` text, numbers and Latin words whole."""
    return _LETTER.findall(normal(text))


def compared(asked: Letters) -> bool:
    """Whether a question of the letters `asked` can be nearly a title: longer ones are sentences."""
    return _MIN_LETTERS <= _weight(asked) <= _MAX_LETTERS


def like_titles(asked: Letters, titles: Mapping[str, str]) -> dict[str, float]:
    """Article id -> how far it is lifted for a question of the letters `asked`; those that are not are left out."""
    whole = _weight(asked)
    alone = {letter for letter in asked if len(letter) == 1 and not letter.isascii()}  # as they stand in folded titles
    lifts = {}
    for (article_id, title), folded in zip(titles.items(), fold_all([*titles.values()]), strict=True):
        if whole - len(alone.difference(folded)) < _MIN_QUESTION * whole:
            continue  # lacks too much, whatever else it has
        found = _likeness(asked, whole, title)
        if found > _MIN_MEAN:
            lifts[article_id] = MAX_LIFT * (found - _MIN_MEAN) / (1 - _MIN_MEAN)
    return lifts


def _likeness(asked: Letters, whole: int, title: str) -> float:
    best = _mean(asked, whole, letters(title))
    pieces = _BORDER.split(title)
    if len(pieces) > 1:
        for piece in pieces:
            own = letters(piece)
            if _weight(own) >= _MIN_PIECE:
                best = max(best, _MIN_MEAN + _BY_PIECE * (_mean(asked, whole, own) - _MIN_MEAN))
    return best


def _mean(asked: Letters, whole: int, own: Letters) -> float:
    """Harmonic mean of the shares of question and title that the other has."""
    common = _weight((Counter(asked) & Counter(own)).elements())
    return 2 * common / (whole + _weight(own)) if common >= _MIN_QUESTION * whole else 0.0


def _weight(some: Iterable[str]) -> int:
    return sum(_NUMBER if letter.isdecimal() else min(len(letter), _WORD) for letter in some)
