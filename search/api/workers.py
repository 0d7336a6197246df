"""The processes of a server: one that serves, or several that share the port and the mapped files, and one that writes.

A process that dies is started anew; all end with the one that started them, whatever ends it.
"""

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from index.errors import BadOption, WensouError
from index.storage.layout import read_pointer
from search.api.app import Options, create_app
from search.api.counters import SharedCounters
from search.api.protocol import timed_protocol
from search.live import LiveEngine
from search.service.journal import Journal
from search.service.writing import LOOK, JournalWriter

MOST_WORKERS = 32
GRACE = 10.0  # seconds for requests under way when a server stops
_SOON = 2.0  # seconds: a process that lived shorter is started again only after as long
_IDLE = 600.0  # seconds without work after which the writing process ends, until there is some
_LOOK = 0.5  # seconds between two looks at the processes


@dataclass(frozen=True, slots=True)
class Plan:
    """What is served where: indexes by name, host, port, processes, and how."""

    indexes: tuple[tuple[str, str], ...]
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    rerank: str | None = None
    options: Options = field(default_factory=Options)


def bind(host: str, port: int) -> socket.socket:
    """The port, taken and not yet listened on; OSError where it is taken or is none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise OSError(error.errno, error.strerror or str(error), f"{host}:{port}") from error
    sock.set_inheritable(True)
    return sock


def serve(plan: Plan, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `say` is given the address once questions are answered.

    Raises what opening an index raises, and OSError for the port. BadOption for several workers where the system
    cannot share a port among processes.
    """
    if not 1 <= plan.workers <= MOST_WORKERS:
        raise BadOption(f"workers: got {plan.workers}, want 1..{MOST_WORKERS}")
    for _, path in plan.indexes:
        read_pointer(Path(path))
    sock = bind(plan.host, plan.port)
    with sock, tempfile.TemporaryDirectory(prefix="wensou-") as shared:
        name = f"[{plan.host}]" if ":" in plan.host else plan.host
        address = f"http://{name}:{sock.getsockname()[1]}/"
        if plan.workers == 1:
            with Steward(plan):
                serve_here(plan, sock, Path(shared), lambda: say(address))
        else:
            if os.name != "posix":
                raise BadOption("workers: several need a system that shares a port among processes")
            with Steward(plan):
                Supervisor(plan, sock, Path(shared)).run(lambda: say(address))


def serve_here(plan: Plan, sock: socket.socket, shared: Path, ready: Callable[[], None], slot: int = 0) -> None:
    """Serve in this process; `ready` is called when all is opened and warm."""
    import uvicorn

    lives = {name: LiveEngine(path, rerank=plan.rerank) for name, path in plan.indexes}
    for live in lives.values():
        live.follow()
    counters = SharedCounters(shared / "rates") if plan.workers > 1 else None
    options = replace(plan.options, metrics=shared) if plan.workers > 1 else plan.options
    app = create_app(lives, options, counters=counters, slot=slot)
    config = uvicorn.Config(
        app,
        http=timed_protocol(plan.options.limits.header_seconds),
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(GRACE),
    )
    ready()
    uvicorn.Server(config).run(sockets=[sock])


def end_with_parent() -> None:
    """End this process when the one that started it ends, however that was."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(0)

        threading.Thread(target=watch, name="parent", daemon=True).start()


def _worker(plan: Plan, sock: socket.socket, shared: Path, slot: int, ready: Connection) -> None:
    end_with_parent()
    try:
        serve_here(plan, sock, shared, lambda: ready.send(True), slot)
    except WensouError as error:
        print(f"wensou: {error.message}", file=sys.stderr)  # noqa: T201 - what a worker that cannot start has to say
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _write(root: str, sources: Sequence[str]) -> None:
    end_with_parent()
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which asks for an end
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    JournalWriter(Path(root), sources).run(stop, _IDLE)


class Steward:
    """Starts the writing process of each index when there is something to write, again where it died, and ends it."""

    def __init__(self, plan: Plan) -> None:
        """Nothing runs before it is entered."""
        self._plan = plan
        self._context = multiprocessing.get_context("spawn")
        self._journals = {path: Journal(Path(path)) for _, path in plan.indexes}
        self._writers: dict[str, SpawnProcess] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="steward", daemon=True)

    def _run(self) -> None:
        while not self._stop.wait(LOOK):
            for path, journal in self._journals.items():
                writer = self._writers.get(path)
                if (writer is None or not writer.is_alive()) and journal.folder.is_dir() and journal.waiting():
                    writer = self._context.Process(target=_write, args=(path, self._plan.options.sources))
                    writer.start()
                    self._writers[path] = writer

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Let the writers finish what they are committing, and end."""
        self._stop.set()
        self._thread.join()
        stop_all(list(self._writers.values()))


class _Child:
    """A process that is kept alive."""

    def __init__(self, target: Callable[..., None], args: Sequence[object]) -> None:
        self._target, self._args = target, args
        self._context = multiprocessing.get_context("spawn")
        self.ready = False
        self.start()

    def start(self) -> None:
        self._reader, writer = self._context.Pipe(duplex=False)
        self.process: SpawnProcess = self._context.Process(target=self._target, args=(*self._args, writer))
        self.process.start()
        writer.close()
        self.began = time.monotonic()
        self.again = 0.0

    def look(self) -> None:
        """Take notice of its being ready, and start it again where it has died."""
        if not self.ready and self._reader.poll():
            with contextlib.suppress(EOFError):
                self.ready = self._reader.recv()
        if self.process.is_alive():
            return
        now = time.monotonic()
        if not self.again:
            self.again = now + (0.0 if now - self.began > _SOON else _SOON)
        if now >= self.again:
            self._reader.close()
            self.process.join()
            self.process.close()
            self.start()


class Supervisor:
    """Starts the processes of a server, starts them again where they die, and stops them."""

    def __init__(self, plan: Plan, sock: socket.socket, shared: Path) -> None:
        """Nothing runs before `run`."""
        self._plan, self._sock, self._shared = plan, sock, shared
        self._stopped: list[int] = []

    def run(self, ready: Callable[[], None]) -> None:
        """Until SIGINT or SIGTERM; `ready` is called when every worker has once been ready.

        Raises BadOption where a worker ends before it was ever ready, and KeyboardInterrupt after SIGINT.
        """
        before = {one: signal.signal(one, lambda got, _: self._stopped.append(got)) for one in _SIGNALS}
        children = [_Child(_worker, (self._plan, self._sock, self._shared, n)) for n in range(self._plan.workers)]
        told = False
        try:
            while not self._stopped:
                wait([child.process.sentinel for child in children if child.process.is_alive()], timeout=_LOOK)
                if not told and any(not child.ready and not child.process.is_alive() for child in children):
                    raise BadOption("the workers could not start", hint="what they said stands above")
                for child in children:
                    child.look()
                if not told and all(child.ready for child in children):
                    ready()
                    told = True
        finally:
            stop_all([child.process for child in children])
            for one, handler in before.items():
                signal.signal(one, handler)
        if signal.SIGINT in self._stopped:
            raise KeyboardInterrupt


def stop_all(processes: Sequence[SpawnProcess]) -> None:
    """Ask processes to end, and end those that do not."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + GRACE + 2
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
