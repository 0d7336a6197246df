"""What was asked to be written, on disk before it is acknowledged: appended in order, replayed at start, done in order.

    <index>/journal/requests-000001.jsonl   a request a line, only ever appended to, flushed to the disk itself
    <index>/journal/outcomes.jsonl          what became of each: a line when it is begun and one when it ends
    <index>/journal/progress.json           how far the writer is; may be lost
    <index>/journal/incoming-*.jsonl        articles of a stream that a request names, an article a line

A job's name is the file's number and the line's place in it, so it says where it stands in the order. Doing a request
twice gives what doing it once gives, so one whose outcome was lost is done again.
"""

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from filelock import FileLock

from index.storage.layout import sync, write_synced

JOURNAL = "journal"
ROTATE = 64 << 20  # bytes of requests after which a new file is begun, once all are done
KEPT_OUTCOMES = 1_000
_HEAD = 64  # bytes of a line that hold its job's name
_ENDS = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the journal: its job, what is asked (articles, delete, reindex, follow, cancel) and with what."""

    job: str
    kind: str
    at: str
    content: Mapping[str, Any]


class Journal:
    """The journal of one index. Any process may append and look; one, the writer, reads on and says what was done."""

    def __init__(self, root: Path) -> None:
        """Nothing is written before the first request."""
        self.folder = root / JOURNAL
        self._outcomes: dict[str, dict[str, Any]] = {}
        self._ended: set[str] = set()
        self._read_to: tuple[int, int] = (0, 0)  # inode of the outcomes and how far they were read
        self._done_to: tuple[int, int] = (0, 0)  # file and place before which every request has ended
        self._looking = Lock()

    # ---- asking

    def append(self, kind: str, content: Mapping[str, Any]) -> str:
        """Put a request behind all others and flush it to the disk; its job's name. OSError where that failed."""
        fresh = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        if fresh:
            sync(self.folder.parent)
        with FileLock(self.folder / "append.lock"):
            number, path = self._current()
            new = not path.exists()
            with path.open("ab") as file:
                start = self._whole(path, file)
                job = f"{number}-{start}"
                line = {"job": job, "kind": kind, "at": _now(), "content": content}
                file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if new:
                sync(self.folder)
        return job

    @staticmethod
    def _whole(path: Path, file: BinaryIO) -> int:
        """Where the next line begins: what was left unfinished by a process that died, or a full disk, is cut off."""
        size = path.stat().st_size
        with path.open("rb") as reader:
            end = size
            while end:
                begin = max(0, end - 65_536)
                reader.seek(begin)
                at = reader.read(end - begin).rfind(b"\n")
                if at >= 0:
                    end = begin + at + 1
                    break
                end = begin
        if end < size:
            file.truncate(end)
        return end

    def incoming(self) -> tuple[str, Path]:
        """A file for the articles of a stream, and the name under which a request may name it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"incoming-{os.getpid()}-{uuid.uuid4().hex[:12]}.jsonl"
        return name, self.folder / name

    def _current(self) -> tuple[int, Path]:
        numbers = [int(path.stem.rpartition("-")[2]) for path in self.folder.glob("requests-*.jsonl")]
        number = max(numbers, default=1)
        return number, self._path(number)

    def _path(self, number: int) -> Path:
        return self.folder / f"requests-{number:06d}.jsonl"

    # ---- looking

    def status(self, job: str) -> dict[str, Any] | None:
        """What became of a job so far; None where there is none of that name, or it ended long ago."""
        number, mark, start = job.partition("-")
        if not (mark and number.isdecimal() and start.isdecimal() and len(job) < 40):
            return None
        known = self.outcomes().get(job)
        if known is None or known["state"] == "running":
            try:
                with self._path(int(number)).open("rb") as file:
                    file.seek(int(start))
                    head = file.read(_HEAD)
            except OSError:
                head = b""
            if not head.startswith(f'{{"job": "{job}", '.encode()):
                return known
        found: dict[str, Any] = {"job": job, "state": "pending", "progress": None, **(known or {})}
        progress = self.progress()
        if found["state"] in ("pending", "running") and progress:
            if job in progress.get("jobs", ()):
                found |= {"state": "running", "progress": progress}
            if progress.get("trouble"):
                found["trouble"] = progress["trouble"]
        found.pop("times", None)
        return found

    def outcomes(self) -> dict[str, dict[str, Any]]:
        """What was said of each job last."""
        path = self.folder / "outcomes.jsonl"
        with self._looking:
            try:
                with path.open("rb") as file:
                    status = os.fstat(file.fileno())
                    inode, read = self._read_to
                    if inode != status.st_ino or status.st_size < read:
                        self._outcomes, self._ended, read = {}, set(), 0
                    file.seek(read)
                    data = file.read()
                    data = data[: data.rfind(b"\n") + 1]
                    for line in data.splitlines():
                        one = json.loads(line)
                        times = self._outcomes.get(one["job"], {}).get("times", 0)
                        self._outcomes[one["job"]] = {**one, "times": _starts(one["state"], times or 0)}
                        if one["state"] in _ENDS:
                            self._ended.add(one["job"])
                    self._read_to = (status.st_ino, read + len(data))
            except FileNotFoundError:
                self._outcomes, self._ended, self._read_to = {}, set(), (0, 0)
            return self._outcomes

    def progress(self) -> dict[str, Any]:
        """What the writer said last of where it is."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "progress.json").read_text("utf-8"))
            return found
        except (OSError, ValueError):
            return {}

    def waiting(self) -> bool:
        """Whether anything is there that the writer has not finished."""
        return next(self.unfinished(), None) is not None

    def unfinished(self) -> Iterator[Request]:
        """Requests without an end, in order."""
        self.outcomes()
        if not self.folder.is_dir():
            return
        first, place = self._done_to
        all_ended = True
        for path in sorted(self.folder.glob("requests-*.jsonl")):
            number = int(path.stem.rpartition("-")[2])
            start = place if number == first else 0
            if number < first:
                continue
            with path.open("rb") as file:
                file.seek(start)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    start += len(line)
                    if f"{number}-{start - len(line)}" in self._ended:
                        if all_ended:
                            self._done_to = (number, start)
                        continue
                    all_ended = False
                    data = json.loads(line)
                    yield Request(data["job"], data["kind"], data["at"], data["content"])

    # ---- what the writer says

    def say(self, outcomes: Iterable[Mapping[str, Any]]) -> None:
        """Append outcomes, each with its job and state, and flush them. OSError where that failed."""
        path = self.folder / "outcomes.jsonl"
        with path.open("ab") as file:
            self._whole(path, file)
            file.write(b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in outcomes))
            file.flush()
            os.fsync(file.fileno())

    def say_progress(self, progress: Mapping[str, Any]) -> None:
        """Tell where the writer is, for whoever asks now."""
        temporary = self.folder / ".progress.tmp"
        temporary.write_text(json.dumps(progress, ensure_ascii=False), "utf-8")
        temporary.replace(self.folder / "progress.json")

    def tidy(self) -> None:
        """Begin new files where the old have grown and all in them is done; for the writer, while it has no work."""
        for path in self.folder.glob("incoming-*.jsonl"):
            if _age(path) > 86_400:  # of a stream that ended before it was acknowledged
                path.unlink(missing_ok=True)
        with FileLock(self.folder / "append.lock"):
            number, path = self._current()
            if not path.exists() or path.stat().st_size < ROTATE or self.waiting():
                return
            self._path(number + 1).touch()
            sync(self.folder)
            ended = list(self.outcomes().values())[-KEPT_OUTCOMES:]
            text = "".join(json.dumps({**one, "times": None}, ensure_ascii=False) + "\n" for one in ended)
            for old in self.folder.glob("requests-*.jsonl"):
                if old != self._path(number + 1):
                    old.unlink()
            write_synced(self.folder / "outcomes.jsonl", text)


def _starts(state: str, before: int) -> int:
    """How often a job was begun without an end; one that was put off, `pending`, has not been tried."""
    return 0 if state == "pending" else before + (state == "running")


def _age(path: Path) -> float:
    return datetime.now(UTC).timestamp() - path.stat().st_mtime


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
