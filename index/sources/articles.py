"""Files, folders and streams -> articles, one at a time.

Nothing is dropped in silence: whatever cannot be read becomes a `Skipped` with its reason, and reading goes on.
Hidden files and folders (a name that starts with a dot) are passed over, and so is an index that lies there. Folders
are walked in sorted order, so two runs over the same files give the same articles in the same order. Memory is bounded
by the largest single article.
"""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from index.analysis.dates import parse_date
from index.errors import BadArticle, BadOption
from index.models import Article, Skipped, SkipReason
from index.sources import formats
from index.sources.field_names import field_of, may_be_title
from index.sources.ignored import Ignored, check_patterns
from index.sources.records import Record, path_name, refused, suffix_of
from index.storage.layout import is_index

MAX_TEXT = 32 * 1024 * 1024  # characters of one article

_UNREAD = {
    SkipReason.UNREADABLE,
    SkipReason.BINARY,
    SkipReason.ENCODING,
    SkipReason.BAD_RECORD,
    SkipReason.TOO_LARGE,
    SkipReason.MISSING_EXTRA,
}  # what may hold an article that was read before; a duplicate or another kind of file does not


class Meter:
    """How many bytes of files have been read, of how many there are: for progress, and to judge a job's size."""

    def __init__(self, sources: Sequence[str | Path], *, exclude: Sequence[str] = ()) -> None:
        """Look at the sizes of all files; `total` is None where a source is a stream. `exclude`: see `read_sources`."""
        self.total: int | None = 0
        self.packed = False  # whether some file is compressed, so that there is more to read than bytes
        self.articles = 0
        """How many came out of what was read; those that are done with may be fewer."""
        self._finished = self._at = 0
        for source in sources:
            if str(source) == "-":
                self.total = None
                return
            for file in _walk(Path(source).absolute(), exclude):
                with contextlib.suppress(OSError):  # reported when it is read
                    self.total += file.stat().st_size
                self.packed |= file.suffix in (".gz", ".zip")

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return self._finished + self._at

    def at(self, position: int) -> None:
        """A file is being read and has come to `position`."""
        self._at = position

    def finish(self, file: Path) -> None:
        """A file has been read."""
        with contextlib.suppress(OSError):
            self._finished += file.stat().st_size
        self._at = 0


def article_id_for(*parts: str) -> str:
    """16 hex characters of blake2b over the parts: the id of an article that brings none."""
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=8).hexdigest()


