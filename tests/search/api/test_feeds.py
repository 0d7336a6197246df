"""Feeds where a key is needed: an address opens one feed, as its key sees it, for as long as the key holds."""

import json
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from index.builder import update_index
from search.service.keys import KEYS, KeyRing, add_key, revoke_key
from tests.conftest import CORPUS, PLAIN, HashEncoder
from tests.search.api.conftest import asking, bearer

MINE = "汉东日报"


def address_of(client, token, **asked):
    answer = client.get("/feed", params=asked, headers=bearer(token))
    assert answer.status_code == 200
    return answer.json()["address"]


def test_without_keys_the_address_is_plain(root):
    with asking(root) as client:
        address = client.get("/feed", params={"q": "双导师", "source": MINE, "k": 7}).json()["address"]
        assert dict(parse_qsl(urlsplit(address).query)) == {"q": "双导师", "source": MINE, "format": "atom", "k": "50"}
        assert "年轻干部双导师制" in client.get(f"/{address}").text


def test_it_opens_one_feed_and_nothing_else(root):
    key, token = add_key(root, "admin")
    with asking(root) as client:
        address = address_of(client, token, q="双导师", tag="干部")
        assert token not in address
        answer = client.get(f"/{address}")
        assert answer.status_code == 200
        assert "年轻干部双导师制" in answer.text
        links = re.findall(r'<link rel="self" href="([^"]+)"', answer.text)
        assert [urlsplit(link.replace("&amp;", "&")).query for link in links] == [urlsplit(address).query]
        pairs = parse_qsl(urlsplit(address).query)
        for changed in (
            [(name, "停水" if name == "q" else value) for name, value in pairs],
            [pair for pair in pairs if pair[0] != "tag"],
            [*pairs, ("offset", "1")],
            [(name, "csv" if name == "format" else value) for name, value in pairs],
            [*pairs, ("format", "csv")],
            [(name, "0" * 8 if name == "key" else value) for name, value in pairs],
            [(name, "é" if name == "sign" else value) for name, value in pairs],
            [pair for pair in pairs if pair[0] != "sign"],
        ):
            assert client.get(f"/export?{urlencode(changed)}").status_code == 401, changed
        for path in ("search", "stats", "feed", "articles/train", "facets"):
            assert client.get(f"/{path}?{urlsplit(address).query}").status_code == 401, path
        assert client.post(f"/{address}").status_code == 401
        revoke_key(root, key.key_id)
        add_key(root, "read")
        assert client.get(f"/{address}").status_code == 401


def test_it_ends_when_its_key_expires(root):
    key, token = add_key(root, "read")
    with asking(root) as client:
        address = address_of(client, token, q="双导师")
        kept = json.loads((root / KEYS).read_text("utf-8"))
        assert kept["keys"][0]["key_id"] == key.key_id
        kept["keys"][0]["expires"] = "2001-01-01"
        (root / KEYS).write_text(json.dumps(kept), "utf-8")
        assert client.get(f"/{address}").status_code == 401


def test_it_shows_what_its_key_may_see(root):
    _, token = add_key(root, "read", [f"source={MINE}"])
    with asking(root) as client:
        for question, there in (("电梯", False), ("双导师", True)):
            found = client.get("/" + address_of(client, token, q=question, mode="bm25")).text
            assert ("<entry>" in found) is there, question


@pytest.mark.parametrize("master", [True, False])
def test_of_several_indexes_it_opens_the_one_it_names(root, tmp_path, master):
    other = tmp_path / "other"
    update_index(CORPUS, other, PLAIN, encoder=HashEncoder())
    token = "wk_0badcafe_the-key-that-the-server-has"
    if not master:
        _, token = add_key(root, "read")
    with asking({"one": root, "two": other}, **({"key": token} if master else {})) as client:
        address = client.get("/i/one/feed", params={"q": "双导师"}, headers=bearer(token)).json()["address"]
        answer = client.get(f"/i/one/{address}")
        assert answer.status_code == 200
        assert "/i/one/export?" in answer.text
        assert client.get(f"/i/two/{address}").status_code == 401
        assert client.get(f"/{address}").status_code == 401


def test_a_key_of_which_nothing_is_kept_signs_nothing(root):
    """A file that someone wrote by hand."""
    key, _ = add_key(root, "read")
    kept = json.loads((root / KEYS).read_text("utf-8"))
    kept["keys"][0]["hash"] = ""
    (root / KEYS).write_text(json.dumps(kept), "utf-8")
    ring = KeyRing(root, "master")
    (bare,) = ring.keys().values()
    assert ring.signer(key.key_id, "text", ring.sign(bare, "text")) is None
    master = ring.find("master")
    assert ring.signer(master.key_id, "text", ring.sign(master, "text")) == master
    assert KeyRing(root).signer(master.key_id, "text", ring.sign(master, "text")) is None
