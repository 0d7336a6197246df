"""The write path, top to bottom: read -> skip what is unchanged -> clean -> chunk -> tokenise, encode -> commit."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from index.analysis.tokenizer import Tokenizer
from index.backend import Backend, IndexHandle, Shard, Writer
from index.batches import Batch, Batches, Progress, Tally
from index.checks.calibrate import calibrate, learn_short_forms
from index.checks.canary import check_canaries
from index.checks.words import self_check
from index.cleaning.boilerplate import BoilerplateCounts, page_source, per_source
from index.config import IndexConfig, read_synonyms, read_word_list
from index.connect import open_handle
from index.encoders.base import Encoder
from index.errors import IndexCorrupt, IndexMismatch, IndexMissing
from index.models import Article, BuildReport, Skipped, SkipReason
from index.pipeline import Task, prepare_articles
from index.prepare import ArticlePreparer, content_hash, recipe_of
from index.rebuild import Others, holds, old_index
from index.sources.articles import Meter, read_sources, unread_paths
from index.sources.records import path_name
from index.storage.history import remember
from index.storage.layout import IndexState

_WINDOW_ARTICLES = 2_000  # articles looked at ahead for lines their source repeats


class _New(NamedTuple):
    """An article to be built, whether it replaces one, and the hash it is kept by where an old index held it."""

    article: Article
    replaces: bool
    kept_hash: str = ""
    mine: bool = True  # not another shard's, which only teaches what its source repeats


def configure(  # noqa: PLR0913 - the options of an index, each given by its name
    path: str | Path,
    *,
    model: str | None = None,
    chunk_chars: int | None = None,
    user_dict: Path | None = None,
    synonyms: Path | None = None,
    keep_boilerplate: bool | None = None,
    bm25: str | None = None,
    k1: float | None = None,
    b: float | None = None,
) -> IndexConfig:
    """The options of the index at `path` (or the defaults) with those that are given put in their place."""
    given: dict[str, object] = {} if keep_boilerplate is None else {"keep_boilerplate": keep_boilerplate}
    if model:
        given["model"] = model
    if chunk_chars is not None:
        given["chunk_chars"] = chunk_chars
    if user_dict:
        given["user_words"] = read_word_list(user_dict)
    if synonyms:
        given["synonyms"] = read_synonyms(synonyms)
    config = _config_of(open_handle(path), None)
    parts = {name: value for name, value in (("variant", bm25), ("k1", k1), ("b", b)) if value is not None}
    return replace(config, bm25=replace(config.bm25, **parts), **given)  # type: ignore[arg-type]


def build_index(  # noqa: PLR0913 - the options of a build, each given by its name
    sources: Sequence[str | Path],
    path: str | Path,
    config: IndexConfig | None = None,
    *,
    keep_missing: bool = False,
    compact: bool = False,
    rebuild: bool = False,
    progress: Progress | None = None,
    workers: int = 1,
    meter: Meter | None = None,
    exclude: Sequence[str] = (),
    shard: Shard | None = None,
) -> BuildReport:
    """Bring the index at `path`, a folder or an engine's address, up to date with `sources`.

    Sources are files, folders, or "-" for JSONL on stdin.

    What is new or changed is added, what a re-read folder or file no longer holds is removed (unless
    `keep_missing`), what is the same is left alone. `config` is needed at the first build only; later ones keep
    the index's own. `workers` processes clean, tokenise and encode; with more than one, a script needs its
    `if __name__ == "__main__":`. `meter` follows the reading; `exclude` are patterns of files to leave out
    (index.sources.ignored). `shard`: which this is of several who share the work. Raises WriterBusy, IndexMismatch
    (other options: rebuild), IndexCorrupt, EncoderUnavailable, SelfCheckFailed, BadOption for a source there is not.
    """
    items = read_sources(sources, meter=meter, exclude=exclude)
    return update_index(
        items,
        path,
        config,
        sources=None if keep_missing else sources,
        compact=compact,
        rebuild=rebuild,
        keep_others=True,
        progress=progress,
        workers=workers,
        shard=shard,
    )


def update_index(  # noqa: PLR0913 - the options of a build, each given by its name
    items: Iterable[Article | Skipped],
    path: str | Path,
    config: IndexConfig | None = None,
    *,
    sources: Sequence[str | Path] | None = None,
    delete: Sequence[str] = (),
    compact: bool = False,
    rebuild: bool = False,
    keep_others: bool = False,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    workers: int = 1,
    shard: Shard | None = None,
) -> BuildReport:
    """`build_index` for articles at hand. `sources` are the folders that `items` hold all of; `delete` are ids.

    A rebuild holds `items` alone or, with `keep_others`, what the index held of other sources, too: as it was cleaned.
    """
    began = time.perf_counter()
    handle = open_handle(path) if shard is None else open_handle(path).sharded(shard)
    tally = Tally()
    with handle.lock():
        preparer = ArticlePreparer(_config_of(handle, config), encoder)
        if not rebuild:
            _check_options(path, handle, preparer.fingerprint)
        old = old_index(handle) if rebuild else None
        others = Others(old, _roots(sources or ()) if keep_others else None) if old else None
        tally.ids.update(delete if old else ())  # which are not to be kept
        writer = handle.writer(recipe_of(preparer), fresh=rebuild)
        if keep_others and rebuild and not old and handle.state() is not IndexState.MISSING:
            writer.warnings.append("the old index could not be read: what it held of other sources is not in this one")
        try:
            tally.removed += writer.delete(delete)
            learned = _learned(_new_articles(items, others, writer, tally, shard), writer)
            # Closed here, whatever happens: left to the collector, processes might be waited for in a thread of theirs.
            with closing(prepare_articles(preparer, learned, workers)) as prepared:
                for batch in Batches(preparer, tally, progress).of(prepared):
                    _flush(batch, writer, preparer.tokenizer)
            if sources is not None:
                tally.removed += writer.delete(_missing(writer, sources, tally))
            if rebuild:
                writer.delete(sorted(writer.ids() - tally.ids))  # what an interrupted rebuild read and is gone by now
            if old and others:
                tally.removed += others.removed
            if compact:
                writer.compact()
            if writer.whole():
                if old:
                    _ask_canaries(old, writer, preparer)
                calibrate(writer, preparer.tokenizer, preparer.encoder)
            commit = writer.commit()
            warnings, recall = tuple(writer.warnings), writer.recall()
        finally:
            writer.close()
            if old:
                old.close()
    report = tally.report(commit, time.perf_counter() - began, recall, warnings)
    if "://" not in str(path):  # an engine elsewhere has no folder to keep it in
        remember(Path(path), report)
    return report


def _ask_canaries(old: Backend, writer: Writer, preparer: ArticlePreparer) -> None:
    """Stop a rebuild that does not find what the old index held."""
    new = writer.preview()
    check_canaries(old, new, preparer.tokenizer, preparer.encoder)
    new.close()


def _config_of(handle: IndexHandle, config: IndexConfig | None) -> IndexConfig:
    """The options asked for, else those of the index, else the defaults."""
    if config is not None:
        return config
    try:
        return handle.describe().config
    except (IndexMissing, IndexCorrupt, IndexMismatch):
        return IndexConfig()  # a damaged index stops the build later, unless it is being rebuilt


def _check_options(path: str | Path, handle: IndexHandle, fingerprint: str) -> None:
    try:
        built = handle.describe().fingerprint
    except IndexMissing:
        return
    if built != fingerprint:
        raise IndexMismatch(
            f"index {path}: built with fingerprint {built}, these options and this program give {fingerprint} "
            "(encoder, chunk size, dictionary or cleaner differ)",
            hint="rebuild it aside and swap: wensou index SOURCE... --index DIR --rebuild",
        )


def _new_articles(
    items: Iterable[Article | Skipped], others: Others | None, writer: Writer, tally: Tally, shard: Shard | None
) -> Iterator[_New]:
    """What has to be built, `others` last; what is skipped or unchanged is only counted."""

    def mine(article_id: str) -> bool:
        return shard is None or shard.holds(article_id)

    for item in items:
        if isinstance(item, Skipped):
            tally.skip(item)
            continue
        if item.article_id in tally.ids:
            tally.skip(Skipped(item.path or item.article_id, SkipReason.DUPLICATE_ID, item.article_id))
            continue
        tally.ids.add(item.article_id)
        known = writer.content_hash(item.article_id)
        if known is not None and known == content_hash(item):
            tally.unchanged += mine(item.article_id)
        else:
            yield _New(item, known is not None, mine=mine(item.article_id))
    for stored in others.kept(frozenset(tally.ids), unread_paths(tally.skipped)) if others else ():
        article_id = stored.article.article_id
        tally.ids.add(article_id)
        tally.kept += mine(article_id)
        # Equal where an interrupted rebuild kept it.
        if mine(article_id) and writer.content_hash(article_id) != stored.content_hash:
            yield _New(stored.article, False, stored.content_hash)


def _learned(found: Iterator[_New], writer: Writer) -> Iterator[Task]:
    """Each article with the lines that its source prints on every page, as far as they have been seen.

    Articles wait a window at a time, so that already the first is cleaned with what the window taught.
    What was learned stays with the index, for the few new pages of the next run.
    """
    counts = BoilerplateCounts()
    while window := list(islice(found, _WINDOW_ARTICLES)):
        for one in window:
            if not one.kept_hash:
                counts.add(page_source(one.article), one.article.text)
        writer.boilerplate |= counts.lines()
        known = per_source(writer.boilerplate)
        yield from (Task(one.article, one.replaces, known(one.article), one.kept_hash) for one in window if one.mine)


def _flush(batch: Batch, writer: Writer, tokenizer: Tokenizer) -> None:
    if batch.stored:
        learn_short_forms(writer, batch.stored, tokenizer)
        self_check(batch.terms, batch.stored)
        writer.upsert(batch.stored, batch.terms, np.concatenate(batch.vectors))
    if not batch.last:  # what is done so far is kept if the build is cut short
        writer.checkpoint()


def _roots(sources: Sequence[str | Path]) -> list[str]:
    """Files and folders among `sources`, as the reader names files."""
    return [path_name(Path(source).absolute()) for source in sources if str(source) != "-"]


def _missing(writer: Writer, sources: Sequence[str | Path], tally: Tally) -> list[str]:
    """Articles whose file or folder was read again without them. What could not be read this time is kept."""
    unread, paths = unread_paths(tally.skipped), writer.paths(_roots(sources)).items()
    return [name for name, path in paths if name not in tally.ids and not holds(unread, path)]
