"""Commit records: small texts under keys in one collection.

A commit is real from the moment the first page of its record is there; the other pages are written before. It holds
everything that is counted over the whole index, so that a reader asks for it once.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from index.backend import Description
from index.config import IndexConfig
from index.errors import EngineUnavailable, IndexCorrupt, IndexMismatch, IndexMissing
from index.milvus.client import Client, Row, any_of, quoted
from index.milvus.counts import Run
from index.milvus.rows import sealed, unsealed
from index.milvus.schema import PIECE, control, control_name

FORMAT = 2
KEPT_COMMITS = 3  # before the current one, to go back to


def now() -> str:
    """The time as a record says it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Record:
    """One commit. `documents` and `lengths` are counts of live documents of a field and of their terms; `written` are
    the average lengths under which the sparse vectors of the version were made; `runs` hold the counts of terms;
    `loose` is how many chunks were written since the server was last made to put them on disk.
    """

    commit: int
    committed_at: str
    version: int
    fingerprint: str
    config: dict[str, Any]
    encoder: dict[str, Any]
    articles: int = 0
    chunks: int = 0
    dead_chunks: int = 0
    bytes: int = 0
    documents: dict[str, int] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    written: list[dict[str, float]] = field(default_factory=list)
    calibration: dict[str, Any] = field(default_factory=dict)
    boilerplate: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    loose: int = 0
    format: int = FORMAT

    def averages(self) -> dict[str, float]:
        """Field -> average length of its live documents in terms."""
        return {name: self.lengths[name] / count if count else 0.0 for name, count in self.documents.items()}

    def dumps(self) -> str:
        """As JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def loads(cls, text: str, where: str) -> Self:
        """Back from `dumps`; IndexCorrupt where it is none, IndexMismatch where of another format."""
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise IndexMismatch(
                    f"index {where}: made by format {data['format']}, this program reads format {FORMAT}",
                    hint="rebuild it: wensou index SOURCE... --index DIR --rebuild",
                )
            return cls(**data | {"runs": [Run(**run) for run in data["runs"]]})
        except (KeyError, TypeError, ValueError) as error:
            raise IndexCorrupt(f"index {where}: a commit record is not one: {error}") from error

    def described(self) -> Description:
        """As engines describe their commits."""
        return Description(
            IndexConfig.from_json(self.config), self.fingerprint, self.encoder, self.commit, self.committed_at,
            self.articles, self.chunks,
        )  # fmt: skip


class Control:
    """The control collection of one index."""

    def __init__(self, client: Client) -> None:
        """Nothing is read or made."""
        self._client = client
        self.address = client.address
        self.guard: Callable[[], None] = lambda: None
        """Raises where this process may no longer publish; set by who holds the lock."""
        self._name = control_name(client.address)
        self._where = client.address.text
        self._ready = False  # whether the collection is there and can be asked

    def there(self) -> bool:
        """Whether the index was ever begun."""
        if not self._ready and self._name in self._client.collections():
            self._client.load(self._name)
            self._ready = True
        return self._ready

    def make(self) -> None:
        """Make the collection where it is not there."""
        self._client.create(*control(self._client.address))
        self._ready = True

    def put(self, key: str, text: str) -> None:
        """Keep `text` under `key`; whole or not at all."""
        pieces = [text[at : at + PIECE] for at in range(0, max(len(text), 1), PIECE)]
        for n in reversed(range(len(pieces))):
            body = sealed(f"{len(pieces)}\n{pieces[n]}" if n == 0 else pieces[n])
            self._client.write(self._name, [{"pk": f"{key}#{n:04d}", "body": body, "vector": [0.0, 0.0]}])

    def get(self, key: str, *, consistency: str = "Strong") -> str | None:
        """What is kept under `key`."""
        first = self._client.query(self._name, f"pk == {quoted(f'{key}#0000')}", ["body"], consistency=consistency)
        if not first:
            return None
        count, _, text = self._text(key, first[0]).partition("\n")
        keys = [f"{key}#{n:04d}" for n in range(1, int(count))]
        if keys:
            rows = self._client.query(self._name, any_of("pk", keys), ["pk", "body"], consistency="Strong")
            bodies = {row["pk"]: self._text(key, row) for row in rows}
            if set(bodies) != set(keys):
                raise IndexCorrupt(f"index {self._where}: the record {key} is not whole")
            text += "".join(bodies[one] for one in keys)
        return text

    def _text(self, key: str, row: Row) -> str:
        try:
            return unsealed(str(row["body"]))
        except ValueError as error:
            raise IndexCorrupt(f"index {self._where}: the record {key}: {error}") from error

    def remove(self, key: str) -> None:
        """Forget a key."""
        self._client.delete(self._name, f'pk like "{key}#%"')

    def keys(self, prefix: str, *, consistency: str = "Strong") -> list[str]:
        """Every key that begins with `prefix`, which has no special characters, in order."""
        rows = self._client.query(self._name, f'pk like "{prefix}%"', ["pk"], consistency=consistency)
        return sorted({row["pk"].rpartition("#")[0] for row in rows if row["pk"].endswith("#0000")})

    # ---- commits

    def numbers(self, *, consistency: str = "Strong") -> list[int]:
        """The commits that are kept, ascending. EngineUnavailable where there must be some and none is seen: a server
        that was killed has not read all its records for a while, and an index that is there must not be begun anew.
        """
        keys = self.keys("commit:", consistency=consistency) if self.there() else []
        if not keys and self.address.file is None and self._client.known(self.address.name):
            raise EngineUnavailable(
                f"index {self._where}: its passages are there and its commits are not",
                hint="a server that has just started has not read them yet: ask again in a minute; where the name is "
                "that of something else, choose another",
            )
        return [int(key.split(":")[1]) for key in keys]

    def record(self, commit: int | None = None, *, consistency: str = "Strong") -> Record:
        """A commit, by default the current one; IndexMissing, IndexCorrupt, IndexMismatch."""
        if commit is None:
            numbers = self.numbers(consistency=consistency)
            if not numbers:
                raise IndexMissing(
                    f"no index at {self._where}", hint="make one with: wensou index SOURCE... --index DIR"
                )
            commit = numbers[-1]
        text = self.get(_commit_key(commit), consistency=consistency)
        if text is None:
            raise IndexCorrupt(f"index {self._where}: commit {commit} is not there")
        return Record.loads(text, self._where)

    def version(self, commit: int) -> int:
        """The version that a commit is in, whatever the format of its record; 0 where that cannot be told."""
        try:
            return int(json.loads(self.get(_commit_key(commit)) or "")["version"])
        except (IndexCorrupt, KeyError, TypeError, ValueError):
            return 0

    def readable(self, commits: Sequence[int]) -> list[Record]:
        """Those of the records that can be read."""
        out = []
        for commit in commits:
            with suppress(IndexCorrupt, IndexMismatch):
                out.append(self.record(commit))
        return out

    def publish(self, record: Record) -> None:
        """Make `record` the current commit, on disk once this returns. Its rows must be there. WriterBusy where the
        lock was lost.
        """
        self.guard()
        self.put(_commit_key(record.commit), record.dumps())
        self._client.flush([self._name])

    def drop(self, commit: int) -> None:
        """Forget a commit that is no longer kept."""
        self.remove(_commit_key(commit))


def _commit_key(commit: int) -> str:
    return f"commit:{commit:012d}"
