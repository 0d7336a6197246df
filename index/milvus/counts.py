"""How many documents hold each term: in runs, each a commit's changes or some of them added up, many terms a row.

A run's terms of a field are spread over 2^bits rows by the first bits of their numbers, so that the row of a term is
read by its key alone. A commit writes a run of what it has changed and names in its record the runs that count. Where
the new run is half as large as the one before it or more, both become one, so that there are few of them, and a term
is written again some times over the life of an index and not at each commit (the logarithmic method: Bentley & Saxe,
J. Algorithms 1980).
"""

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.milvus.client import Client, Row, any_of
from index.milvus.schema import MAX_BYTES
from index.milvus.terms import Numbers

TERMS_A_ROW = 64  # about
NAMED_FIELDS = ("words", "facets")  # whose terms are listed, and therefore kept beside their numbers
_MAX_NAME_BYTES = 8_000
_ROWS_A_CALL = 500
_NUMBER_BITS = 64


@dataclass(frozen=True, slots=True)
class Run:
    """Some counts under a name: for each field, how many bits choose the row of a term; terms and rows in all."""

    name: str
    bits: Mapping[str, int]
    terms: int
    rows: int

    def to_json(self) -> dict[str, Any]:
        """For a record."""
        return asdict(self)

    @property
    def full(self) -> bool:
        """Whether there is a row for every key; only among long names may there be none for some."""
        return self.rows == sum(1 << bits for bits in self.bits.values())

    def key(self, field: str, number: int) -> str:
        """The key of the row that counts a term."""
        return _key(field, number >> (_NUMBER_BITS - self.bits[field]), self.name)


def _key(field: str, bucket: int, run: str) -> str:
    return f"{field}:{bucket:x}@{run}"


class Column(NamedTuple):
    """Terms of a field: their numbers, ascending, how many documents hold each, and what they are, "" if not kept."""

    numbers: Numbers
    counts: NDArray[np.int64]
    names: Sequence[str]

    def of(self, number: int) -> int:
        """How many documents hold a term."""
        at = int(np.searchsorted(self.numbers, np.uint64(number)))
        return int(self.counts[at]) if at < len(self.numbers) and self.numbers[at] == number else 0


NO_TERMS = Column(np.zeros(0, np.uint64), np.zeros(0, np.int64), [])


