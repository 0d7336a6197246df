"""What the last runs of the builder did, kept beside the index: a line of JSON each, for people to look at.

Nothing is built or answered from it, so it is no part of a commit: where it is missing or damaged, less is known.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.models import BuildReport

HISTORY = "history.jsonl"
_RUNS = 20  # kept
_SKIPPED = 200  # named of each run; all are counted


def remember(root: Path, report: BuildReport) -> None:
    """Add a run to the history of the index folder `root`; where it cannot be written, the run is done all the same."""
    path = root / HISTORY
    try:
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        lines = [*lines, json.dumps(_entry(report), ensure_ascii=False)][-_RUNS:]
        aside = path.with_suffix(".new")
        aside.write_text("\n".join(lines) + "\n", "utf-8", "replace")
        aside.replace(path)
    except OSError:
        return


def history(root: Path) -> list[dict[str, Any]]:
    """The runs that are known of, newest first; what cannot be read is left out."""
    try:
        lines = (root / HISTORY).read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = []
    for line in reversed(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def _entry(report: BuildReport) -> Mapping[str, Any]:
    counts = ("added", "changed", "unchanged", "removed", "chunks", "commit", "dense_recall")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **{name: getattr(report, name) for name in counts},
        "seconds": round(report.seconds, 1),
        "skipped": len(report.skipped),
        "skipped_by_reason": dict(Counter(str(one.reason) for one in report.skipped).most_common()),
        "skipped_first": [
            {"where": one.where, "reason": str(one.reason), "detail": one.detail} for one in report.skipped[:_SKIPPED]
        ],
        "repairs": dict(report.repairs),
        "examples": [{"step": one.step, "before": one.before, "after": one.after} for one in report.examples],
        "warnings": list(report.warnings),
    }
