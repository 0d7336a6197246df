"""Commits as a whole: who may write them, which are kept, what goes with the others, and new ones of what is there."""

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from index.embedded.reader import EmbeddedIndex
from index.errors import BadOption, WensouError, WriterBusy
from index.storage.layout import (
    CURRENT,
    KEPT_COMMITS,
    LOCK,
    REBUILD,
    SEGMENTS,
    Manifest,
    SegmentEntry,
    last_commit,
    publish,
    read_manifest,
    read_pointer,
)
from index.storage.system import remove_file, remove_folder


@contextlib.contextmanager
def writer_lock(root: Path) -> Iterator[None]:
    """Hold the index for writing; WriterBusy says who does. A dead owner's lock is free: the system drops it."""
    new = not root.exists()
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / LOCK, timeout=0)
    owner = root / f"{LOCK}.owner"
    try:
        lock.acquire()
    except Timeout:
        who = owner.read_text("utf-8").strip() if owner.exists() else "another process"
        raise WriterBusy(
            f"index {root}: {who} is writing to it", hint="wait for it to finish, then run again"
        ) from None
    try:
        owner.write_text(f"process {os.getpid()} on {socket.gethostname()}, since {now()}\n", "utf-8")
        yield
    finally:
        remove_file(owner)
        if new and not any((root / name).exists() for name in (CURRENT, REBUILD)):
            remove_folder(root)  # a first build that failed leaves nothing behind
        lock.release()


def now() -> str:
    """The time as a manifest says it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def kept_commits(root: Path) -> list[Manifest]:
    """The current commit and those before it that can be restored, in order; IndexMissing, IndexCorrupt."""
    current = read_manifest(root).commit
    numbers = sorted(int(path.stem.split("-")[1]) for path in root.glob("commit-*.json"))
    return [read_manifest(root, number) for number in numbers if number <= current]


def restore_commit(root: Path, commit: int) -> int:
    """Make commit number `commit` the current one again, as a new commit; returns its number.

    Raises IndexMissing, WriterBusy, BadOption where it is not kept, IndexCorrupt; all of them change nothing.
    """
    read_pointer(root)
    with writer_lock(root):
        numbers = [manifest.commit for manifest in kept_commits(root)]
        if commit not in numbers:
            kept = ", ".join(map(str, numbers))
            raise BadOption(f"index {root}: commit {commit} is not kept", hint=f"those that are: {kept}")
        manifest = read_manifest(root, commit)
        EmbeddedIndex(root, manifest).close()
        manifest = replace(manifest, commit=last_commit(root) + 1, committed_at=now(), previous=None)
        publish(root, manifest)
        return manifest.commit


def set_calibration(root: Path, name: str, value: Mapping[str, Any] | None) -> int:
    """Put `value` under `name` in the current commit's calibration, or take it away; returns the new commit's number.

    Nothing is written but a manifest: articles, postings and vectors stay as they are. Raises WriterBusy and what
    reading a manifest raises.
    """
    read_pointer(root)  # where there is no index, none is begun
    with writer_lock(root):
        manifest = read_manifest(root)
        calibration = {key: old for key, old in manifest.calibration.items() if key != name}
        if value is not None:
            calibration[name] = dict(value)
        publish(
            root,
            replace(manifest, commit=last_commit(root) + 1, committed_at=now(), calibration=calibration),
        )
        return last_commit(root)


def drop_leftovers(root: Path, manifest: Manifest, pending: Sequence[SegmentEntry], passed: Set[int]) -> None:
    """Delete what no kept commit names: older manifests, segments and files, unless they are in the `pending` ones.

    Kept are the commit of `manifest`, those before it but for the ones `passed`, and the one it says it replaced.
    """
    wanted: set[str] = set()
    manifests = {int(path.stem.split("-")[1]): path for path in root.glob("commit-*.json")}
    # A manifest beyond the current one is a commit that never became real.
    real = sorted(
        number for number in manifests if number <= manifest.commit and number not in passed - {manifest.commit}
    )
    kept = {*real[-1 - KEPT_COMMITS :], manifest.previous}
    for number, path in manifests.items():
        if number not in kept:
            remove_file(path)
            continue
        try:
            wanted |= {name for name, _ in read_manifest(root, number).files()}
        except WensouError:
            return  # whose files are these? Nothing is deleted that a kept commit may still need
    segments = root / SEGMENTS
    wanted |= {f"{SEGMENTS}/{entry.name}/{name}" for entry in pending for name in entry.files}
    names = {name.split("/")[1] for name in wanted}
    for folder in segments.iterdir() if segments.is_dir() else ():
        if folder.name not in names:
            remove_folder(folder)  # what a reader still has open may go at another commit
            continue
        for path in folder.glob("tombstones-*.npz"):
            if f"{SEGMENTS}/{folder.name}/{path.name}" not in wanted:
                remove_file(path)
    for path in root.glob(".*.tmp"):
        remove_file(path)