def sound(text: str) -> str:
    """`text` without what cannot be stored: surrogate pairs joined, lone surrogates -> U+FFFD, NULs out."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "") if "\0" in text else text


def _string(value: Any) -> str:
    if isinstance(value, str):
        return sound(value)
    return sound(json.dumps(value, ensure_ascii=False, default=str))


def _tags(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        for mark in ("，", ";", "；", "、", "|"):
            value = value.replace(mark, ",")
        value = value.split(",")
    if not isinstance(value, Sequence):
        return (_string(value),)
    named = (_string(tag).strip() for tag in value if tag is not None)
    return tuple(dict.fromkeys(tag for tag in named if tag))


def _several(value: Any) -> str:
    """Several authors as one string."""
    several = isinstance(value, list) and all(isinstance(part, str) for part in value)
    return " ".join(value) if several else ""


def article_from_record(
    record: Mapping[str, Any], *, path: str | None = None, cells: str = "", pages: tuple[int, ...] = ()
) -> Article:
    """An article from one JSON object, CSV row or API body.

    Keys: `text` (or `content`, `body`, `正文` ...), and optionally `id`, `title`, `source`, `author`, `published`,
    `tags`, `url` under any name of `index.sources.field_names`; every other key is kept in `meta` as a string, a
    summary too unless there is no other text. `published` becomes `YYYY-MM-DD`; one that is not understood is kept in
    `meta`. `cells` and `pages` are the article's. Raises BadArticle where there is no text and there are no cells, or
    a field is of the wrong kind.
    """
    if not isinstance(record, Mapping):
        raise BadArticle(f"an article is an object with a text: got {type(record).__name__}, wanted an object")
    known, meta = _fields_of(record, cells=bool(cells))
    text = known.get("text", "" if cells else None)
    if not isinstance(text, str) or not (text.strip() or cells):
        got = "none" if text is None else "blank text" if isinstance(text, str) else type(text).__name__
        raise BadArticle(f"an article needs a text: got {got}, wanted a string", hint='{"text": "..."}')
    if len(text) > MAX_TEXT:
        raise BadArticle(f"the text is too long: got {len(text)} characters, wanted at most {MAX_TEXT}")
    known |= {name: joined for name in ("title", "source", "author") if (joined := _several(known.get(name)))}
    for name in ("id", "title", "source", "author", "url"):
        if isinstance(known.get(name), Mapping | list):
            raise BadArticle(f"`{name}` is a string: got {type(known[name]).__name__}, wanted a string")
    published = parse_date(known["published"]) if "published" in known else None
    if "published" in known and published is None:
        meta["published"] = _string(known["published"])
    title, text = _string(known.get("title", "")).strip(), sound(text)
    own_id = _string(known["id"]).strip() if "id" in known else ""
    return Article(
        article_id=own_id or article_id_for(path or "", title, text + sound(cells)),
        title=title,
        text=text,
        source=_optional(known.get("source")),
        author=_optional(known.get("author")),
        published=published,
        tags=_tags(known["tags"]) if "tags" in known else (),
        url=_optional(known.get("url")),
        path=path,
        meta=meta,
        cells=sound(cells),
        pages=pages,
    )


def _fields_of(record: Mapping[str, Any], *, cells: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """What `record` says of the fields of an article, by their plain names, and the rest of it."""
    known: dict[str, Any] = {}
    meta: dict[str, str] = {}
    given: dict[str, str] = {}  # the keys as they were written
    for key, value in record.items():
        name = field_of(str(key))
        if value is None or value == "":
            continue
        if name is None or (name in known and key != name):
            meta[_string(str(key))] = _string(value)
        else:
            if name in known:  # the plain name wins over an alias that came first
                meta[given[name]] = _string(known[name])
            known[name], given[name] = value, str(key)
    if "title" not in known:
        titles = (value for key, value in record.items() if may_be_title(str(key)) and isinstance(value, str))
        known["title"] = next(filter(None, titles), "")
    if "summary" in known:
        if "text" in known or cells:
            meta[given["summary"]] = _string(known.pop("summary"))
        else:
            known["text"] = known.pop("summary")
    return known, meta


def _optional(value: Any) -> str | None:
    return (_string(value).strip() or None) if value is not None else None


def read_sources(
    sources: Sequence[str | Path],
    *,
    stdin: TextIO | BinaryIO | None = None,
    meter: Meter | None = None,
    exclude: Sequence[str] = (),
) -> Iterator[Article | Skipped]:
    """Read every source in turn: a file, a folder (recursive), or `-` for JSONL on `stdin`.

    `meter` is told how far the reading is. `exclude` are patterns as in .gitignore of files in folders that are left
    out, as are those that a `.wensouignore` in a folder names; a file that is itself a source is always read.
    Raises BadOption at once, before anything is read, where a source does not exist or a pattern is none.
    """
    for source in sources:
        if str(source) != "-" and not Path(source).exists():
            raise BadOption(f"no such source: got {source}, wanted a file, a folder or -", hint="check the path")
    check_patterns(exclude)
    return _read_all(sources, stdin, meter, exclude)


def _read_all(
    sources: Sequence[str | Path], stdin: TextIO | BinaryIO | None, meter: Meter | None, exclude: Sequence[str]
) -> Iterator[Article | Skipped]:
    for source in sources:
        if str(source) == "-":
            stream = stdin if stdin is not None else sys.stdin
            yield from _articles(formats.read_stream(getattr(stream, "buffer", stream)), path=None)
        else:
            path = Path(source)
            for file in _walk(path.absolute(), exclude):
                for item in _read_file(file, meter, listed=file == path.absolute()):
                    if meter and isinstance(item, Article):
                        meter.articles += 1
                    yield item


def _walk(path: Path, exclude: Sequence[str] = ()) -> Iterator[Path]:
    if path.is_dir():
        yield from _walk_folder(path, Ignored(path, exclude))
    else:
        yield path


def _walk_folder(path: Path, ignored: Ignored) -> Iterator[Path]:
    try:
        entries = sorted(path.iterdir(), key=lambda entry: entry.name)
    except OSError:
        yield path  # a folder that cannot be listed is reported as unreadable
        return
    for entry in entries:
        folder = entry.is_dir()
        if _passed_over(entry, ignored, folder=folder):
            continue
        if folder:
            yield from _walk_folder(entry, ignored.below(entry))
        else:
            yield entry


def _passed_over(entry: Path, ignored: Ignored, *, folder: bool) -> bool:
    """Whether what stands in a folder is not read: hidden, left out by a rule, a link to a folder, or an index."""
    if entry.name.startswith(".") or ignored.leaves_out(entry, folder=folder):
        return True
    return folder and (entry.is_symlink() or is_index(entry))  # a link to a folder may lead back up


def _rules_at(path: Path, source: Path, exclude: Sequence[str]) -> Ignored | None:
    """What is left out around `path`, a file or folder inside the folder `source`; None where it is so itself."""
    ignored, at = Ignored(source, exclude), source
    for part in path.relative_to(source).parts:
        at /= part
        folder = at.is_dir()
        if _passed_over(at, ignored, folder=folder):
            return None
        if folder:
            ignored = ignored.below(at)
    return ignored


def is_read(path: Path, source: Path, exclude: Sequence[str] = ()) -> bool:
    """Whether reading `source` reads the file or folder `path`, or would if it were there still."""
    return path == source or _rules_at(path, source, exclude) is not None


def read_changed(
    changed: Iterable[Path], sources: Sequence[Path], *, exclude: Sequence[str] = ()
) -> Iterator[Article | Skipped]:
    """What `read_sources` would give of the files and folders `changed` alone; those that are gone give nothing."""
    done: set[Path] = set()
    for path in sorted(changed):
        source = next((source for source in sources if path == source or source in path.parents), None)
        if source is None or not done.isdisjoint(path.parents):
            continue
        done.add(path)
        if path == source:
            yield from _read_all([source], None, None, exclude) if source.exists() else ()
            continue
        ignored = _rules_at(path, source, exclude)
        if ignored is not None and path.exists():
            for file in _walk_folder(path, ignored) if path.is_dir() else [path]:
                yield from _read_file(file, None, listed=False)


def _read_file(file: Path, meter: Meter | None, *, listed: bool) -> Iterator[Article | Skipped]:
    records = formats.read_file(file, any_suffix=listed, position=meter.at if meter else None)
    yield from _articles(records, path=path_name(file))
    if meter:
        meter.finish(file)


def _articles(records: Iterator[Record | Skipped], *, path: str | None) -> Iterator[Article | Skipped]:
    for record in records:
        if isinstance(record, Skipped):
            yield record
            continue
        content = dict(record.content)
        if record.whole_file and "id" not in content:
            content["id"] = article_id_for(record.where)
        try:
            yield article_from_record(content, path=path, cells=record.cells, pages=record.pages)
        except BadArticle as error:
            yield refused(record, error.message)


def read_upload(name: str, data: bytes) -> Iterator[Article | Skipped]:
    """What a file holds that came over a wire, read as one of its name would be from a folder; ids follow from `name`.

    An article of it has no path.
    """
    suffix = suffix_of(name)
    if suffix in formats.STREAMED or suffix in formats.WHOLE:
        yield from _articles(formats.read_bytes(data, name, suffix), path=None)
    else:
        yield Skipped(name, SkipReason.FORMAT, suffix or "no suffix")


def unread_paths(skipped: Iterable[Skipped]) -> set[str]:
    """Files and folders of which something could not be read, so that nobody knows what they hold."""
    places = set()
    for item in skipped:
        if item.reason in _UNREAD:
            # A record is named path:line, a member of an archive archive!/name.
            places |= {item.where, item.where.rsplit(":", 1)[0], item.where.split("!/", 1)[0]}
        elif item.reason is SkipReason.EMPTY:
            places.add(item.where)  # a file cut to nothing; an empty record beside others says nothing of them
    return places
