"""Keys of the API: made, listed and revoked per index, kept as argon2 hashes beside it, compared in constant time.

A key is `wk_ID_SECRET`: the id, which is no secret, names it in lists and logs and finds its hash; the secret has 256
random bits. A hash is checked once and the key then remembered by its SHA-256, so that requests do not pay for it.
"""

import hmac
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock

from index.errors import BadOption, IndexCorrupt, NotFound
from index.models import Filters
from index.storage.layout import read_pointer, write_synced
from search.query.filters import day, make_filters

KEYS = "keys.json"
MASTER = "WENSOU_KEY"  # what the key is called that the server was started with
_TOKEN = re.compile(r"wk_([0-9a-f]{8})_[\w-]{20,200}")
_MAX_CACHED_CHECKS = 1_000  # keys whose hash was checked, right ones and wrong ones each
_FIELDS = ("source", "author", "tag", "meta", "after", "before")
# OWASP's first choice for argon2id; with 256 random bits it is more than is needed.
_MEMORY, _ROUNDS = 19_456, 2


class Role(StrEnum):
    """What a key may do; each may do what those before it may."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, need: "Role") -> bool:
        """Whether this role may do what `need` may."""
        order = list(Role)
        return order.index(self) >= order.index(need)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept. `filters` are `NAME=VALUE` as they were given; `expires` is the last day it holds."""

    key_id: str
    role: Role
    hash: str = ""
    filters: tuple[str, ...] = ()
    created: str = ""
    expires: str | None = None

    @property
    def narrowed(self) -> Filters:
        """What its holder may see."""
        return key_filters(self.filters)

    def holds(self, now: datetime | None = None) -> bool:
        """Whether it has not expired, by the day in UTC."""
        return self.expires is None or (now or datetime.now(UTC)).date().isoformat() <= self.expires

    def shown(self) -> dict[str, Any]:
        """What a list says of it."""
        return {name: value for name, value in asdict(self).items() if name != "hash"} | {"expired": not self.holds()}


def key_filters(texts: Sequence[str]) -> Filters:
    """`source=汉东日报`, `tag=住房`, `meta=city=江州`, `after=2025` ... -> Filters; BadOption."""
    given: dict[str, list[str]] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if name not in _FIELDS or not mark or not value.strip():
            raise BadOption(f"filter: got {text!r}, want NAME=VALUE", hint=f"NAME is one of {', '.join(_FIELDS)}")
        given.setdefault(name, []).append(value.strip())
    days = {name: given.pop(name)[-1] for name in ("after", "before") if name in given}
    return make_filters(**given, **days)  # type: ignore[arg-type]


def add_key(root: Path, role: str, filters: Sequence[str] = (), expires: str | None = None) -> tuple[Key, str]:
    """A new key of the index at `root`, and its text, which is told only now.

    IndexMissing; BadOption for a role, filter or day that is none, and for a filter on a key that may write: what it
    wrote could be what it must not see.
    """
    from argon2 import PasswordHasher

    read_pointer(root)
    if role not in list(Role):
        raise BadOption(f"role: got {role!r}, want one of {', '.join(Role)}")
    key_filters(filters)
    if filters and role != Role.READ:
        raise BadOption(f"filter: got one on a key that may {role}, want it on a key that may read")
    last = day(expires, name="expires", last=True).isoformat() if expires else None
    key_id = secrets.token_hex(4)
    token = f"wk_{key_id}_{secrets.token_urlsafe(32)}"
    hashed = PasswordHasher(time_cost=_ROUNDS, memory_cost=_MEMORY, parallelism=1).hash(token)
    key = Key(key_id, Role(role), hashed, tuple(filters), datetime.now(UTC).isoformat(timespec="seconds"), last)
    with _writing(root):
        _save(root, [*read_keys(root), key])
    return key, token


def revoke_key(root: Path, key_id: str) -> None:
    """Take a key away, for running servers too; NotFound."""
    with _writing(root):
        kept = read_keys(root)
        left = [key for key in kept if key.key_id != key_id]
        if len(left) == len(kept):
            raise NotFound(f"no key {key_id!r} of this index", hint="wensou keys list --index DIR names them")
        _save(root, left)