def added_up(some: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    """The counts of several runs in one."""
    out = {}
    for name in sorted({name for columns in some for name in columns}):
        parts = [columns[name] for columns in some if name in columns]
        numbers, first, at = np.unique(
            np.concatenate([part.numbers for part in parts]), return_index=True, return_inverse=True
        )
        counts = np.zeros(len(numbers), np.int64)
        np.add.at(counts, at, np.concatenate([part.counts for part in parts]))
        names = [one for part in parts for one in part.names]
        kept = np.flatnonzero(counts)
        if len(kept):
            out[name] = Column(numbers[kept], counts[kept], [names[n] for n in first[kept].tolist()])
    return out


def run_of(name: str, columns: Mapping[str, Column], born: int) -> tuple[Run, list[Row]]:
    """A run of these counts, and its rows; `born` is the commit that writes it."""
    bits: dict[str, int] = {}
    rows: list[Row] = []
    for field_name, column in columns.items():
        bits[field_name] = max(0, (-(-len(column.numbers) // TERMS_A_ROW) - 1).bit_length())
        while True:
            bodies = dict(_bodies(name, field_name, column, bits[field_name]))
            if max(map(len, bodies.values())) <= MAX_BYTES:
                break
            bits[field_name] += 1  # of long names
        rows += [
            {"pk": key, "run": name, "born": born, "body": body, "vector": [0.0, 0.0]} for key, body in bodies.items()
        ]
    return Run(name, bits, sum(len(column.numbers) for column in columns.values()), len(rows)), rows


def _bodies(run: str, name: str, column: Column, bits: int) -> Iterator[tuple[str, str]]:
    buckets = column.numbers >> np.uint64(_NUMBER_BITS - bits) if bits else np.zeros(len(column.numbers), np.uint64)
    edges = [0, *(np.flatnonzero(np.diff(buckets)) + 1).tolist(), len(buckets)]
    for begin, end in zip(edges, edges[1:], strict=False):
        key = _key(name, int(buckets[begin]), run)
        names = [_short(one) for one in column.names[begin:end]] if name in NAMED_FIELDS else []
        data = b"".join(
            (
                np.uint32(end - begin).tobytes(),
                column.numbers[begin:end].tobytes(),
                column.counts[begin:end].astype(np.int64).tobytes(),
                np.asarray([*map(len, names)], np.uint16).tobytes(),
                *names,
            )
        )
        yield key, base64.b85encode(_sum_of(key, data) + data).decode("ascii")


def _short(name: str) -> bytes:
    return name.encode("utf-8", "replace")[:_MAX_NAME_BYTES]


def _sum_of(key: str, data: bytes) -> bytes:
    return np.uint32(zlib.crc32(data, zlib.crc32(key.encode()))).tobytes()


def column_of(row: Row) -> Column:
    """The counts in a row; ValueError where it is not what was written."""
    whole = base64.b85decode(row["body"])
    data = whole[4:]
    if whole[:4] != _sum_of(row["pk"], data):
        raise ValueError("its checksum is another")
    (count,) = np.frombuffer(data, np.uint32, 1).tolist()
    numbers = np.frombuffer(data, np.uint64, count, 4)
    counts = np.frombuffer(data, np.int64, count, 4 + 8 * count)
    names, at = [""] * count, 4 + 16 * count
    if row["pk"].partition(":")[0] in NAMED_FIELDS:
        sizes = np.frombuffer(data, np.uint16, count, at).tolist()
        at += 2 * count
        for n, size in enumerate(sizes):
            names[n] = data[at : at + size].decode("utf-8", "ignore")
            at += size
    return Column(numbers, counts, names)


class Counts:
    """The counts of one commit, read. ValueError, with a row's key, where one is not what was written."""

    def __init__(self, client: Client, collection: str, runs: Iterable[Run]) -> None:
        """`runs` are added up."""
        self._client, self._collection, self._runs = client, collection, tuple(runs)

    def of(self, sought: Mapping[str, Iterable[int]], consistency: str) -> dict[tuple[str, int], int]:
        """How many documents of a field hold each of its terms `sought`, which are given by their numbers.

        A row that a server does not give, as one that has just begun may not, is an error: no term that nobody holds.
        """
        out = {(name, number): 0 for name, numbers in sought.items() for number in numbers}
        asked: dict[str, list[tuple[str, int]]] = {}
        for run in self._runs:
            for name, number in out:
                if name in run.bits:
                    asked.setdefault(run.key(name, number), []).append((name, number))
        missing = {run.key(name, number) for run in self._runs if run.full for name, number in out if name in run.bits}
        keys = list(asked)
        for begin in range(0, len(keys), _ROWS_A_CALL):
            some = any_of("pk", keys[begin : begin + _ROWS_A_CALL])
            for row in self._client.query(self._collection, some, ["pk", "body"], consistency=consistency):
                column = _checked(row)
                missing.discard(row["pk"])
                for name, number in asked[row["pk"]]:
                    out[(name, number)] += column.of(number)
        if missing:
            raise ValueError(f"{min(missing)}: it is not there")
        return out

    def all(self, consistency: str, name: str = "") -> dict[str, Column]:
        """Every term, or every one of a field."""
        columns = []
        for run, rows in zip(self._runs, self._rows(consistency, name), strict=True):
            found = [{row["pk"].partition(":")[0]: _checked(row)} for row in rows]
            if not name and len(found) != run.rows:
                raise ValueError(f"run {run.name}: {len(found)} of {run.rows} rows")
            columns += found
        return added_up(columns)

    def _rows(self, consistency: str, name: str) -> Iterator[Iterator[Row]]:
        own = f' and pk like "{name}:%"' if name else ""
        for run in self._runs:
            yield self._client.scan(
                self._collection, f'run == "{run.name}"{own}', ["pk", "body"], consistency=consistency
            )

    def damaged(self, consistency: str) -> list[str]:
        """Keys of rows that are not what was written, and names of runs of which some are not there."""
        bad = []
        for run, rows in zip(self._runs, self._rows(consistency, ""), strict=True):
            count = 0
            for row in rows:
                count += 1
                try:
                    column_of(row)
                except ValueError:
                    bad.append(str(row["pk"]))
            if count != run.rows:
                bad.append(f"run {run.name}: {count} of {run.rows} rows")
        return bad


def _checked(row: Row) -> Column:
    try:
        return column_of(row)
    except ValueError as error:
        raise ValueError(f"{row['pk']}: {error}") from error


def to_merge(runs: Sequence[Run], terms: int) -> int:
    """How many of the last `runs` are to become one with a new one of so many terms."""
    count = 0
    while count < len(runs) and runs[-1 - count].terms < 2 * terms:
        terms += runs[-1 - count].terms
        count += 1
    return count
