"""What happens to rows that are there: ended, taken back, revived, forgotten."""

from collections.abc import Sequence
from typing import Any

from index.milvus.client import Client, Row, any_of
from index.milvus.control import KEPT_COMMITS, Control, Record
from index.milvus.counts import Run
from index.milvus.schema import ALIVE, Names

_IDS_A_CALL = 100
_FILTERED = ("facets", "day", "draw", "born", "died")
_CHUNK_FIELDS = ("pk", "chunk", "article", "terms_of", "vector", *_FILTERED)
_ARTICLE_FIELDS = ("pk", "article", "path", "hash", "title", "body", "terms_of", "signature", "vector",
                   "body_pages", "terms_pages", "chunks", *_FILTERED)  # fmt: skip


def delete_articles(client: Client, names: Names, articles: Sequence[str], commit: int) -> None:
    """Remove the rows of articles that `commit` has written, for good."""
    for begin in range(0, len(articles), _IDS_A_CALL):
        some = any_of("article", articles[begin : begin + _IDS_A_CALL])
        for collection in (names.articles, names.chunks):
            rows = client.scan(collection, f"{some} and born == {commit}", ["pk"], consistency="Strong")
            _remove(client, collection, [row["pk"] for row in rows])


def _remove(client: Client, collection: str, pks: Sequence[str]) -> None:
    for begin in range(0, len(pks), _IDS_A_CALL):
        client.delete(collection, any_of("pk", pks[begin : begin + _IDS_A_CALL]))


def _rewrite(client: Client, collection: str, filter_: str, fields: Sequence[str], **changes: int) -> None:
    """Give rows other numbers."""
    batch: list[Row] = []
    for row in [*client.scan(collection, filter_, fields, consistency="Strong", batch=500)]:
        batch.append({name: _plain(row[name]) for name in fields} | changes)
    client.write(collection, batch)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def end_articles(client: Client, names: Names, articles: Sequence[str], commit: int) -> None:
    """Let the rows of articles in older commits end with `commit`."""
    more = ["terms"] if client.sparse else []
    for begin in range(0, len(articles), _IDS_A_CALL):
        alive = f"{any_of('article', articles[begin : begin + _IDS_A_CALL])} and died == {ALIVE}"
        _rewrite(client, names.chunks, alive, [*_CHUNK_FIELDS, *more], died=commit)
        _rewrite(client, names.articles, alive, _ARTICLE_FIELDS, died=commit)


def undo(client: Client, names: Names, commit: int, some: str = "") -> None:
    """Take back what a writer on top of `commit` has written and not committed; of the articles in `some` alone."""
    more = ["terms"] if client.sparse else []
    own = f"{some} and " if some else ""
    for collection, fields in ((names.chunks, [*_CHUNK_FIELDS, *more]), (names.articles, _ARTICLE_FIELDS)):
        if client.count(collection, f"{own}born > {commit}"):
            client.delete(collection, f"{own}born > {commit}")
        _rewrite(client, collection, f"{own}died > {commit} and died < {ALIVE}", fields, died=ALIVE)
    if some:
        return
    for collection in (names.pages, names.terms):
        if client.count(collection, f"born > {commit}"):
            client.delete(collection, f"born > {commit}")


def revive(client: Client, names: Names, commit: int, new: int) -> None:
    """Let the rows that `commit` saw, and no others, be seen from commit `new` on."""
    more = ["terms"] if client.sparse else []
    for collection, fields in ((names.chunks, [*_CHUNK_FIELDS, *more]), (names.articles, _ARTICLE_FIELDS)):
        _rewrite(client, collection, f"born > {commit} and died == {ALIVE}", fields, died=new)
        ended = f"born <= {commit} and died > {commit} and died < {new}"
        rows = []
        for row in client.scan(collection, ended, fields, consistency="Strong", batch=500):
            again = {name: _plain(row[name]) for name in fields} | {"born": new, "died": ALIVE}
            again["pk"] = f"{row['pk'].rpartition('@')[0]}@{new}"
            rows.append(again)
            if collection == names.articles:
                _copy_pages(client, names, row, again["pk"], new)
        client.write(collection, rows)


def _copy_pages(client: Client, names: Names, row: Row, pk: str, new: int) -> None:
    keys = [f"{row['pk']}#{kind}{n:04d}" for kind, count in (("b", "body_pages"), ("t", "terms_pages"))
            for n in range(1, int(row[count]))]  # fmt: skip
    if keys:
        pages = client.query(names.pages, any_of("pk", keys), ["pk", "body"], consistency="Strong")
        client.write(names.pages, [
            {"pk": f"{pk}#{page['pk'].rpartition('#')[2]}", "body": page["body"], "born": new, "vector": [0.0, 0.0]}
            for page in pages
        ])  # fmt: skip


def forget_run(client: Client, names: Names, run: Run) -> None:
    """Delete the rows of counts that nobody asks for any more."""
    client.delete(names.terms, f'run == "{run.name}"')


def drop_old(client: Client, control: Control, current: Record) -> None:
    """Forget commits that are no longer kept, and what only they saw."""
    numbers = control.numbers()
    records = {record.commit: record for record in control.readable(numbers)}
    going = [number for number in numbers if number not in records or number not in numbers[-1 - KEPT_COMMITS :]]
    kept = [record for number, record in records.items() if number not in going]
    versions = {record.version for record in kept}
    runs = {run.name for record in kept if record.version == current.version for run in record.runs}
    for number in going:
        record = records.get(number)
        if record is not None and record.version == current.version:
            for run in record.runs:
                if run.name not in runs:
                    forget_run(client, Names(client.address, current.version), run)
        control.drop(number)
    for key in control.keys("build:"):
        version = int(key.split(":")[1])
        if version < current.version and version not in versions:
            for name in Names(client.address, version).all:
                client.drop(name)
            control.remove(key)
    oldest = min((record.commit for record in kept if record.version == current.version), default=current.commit)
    names = Names(client.address, current.version)
    for collection in (names.chunks, names.articles):
        gone = f"died <= {oldest}"
        if client.count(collection, gone):
            client.delete(collection, gone)
