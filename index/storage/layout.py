"""The folder on disk: format version, file names, manifests, the pointer, checksums, and its state.

    <index>/CURRENT                  one line: the manifest's name and its checksum; replaced atomically, last
    <index>/commit-000007.json       the manifest: every file of the commit with size and checksum
    <index>/segments/<name>/...      immutable once a manifest names them
    <index>/rebuild.json             segments that a rebuild under way has finished, as a manifest; else not there
    <index>/writer.lock              held by the one writer; says who

A commit is real from the moment CURRENT names it. Nothing a manifest names is ever changed.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from index.errors import IndexCorrupt, IndexMismatch, IndexMissing
from index.storage.system import replace_file, sync_file, sync_folder

# History: 1 (2026-11) the first. 2 (2026-12) renames the files of positions and mixed-script bigrams, and keeps
# no list of files beside the segments'. Segments of both stand side by side in one commit, and merge.
FORMAT_VERSION = 2
READABLE_FORMATS = (1, 2)
_FORMAT_1_FILES = {"mixed_bigrams": "joins", "positions": "places", "position_offsets": "place_starts"}
_FORMAT_1_CALIBRATION = {"chrome": "boilerplate"}

CURRENT = "CURRENT"
SEGMENTS = "segments"
LOCK = "writer.lock"
REBUILD = "rebuild.json"
FILE_ALWAYS_CHECKED = 64 << 10  # bytes of a file up to which its checksum is looked at whenever it is opened
COMMIT_CHECKED_WHOLE = 16 << 20  # bytes of a commit up to which all of its are: some 20 ms
KEPT_COMMITS = 3  # how many manifests stay behind the current one, to go back to


class IndexState(StrEnum):
    """What is at a path, as CLI, API and reindex script all see it."""

    MISSING = "missing"
    CORRUPT = "corrupt"
    OTHER_FORMAT = "other format"
    OTHER_OPTIONS = "other options"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size in bytes and BLAKE2b-128 checksum of one file."""

    bytes: int
    checksum: str


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment of a commit. `tombstones` is the file of its dead articles, or None."""

    name: str
    articles: int
    chunks: int
    files: dict[str, FileEntry]
    tombstones: str | None = None
    dead_articles: int = 0
    dead_chunks: int = 0
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One commit."""

    commit: int
    committed_at: str
    fingerprint: str
    config: dict[str, Any]
    encoder: dict[str, Any]
    segments: tuple[SegmentEntry, ...] = ()
    calibration: dict[str, Any] = field(default_factory=dict)
    previous: int | None = None  # the commit that a rebuild replaced; kept until the index is compacted
    format: int = FORMAT_VERSION

    @property
    def articles(self) -> int:
        """How many live articles it holds."""
        return sum(entry.articles - entry.dead_articles for entry in self.segments)

    @property
    def chunks(self) -> int:
        """How many live chunks it holds."""
        return sum(entry.chunks - entry.dead_chunks for entry in self.segments)

    def files(self) -> Iterator[tuple[str, FileEntry]]:
        """Every file of the commit, its path relative to the index folder."""
        for segment in self.segments:
            for name, entry in segment.files.items():
                yield f"{SEGMENTS}/{segment.name}/{name}", entry

    def dumps(self) -> str:
        """As JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> Self:
        """Back from `dumps`; KeyError, TypeError or ValueError where it is not one."""
        data = json.loads(text)
        segments = tuple(
            SegmentEntry(**{**entry, "files": {n: FileEntry(**f) for n, f in entry["files"].items()}})
            for entry in data.pop("segments")
        )
        if data.pop("format") == 1:  # what is written again is written in the newest
            del data["extra"]  # was always empty
            data["calibration"] = {
                _FORMAT_1_CALIBRATION.get(key, key): value for key, value in data["calibration"].items()
            }
        return cls(segments=segments, **data)


def checksum(data: bytes) -> str:
    """BLAKE2b-128, hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def file_entry(path: Path) -> FileEntry:
    """Size and checksum of a file, read in pieces."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return FileEntry(path.stat().st_size, digest.hexdigest())


def stored_name(folder: Path, pattern: str, name: str) -> str:
    """What `name` is called in the segment `folder`, whose files are called by `pattern`, as in "{}.docs.npy"."""
    older = _FORMAT_1_FILES.get(name)
    found = older and not (folder / pattern.format(name)).exists() and (folder / pattern.format(older)).exists()
    return older if older and found else name


def sync(path: Path) -> None:
    """Flush a file or folder to the disk itself."""
    if path.is_dir():
        sync_folder(path)
    else:
        sync_file(path)


def write_synced(path: Path, text: str) -> None:
    """Write a small file so that it is either all there or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    replace_file(temporary, path)
    sync(path.parent)


def manifest_name(commit: int) -> str:
    """File name of a commit's manifest."""
    return f"commit-{commit:06d}.json"


def last_commit(root: Path) -> int:
    """The highest commit number that was ever published at `root`, 0 for none."""
    return max((int(path.stem.split("-")[1]) for path in root.glob("commit-*.json")), default=0)


def publish(root: Path, manifest: Manifest) -> None:
    """Make `manifest` the current commit. Its files must be on disk already."""
    text = manifest.dumps()
    root.mkdir(parents=True, exist_ok=True)
    write_synced(root / manifest_name(manifest.commit), text)
    write_synced(root / CURRENT, f"{manifest_name(manifest.commit)} {checksum(text.encode())}\n")


