"""One connection to Milvus: calls with a time limit, tried again where that can help, and errors of ours.

Everything that is written has a primary key, so that a call whose answer was lost can be made again and changes
nothing. Waits between attempts grow and are drawn at random, so that many clients do not come back at once.
"""

import logging
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from index.errors import BadOption, EngineUnavailable, IndexCorrupt
from index.milvus.address import Address, MilvusOptions

MAX_ROWS = 16_384  # of one answer, by Milvus's own limit
_MESSAGE_BYTES = 4 << 20  # of rows in one call, about; Milvus takes 64 MB
_FEW_ROWS = 1_024  # of a segment, of which no index is made
_FIRST_WAIT = 0.1  # seconds, doubled each time
_LONGEST_WAIT = 5.0
_FLUSH_ATTEMPTS = 12  # half a minute of waits
R = TypeVar("R")
Row = dict[str, Any]


class Client:
    """Calls to one server, or one file of milvus-lite. Safe to use from several threads."""

    def __init__(self, address: Address, options: MilvusOptions) -> None:
        """Connect; EngineUnavailable where nobody answers or lets us in, BadOption where pymilvus is missing."""
        # What goes wrong on a connection becomes an error of ours; grpc would write its own lines to stderr, too.
        os.environ["GRPC_VERBOSITY"] = os.environ.get("GRPC_VERBOSITY", "NONE")
        try:
            from pymilvus import MilvusClient
        except ImportError as error:
            raise BadOption(
                f"index {address.text}: Milvus needs an optional package", hint="pip install 'wensou[milvus]'"
            ) from error
        for name in ("pymilvus", "grpc"):  # they print what becomes an error of ours anyway, with a traceback each
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.address = address
        self._options = options
        more: dict[str, Any] = {}
        if address.file is None:
            more = {"token": options.token or "", "secure": options.tls or options.ca is not None}
            if options.ca:
                more["server_pem_path"] = str(options.ca)
        elif not address.file.parent.is_dir():
            raise BadOption(f"index {address.text}: there is no folder {address.file.parent}")
        self._client = self._tried(
            lambda: MilvusClient(address.uri, timeout=options.timeout, **more), "connect", attempts=2
        )
        self.checked = address.file is not None or options.tls or options.ca is not None
        """Whether nothing can be altered on the way unnoticed."""
        self.sparse = address.file is not None or self._has_sparse()

    def _has_sparse(self) -> bool:
        version = str(self._tried(lambda: self._client.get_server_version(), "version"))
        found = re.search(r"(\d+)\.(\d+)", version)
        return found is not None and (int(found[1]), int(found[2])) >= (2, 4)

    def _tried(self, call: Callable[[], R], what: str, *, attempts: int | None = None) -> R:
        """The result of `call`, made again while the trouble is one that passes."""
        import grpc
        from pymilvus.exceptions import MilvusException

        left = self._options.attempts if attempts is None else attempts
        wait = _FIRST_WAIT
        while True:
            left -= 1
            try:
                return call()
            except (MilvusException, grpc.RpcError, OSError) as error:
                if left > 0 and _passes(error):
                    time.sleep(wait * random.uniform(0.5, 1.5))
                    wait = min(_LONGEST_WAIT, 2 * wait)
                    continue
                raise self._ours(error, what) from error
            except (ValueError, TypeError, LookupError, AttributeError) as error:  # bytes that are no answer
                if left > 0:
                    time.sleep(wait * random.uniform(0.5, 1.5))
                    continue
                raise IndexCorrupt(f"index {self.address.text}: an answer that is none to {what}: {error}") from error

    def _ours(self, error: Exception, what: str) -> EngineUnavailable:
        first = " ".join(str(getattr(error, "message", "") or error).split())[:300]
        hint = "is the server up, and may this user ask it? WENSOU_MILVUS_TOKEN, WENSOU_MILVUS_TLS, WENSOU_MILVUS_CA"
        return EngineUnavailable(f"index {self.address.text}: Milvus could not {what}: {first}", hint=hint)

    # ---- collections

    def collections(self) -> list[str]:
        """Names of all collections there."""
        return list(self._tried(lambda: self._client.list_collections(timeout=self._options.timeout), "list"))

    def known(self, name: str) -> bool:
        """Whether a collection, or an alias of one, is called so."""
        return bool(self._tried(lambda: self._client.has_collection(name, timeout=self._options.timeout), "look up"))

    def create(self, name: str, schema: Any, indexes: Any) -> None:
        """Make a collection and load it, unless it is there."""
        if name not in self.collections():
            limit = max(60.0, self._options.timeout)
            self._tried(
                lambda: self._client.create_collection(name, schema=schema, consistency_level="Bounded", timeout=limit),
                f"create the collection {name}",
            )
            # Of a collection without rows an index is there at once: to wait for each, as is usual, takes .5 s.
            self._tried(
                lambda: self._client.create_index(name, indexes, timeout=limit, sync=False),
                f"create the indexes of the collection {name}",
            )
        self.load(name)

    def load(self, name: str) -> None:
        """Make a collection ready to be asked."""
        limit = max(60.0, self._options.timeout)
        self._tried(lambda: self._client.load_collection(name, timeout=limit), f"load the collection {name}")

    def unpoint(self, alias: str) -> None:
        """Let `alias` stand for nothing."""
        self._tried(lambda: self._client.drop_alias(alias, timeout=self._options.timeout), f"drop the alias {alias}")

    def drop(self, name: str) -> None:
        """Remove a collection; nothing where it is not there."""
        self._tried(lambda: self._client.drop_collection(name, timeout=self._options.timeout), f"drop {name}")

    def flush(self, names: Sequence[str]) -> None:
        """Have the rows of collections put on disk, all at once; a file of milvus-lite has them there already.

        Till then they stand in a server's log alone, and one of very many collections that was killed has been seen to
        pass over what stood there.
        """
        if self.address.file is None:
            with ThreadPoolExecutor(len(names)) as threads:
                list(threads.map(self._flush, names))

    def _flush(self, name: str) -> None:
        limit = max(300.0, self._options.timeout)
        # Newer servers take one flush of a collection in ten seconds, unless they are told otherwise.
        attempts = max(_FLUSH_ATTEMPTS, self._options.attempts)
        self._tried(lambda: self._client.flush(name, timeout=limit), f"flush {name}", attempts=attempts)

    def settle(self, name: str, seconds: float) -> bool:
        """Have rows put on disk and indexed; whether that was done in about so many seconds."""
        self._flush(name)
        if self.address.file is not None:
            return True  # milvus-lite finds as much without, but takes many times as long for each question
        end = time.monotonic() + seconds
        while not self._settled(name):
            if time.monotonic() > end:
                return False
            time.sleep(1)
        return True

    def _settled(self, name: str) -> bool:
        timeout = self._options.timeout

        def call() -> bool:
            told = self._client.describe_index(name, "vector", timeout=timeout)
            loaded = self._client.list_loaded_segments(name, timeout=timeout)
            large = [one for one in loaded if int(one.num_rows) >= _FEW_ROWS]
            return not int(told["pending_index_rows"]) and all(int(one.index_id) for one in large)

        return self._tried(call, f"describe the index of {name}")

    def point(self, alias: str, name: str) -> None:
        """Let `alias` stand for the collection `name`."""
        timeout = self._options.timeout

        def call() -> None:
            aliases = self._client.list_aliases(timeout=timeout) if self.address.file else {}
            known = aliases.get("aliases", []) if isinstance(aliases, dict) else aliases
            try:
                self._client.alter_alias(name, alias, timeout=timeout)
            except Exception as error:
                if alias in known or _passes(error):
                    raise
                self._client.create_alias(name, alias, timeout=timeout)

        self._tried(call, f"point {alias} to {name}")

    # ---- rows

    def write(self, name: str, rows: Sequence[Row]) -> None:
        """Insert rows, or put them in the place of those with their primary keys."""
        for batch in _batches(rows):
            done = self._tried(
                lambda batch=batch: self._client.upsert(name, batch, timeout=self._options.timeout),  # type: ignore[misc]
                f"write {len(batch)} rows to {name}",
            )
            if int(done.get("upsert_count", -1)) < len(batch):
                raise IndexCorrupt(f"index {self.address.text}: {name} took {done} of {len(batch)} rows")

    def delete(self, name: str, filter_: str) -> None:
        """Remove the rows that pass."""
        self._tried(
            lambda: self._client.delete(name, filter=filter_, timeout=self._options.timeout), f"delete from {name}"
        )

    def query(self, name: str, filter_: str, fields: Sequence[str], *, consistency: str = "Bounded") -> list[Row]:
        """At most MAX_ROWS rows that pass."""
        return self._rows(name, filter_, fields, consistency, MAX_ROWS)

    def scan(
        self, name: str, filter_: str, fields: Sequence[str], *, consistency: str = "Bounded", batch: int = 1_000
    ) -> Iterator[Row]:
        """Every row that passes, in order of the primary key `pk`.

        The first rows of an answer that ends at its limit are those with the lowest keys: a server sees to that, and
        milvus-lite where the question is an iterator's.
        """
        more = {"iterator": "True"} if self.address.file else {}
        last = ""
        while True:
            after = f"pk > {quoted(last)} and ({filter_})" if last else f"({filter_})"
            rows = self._rows(name, after, [*fields, "pk"], consistency, batch, **more)
            rows.sort(key=lambda row: str(row["pk"]).encode())
            yield from rows
            if len(rows) < batch:
                return
            last = max(row["pk"] for row in rows)

    def _rows(
        self, name: str, filter_: str, fields: Sequence[str], consistency: str, limit: int, **more: str
    ) -> list[Row]:
        def call() -> list[Row]:
            rows = self._client.query(
                name,
                filter=filter_,
                output_fields=list(dict.fromkeys(fields)),
                limit=limit,
                consistency_level=consistency,
                timeout=self._options.timeout,
                **more,
            )
            return [{field: row[field] for field in fields} for row in rows]

        return self._tried(call, f"read from {name}")

    def count(self, name: str, filter_: str, *, consistency: str = "Strong") -> int:
        """How many rows pass."""

        def call() -> int:
            (row,) = self._client.query(
                name,
                filter=filter_,
                output_fields=["count(*)"],
                consistency_level=consistency,
                timeout=self._options.timeout,
            )
            return int(row["count(*)"])

        return self._tried(call, f"count {name}")

    def search(  # noqa: PLR0913 - the parts of one request to the cluster
        self,
        name: str,
        field: str,
        vector: Any,
        filter_: str,
        fields: Sequence[str],
        limit: int,
        params: Mapping[str, Any],
        *,
        consistency: str = "Bounded",
    ) -> list[tuple[float, Row]]:
        """The `limit` rows with the greatest inner product, with that product, best first."""

        def call() -> list[tuple[float, Row]]:
            (found,) = self._client.search(
                name,
                data=[vector],
                anns_field=field,
                filter=filter_,
                limit=limit,
                output_fields=list(fields),
                search_params={"metric_type": "IP", "params": dict(params)},
                consistency_level=consistency,
                timeout=self._options.timeout,
            )
            return [(float(hit["distance"]), {name: hit["entity"][name] for name in fields}) for hit in found]

        return self._tried(call, f"search {name}")

    def close(self) -> None:
        """Hang up."""
        if self.address.file is None:  # milvus-lite ends for all who have the file open in this process
            self._client.close()


def quoted(text: str) -> str:
    """A string of a filter."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def any_of(field: str, values: Sequence[str]) -> str:
    """A filter: the field is one of the values."""
    return f"{field} in [{', '.join(map(quoted, values))}]"


def _batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        own = sum(len(v) if isinstance(v, str) else 8 * len(v) if hasattr(v, "__len__") else 8 for v in row.values())
        if batch and size + own > _MESSAGE_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += own
    if batch:
        yield batch


# Codes of Milvus that pass by themselves: rate limits, nodes that start, channels that move. Others, such as a wrong
# filter or a password that is none, do not.
_PASSING = ("unavailable", "deadline", "timeout", "timed out", "rate limit", "not ready", "try again", "connection",
            "reset", "broken pipe", "not loaded", "no available", "recover", "closed channel")  # fmt: skip


def _passes(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, ConnectionError) or any(word in text for word in _PASSING)
