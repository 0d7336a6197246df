"""The engine on a Milvus server keeps the contract: whatever it can of it where the server has no sparse vectors.

WENSOU_TEST_MILVUS=127.0.0.1:19530 names a server where collections may be made and dropped, and
WENSOU_TEST_MILVUS_LEGS=dense says that it is older than 2.4. WENSOU_TEST_MILVUS=pip starts the old one that pip has
(`pip install milvus==2.3.5`), and kills it, too.
"""

import os
import random
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from index.connect import open_handle
from index.errors import BadOption, EngineUnavailable, WriterBusy
from index.milvus.address import Address, MilvusOptions
from index.milvus.client import Client
from index.milvus.filtering import seen_by
from scripts.bench.own_milvus import Server
from tests.conftest import CORPUS, prepared, recipe
from tests.contract.backend_contract import ANY, BackendContract, lexical_query
from tests.contract.writer_contract import NAMES, WriterContract, assert_equal, grown, opened, random_article, writing

SERVER = os.environ.get("WENSOU_TEST_MILVUS", "")
OWN = SERVER == "pip"
DENSE = OWN or os.environ.get("WENSOU_TEST_MILVUS_LEGS", "both") == "dense"
if not SERVER:
    pytest.skip("needs a server: WENSOU_TEST_MILVUS=host:port, or pip", allow_module_level=True)
pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's own


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The server of this module, where it has one."""
    server = Server(Path(tmp_path_factory.mktemp("milvus"))) if OWN else None
    yield server
    if server:
        server.kill()


@pytest.fixture(scope="module")
def uris(own):
    """Addresses of new indexes, whose collections are dropped at the end."""
    place = f"127.0.0.1:{own.port}" if own else SERVER
    prefix = f"t{time.time_ns()}"
    made = iter(range(9_999))
    yield lambda: f"milvus://{place}/{prefix}n{next(made)}{'?legs=dense' if DENSE else ''}"
    options = MilvusOptions()
    client = Client(Address.parse(f"milvus://{place}/{prefix}", options), options)
    names = [name for name in client.collections() if name.startswith(prefix)]
    for alias in {name.partition("__")[0] for name in names if not name.endswith("control")}:
        with suppress(EngineUnavailable):  # it never came to a commit
            client.unpoint(alias)
    for name in names:
        client.drop(name)


class TestServer(BackendContract):
    lexical = not DENSE

    @pytest.fixture(scope="class", params=[1, 4], ids=["one commit", "four commits"])
    @classmethod
    def build(cls, request, uris):
        return lambda articles: grown(uris(), articles, request.param)


class TestServerWriter(WriterContract):
    lexical = not DENSE

    @pytest.fixture
    def place(self, uris):
        return lambda: partial(open_handle, uris())


@pytest.mark.skipif(not DENSE, reason="the server has sparse vectors")
def test_words_are_refused_where_the_server_cannot_search_them(uris):
    at = partial(open_handle, uris())
    with writing(at) as writer:
        writer.upsert(*prepared(CORPUS))
        writer.commit()
    with pytest.raises(BadOption, match="no sparse vectors"):
        opened(at).lexical(lexical_query("馒头"), k=3, filters=ANY)
    with pytest.raises(BadOption, match="no sparse vectors"):
        open_handle(uris().partition("?")[0]).writer(recipe())


def test_the_alias_names_the_passages_of_the_current_commit(uris):
    at, rng = partial(open_handle, uris()), random.Random(11)

    def through_alias():
        handle = at()
        commit = handle.describe().commit
        rows = handle._client.scan(handle._address.name, seen_by(commit), ["chunk"], consistency="Strong")
        return {row["chunk"] for row in rows}

    def passages(articles):
        return {one.chunk(n).chunk_id for one in prepared(articles)[0] for n in range(len(one.spans))}

    first = [random_article(rng, name) for name in NAMES[:4]]
    later = [random_article(rng, name) for name in NAMES[2:7]]
    with writing(at) as writer:
        writer.upsert(*prepared(first))
        commit = writer.commit()
    assert through_alias() == passages(first)
    with writing(at, fresh=True) as writer:
        writer.upsert(*prepared(later))
        assert through_alias() == passages(first)
        writer.commit()
    assert through_alias() == passages(later)
    at().restore(commit)
    assert through_alias() == passages(first)


def test_each_commit_is_seen_at_once_and_later_reads_need_not_wait(uris):
    at, rng = partial(open_handle, uris()), random.Random(12)
    state = {}
    for _ in range(4):
        new = {name: random_article(rng, name) for name in rng.sample(NAMES, 3)}
        with writing(at) as writer:
            writer.upsert(*prepared([*new.values()]))
            commit = writer.commit()
        state |= new
        backend = opened(at)
        assert backend._consistency == "Strong"
        assert_equal(backend, [*state.values()], lexical=not DENSE)
    mark = (commit,)
    patiently(lambda: at().mark() == mark or pytest.fail("the last commit is never marked"), pytest.fail.Exception)
    patiently(lambda: backend._consistency == "Bounded" or pytest.fail("never"), pytest.fail.Exception)
    backend.forget()
    assert_equal(backend, [*state.values()], lexical=not DENSE)


@pytest.mark.skipif(not OWN, reason="needs a server that may be killed: WENSOU_TEST_MILVUS=pip")
def test_a_server_that_is_killed_comes_back_with_the_last_commit_and_the_next_writer_goes_on(own, uris, monkeypatch):
    monkeypatch.setattr("index.milvus.claims.LEASE", 4.0)
    monkeypatch.setattr("index.milvus.claims.RENEW", 1.0)
    at, rng = partial(open_handle, uris()), random.Random(13)
    state = {}
    for end in ("before the commit", "after the commit", "before the commit"):
        new = {name: random_article(rng, name) for name in rng.sample(NAMES, 4)}
        gone = rng.sample(NAMES, 2)
        with pytest.raises(EngineUnavailable):  # the lock cannot be given back
            patiently(partial(change, at, own, new, gone, commit=end == "after the commit"), WriterBusy)
        assert own.parent.returncode is not None
        own.start()
        again = partial(patiently, server=own)
        found = again(lambda: at().state(), EngineUnavailable)
        if end == "after the commit":
            state = {name: one for name, one in (state | new).items() if name not in gone}
        assert found == ("equal" if state else "missing")
        if state:
            assert_equal(again(partial(opened, at), EngineUnavailable), [*state.values()], lexical=not DENSE)
            assert at().damaged() == []
    assert state


def test_an_index_whose_commits_are_not_seen_is_not_begun_anew(uris):
    at = partial(open_handle, uris())
    with writing(at) as writer:
        writer.upsert(*prepared(CORPUS))
        writer.commit()
    control = at()._control
    numbers = control.numbers()
    bodies = {number: control.get(f"commit:{number:012d}") for number in numbers}
    for number in numbers:
        control.drop(number)
    with pytest.raises(EngineUnavailable, match="its commits are not"):
        at().state()
    with pytest.raises(EngineUnavailable, match="its commits are not"), writing(at):
        pass
    for number in numbers:
        control.put(f"commit:{number:012d}", bodies[number])
    assert at().state() == "equal"


def change(at, server, new, gone, *, commit):
    """Write, and kill the server before or after the commit."""
    with writing(at) as writer:
        writer.upsert(*prepared([*new.values()]))
        writer.delete(gone)
        if commit:
            writer.commit()
        server.kill()


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
