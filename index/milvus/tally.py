"""What a writer changes of the counts over the whole index: documents, lengths, and how many hold each term."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from index.errors import IndexCorrupt
from index.milvus.client import Client
from index.milvus.commits import forget_run
from index.milvus.counts import NAMED_FIELDS, Column, Counts, Run, added_up, run_of, to_merge
from index.milvus.rows import Prepared
from index.milvus.schema import Names


class Tally:
    """What the next commit changes, and the runs that will count then.

    IndexCorrupt where what was written is not what was sent.
    """

    def __init__(self, client: Client, names: Names, runs: Sequence[Run], commit: int, part: str = "") -> None:
        """On top of `runs`. `part` names one of several who count for the same `commit`."""
        self.documents: Counter[str] = Counter()
        self.lengths: Counter[str] = Counter()
        self.others: list[Run] = []
        """Of other writers of the same commit."""
        self.own: Run | None = None
        """What of this is written."""
        self._client, self._names, self._commit, self._part = client, names, commit, part
        self._runs = list(runs)
        self._holders: dict[str, Counter[int]] = {}
        self._terms: dict[int, str] = {}
        self._written = True
        self._made = 0

    def add(self, one: Prepared, sign: int = 1) -> None:
        """Count an article in, or out."""
        self._written = False
        for name, (documents, length) in one.lengths().items():
            self.documents[name] += sign * documents
            self.lengths[name] += sign * length
        for name, counts in one.holders.items():
            own = self._holders.setdefault(name, Counter())
            for number, count in counts.items():
                own[number] += sign * count
        self._terms.update(one.names)

    def runs(self) -> list[Run]:
        """Those that count at the commit, as far as they are written."""
        return [*self._runs, *self.others, *([self.own] if self.own else [])]

    def write(self) -> None:
        """Write what was counted as a run, in the place of one that was written before."""
        if not self._written:
            self._store(self._columns())
            self._written = True

    def merge(self) -> None:
        """Write what was counted together with the last runs that are not much larger."""
        columns = self._columns()
        terms = sum(len(column.numbers) for column in columns.values())
        count = 0 if self.others else to_merge(self._runs, terms)
        if not count:
            self.write()
            return
        last = self._runs[-count:]
        try:
            known = Counts(self._client, self._names.terms, last).all("Strong")
        except ValueError as error:
            raise IndexCorrupt(
                f"index {self._client.address.text}: counts of terms: not what was written ({error})",
                hint="run again; if it stays so, rebuild it with --rebuild",
            ) from error
        self._runs = self._runs[:-count]
        self._store(added_up([known, columns]))

    def undo(self) -> None:
        """Take back what was written and not committed: by all, or by the writer of the same part."""
        own = f' and run like "{self._commit}{self._part}.%"' if self._part else ""
        self._client.delete(self._names.terms, f"born == {self._commit}{own}")

    def _columns(self) -> dict[str, Column]:
        return {name: column for name in self._holders if len((column := self._column(name)).numbers)}

    def _column(self, name: str) -> Column:
        changed = sorted((number, count) for number, count in self._holders[name].items() if count)
        names = [self._terms[number] for number, _ in changed] if name in NAMED_FIELDS else [""] * len(changed)
        numbers, counts = ([pair[at] for pair in changed] for at in (0, 1))
        return Column(np.asarray(numbers, np.uint64), np.asarray(counts, np.int64), names)

    def _store(self, columns: Mapping[str, Column]) -> None:
        if self.own:
            forget_run(self._client, self._names, self.own)
        self.own = None
        if columns:
            self._made += 1
            self.own, rows = run_of(f"{self._commit}{self._part}.{self._made}", columns, self._commit)
            self._client.write(self._names.terms, rows)
            self._check(self.own)

    def _check(self, run: Run) -> None:
        if self._client.checked:
            return
        if bad := Counts(self._client, self._names.terms, [run]).damaged("Session"):
            raise IndexCorrupt(
                f"index {self._client.address.text}: counts of terms came to be others than were sent ({bad[0]}); "
                "nothing was published",
                hint="run again; is the network sound? WENSOU_MILVUS_TLS=1 has it checked on the way",
            )