def read_keys(root: Path) -> list[Key]:
    """The keys of the index at `root`, revoked ones not; IndexCorrupt where the file cannot be understood."""
    try:
        kept = json.loads((root / KEYS).read_text("utf-8"))
        return [Key(**{**one, "role": Role(one["role"]), "filters": tuple(one["filters"])}) for one in kept["keys"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexCorrupt(
            f"index {root}: {KEYS} cannot be read: {error}", hint="mend the file, or remove it and make new keys"
        ) from error


def _writing(root: Path) -> FileLock:
    return FileLock(root / f"{KEYS}.lock", timeout=10)


def _save(root: Path, keys: Sequence[Key]) -> None:
    path = root / KEYS
    if not path.exists():
        path.touch(mode=0o600)
    write_synced(path, json.dumps({"keys": [asdict(key) for key in keys]}, ensure_ascii=False, indent=1) + "\n")
    path.chmod(0o600)


class KeyRing:
    """The keys of one index as a server asks them: read again when the file changes, checked hashes remembered."""

    def __init__(self, root: Path | None, master: str | None = None) -> None:
        """`master` is a key that may do everything, which the server was started with. Without `root` it is the one."""
        self._root = root
        self._master = master.encode() if master else None
        self._mark: tuple[int, ...] | None = None
        self._keys: dict[str, Key] = {}
        self._seen: OrderedDict[bytes, str | None] = OrderedDict()  # SHA-256 of a token -> its key's id, None if wrong
        self._lock = Lock()

    def keys(self) -> dict[str, Key]:
        """Every key by its id, as the file has them now; IndexCorrupt."""
        if self._root is None:
            return self._keys
        try:
            status = (self._root / KEYS).stat()
            mark: tuple[int, ...] = (status.st_mtime_ns, status.st_ino, status.st_size)
        except OSError:
            mark = ()
        if mark != self._mark:
            with self._lock:
                self._keys = {key.key_id: key for key in read_keys(self._root)}
                self._seen.clear()
                self._mark = mark
        return self._keys

    def __bool__(self) -> bool:
        """Whether there is any key at all."""
        return self._master is not None or bool(self.keys())

    def known(self, token: str) -> bool:
        """Whether `find` answers at once, without checking a hash."""
        match = _TOKEN.fullmatch(token)
        return match is None or match[1] not in self.keys() or sha256(token.encode()).digest() in self._seen

    def find(self, token: str) -> Key | None:
        """The key that `token` is, unless it has expired; .05 s the first time. Safe to ask from several threads."""
        if self._master is not None and hmac.compare_digest(token.encode(), self._master):
            return Key(MASTER, Role.ADMIN)
        match = _TOKEN.fullmatch(token)
        key = self.keys().get(match[1]) if match else None
        if key is None or not key.holds():
            return None
        name = sha256(token.encode()).digest()
        with self._lock:
            if name in self._seen:
                return key if self._seen[name] == key.key_id else None
        right = _verified(key.hash, token)
        with self._lock:
            self._seen[name] = key.key_id if right else None
            while len(self._seen) > _MAX_CACHED_CHECKS:
                self._seen.popitem(last=False)
        return key if right else None

    def sign(self, key: Key, text: str) -> str:
        """What proves that the holder of `key` allowed `text`, for as long as the key holds."""
        return hmac.new(self._kept(key), text.encode(), sha256).hexdigest()

    def signer(self, key_id: str, text: str, signature: str) -> Key | None:
        """The key of that id, if it holds and `signature` is what it signed `text` with."""
        master = Key(MASTER, Role.ADMIN) if self._master is not None else None
        key = master if key_id == MASTER else self.keys().get(key_id)
        if key is None or not key.holds() or not self._kept(key):
            return None
        return key if hmac.compare_digest(self.sign(key, text).encode(), signature.encode()) else None

    def _kept(self, key: Key) -> bytes:
        """What only this server has of a key."""
        return (self._master or b"") if key.key_id == MASTER else key.hash.encode()


def _verified(hashed: str, token: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return PasswordHasher().verify(hashed, token)
    except (Argon2Error, InvalidHashError):
        return False
