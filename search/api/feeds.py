"""Feeds where a key is needed: an address that opens one feed and nothing else, for readers that send no header.

Who holds a key has the address made. It names the key by its id and carries an HMAC, under what is kept of the key, of
the index and of every parameter. So it tells nothing of the key, shows what the key may see of one question, cannot be
made to show another, and ends with the key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from search.service.keys import Key, KeyRing, Role

_PATH = "/export"
_KEY, _SIGNATURE = "key", "sign"
_RESULTS = 50

Pairs = Iterable[tuple[str, str]]


def address(asked: Pairs, index: str | None, keys: Mapping[str, Key], rings: Mapping[str, KeyRing]) -> str:
    """The feed of what is `asked`, relative to the index; signed by the first of `keys`, where there is one."""
    left_out = {"k", "offset", "format", _KEY, _SIGNATURE}
    pairs = [(name, value) for name, value in asked if name not in left_out]
    pairs += [("format", "atom"), ("k", str(_RESULTS))]
    for name, key in keys.items():
        pairs += [(_KEY, key.key_id), (_SIGNATURE, rings[name].sign(key, _text(index, pairs)))]
        break
    return f"{_PATH[1:]}?{urlencode(pairs)}"


def opened(scope: Mapping[str, Any], index: str | None, rings: Mapping[str, KeyRing]) -> dict[str, Key]:
    """The keys that signed the address of a request, by index, to read with only; none where it is not such a one."""
    if scope["path"] != _PATH or scope["method"] != "GET":
        return {}
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    given = dict(pairs)
    if given.get("format") != "atom" or _KEY not in given or _SIGNATURE not in given:
        return {}
    text = _text(index, ((name, value) for name, value in pairs if name not in (_KEY, _SIGNATURE)))
    found = {name: ring.signer(given[_KEY], text, given[_SIGNATURE]) for name, ring in rings.items()}
    return {name: replace(key, role=Role.READ) for name, key in found.items() if key is not None}


def _text(index: str | None, pairs: Pairs) -> str:
    """What is signed."""
    return f"feed {index or ''}\n{urlencode(list(pairs))}"
