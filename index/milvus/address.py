"""Addresses of indexes on Milvus, and what is needed to get in.

milvus://host:19530/name            a server; milvus://host:19530/name?legs=dense on one without sparse vectors
milvus+lite:///path/file.db?name=x  milvus-lite, in this process
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from index.errors import BadOption

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class MilvusOptions:
    """How to get into a server. `ca` is a file of certificates to trust; `timeout` is seconds a call."""

    token: str | None = field(default=None, repr=False)
    tls: bool = False
    ca: Path | None = None
    timeout: float = 30.0
    attempts: int = 5


@dataclass(frozen=True, slots=True)
class Address:
    """Where an index lies: pymilvus's `uri`, and the name its collections begin with."""

    text: str
    uri: str
    name: str
    file: Path | None = None
    """Of milvus-lite."""
    dense_only: bool = False
    """Whether the server may be one without sparse vectors: then only the dense leg finds anything."""

    @classmethod
    def parse(cls, text: str, options: MilvusOptions) -> "Address":
        """What an address says; BadOption where it is none."""
        parts = urlsplit(text)
        asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if unknown := set(asked) - {"name", "legs"}:
            raise BadOption(f"index {text}: got ?{min(unknown)}=, want name or legs")
        if asked.get("legs", "both") not in ("both", "dense"):
            raise BadOption(f"index {text}: got legs={asked['legs']}, want both or dense")
        lite = parts.scheme == "milvus+lite"
        name = asked.get("name", "wensou") if lite else parts.path.strip("/")
        if not _NAME.fullmatch(name):
            raise BadOption(
                f"index {text}: got the name {name!r}, want letters, digits and _, a letter first",
                hint="milvus://host:19530/name or milvus+lite:///path/file.db?name=name",
            )
        if lite:
            if not parts.path:
                raise BadOption(f"index {text}: no file", hint="milvus+lite:///path/file.db?name=name")
            file = Path(parts.path)
            return cls(text, str(file), name, file)
        if parts.username or parts.password:
            raise BadOption(
                "index: a password in an address is seen by everybody who sees a list of processes",
                hint="set WENSOU_MILVUS_TOKEN to user:password",
            )
        try:
            host, port = parts.hostname, parts.port or 19530
        except ValueError as error:
            raise BadOption(f"index {text}: {error}") from error
        if not host:
            raise BadOption(f"index {text}: no host", hint="milvus://host:19530/name")
        scheme = "https" if options.tls or options.ca else "http"
        return cls(text, f"{scheme}://{host}:{port}", name, None, asked.get("legs") == "dense")
