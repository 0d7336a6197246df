"""The processes of a server: one that serves, or several that share the port and the mapped files, and one that writes.

A process that dies is started anew; all end with the one that started them, whatever ends it.
"""

import contextlib
import errno
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from index.connect import open_handle
from index.errors import BadOption, WensouError
from index.storage.system import interrupts_held, take_interrupts
from search.api.app import Options, create_app
from search.api.counters import SharedCounters
from search.api.observe import AccessLog
from search.api.protocol import timed_protocol
from search.api.steward import (
    GRACE,
    SOON,
    Steward,
    end_with_parent,
    stop_all,
)
from search.live import LiveEngine

MOST_WORKERS = 32
_LOOK = 0.5  # seconds between two looks at the processes


@dataclass(frozen=True, slots=True)
class Plan:
    """What is served where: indexes by name, host, port, processes, and how.

    `followed` are pairs of an index's folder and a source of it that is read again whenever it changes.
    """

    indexes: tuple[tuple[str, str], ...]
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    followed: tuple[tuple[str, str], ...] = ()
    rerank: str | None = None
    options: Options = field(default_factory=Options)


def bind(host: str, port: int) -> socket.socket:
    """The port, taken and not yet listened on; OSError where it is taken, is no port or is none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, for asyncio turns Nagle's waiting off only where it is: with it every answer comes 40 ms later.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # which connections inherit, in workers too
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise OSError(error.errno, error.strerror or str(error), f"{host}:{port}") from error
    except OverflowError as error:
        sock.close()
        raise OSError(errno.EINVAL, "there are ports 0..65535", f"{host}:{port}") from error
    sock.set_inheritable(True)
    return sock


def serve(plan: Plan, say: Callable[[str], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; `say` is given the address once questions are answered.

    Raises what opening an index raises, OSError for the port and the log, KeyboardInterrupt after SIGINT; BadOption
    for a source that cannot be followed, and for several workers where the system cannot share a port among processes.
    """
    if not 1 <= plan.workers <= MOST_WORKERS:
        raise BadOption(f"workers: got {plan.workers}, want 1..{MOST_WORKERS}")
    if plan.workers > 1 and os.name != "posix":
        raise BadOption("workers: several need a system that shares a port among processes")
    for _, path in plan.indexes:
        open_handle(path).describe()
    if plan.options.access_log:
        AccessLog(plan.options.access_log)
    folders = [path for _, path in plan.indexes if "://" not in path]
    steward = Steward(folders, plan.options.sources, plan.followed)
    sock = bind(plan.host, plan.port)
    with sock, tempfile.TemporaryDirectory(prefix="wensou-") as shared, _ending():
        name = f"[{plan.host}]" if ":" in plan.host else plan.host
        address = f"http://{name}:{sock.getsockname()[1]}/"
        with steward:
            if plan.workers == 1:
                serve_here(plan, sock, Path(shared), lambda: say(address))
            else:
                Supervisor(plan, sock, Path(shared)).run(lambda: say(address))


@contextlib.contextmanager
def _ending() -> Iterator[None]:
    """SIGTERM and SIGHUP end this process in order, wherever it is: SystemExit."""

    def end(*_: object) -> None:
        raise SystemExit(0)

    before = {one: signal.signal(one, end) for one in _ends() if one != signal.SIGINT}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _ends() -> list[signal.Signals]:
    """The signals that end a server; one that it was started to ignore, as by nohup, does not."""
    named = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    return [one for one in named if signal.getsignal(one) != signal.SIG_IGN]


def serve_here(plan: Plan, sock: socket.socket, shared: Path, ready: Callable[[], None], slot: int = 0) -> None:
    """Serve in this process; `ready` is called when all is opened and warm, and the port is listened on."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    lives = {name: LiveEngine(path, rerank=plan.rerank) for name, path in plan.indexes}
    for live in lives.values():
        live.follow()
    counters = SharedCounters(shared / "rates") if plan.workers > 1 else None
    options = replace(plan.options, metrics=shared) if plan.workers > 1 else plan.options
    app = create_app(lives, options, counters=counters, slot=slot)
    server = Server(
        uvicorn.Config(
            app,
            http=timed_protocol(plan.options.limits.header_seconds),
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(GRACE),
        )
    )
    for one in _ends():  # uvicorn takes the others itself while it runs, and raises them again after that
        if one.name == "SIGHUP":
            signal.signal(one, lambda *_: server.handle_exit(signal.SIGTERM, None))
    server.run(sockets=[sock])


def _worker(plan: Plan, sock: socket.socket, shared: Path, slot: int, ready: Connection) -> None:
    end_with_parent()
    try:
        take_interrupts()
        with _ending():
            serve_here(plan, sock, shared, lambda: ready.send(None), slot)
    except (WensouError, OSError) as error:
        ready.send(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


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
        with interrupts_held():
            self.process.start()
        writer.close()
        self.began = time.monotonic()
        self.again = 0.0

    def look(self) -> None:
        """Take notice of its being ready, and start it again where it has died; raises what kept it from starting."""
        alive = self.process.is_alive()
        if self._reader.poll():
            with contextlib.suppress(EOFError):
                said = self._reader.recv()
                if said is not None:
                    raise said
                self.ready = True
        if alive:
            return
        now = time.monotonic()
        if not self.again:
            self.again = now + (0.0 if now - self.began > SOON else SOON)
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
        """Until SIGINT, SIGTERM or SIGHUP; `ready` is called when every worker has once been ready.

        Raises what keeps a worker from starting before all were ready (later it is said, and tried again), and
        KeyboardInterrupt after SIGINT.
        """
        before = {one: signal.signal(one, lambda got, _: self._stopped.append(got)) for one in _ends()}
        children = [_Child(_worker, (self._plan, self._sock, self._shared, n)) for n in range(self._plan.workers)]
        told = False
        try:
            while not self._stopped:
                wait([child.process.sentinel for child in children if child.process.is_alive()], timeout=_LOOK)
                for child in children:
                    self._look(child, told)
                if not told and all(child.ready for child in children):
                    ready()
                    told = True
        finally:
            stop_all([child.process for child in children])
            for one, handler in before.items():
                signal.signal(one, handler)
        if signal.SIGINT in self._stopped:
            raise KeyboardInterrupt

    @staticmethod
    def _look(child: _Child, told: bool) -> None:
        try:
            child.look()
        except (WensouError, OSError) as error:
            if not told:
                raise
            print(f"wensou: a worker cannot start: {error}", file=sys.stderr, flush=True)  # noqa: T201 - a server's log
            return
        if not (told or child.ready or child.process.is_alive()):
            raise BadOption("a worker ended before it was ready")
