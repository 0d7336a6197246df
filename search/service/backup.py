"""A copy of a live index in one file, and an index made from it again.

The file is a tar archive (gzip where its name ends in .gz): one commit whole with its manifest, the keys, and what was
asked to be written and is not in that commit yet.
"""

import io
import os
import tarfile
import uuid
from pathlib import Path

from index.errors import BadOption, IndexCorrupt
from index.storage.layout import (
    CURRENT,
    Manifest,
    checksum,
    damaged_files,
    file_entry,
    manifest_name,
    read_manifest,
    sync,
)
from search.service.journal import JOURNAL
from search.service.keys import KEYS

_MAX_TRIES = 5


def back_up(root: Path, target: Path) -> int:
    """Copy the current commit of the index at `root` into the new file `target`; returns the commit's number.

    Writers need not stop. IndexMissing, IndexCorrupt (a file's checksum is wrong: nothing is left behind); BadOption
    where `target` is there already.
    """
    if target.exists():
        raise BadOption(f"backup: {target} is there already, want the name of a new file")
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        for attempt in range(_MAX_TRIES):
            outcomes = _read(root / JOURNAL / "outcomes.jsonl")  # before the commit: what ended is in it
            manifest = read_manifest(root)
            try:
                _write(root, manifest, outcomes, temporary)
                break
            except (FileNotFoundError, IndexCorrupt):
                # A quick writer may have taken the commit's files away meanwhile.
                if attempt == _MAX_TRIES - 1 or read_manifest(root).commit == manifest.commit:
                    raise
        sync(temporary)
        os.replace(temporary, target)
        sync(target.parent)
        return manifest.commit
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(root: Path, manifest: Manifest, outcomes: bytes | None, temporary: Path) -> None:
    mode = "w:gz" if ".gz" in temporary.suffixes else "w"
    with tarfile.open(temporary, mode) as archive:  # type: ignore[call-overload]
        for name, entry in manifest.files():
            if file_entry(root / name) != entry:
                raise IndexCorrupt(f"index {root}: {name} is not as it was written", hint="wensou stats --verify")
            archive.add(root / name, name)
        text = manifest.dumps().encode()
        _add(archive, manifest_name(manifest.commit), text)
        _add(archive, CURRENT, f"{manifest_name(manifest.commit)} {checksum(text)}\n".encode())
        if (keys := _read(root / KEYS)) is not None:
            _add(archive, KEYS, keys)
        if outcomes is not None:
            _add(archive, f"{JOURNAL}/outcomes.jsonl", outcomes)
        for pattern in ("requests-*.jsonl", "incoming-*.jsonl"):
            for path in sorted((root / JOURNAL).glob(pattern)):
                if (data := _read(path)) is not None:
                    _add(archive, f"{JOURNAL}/{path.name}", data)


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    archive.addfile(info, io.BytesIO(data))


def restore_backup(source: Path, root: Path) -> int:
    """Make an index at `root`, where there is nothing yet, from a backup; returns its commit.

    BadOption where `root` is there or `source` is no backup, IndexCorrupt where a file in it is not as it was written;
    both leave nothing behind.
    """
    import shutil

    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BadOption(f"restore: {root} is there already, want the name of a new folder")
    aside = root.with_name(f".{root.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        try:
            with tarfile.open(source, "r:*") as archive:
                archive.extractall(aside, filter="data")
        except (tarfile.TarError, EOFError) as error:
            raise BadOption(f"restore: {source} is no backup of an index: {error}") from error
        manifest = read_manifest(aside)
        if bad := damaged_files(aside, manifest):
            raise IndexCorrupt(f"restore: {source}: damaged: {', '.join(bad[:5])}")
        if root.exists():
            root.rmdir()
        aside.rename(root)
        return manifest.commit
    finally:
        shutil.rmtree(aside, ignore_errors=True)
