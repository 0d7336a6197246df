"""Prepared articles -> batches of one segment each: gathered, encoded block by block, counted for the report."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import FieldTerms
from index.cleaning.clean import BOILERPLATE
from index.encoders.base import Encoder
from index.encoders.static import MIN_PASSAGES_FOR_TABLES, StaticEncoder
from index.models import BuildReport, Change, RemovedLine, Skipped, SkipReason, StoredArticle
from index.pipeline import Encoded, Task
from index.prepare import ArticlePreparer

# A segment is written and committed at about this many chunks, so memory stays bounded and the processes are not kept
# waiting; the writer merges such segments, which are small enough to have no vector codes to learn before that.
SEGMENT_CHUNKS = 16_384
# A model that takes a second for a few passages is given so many at a time, so that progress moves and Ctrl-C waits
# for no more; and what it has made is committed whenever so many seconds have passed, for a kill must not cost hours.
ENCODED_AT_ONCE = 128
COMMIT_SECONDS = 120.0
_MAX_EXAMPLES = 20  # repairs shown in the report
_MAX_EXAMPLES_OF_ONE = 4  # of one article

Progress = Callable[[int, int], None]
"""Called with articles seen and chunks encoded so far."""


@dataclass(slots=True)
class Tally:
    """What a build has done so far, and which articles it was given."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: int = 0
    chunks: int = 0
    encoded: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    unread: list[Skipped] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)
    examples: list[Change] = field(default_factory=list)
    boilerplate: dict[str, RemovedLine] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)

    def skip(self, item: Skipped) -> None:
        """Count what was not read: a file, or only a part of one."""
        (self.unread if item.reason is SkipReason.PART else self.skipped).append(item)

    def cleaned(self, where: str, changes: Iterable[Change]) -> None:
        """Count what cleaning did to the article at `where`."""
        changes = tuple(changes)
        for change in changes:
            self.repairs[change.step] += 1
            if change.step == BOILERPLATE:
                known = self.boilerplate.get(change.before, RemovedLine(change.before, 0, where))
                self.boilerplate[change.before] = replace(known, articles=known.articles + 1)
        self.examples += changes[: max(0, min(_MAX_EXAMPLES_OF_ONE, _MAX_EXAMPLES - len(self.examples)))]

    def built(self, task: Task, stored: StoredArticle) -> bool:
        """Count a prepared article; False where nothing of it is left to search for."""
        if not stored.spans:
            where = task.article.path or task.article.article_id
            self.skipped.append(Skipped(where, SkipReason.EMPTY, "nothing is left after cleaning"))
            return False
        if not task.kept_hash:
            self.added += not task.replaces
            self.changed += task.replaces
        self.chunks += len(stored.spans)
        return True

    def report(self, commit: int, seconds: float, recall: float | None, warnings: tuple[str, ...]) -> BuildReport:
        """All of it, with the `commit` that it ended in, its least dense `recall` and what the writer warns of."""
        return BuildReport(
            added=self.added,
            changed=self.changed,
            unchanged=self.unchanged,
            removed=self.removed,
            kept=self.kept,
            skipped=tuple(self.skipped),
            unread=tuple(self.unread),
            chunks=self.chunks,
            commit=commit,
            seconds=seconds,
            repairs=dict(self.repairs),
            examples=tuple(self.examples),
            boilerplate=tuple(sorted(self.boilerplate.values(), key=lambda removed: (-removed.articles, removed.line))),
            dense_recall=recall,
            warnings=warnings,
        )


@dataclass(slots=True)
class Batch:
    """Articles on their way into one segment, and what of them waits for its vectors."""

    stored: list[StoredArticle] = field(default_factory=list)
    terms: list[FieldTerms] = field(default_factory=list)
    passages: list[str] = field(default_factory=list)  # not encoded yet
    vectors: list[NDArray[np.float16]] = field(default_factory=list)
    chunks: int = 0
    begun: float = field(default_factory=time.monotonic)
    last: bool = False

    def add(self, stored: StoredArticle, terms: FieldTerms, vectors: NDArray[np.float16] | list[str]) -> None:
        """Put an article in, with its vectors or with the texts to encode."""
        self.stored.append(stored)
        self.terms.append(terms)
        self.chunks += len(stored.spans)
        if isinstance(vectors, list):
            self.passages += vectors
        else:
            self.vectors.append(vectors)

    def encode(self, encoder: Encoder, size: int, *, whole: bool = False) -> int:
        """Encode `size` of the passages that wait, where there are so many; all of them if `whole`. Returns how many.

        Called again until it returns 0.
        """
        block = self.passages[:size]
        if len(block) >= MIN_PASSAGES_FOR_TABLES and isinstance(encoder, StaticEncoder):
            encoder.prepare_for_many()
        if not block or (len(block) < size and not whole):
            return 0
        del self.passages[:size]
        self.vectors.append(np.asarray(encoder.passages(block), np.float16))
        return len(block)


class Batches:
    """Gathers prepared articles into batches, one `of` a segment each."""

    def __init__(self, preparer: ArticlePreparer, tally: Tally, progress: Progress | None = None) -> None:
        """`tally` counts what comes by, `progress` is told."""
        self._preparer, self._tally, self._progress = preparer, tally, progress
        self._slow = not isinstance(preparer.encoder, StaticEncoder)
        self._size = ENCODED_AT_ONCE if self._slow else SEGMENT_CHUNKS // 2
        self._batch, self._done = Batch(), 0

    def of(self, prepared: Iterable[tuple[Task, Encoded]]) -> Iterator[Batch]:
        """The batches, each with all its vectors; the last says so, and may be empty."""
        for self._done, (task, (stored, terms, changes, vectors)) in enumerate(prepared, start=1):
            self._tally.cleaned(task.article.path or task.article.article_id, changes)
            if not self._tally.built(task, stored):
                continue
            self._tally.encoded += 0 if vectors is None else len(vectors)
            self._batch.add(stored, terms, self._preparer.passages(stored) if vectors is None else vectors)
            self._encode()
            self._report(self._done)
            if self._is_full():
                self._encode(whole=True)
                yield self._batch
                self._batch = Batch()
        self._encode(whole=True)
        self._batch.last = True
        yield self._batch

    def _is_full(self) -> bool:
        late = self._slow and time.monotonic() - self._batch.begun > COMMIT_SECONDS
        return late or self._batch.chunks >= SEGMENT_CHUNKS

    def _encode(self, *, whole: bool = False) -> None:
        while count := self._batch.encode(self._preparer.encoder, self._size, whole=whole):
            self._tally.encoded += count
            self._report(self._done - bool(self._batch.passages))  # the last article is not done before its passages

    def _report(self, done: int) -> None:
        if self._progress:
            self._progress(self._tally.unchanged + done, self._tally.encoded)
