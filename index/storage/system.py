"""What systems do differently, in one place: flushing, reading at an offset, files that are in use, Ctrl-C put off.

On Windows a folder cannot be flushed, a file is flushed only by who may write to it, there is no `pread`, and a file
that somebody has open or mapped can be neither deleted nor replaced. POSIX systems know none of that.
"""

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

POSIX = os.name == "posix"
_TRIES = 20  # of replacing a file that somebody is just reading
_PAUSE = 0.05  # seconds between two of them
_seeking = threading.Lock()


def sync_file(path: Path) -> None:
    """Flush a file to the disk itself."""
    if POSIX:
        _sync(path, os.O_RDONLY)
    else:
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Flush what names a folder holds, where the system can: elsewhere it does so by itself."""
    if POSIX:
        _sync(path, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_at(handle: int, size: int, offset: int) -> bytes:
    """`size` bytes of an open file from `offset` on, fewer at its end. Safe to ask from several threads."""
    if hasattr(os, "pread"):
        return os.pread(handle, size, offset)
    with _seeking:  # one position a file, which all threads would move
        os.lseek(handle, offset, os.SEEK_SET)
        return os.read(handle, size)


def replace_file(new: Path, old: Path) -> None:
    """Put `new` in the place of `old` at once; where somebody is just reading that, wait a moment and try again.

    Raises PermissionError where it is in use for longer.
    """
    for left in reversed(range(_TRIES)):
        try:
            new.replace(old)
            return
        except PermissionError:
            if left == 0 or POSIX:
                raise
            time.sleep(_PAUSE)


def remove_file(path: Path) -> bool:
    """Delete a file nobody needs any more; False where it is still in use, and may go at another time."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return False
    return True


def remove_folder(path: Path) -> bool:
    """Delete a folder nobody needs any more; False where a file of it is still in use: all that is not is gone."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path, onerror=lambda function, name, failure: None)
    return not path.exists()


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """A process that is started meanwhile gets no SIGINT before it takes it (`take_interrupts`): at a terminal Ctrl-C
    goes to all, and one that is still loading could only end with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def take_interrupts() -> None:
    """Get the SIGINT that `interrupts_held` put off."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
