"""Who writes: claims under keys of the control collection, kept up by a thread for as long as their process lives.

There is no compare-and-set, so whoever wants to write puts a claim first and then looks for others that it cannot stand
beside; of two that come together at least one sees the other and gives way. A claim that has not been renewed for a
minute is watched, by the watcher's own clock, and removed if nothing moves.
"""

import json
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from filelock import FileLock, Timeout

from index.errors import EngineUnavailable, WriterBusy
from index.milvus.control import Control

LEASE = 60.0  # seconds after which a claim that was not renewed is looked at
RENEW = 10.0
PATIENCE = 60.0  # seconds that a shard waits for another that is just beginning or ending
_PREFIX = "lock:"


@dataclass(slots=True)
class Claim:
    """One that is held: `kind` is "all" for a lone writer, "shard i/n", and beside those "begin" and "finish".

    `done` is said of a shard that has handed in its part.
    """

    key: str
    kind: str
    done: bool = False

    def text(self) -> str:
        """As it is kept."""
        who = f"process {os.getpid()} on {socket.gethostname()}"
        return json.dumps({"who": who, "kind": self.kind, "done": self.done, "renewed": time.time()})


def stands_beside(mine: str, other: str, *, done: bool) -> bool:
    """Whether a claim may be made while the other is there; `done`: the other has handed in its part."""
    if "all" in (mine, other):
        return False
    if mine == "finish":
        return other == "begin" or (other != "finish" and done)
    if mine == "begin":
        return other != "begin"
    return other == "begin" or (other != mine and other != "finish" and _shards(mine) == _shards(other))


def _shards(kind: str) -> str:
    return kind.partition("/")[2]


class Claims:
    """The claims on one index."""

    def __init__(self, control: Control) -> None:
        """Nothing is claimed."""
        self.control = self._control = control
        self._where = control.address.text

    @contextmanager
    def held(self, kind: str, patience: float = 0.0) -> Iterator[Claim]:
        """A claim, for as long as the block runs; WriterBusy, after `patience` seconds, says who is in the way."""
        self._control.make()
        if self._control.address.file is not None:  # of milvus-lite, which one process has open at a time
            with self._file_lock():
                yield Claim("", kind)
            return
        claim = self._made(kind, patience)
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(claim, ended), daemon=True)
        keeper.start()
        try:
            yield claim
        finally:
            ended.set()
            keeper.join()
            self._control.remove(claim.key)

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        lock = FileLock(f"{self._control.address.file}.{self._control.address.name}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise WriterBusy(
                f"index {self._where}: another process is writing to it", hint="wait for it to finish"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _made(self, kind: str, patience: float) -> Claim:
        end = time.monotonic() + patience
        while True:
            claim = Claim(f"{_PREFIX}{uuid.uuid4().hex}", kind)
            self._control.put(claim.key, claim.text())
            try:
                self._look(claim)
                return claim
            except WriterBusy:
                self._control.remove(claim.key)
                if time.monotonic() > end:
                    raise
            except BaseException:
                self._control.remove(claim.key)
                raise
            time.sleep(random.uniform(0.2, 1.5))  # or two that give way to each other would do so for ever

    def _look(self, claim: Claim) -> None:
        for key in self._control.keys(_PREFIX):
            text = self._control.get(key) if key != claim.key else None
            if text is None:
                continue
            other = json.loads(text)
            if stands_beside(claim.kind, other["kind"], done=other["done"]) or self._dead(key, text):
                continue
            raise WriterBusy(
                f"index {self._where}: {other['who']} is writing to it",
                hint=f"wait for it to finish; one that was killed is forgotten after {LEASE:.0f} seconds",
            )

    def _dead(self, key: str, text: str) -> bool:
        """Whether nobody keeps a claim up any more: it is old, and nothing happens to it; then it is removed."""
        if time.time() - float(json.loads(text)["renewed"]) < LEASE:
            return False
        time.sleep(2 * RENEW)  # by the clock of this machine alone: that of the other may be wrong
        if self._control.get(key) == text:
            self._control.remove(key)
        return self._control.get(key) is None

    def _keep(self, claim: Claim, ended: threading.Event) -> None:
        while not ended.wait(RENEW):
            try:
                if self._control.get(claim.key) is None:
                    return  # taken for dead: `check` says so before anything is published
                self._control.put(claim.key, claim.text())
            except EngineUnavailable:
                continue  # what is written meanwhile will say so, too

    def renew(self, claim: Claim) -> None:
        """Keep up a claim whose state has changed."""
        if claim.key:
            self._control.put(claim.key, claim.text())

    def check(self, claim: Claim) -> None:
        """WriterBusy where another has taken a claim for dead: then nothing may be published."""
        if claim.key and self._control.get(claim.key) is None:
            raise WriterBusy(
                f"index {self._where}: this process was not heard of for too long, and another has begun to write",
                hint="run again; nothing of this run is seen",
            )
