"""The engine on a Milvus server keeps the contract: whatever it can of it where the server has no sparse vectors.

See tests.contract.milvus_place for the server.
"""

import random
from functools import partial

import pytest

from index.connect import open_handle
from index.errors import BadOption, EngineUnavailable
from index.milvus.filtering import seen_by
from tests.conftest import CORPUS, prepared, recipe
from tests.contract.backend_contract import ANY, BackendContract, lexical_query
from tests.contract.milvus_place import DENSE, SERVER, patiently
from tests.contract.writer_contract import NAMES, WriterContract, assert_equal, grown, opened, random_article, writing

if not SERVER:
    pytest.skip("needs a server: WENSOU_TEST_MILVUS=host:port, or pip", allow_module_level=True)
pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's own


@pytest.fixture(autouse=True)
def dropped(uris):
    """What one test has made is dropped at its end; what a class has made stays for the next ones."""
    begin = len(uris.made)
    yield
    uris.drop(begin)


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
