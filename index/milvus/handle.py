"""An index on Milvus by its address: state, commits, reader and writer; `index.backend.IndexHandle` over a server."""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any

from index.backend import Description, Recipe, Shard
from index.errors import BadOption, IndexCorrupt, IndexMismatch, IndexMissing
from index.milvus.address import Address, MilvusOptions
from index.milvus.claims import PATIENCE, Claim, Claims
from index.milvus.client import Client
from index.milvus.commits import drop_old, revive, undo
from index.milvus.control import Control, Record, now
from index.milvus.reader import MilvusIndex
from index.milvus.schema import Names
from index.milvus.shards import ShardWriter
from index.milvus.titles import open_commit
from index.milvus.writer import MilvusWriter
from index.storage.layout import IndexState

_YOUNG = timedelta(minutes=5)  # of a commit, by clocks that may disagree


class MilvusHandle:
    """The index at an address, whether it is there or not."""

    def __init__(self, address: Address, options: MilvusOptions, shard: Shard | None = None) -> None:
        """Nothing is connected yet. `shard`: of which of several writers at a time it is."""
        self._address, self._options, self._shard = address, options, shard
        self._claim: Claim | None = None

    @cached_property
    def _client(self) -> Client:
        return Client(self._address, self._options)

    @cached_property
    def _control(self) -> Control:
        return Control(self._client)

    def _own(self, commit: int | None = None) -> Record:
        record = self._control.record(commit)
        if not self._client.sparse and not self._address.dense_only:
            raise IndexMismatch(
                f"index {self._address.text}: this server has no sparse vectors, so no words can be searched",
                hint="run Milvus 2.4 or newer, or add ?legs=dense for an index that is searched by meaning alone",
            )
        return record

    def mark(self) -> Hashable:
        """The last commit's number; see IndexHandle."""
        return tuple(self._control.numbers(consistency="Bounded")[-1:])

    def state(self, *, fingerprint: str | None = None) -> IndexState:
        """What is there; see IndexHandle."""
        try:
            record = self._control.record()
            names = set(self._client.collections())
        except IndexMissing:
            return IndexState.MISSING
        except IndexMismatch:
            return IndexState.OTHER_FORMAT
        except IndexCorrupt:
            return IndexState.CORRUPT
        if not names.issuperset(Names(self._address, record.version).all):
            return IndexState.CORRUPT
        if fingerprint is not None and record.fingerprint != fingerprint:
            return IndexState.OTHER_OPTIONS
        return IndexState.EQUAL

    def describe(self) -> Description:
        """What the current commit was built with; see IndexHandle."""
        return self._control.record().described()

    def reader(self, commit: int | None = None) -> MilvusIndex:
        """A commit, open; see IndexHandle."""
        record = self._own(commit)
        self._load(record)
        age = datetime.now(UTC) - datetime.fromisoformat(record.committed_at)
        return open_commit(self._client, record, young=age < _YOUNG)

    def _load(self, record: Record) -> Names:
        """Make the collections of a commit ready to be asked; IndexCorrupt where one is missing."""
        names = Names(self._address, record.version)
        there = set(self._client.collections())
        for name in names.all:
            if name not in there:
                raise IndexCorrupt(f"index {self._address.text}: the collection {name} is missing")
            self._client.load(name)
        return names

    @cached_property
    def _claims(self) -> Claims:
        return Claims(self._control)

    def sharded(self, shard: Shard) -> "MilvusHandle":
        """The same index for one of several writers; see IndexHandle."""
        return MilvusHandle(self._address, self._options, shard)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by who writes; see IndexHandle."""
        kind, patience = ("all", 0.0) if self._shard is None else (f"shard {self._shard}", PATIENCE)
        with self._claims.held(kind, patience) as claim:
            self._claim = claim
            self._control.guard = partial(self._claims.check, claim)
            yield

    def writer(self, recipe: Recipe, *, fresh: bool = False) -> MilvusWriter:
        """A writer on top of the current commit, or of nothing; see IndexHandle."""
        if not self._client.sparse and not self._address.dense_only:
            raise BadOption(
                f"index {self._address.text}: this server has no sparse vectors, so no words could be searched",
                hint="run Milvus 2.4 or newer, or add ?legs=dense for an index that is searched by meaning alone",
            )
        if self._shard is None or self._claim is None:
            return MilvusWriter(self._client, self._control, recipe, fresh=fresh)
        with nullcontext() if self._address.file else self._claims.held("begin", PATIENCE):
            return ShardWriter(self._client, self._claims, recipe, self._shard, self._claim, fresh=fresh)

    def commits(self) -> list[Description]:
        """Those that can be restored; see IndexHandle."""
        self._control.record()
        return [self._control.record(number).described() for number in self._control.numbers()]

    def damaged(self) -> list[str]:
        """Rows that are not what was written; see IndexHandle."""
        record = self._own()
        self._load(record)
        return MilvusIndex(self._client, record, consistency="Strong").damaged_rows()

    def set_calibration(self, name: str, value: Mapping[str, Any] | None) -> int:
        """Put `value` under `name` in the calibration; see IndexHandle."""
        self._control.record()  # where there is no index, none is begun
        with self.lock():
            record = self._control.record()
            undo(self._client, self._load(record), record.commit)
            calibration = {key: old for key, old in record.calibration.items() if key != name}
            if value is not None:
                calibration[name] = dict(value)
            return self._publish(replace(record, calibration=calibration), record.commit + 1)

    def _publish(self, record: Record, commit: int) -> int:
        record = replace(record, commit=commit, committed_at=now())
        self._control.publish(record)
        self._client.point(self._address.name, Names(self._address, record.version).chunks)
        drop_old(self._client, self._control, record)
        return commit

    def restore(self, commit: int) -> int:
        """Make an earlier commit the current one; see IndexHandle."""
        self._control.record()
        with self.lock():
            numbers = self._control.numbers()
            if commit not in numbers:
                kept = ", ".join(map(str, numbers))
                raise BadOption(
                    f"index {self._address.text}: commit {commit} is not kept", hint=f"those that are: {kept}"
                )
            record, last = self._control.record(commit), numbers[-1]
            new = last + 1
            names = self._load(record)
            undo(self._client, names, last)
            revive(self._client, names, commit, new)
            return self._publish(record, new)
