"""A server of our own for benches: started as people start it, asked over loopback, its processes told apart."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_CODE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"  # background jobs ignore it
    "from search.cli import main; main()"
)


class Server:
    """`wensou serve` on a free port of loopback. Needs /proc to tell its processes apart."""

    def __init__(self, index: Path, *words: str) -> None:
        """Returns once it says its address; RuntimeError with what it said where it does not."""
        command = [sys.executable, "-c", _CODE, "serve", "--index", str(index), "--port", "0", *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        assert self.process.stderr is not None
        said = ""
        while not (line := self.process.stderr.readline()).startswith("http://"):
            if not line:
                raise RuntimeError(f"no server: {said}")
            said += line
        self.url = line.strip()

    def children(self) -> list[int]:
        """Ids of its processes."""
        return _children(self.process.pid)

    def workers(self) -> list[int]:
        """Those that answer: they hold the port."""
        return [pid for pid in self.children() if _holds_socket(pid)]

    def writers(self) -> list[int]:
        """Those that write."""
        return [pid for pid in self.children() if not _holds_socket(pid) and _is_ours(pid)]

    def resident(self) -> int:
        """Bytes of memory that all its processes hold, pages that they share counted once as far as can be told."""
        return sum(_proportional(pid) for pid in [self.process.pid, *self.children()])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> str:
        """End it and wait until every process of it has; what it said after its address."""
        self.process.send_signal(how)
        return self.process.communicate()[1]  # ends when the last process that holds the pipe has


def cpu_seconds(pid: int) -> float:
    """Seconds of processor that a process and its children have used, those that have ended not."""
    total = 0.0
    for one in [pid, *_children(pid)]:
        try:
            told = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except OSError:
            continue
    return sorted(found)


def _holds_socket(pid: int) -> bool:
    try:
        links: Sequence[str] = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return any(link.startswith("socket:") for link in links)


def _is_ours(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
