"""The only reader of the environment. Every setting is a `WENSOU_...` variable and may be given as a flag instead."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from index.errors import BadOption

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
MAX_WORKERS = 64
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Settings:
    """WENSOU_INDEX, WENSOU_HOST, WENSOU_PORT, WENSOU_KEY (for writing), WENSOU_MODEL (of a first build),
    WENSOU_RERANK (a CrossEncoder), WENSOU_WORKERS (processes that index; unset: by cores and the size of the job),
    and for indexes on Milvus: WENSOU_MILVUS_TOKEN (a token, or user:password), WENSOU_MILVUS_TLS (1: encrypted),
    WENSOU_MILVUS_CA (a file of certificates to trust), WENSOU_MILVUS_TIMEOUT (seconds a call).
    """

    index: str | None = None
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    key: str | None = None
    model: str | None = None
    rerank: str | None = None
    workers: int | None = None
    milvus: Mapping[str, Any] = field(default_factory=dict)

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
            milvus=_milvus(env),
        )


def _milvus(env: Mapping[str, str]) -> dict[str, Any]:
    """What is set of index.milvus.address.MilvusOptions."""
    out: dict[str, Any] = {}
    if token := env.get("WENSOU_MILVUS_TOKEN"):
        out["token"] = token
    if tls := env.get("WENSOU_MILVUS_TLS"):
        if tls not in ("0", "1"):
            raise BadOption(f"WENSOU_MILVUS_TLS: got {tls!r}, want 0 or 1")
        out["tls"] = tls == "1"
    if ca := env.get("WENSOU_MILVUS_CA"):
        if not Path(ca).is_file():
            raise BadOption(f"WENSOU_MILVUS_CA: there is no file {ca}")
        out["ca"] = Path(ca)
    if seconds := env.get("WENSOU_MILVUS_TIMEOUT"):
        if not seconds.isdecimal() or int(seconds) < 1:
            raise BadOption(f"WENSOU_MILVUS_TIMEOUT: got {seconds!r}, want seconds, 1 or more")
        out["timeout"] = float(seconds)
    return out


def check_bind(host: str, key: object) -> None:
    """Refuse to serve beyond this machine without a key, or a ring of some; BadOption."""
    if host not in LOOPBACK and not key:
        raise BadOption(
            f"host {host!r}: serving beyond this machine needs a key, got none",
            hint="wensou keys add --index DIR, or set WENSOU_KEY, or keep --host 127.0.0.1",
        )
