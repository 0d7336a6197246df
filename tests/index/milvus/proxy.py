"""A proxy on the loopback that delays, cuts and corrupts what passes, by a seed; and a server to stand behind it."""

import random
import socket
import threading
import time
from contextlib import contextmanager, suppress


class Proxy:
    """Passes bytes both ways between clients and `port`; what goes wrong is drawn for each piece of up to 64 KB."""

    def __init__(self, port: int, seed: int) -> None:
        self._port, self._rng = port, random.Random(seed)
        self.delay = self.cut = self.corrupt = 0.0  # how likely each is
        self.happened = {"delay": 0, "cut": 0, "corrupt": 0}
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._open: list[socket.socket] = []
        self._pumps: list[threading.Thread] = []
        self._closed = False
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            try:
                upstream = socket.create_connection(("127.0.0.1", self._port))
            except OSError:  # the server behind is gone: so is this client
                client.close()
                continue
            with self._lock:
                if self._closed:  # between accepting and here: nobody else would close these two
                    client.close()
                    upstream.close()
                    return
                self._open += [client, upstream]
                for pair in ((client, upstream), (upstream, client)):
                    self._pumps.append(threading.Thread(target=self._pump, args=pair, daemon=True))
                    self._pumps[-1].start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                target.sendall(self._worse(piece))
        hang_up(source, target)  # half a connection is of no use to anybody

    def _worse(self, piece: bytes) -> bytes:
        with self._lock:
            delay = self._rng.uniform(0, 0.05) if self._rng.random() < self.delay else 0.0
            cut, corrupt = self._rng.random() < self.cut, self._rng.random() < self.corrupt
            at, bit = self._rng.randrange(len(piece)), 1 << self._rng.randrange(8)
            for name, so in (("delay", delay > 0), ("cut", cut), ("corrupt", corrupt and not cut)):
                self.happened[name] += so
        time.sleep(delay)
        if cut:
            raise ConnectionAbortedError
        return piece[:at] + bytes([piece[at] ^ bit]) + piece[at + 1 :] if corrupt else piece

    def close(self) -> None:
        hang_up(self._server)  # closing alone does not wake a thread that waits in accept, or for bytes
        with self._lock:
            self._closed = True
            hang_up(*self._open)
        for thread in (self._acceptor, *self._pumps):
            thread.join()
        for one in (self._server, *self._open):
            one.close()


def hang_up(*sockets):
    """Wake whoever waits for them."""
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def lite_server(folder, certificate=None):
    """milvus-lite behind a port of the loopback, both legs; with (key, chain) in PEM it speaks TLS alone."""
    import grpc
    from milvus_lite.adapter.grpc.server import _build_server
    from milvus_lite.db import MilvusLite

    db = MilvusLite(str(folder))
    server = _build_server(db, 1)  # a call made again must not meet the first one, which may not have ended
    if certificate:
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([certificate]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()
        db.close()
