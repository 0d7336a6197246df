"""Questions that found nothing, kept beside the index: what synonyms and missing articles can be told from."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from index.analysis.fold import fold

FOLDER, FILE = "log", "empty.jsonl"
MAX_BYTES = 8 << 20  # of the file; then it is put aside as the older one, and the one before that goes


class Unanswered(NamedTuple):
    """A question that found nothing: as it was asked last, how often, and when last."""

    question: str
    times: int
    last: str


def note_empty(root: Path, question: str) -> None:
    """Note a question of the index at `root`; where that cannot be written nothing happens: an answer matters more."""
    line = json.dumps(
        {"at": datetime.now(UTC).isoformat(timespec="seconds"), "q": question[:1_000]}, ensure_ascii=False
    )
    path = root / FOLDER / FILE
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("ab") as file:
            file.write(line.encode("utf-8", "replace") + b"\n")  # in one piece, so that processes do not mix lines
        if path.stat().st_size > MAX_BYTES:
            path.replace(path.with_suffix(".1.jsonl"))
    except OSError:
        return


def unanswered(root: Path) -> list[Unanswered]:
    """The questions that found nothing, the most frequent first; alike but for width, case or script are one."""
    found: dict[str, Unanswered] = {}
    for at, question in _lines(root):
        name = " ".join(fold(question).split())
        before = found.get(name)
        found[name] = Unanswered(question, (before.times if before else 0) + 1, at)
    return sorted(found.values(), key=lambda one: (-one.times, one.question))


def _lines(root: Path) -> Iterator[tuple[str, str]]:
    path = root / FOLDER / FILE
    for one in (path.with_suffix(".1.jsonl"), path):
        if not one.exists():
            continue
        with one.open("rb") as file:
            for line in file:
                try:
                    data = json.loads(line)
                    yield str(data["at"]), str(data["q"])
                except (ValueError, KeyError, TypeError):
                    continue  # a line cut short by a full disk
