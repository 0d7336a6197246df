"""The only reader of the environment. Every setting is a `WENSOU_...` variable and may be given as a flag instead."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from index.errors import BadOption

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
MAX_WORKERS = 64
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Settings:
    """WENSOU_INDEX, WENSOU_HOST, WENSOU_PORT, WENSOU_KEY (for writing), WENSOU_MODEL (of a first build),
    WENSOU_RERANK (a CrossEncoder), WENSOU_WORKERS (processes that index; unset: by cores and the size of the job).
    """

    index: str | None = None
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    key: str | None = None
    model: str | None = None
    rerank: str | None = None
    workers: int | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the environment; BadOption where a value cannot be."""
        env = os.environ if env is None else env
        port = env.get("WENSOU_PORT") or str(DEFAULT_PORT)
        if not port.isdecimal() or not 0 <= int(port) < 65_536:
            raise BadOption(f"WENSOU_PORT: got {port!r}, want a number 0..65535")
        workers = env.get("WENSOU_WORKERS") or None
        if workers and (not workers.isdecimal() or not 1 <= int(workers) <= MAX_WORKERS):
            raise BadOption(f"WENSOU_WORKERS: got {workers!r}, want a number 1..{MAX_WORKERS}")
        return cls(
            index=env.get("WENSOU_INDEX") or None,
            host=env.get("WENSOU_HOST") or DEFAULT_HOST,
            port=int(port),
            key=env.get("WENSOU_KEY") or None,
            model=env.get("WENSOU_MODEL") or None,
            rerank=env.get("WENSOU_RERANK") or None,
            workers=int(workers) if workers else None,
        )


def check_bind(host: str, key: object) -> None:
    """Refuse to serve beyond this machine without a key, or a ring of some; BadOption."""
    if host not in LOOPBACK and not key:
        raise BadOption(
            f"host {host!r}: serving beyond this machine needs a key, got none",
            hint="wensou keys add --index DIR, or set WENSOU_KEY, or keep --host 127.0.0.1",
        )
