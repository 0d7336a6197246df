"""`wensou index --watch`: an index that follows its sources until it is stopped."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NoReturn

from index.errors import WriterBusy
from index.models import BuildReport
from index.watch import Following, Watch

_AGAIN = 1.0  # seconds before what another writer or the system refused is tried again


def follow(
    sources: Sequence[str],
    index: str,
    build: Callable[[], BuildReport],
    tell: Callable[[BuildReport], None],
    *,
    exclude: Sequence[str],
    keep_missing: bool,
) -> NoReturn:
    """`build` the index, then keep it up to date until Ctrl-C; `tell` is given every report that changed something.

    Raises KeyboardInterrupt, and what `build` raises. Later a writer elsewhere, or a full disk, is waited for.
    """
    watch = Watch(sources, exclude=exclude, say=_say)
    following = Following(index, sources, exclude=exclude, keep_missing=keep_missing)
    with closing(watch.batches()) as batches:
        next(batches)  # from here on no change is missed
        report = build()
        following.note(report)
        tell(report)
        _say("following the sources; Ctrl-C ends")
        for changed in batches:
            report = _patiently(lambda changed=changed: following.update(changed))  # type: ignore[misc]
            if report.added or report.changed or report.removed or report.skipped or report.warnings:
                tell(report)
                sys.stdout.flush()
    raise KeyboardInterrupt


def _patiently(update: Callable[[], BuildReport]) -> BuildReport:
    said = ""
    while True:
        try:
            return update()
        except (WriterBusy, OSError) as error:
            why = error.message if isinstance(error, WriterBusy) else f"the system refused: {error.strerror or error}"
            if why != said:
                _say(f"{why}; trying again")
            said = why
            time.sleep(_AGAIN)


def _say(line: str) -> None:
    print(f"wensou: {line}", file=sys.stderr, flush=True)
