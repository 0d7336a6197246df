"""A Milvus server of one's own, of the pip package `milvus`, that can be killed and started again.

One at a time on a machine: it takes the ports 2379, 2380 and 9091 whatever it is told.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_FIXED_PORTS = (2379, 9091)
# The package asks for its port without SO_REUSEADDR, and takes the next one where connections of a server that was
# killed are not forgotten yet, which is for a minute: whoever waits at the old port waits for ever.
_SERVE = """
import socket, sys, time
from milvus import MilvusServer

class Socket(socket.socket):
    def bind(self, address):
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        super().bind(address)

socket.socket = Socket
server = MilvusServer(wait_for_started=False)
server.set_base_dir(sys.argv[1])
server.listen_port = int(sys.argv[2])
server.start()
server.wait_started(600_000)
print(server.server_proc.pid, flush=True)
time.sleep(1 << 20)
"""


class Server:
    """A server on a free port of the loopback, whose data lie in a folder."""

    def __init__(self, folder: Path) -> None:
        """Start it; RuntimeError where another one runs."""
        self.folder = folder
        self.restarts = 0  # beyond those after a kill
        for port in _FIXED_PORTS:
            if _taken(port):
                raise RuntimeError(f"port {port} is taken: does another Milvus run on this machine?")
        self.port = _free_port()
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-c", _SERVE, str(self.folder), str(self.port)]
        self.parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.parent.stdout is not None
        self.pid = int(self.parent.stdout.readline())

    def kill(self) -> None:
        """SIGKILL, as a power cut would; it is gone, and with it what it held of ports, when this returns."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.parent.kill()
        self.parent.wait()
        assert self.parent.stdout is not None
        self.parent.stdout.close()
        # Its first thread may be gone before the others, who have its ports.
        while self._state() not in ("", "Z") or any(map(_taken, (*_FIXED_PORTS, self.port))):
            time.sleep(0.05)

    def revive(self, *, hangs: bool = False) -> None:
        """Start it again where it has ended by itself, as this old one does when it is kept from its processor, or
        where it `hangs`, as it does now and then once it was killed.
        """
        if hangs or self._state() in ("", "Z"):
            self.kill()
            self.start()
            self.restarts += 1

    def _state(self) -> str:
        """The letter that the system has for what it is doing; "" where it is gone."""
        with suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return ""

    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def bytes(self) -> int:
        """What its folder holds."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def memory(self) -> int:
        """Bytes of memory it holds."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        return 0


def _taken(port: int) -> bool:
    with socket.socket() as other:
        return other.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    """One below those that the system gives to clients: who asks for a server that is down might be given its port."""
    for port in range(19_530, 19_930):
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")
