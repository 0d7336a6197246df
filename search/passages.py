"""Ranked chunks of an article -> the passages that are shown: whole, and no sentence twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.analysis.chunk import sentences
from index.models import StoredArticle, ordinal_of
from search.ranking.group import Ranked

_MAX_BACK = 200  # characters that a passage begins earlier, at most, to begin at a sentence
_CLOSES = "”’」』）)\"'】》] \t\u3000"
_ENDS = "。！？!?；;…\n"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters `start` to `end` of an article's display text, no blanks around them; its best chunk and score."""

    chunk_id: str
    start: int
    end: int
    heading: str
    score: float


def stretches(stored: StoredArticle, chunks: Sequence[Ranked]) -> list[Stretch]:
    """What is shown of an article for its ranked `chunks`, best first: those that overlap or touch as one."""
    text = stored.article.text
    found: list[Stretch] = []
    for item in sorted(chunks, key=lambda item: ordinal_of(item.chunk_id)):
        start, end, heading = stored.spans[ordinal_of(item.chunk_id)]
        start = _sentence_start(text, start)
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        if found and not text[found[-1].end : start].strip():
            last = found[-1]
            best = last if last.score >= item.score else Stretch(item.chunk_id, 0, 0, "", item.score)
            found[-1] = Stretch(best.chunk_id, last.start, max(last.end, end), last.heading, best.score)
        else:
            found.append(Stretch(item.chunk_id, start, end, heading, item.score))
    return sorted(found, key=lambda one: -one.score)


def _sentence_start(text: str, start: int) -> int:
    """Where the sentence begins in which `start` lies; `start` itself where that is too far before it."""
    before = text[max(0, start - _MAX_BACK) : start]
    if not before.rstrip(_CLOSES) or before.rstrip(_CLOSES)[-1] in _ENDS:
        return start
    first = sentences(before)[-1][0]
    return start - len(before) + first if first or len(before) == start else start