def is_index(folder: Path) -> bool:
    """Whether `folder` is an index, or is being made one."""
    committed = (folder / CURRENT).is_file() and (folder / SEGMENTS).is_dir()
    return committed or ((folder / LOCK).is_file() and (folder / f"{LOCK}.owner").is_file())


def read_pointer(root: Path) -> tuple[str, str]:
    """Manifest name and checksum that CURRENT holds; IndexMissing or IndexCorrupt."""
    try:
        line = (root / CURRENT).read_text("utf-8")
    except FileNotFoundError:
        # The first manifest alone is a first commit that never became real: its writer died before the pointer.
        if root.is_dir() and {path.name for path in root.glob("commit-*.json")} - {manifest_name(1)}:
            raise IndexCorrupt(
                f"index {root}: the file {CURRENT} is missing", hint="wensou index SOURCE... --index DIR --rebuild"
            ) from None
        raise IndexMissing(f"no index at {root}", hint="make one with: wensou index SOURCE... --index DIR") from None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexCorrupt(f"index {root}: {CURRENT} cannot be read: {error}") from error
    parts = line.split()
    if len(parts) != 2:
        raise IndexCorrupt(f"index {root}: {CURRENT} holds {line[:80]!r}, want a manifest's name and its checksum")
    return parts[0], parts[1]


def read_manifest(root: Path, commit: int | None = None) -> Manifest:
    """The manifest of `commit`, by default the current one.

    Raises IndexMissing, IndexCorrupt (with what is wrong) or IndexMismatch (made by another format).
    """
    name, want = read_pointer(root) if commit is None else (manifest_name(commit), "")
    try:
        text = (root / name).read_text("utf-8")
    except FileNotFoundError as error:
        raise IndexCorrupt(f"index {root}: the manifest {name} is missing") from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexCorrupt(f"index {root}: the manifest {name} cannot be read: {error}") from error
    if want and checksum(text.encode()) != want:
        raise IndexCorrupt(f"index {root}: the manifest {name} does not match its checksum in {CURRENT}")
    try:
        version = json.loads(text)["format"]
        if version not in READABLE_FORMATS:
            raise IndexMismatch(
                f"index {root}: made by format {version}, this program reads formats {READABLE_FORMATS}",
                hint="rebuild it: wensou index SOURCE... --index DIR --rebuild",
            )
        return Manifest.loads(text)
    except (KeyError, TypeError, ValueError) as error:
        raise IndexCorrupt(f"index {root}: the manifest {name} is not one: {error}") from error


def check_sizes(root: Path, manifest: Manifest) -> None:
    """Every file of the commit is there and as long as it should be; IndexCorrupt names the first that is not."""
    for name, entry in manifest.files():
        try:
            size = (root / name).stat().st_size
        except OSError:
            raise IndexCorrupt(f"index {root}: the file {name} is missing", hint=_REPAIR) from None
        if size != entry.bytes:
            raise IndexCorrupt(f"index {root}: {name} has {size} bytes, want {entry.bytes}", hint=_REPAIR)


def damaged_files(root: Path, manifest: Manifest, names: Collection[str] | None = None) -> list[str]:
    """Files of the commit, or those of `names`, that are missing or whose checksum is wrong; reads every byte."""
    bad = []
    for name, entry in manifest.files():
        path = root / name
        if names is not None and name not in names:
            continue
        if not path.is_file() or file_entry(path) != entry:
            bad.append(name)
    return bad


def large_files(manifest: Manifest) -> frozenset[str]:
    """The files that `check_small` leaves out: reading them would keep a question waiting."""
    entries = list(manifest.files())
    if sum(entry.bytes for _, entry in entries) <= COMMIT_CHECKED_WHOLE:
        return frozenset()
    return frozenset(name for name, entry in entries if entry.bytes > FILE_ALWAYS_CHECKED)


def check_small(root: Path, manifest: Manifest) -> None:
    """Checksums of all files but the `large_files`; IndexCorrupt names those that are wrong."""
    large = large_files(manifest)
    bad = damaged_files(root, manifest, {name for name, _ in manifest.files()} - large)
    if bad:
        raise damage(root, bad)


def damage(root: Path, bad: Sequence[str], why: object = "wrong checksum") -> IndexCorrupt:
    """The error that names the damaged files `bad`."""
    more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
    return IndexCorrupt(f"index {root}: damaged: {', '.join(bad[:5])}{more} ({why})", hint=_REPAIR)


def corrupt(root: Path, manifest: Manifest, error: Exception) -> IndexCorrupt | None:
    """What to raise where `error` came of a damaged file: it names the files. None where all are as they should be."""
    bad = damaged_files(root, manifest)
    if not bad:
        return None
    return damage(root, bad, error)


_REPAIR = "rebuild it: wensou index SOURCE... --index DIR --rebuild"


def state(root: Path, *, fingerprint: str | None = None) -> IndexState:
    """What is at `root`; with `fingerprint`, whether it was built as this program would build it now."""
    try:
        manifest = read_manifest(root)
        check_sizes(root, manifest)
    except IndexMissing:
        return IndexState.MISSING
    except IndexMismatch:
        return IndexState.OTHER_FORMAT
    except IndexCorrupt:
        return IndexState.CORRUPT
    if fingerprint is not None and manifest.fingerprint != fingerprint:
        return IndexState.OTHER_OPTIONS
    return IndexState.EQUAL
