"""A Milvus server for tests: which one, when it may be killed, and addresses of new indexes there.

WENSOU_TEST_MILVUS=127.0.0.1:19530 names a server where collections may be made and dropped, and
WENSOU_TEST_MILVUS_LEGS=dense says that it is older than 2.4. WENSOU_TEST_MILVUS=pip starts the old one that pip has
(`pip install milvus==2.3.5`), and kills it, too.
"""

import os
import time
from contextlib import suppress

from index.errors import EngineUnavailable
from index.milvus.address import Address, MilvusOptions
from index.milvus.client import Client

SERVER = os.environ.get("WENSOU_TEST_MILVUS", "")
OWN = SERVER == "pip"
DENSE = OWN or os.environ.get("WENSOU_TEST_MILVUS_LEGS", "both") == "dense"


class Place:
    """Where indexes are made, each under a name of its own, and dropped again: an old server of two processors that is
    killed with a hundred collections does not come back whole.
    """

    def __init__(self, place: str) -> None:
        options = MilvusOptions()
        self._place = place
        self._prefix = f"t{time.time_ns()}"
        self._client = Client(Address.parse(f"milvus://{place}/{self._prefix}", options), options)
        self.made: list[str] = []

    def __call__(self) -> str:
        """The address of a new index."""
        self.made.append(f"{self._prefix}n{len(self.made)}")
        return f"milvus://{self._place}/{self.made[-1]}{'?legs=dense' if DENSE else ''}"

    def drop(self, begin: int = 0) -> None:
        """Drop all that were made from number `begin` on."""
        there = self._client.collections()
        for index in self.made[begin:]:
            own = [name for name in there if name.startswith(f"{index}__")]
            if own:
                with suppress(EngineUnavailable):  # it never came to a commit
                    self._client.unpoint(index)
            for name in own:
                self._client.drop(name)


def patiently(call, *passing, server=None):
    """The result of a call, made again for some minutes while it raises what passes; a `server` that has ended by
    itself or hangs is started again.
    """
    for attempt in range(1, 61):
        with suppress(*passing):
            return call()
        if server:
            server.revive(hangs=attempt % 12 == 0)
        time.sleep(5)
    return call()
