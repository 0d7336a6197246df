"""Who may ask: the name the server is asked by, the key that is shown, what it opens. One layer before every route.

Every route is behind it, those that are mounted later too, so that none can forget it. What a request may see is kept
beside it while it runs (`current`); routes get their engine only through `search.api.asked`, by that.
"""

import ipaddress
from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import WensouError
from search.api.answers import Refused, of_error
from search.api.feeds import opened
from search.api.limits import Rates
from search.service.keys import MASTER, Key, KeyRing, Role
from search.settings import LOOPBACK

INDEX_PREFIX = "/i/"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
)


@dataclass(frozen=True, slots=True)
class Access:
    """What a request may do: the index it names, and the key that opens each index; without keys all may read."""

    index: str | None = None
    keys: Mapping[str, Key] = field(default_factory=dict)
    open: bool = True

    def key(self, index: str) -> Key | None:
        """The key by which `index` is asked."""
        return self.keys.get(index)

    def sees(self, index: str) -> bool:
        """Whether it may ask `index` at all."""
        return self.open or index in self.keys

    @property
    def who(self) -> str | None:
        """The id of the key, for logs and limits."""
        return next((key.key_id for key in self.keys.values()), None)

    @property
    def narrowed(self) -> bool:
        """Whether some of what there is must not be seen."""
        return any(key.filters for key in self.keys.values())


current: ContextVar[Access] = ContextVar("access", default=Access())  # noqa: B039 - it is frozen


def need(role: Role, index: str) -> None:
    """Refuse a request whose key may not do so much; without any key only reading is open."""
    access = current.get()
    key = access.key(index)
    if key is None and access.open and role is not Role.READ:
        raise Refused(
            403,
            f"this needs a key with role {role}, and there is none yet",
            hint="wensou keys add --role write --index DIR",
        )
    if key is not None and not key.role.covers(role):
        raise Refused(403, f"this needs a key with role {role}, got one with role {key.role}")


def host_names(bind: str, allowed: Sequence[str] = ()) -> frozenset[str] | None:
    """The names a server bound to `bind` is asked by, beside addresses; None where `allowed` says any, `*`."""
    if "*" in allowed:
        return None
    own = LOOPBACK if bind in LOOPBACK else {bind}
    return frozenset(name.lower().rstrip(".") for name in (*own, "localhost", *allowed))


class HostCheck:
    """Refuses requests that ask for another name: a web page whose name was made to point here (DNS rebinding).

    An address is no name and cannot be rebound; beyond loopback any of this machine's may be meant.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str], *, loopback: bool) -> None:
        """`names` in lower case; `loopback`: only addresses of this machine itself count."""
        self._app, self._names, self._loopback = app, names, loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(given) == 1 and self._knows(_without_port(given[0])):
            await self._app(scope, receive, send)
            return
        got = given[0][:80] if given else "none"
        hint = "start the server with --allow-host NAME if that is its name"
        await Refused(400, f"host: got {got!r}, which is none of this server's names", hint=hint, code="bad_host")(
            scope, receive, send
        )

    def _knows(self, name: str) -> bool:
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return address.is_loopback or not self._loopback


def _without_port(host: str) -> str:
    name, mark, port = host.rpartition(":")
    if mark and port.isdecimal() and (":" not in name or name.endswith("]")):
        host = name
    return host.lower().rstrip(".").strip("[]")


class KeyCheck:
    """Finds out what a request may see. Where any key exists nothing but `unlocked` paths is answered without one."""

    def __init__(self, app: ASGIApp, rings: Mapping[str, KeyRing], unlocked: Collection[str], rates: Rates) -> None:
        """`rings`: the keys of each index by its name; `unlocked`: /healthz and the page's own files."""
        self._app, self._rings, self._unlocked, self._rates = app, rings, frozenset(unlocked), rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on under the access that the key gives, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            access = await self._access(scope)
        except WensouError as error:
            await of_error(error)(scope, receive, send)
            return
        scope.setdefault("state", {})["access"] = access
        token = current.set(access)
        try:
            await self._app(scope, receive, send)
        finally:
            current.reset(token)

    async def _access(self, scope: Scope) -> Access:
        access = Access(self._named(scope))
        if scope["path"] in self._unlocked and scope["method"] in ("GET", "HEAD"):
            return access
        locked = {name: ring for name, ring in self._rings.items() if ring}
        if not locked:
            self._rates.count(None, _address(scope))
            return access
        token = _bearer(scope)
        if token:
            keys = await self._keys_of(token, locked, _address(scope))
        else:
            keys = opened(scope, access.index, locked)
        if not keys or (access.index is not None and access.index not in keys):
            raise Refused(
                401,
                "this needs a key" if not token else "no such key, or it has expired or was revoked",
                hint="send Authorization: Bearer KEY; wensou keys add --index DIR makes one",
                headers={"WWW-Authenticate": "Bearer"},
            )
        access = replace(access, keys=keys, open=False)
        self._rates.count(access.who, _address(scope))
        return access

    async def _keys_of(self, token: str, locked: Mapping[str, KeyRing], address: str) -> dict[str, Key]:
        if not all(ring.known(token) for ring in locked.values()):
            self._rates.count_unknown_key(address)  # a hash costs .05 s and 19 MB to check
        found = {}
        for name, ring in locked.items():
            key = ring.find(token) if ring.known(token) else await to_thread.run_sync(ring.find, token)
            if key is not None:
                found[name] = key
        if any(key.key_id == MASTER for key in found.values()):
            return {name: next(iter(found.values())) for name in self._rings}
        return found

    def _named(self, scope: Scope) -> str | None:
        """The index in `/i/NAME/...`, which is then taken off the path."""
        if not scope["path"].startswith(INDEX_PREFIX):
            return None
        name = str(scope["path"][len(INDEX_PREFIX) :].partition("/")[0])
        if name not in self._rings:
            raise Refused(404, f"no index {name[:80]!r} here", hint=f"there are: {', '.join(sorted(self._rings))}")
        start = len(INDEX_PREFIX) + len(name)
        scope["path"] = scope["path"][start:] or "/"
        raw = scope.get("raw_path")
        if raw:
            scope["raw_path"] = b"/" + raw.split(b"/", 3)[3] if raw.count(b"/") > 2 else b"/"
        return name


def _bearer(scope: Scope) -> str | None:
    scheme, _, token = str(Headers(scope=scope).get("authorization", "")).partition(" ")
    return str(token).strip() if scheme.lower() == "bearer" and token.isascii() else None


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("unknown",))[0])


class Door:
    """The outermost layer: HEAD answered as GET without the body, and headers that keep browsers strict."""

    def __init__(self, app: ASGIApp) -> None:
        """Before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        if head:
            scope["method"] = "GET"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in HEADERS if pair[0] not in given)]
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, answer)


def public(scope: Scope) -> Any:
    """The access that was found for a request, for layers outside this one; None before that."""
    return scope.get("state", {}).get("access")
