"""The engine on Milvus, write side: rows of the next commit beside those of the last, which readers do not see.

A row is seen by the readers of commit c where `born <= c < died`. What is new is written with the next commit's number
as `born`, what is replaced or deleted is given it as `died`, and a commit is one record. Whatever a writer that was
killed has left is undone by the next one.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import FieldTerms, terms_of
from index.backend import Recipe
from index.errors import IndexCorrupt, WensouError
from index.milvus.client import Client
from index.milvus.commits import delete_articles, drop_old, end_articles, undo
from index.milvus.control import Control, Record, now
from index.milvus.reader import MilvusIndex
from index.milvus.rows import Prepared, article_rows, check_id, chunk_rows, prepared
from index.milvus.schema import Names, collections
from index.milvus.tally import Tally
from index.milvus.terms import OWN_FIELDS, WHOLE_FIELDS
from index.milvus.titles import open_commit
from index.models import StoredArticle
from index.retrieval.bm25 import Bm25

LOOSE = 2_000  # chunks; the temporary index that Milvus makes of some thousands finds half of what is near
_LEAST_WAIT = 120.0  # seconds for the server's index
_WAIT_A_CHUNK = 0.02
MAX_DRIFT = 1.25  # of average lengths since the sparse vectors were written, beyond which they are written anew
_ARTICLES_AT_ONCE = 200


@dataclass(slots=True)
class _Known:
    """An article of the index as the writer remembers it."""

    hash: str
    path: str
    chunks: int
    born: int


class MilvusWriter:
    """Changes on top of the current commit. Use inside the lock; nothing shows before `commit`."""

    _part = ""  # which of several writers at a time this is, for the keys of what is counted

    def __init__(self, client: Client, control: Control, recipe: Recipe, *, fresh: bool = False) -> None:
        """On top of the current commit, or of nothing where there is none or where `fresh` says so."""
        self._client, self._control, self._recipe = client, control, recipe
        numbers = control.numbers()
        readable = control.readable(numbers[-1:]) if fresh else [control.record(number) for number in numbers[-1:]]
        last = readable[0] if readable else None
        self._fresh = fresh or last is None
        self._base = numbers[-1] if numbers else 0
        self._next = self._base + 1
        self.warnings: list[str] = []
        self._bm25 = Bm25.of(recipe.config.bm25)
        version = self._place(last)
        config = json.loads(json.dumps(recipe.config.to_json()))  # as it comes back from a record
        self.record = Record(
            self._base, now(), version, recipe.fingerprint, config, dict(recipe.encoder),
            documents=dict.fromkeys((*OWN_FIELDS, *WHOLE_FIELDS), 0),
            lengths=dict.fromkeys((*OWN_FIELDS, *WHOLE_FIELDS), 0),
        )  # fmt: skip
        self._changed = self._fresh
        self._compact = False
        if last is not None and not self._fresh:
            self._changed = last.config != self.record.config
            self.record = replace(last, config=self.record.config, encoder=self.record.encoder)
        self.boilerplate = frozenset(self.record.boilerplate)
        self.calibration: Mapping[str, Any] = self.record.calibration
        self.names = Names(client.address, version)
        for definition in collections(client.address, self.names, int(recipe.encoder["dim"]), sparse=client.sparse):
            client.create(*definition)
        self._tally = self._new_tally()
        self._written = self.record.written[:]
        self._articles, self._chunks = self.record.articles, self.record.chunks
        self._dead, self._bytes = self.record.dead_chunks, self.record.bytes
        self._loose = self.record.loose
        self._known: dict[str, _Known] | None = None
        self._clean()

    # ---- builds that were interrupted

    def _place(self, last: Record | None) -> int:
        """The version that is written to."""
        for prefix in ("shards", "part:"):  # what shards have begun and not ended goes, or becomes this writer's
            for key in self._control.keys(prefix):
                self._control.remove(key)
        return self._begun(self._recipe) if self._fresh or last is None else last.version

    def _clean(self) -> None:
        """Take up, or take back, what was written and not committed."""
        if self._fresh:
            self._resume()
        else:
            undo(self._client, self.names, self._base)

    def _mine(self, article_id: str) -> bool:
        """Whether this writer writes an article."""
        return True

    def _begun(self, recipe: Recipe) -> int:
        """The version that a build of this recipe goes on with, or a new one."""
        kept = {self._control.version(number) for number in self._control.numbers()}
        want = f"{recipe.fingerprint} {self._base}"
        for key in self._control.keys("build:"):
            version = int(key.split(":")[1])
            if self._control.get(key) == want and version not in kept:
                return version
            if version not in kept:
                self._forget(version)
        version = max([*kept, *(int(key.split(":")[1]) for key in self._control.keys("build:")), 0]) + 1
        self._control.put(f"build:{version:09d}", want)
        return version

    def _forget(self, version: int) -> None:
        for name in Names(self._client.address, version).all:
            self._client.drop(name)
        self._control.remove(f"build:{version:09d}")

    def _resume(self) -> None:
        """Take up the whole articles that an interrupted build has written, and delete the others."""
        known = {name: one for name, one in self._all_known("born >= 0").items() if self._mine(name)}
        self._loose = sum(one.chunks for one in known.values())
        counts: Counter[str] = Counter()
        for row in self._client.scan(self.names.chunks, "born >= 0", ["article"], consistency="Strong"):
            if self._mine(row["article"]):
                counts[row["article"]] += 1
        self._tally.undo()
        broken = {name for name in set(counts) | set(known) if name not in known or known[name].chunks != counts[name]}
        delete_articles(self._client, self.names, sorted(broken), self._next)
        self._known = {name: one for name, one in known.items() if name not in broken}
        whole = sorted(self._known)
        for begin in range(0, len(whole), _ARTICLES_AT_ONCE):
            for one in self._prepared_again(whole[begin : begin + _ARTICLES_AT_ONCE]):
                self._count(one)
        self._written = [self._averages()] if whole else self._written

    def _new_tally(self) -> Tally:
        return Tally(self._client, self.names, self.record.runs, self._next, self._part)

    # ---- what is there

    def _all_known(self, filter_: str) -> dict[str, _Known]:
        fields = ["article", "path", "hash", "chunks", "born"]
        rows = self._client.scan(self.names.articles, filter_, fields, consistency="Strong", batch=5_000)
        return {row["article"]: _Known(row["hash"], row["path"], row["chunks"], row["born"]) for row in rows}

    def _articles_known(self) -> dict[str, _Known]:
        if self._known is None:
            self._known = self._all_known(f"born <= {self._base} and died > {self._base}")
        return self._known

    def content_hash(self, article_id: str) -> str | None:
        """Hash of the input that the article in the index came from; None where there is none."""
        found = self._articles_known().get(article_id)
        return found.hash if found else None

    def ids(self) -> set[str]:
        """Ids of all articles."""
        return set(self._articles_known())

    def paths(self, roots: Sequence[str]) -> dict[str, str]:
        """article_id -> path of every article whose file is one of `roots` or lies inside one."""
        folders = tuple(root.rstrip("/") + "/" for root in roots)
        known = self._articles_known().items()
        return {
            name: one.path for name, one in known if one.path and (one.path in roots or one.path.startswith(folders))
        }

    def counts(self) -> tuple[int, int]:
        """How many articles and chunks there are; see Writer."""
        return self._articles, self._chunks

    def recall(self) -> float | None:
        """Not measured here: Milvus builds its vector indexes by itself, later."""
        return None

    # ---- changes

    def calibrate(self, name: str, value: Mapping[str, Any] | None) -> None:
        """Put `value` under `name` in the calibration of the next commit, or take it away; see Writer."""
        self.calibration = {key: old for key, old in self.calibration.items() if key != name}
        if value is not None:
            self.calibration = {**self.calibration, name: dict(value)}
        self._changed = True

    def upsert(
        self, stored: Sequence[StoredArticle], terms: Sequence[FieldTerms], vectors: NDArray[np.floating]
    ) -> None:
        """Write articles, replacing those of the same id; of two with one id the later counts; see Writer."""
        ready = {one.stored.article.article_id: one for one in prepared(stored, terms, vectors)}
        for article_id in ready:
            check_id(article_id)
        if not ready:
            return
        self.delete([article_id for article_id in ready if self.content_hash(article_id) is not None])
        self._changed = True
        for one in ready.values():
            self._count(one)
        self._written = self._written or [self._averages()]
        known = self._articles_known()
        for begin in range(0, len(ready), _ARTICLES_AT_ONCE):
            self._write([*ready.values()][begin : begin + _ARTICLES_AT_ONCE])
        for article_id, one in ready.items():
            article = one.stored.article
            known[article_id] = _Known(one.stored.content_hash, article.path or "", len(one.own), self._next)

    def _write(self, ready: Sequence[Prepared]) -> None:
        """Chunks first, then their articles: an article's row says that all of it is there."""
        chunks, articles, pages = [], [], []
        for one in ready:
            chunks += chunk_rows(one, self._next, self._bm25, self._written[-1], sparse=self._client.sparse)
            row, more = article_rows(one, self._next)
            articles.append(row)
            pages += more
        self._bytes += sum(
            len(row[name]) for row in (*chunks, *articles, *pages) for name in ("terms_of", "body") if name in row
        ) + sum(4 * len(row["vector"]) + 8 * len(row.get("terms", ())) for row in chunks)
        self._client.write(self.names.pages, pages)
        self._client.write(self.names.chunks, chunks)
        self._client.write(self.names.articles, articles)
        self._loose += len(chunks)

    def _count(self, one: Prepared, sign: int = 1) -> None:
        self._tally.add(one, sign)
        self._articles += sign
        self._chunks += sign * len(one.own)

    def _averages(self) -> dict[str, float]:
        return self._counted().averages()

    def _counted(self) -> Record:
        return replace(
            self.record,
            articles=self._articles,
            chunks=self._chunks,
            dead_chunks=self._dead,
            bytes=self._bytes,
            documents={name: count + self._tally.documents[name] for name, count in self.record.documents.items()},
            lengths={name: count + self._tally.lengths[name] for name, count in self.record.lengths.items()},
            written=self._written,
            runs=self._tally.runs(),
            loose=self._loose,
            calibration={"measured": None, **self.calibration},
            boilerplate=sorted(self.boilerplate),
        )

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove articles; returns how many there were."""
        known = self._articles_known()
        there = list(dict.fromkeys(name for name in article_ids if name in known))
        for begin in range(0, len(there), _ARTICLES_AT_ONCE):
            names = there[begin : begin + _ARTICLES_AT_ONCE]
            for one in self._prepared_again(names):
                self._count(one, -1)
            own = [name for name in names if known[name].born == self._next]
            delete_articles(self._client, self.names, own, self._next)
            old = [name for name in names if known[name].born != self._next]
            end_articles(self._client, self.names, old, self._next)
            self._dead += sum(known[name].chunks for name in old)
            for name in names:
                del known[name]
            self._changed = True
        return len(there)

    def _seen(self, consistency: str = "Strong", *, young: bool = False) -> MilvusIndex:
        """What is there now, written rows included."""
        record = replace(self._counted(), commit=self._next)
        return open_commit(self._client, record, consistency=consistency, strict=False, young=young)

    def _prepared_again(self, names: Sequence[str]) -> list[Prepared]:
        """Articles of the index as they were on their way in: the same text gives the same terms."""
        stored = [*self._seen().stored(names).values()]
        if len(stored) != len(names):
            missing = set(names) - {one.article.article_id for one in stored}
            raise IndexCorrupt(f"index {self._client.address.text}: article {min(missing)!r} cannot be read")
        terms = [terms_of(one, self._recipe.tokenizer) for one in stored]
        chunks = sum(len(one.spans) for one in stored)
        return list(prepared(stored, terms, np.zeros((chunks, 1), np.float16)))

    # ---- commits

    def preview(self) -> MilvusIndex:
        """What the next commit would answer."""
        self._tally.write()
        self._settle()
        return self._seen("Bounded", young=True)

    def _settle(self) -> None:
        """Have the server make its vector index, where more chunks wait for it than it looks through one by one."""
        if self._loose < LOOSE:
            return
        if not self._client.settle(self.names.chunks, max(_LEAST_WAIT, self._loose * _WAIT_A_CHUNK)):
            self.warnings.append("the server is still at its index: until it is done, some may not be found by meaning")
        self._loose = 0

    def whole(self) -> bool:
        """Always: this is the only writer; see Writer."""
        return True

    def checkpoint(self) -> None:
        """Rows are kept as they are written; an index that is not fresh shows them."""
        if not self._fresh and self._changed:
            self._publish()

    def compact(self) -> None:
        """Write all anew at the next commit, without anything dead; see Writer."""
        self._compact = True

    def commit(self) -> int:
        """Make all changes visible at once; returns the commit's number, the old one where nothing changed."""
        if self._changed:
            self._publish()
        drift = MilvusIndex(self._client, self.record).drift() if self._client.sparse else 1.0
        old = self.record.dead_chunks or len(self.record.runs) > 1
        if (self._compact and old) or drift > MAX_DRIFT:
            self._rewrite_all()
        return self.record.commit

    def _publish(self) -> None:
        self._tally.merge()
        self._settle()
        self._check_counts(self._next)
        self._check_rows()
        self._client.flush(self.names.all)
        record = replace(self._counted(), commit=self._next, committed_at=now())
        self._control.publish(record)
        self.record, self._base, self._next = record, self._next, self._next + 1
        self._tally, self._changed, self._fresh = self._new_tally(), False, False
        try:
            self._client.point(self._client.address.name, self.names.chunks)
            drop_old(self._client, self._control, record)
        except WensouError as error:  # the commit is made, and the next one clears up
            self.warnings.append(f"commit {record.commit} is made, but what it replaced is still there: {error}")

    def _check_counts(self, commit: int) -> None:
        """Nothing is published before all of it is there as it was sent."""
        seen = f"born <= {commit} and died > {commit}"
        found = (self._client.count(self.names.articles, seen), self._client.count(self.names.chunks, seen))
        if found != (self._articles, self._chunks):
            raise IndexCorrupt(
                f"index {self._client.address.text}: got {found[0]} articles and {found[1]} chunks after writing, "
                f"want {self._articles} and {self._chunks}; nothing was published",
                hint="run again: what is there is undone first",
            )

    def _check_rows(self, some: str = "") -> None:
        """What was written is read again, where bytes could be altered on the way unnoticed."""
        if self._client.checked:
            return
        if bad := self._seen("Session").damaged_rows(f"{some}born == {self._next}"):
            raise IndexCorrupt(
                f"index {self._client.address.text}: {len(bad)} rows came to be others than were sent ({bad[0]}); "
                "nothing was published",
                hint="run again; is the network sound? WENSOU_MILVUS_TLS=1 has it checked on the way",
            )

    def _rewrite_all(self) -> None:
        """All that is there as another version, under the averages of today."""
        old = MilvusIndex(self._client, self.record, consistency="Strong")
        writer = MilvusWriter(self._client, self._control, self._recipe, fresh=True)
        writer.boilerplate, writer.calibration = self.boilerplate, self.calibration
        writer._written = [self.record.averages()]
        batch: list[StoredArticle] = []
        for stored in old.all_stored():
            if writer.content_hash(stored.article.article_id) is None:
                batch.append(stored)
            if len(batch) >= _ARTICLES_AT_ONCE:
                writer._take(old, batch)
                batch = []
        writer._take(old, batch)
        writer.commit()
        self.record, self.names = writer.record, writer.names
        self._base, self._next, self._known = writer._base, writer._next, writer._known
        self._written, self._dead, self._bytes = writer._written, writer._dead, writer._bytes
        self._tally, self._loose = self._new_tally(), writer._loose
        self._compact = False

    def _take(self, old: MilvusIndex, batch: Sequence[StoredArticle]) -> None:
        if batch:
            terms = [terms_of(stored, self._recipe.tokenizer) for stored in batch]
            vectors = old.vectors_of([stored.article.article_id for stored in batch])
            self.upsert(batch, terms, np.concatenate([vectors[stored.article.article_id] for stored in batch]))

    def close(self) -> None:
        """What is not committed is undone by the next writer, or taken up by the next fresh one."""
