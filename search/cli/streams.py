"""Standard streams as they really are: closed, full, ASCII, or read by nobody any more."""

import os
import sys


def prepare_streams() -> None:
    """Make the three streams take any text.

    A closed stream (`>&-`) takes everything and keeps nothing. One that claims to be ASCII, which is what a system
    without a locale says of itself, is given UTF-8; in any other encoding what it lacks is shown as `?`. What comes
    in is read as UTF-8 unless it says otherwise.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the process ends
        elif hasattr(stream, "reconfigure"):
            _widen(stream)
    if sys.stdin is not None and hasattr(sys.stdin, "reconfigure"):
        _widen(sys.stdin)


def _widen(stream: "object") -> None:
    encoding = str(getattr(stream, "encoding", "") or "").lower().replace("_", "-")
    ascii_ = encoding in ("", "ascii", "us-ascii", "ansi-x3.4-1968", "646")
    stream.reconfigure(encoding="utf-8" if ascii_ else None, errors="replace")  # type: ignore[attr-defined]


def flush_output() -> None:
    """Hand over what was printed; OSError where the system takes it no longer (BrokenPipeError: nobody reads it)."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def drop_output() -> None:
    """Let go of what could not be printed, so that the interpreter does not try, and complain, once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue
    os.close(nowhere)
