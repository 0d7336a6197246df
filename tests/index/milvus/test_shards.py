"""Several writers of one commit: whatever is shared out, the index is that of one writer, and shows whole or not."""

from contextlib import closing

import pytest

from index.backend import Shard
from index.builder import update_index
from index.connect import open_backend, open_handle
from index.copy import compare
from index.errors import BadOption, IndexMissing
from index.milvus.claims import stands_beside
from tests.conftest import HashEncoder, article, article_builder

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's and milvus-lite's own

NAMES = [f"n{n}" for n in range(24)]
LINE = "关注江州日报微信公众号看更多"
WORDS = ("灯塔", "电梯", "酵母", "夜市", "水库", "航班")


def corpus(change: int = 0):
    """Articles with a line that each repeats; with a `change` some are others."""
    return [
        article(
            name,
            f"{WORDS[n % 6]}在第{n}天有了新消息，{WORDS[(n + change * (n % 3)) % 6]}也是。\n{LINE}",
            title=f"{WORDS[n % 6]}{n}",
            source="江州日报",
        )
        for n, name in enumerate(NAMES)
        if change == 0 or n % 5
    ]


def built(uri, articles, *, shard=None, rebuild=False, delete=()):
    return update_index(
        articles, uri, article_builder().config, delete=delete, encoder=HashEncoder(), shard=shard, rebuild=rebuild
    )


def same(tmp_path, uri, articles):
    """Hold an index to that which a lone writer makes of the same articles in a folder."""
    one = tmp_path / "one"
    built(one, articles, rebuild=True)
    with closing(open_backend(one)) as alone, closing(open_backend(uri)) as shared:
        assert list(shared.calibration["boilerplate"]) == list(alone.calibration["boilerplate"]) != []
        assert compare(alone, shared, article_builder().tokenizer) == len(articles)


@pytest.fixture
def uri(tmp_path):
    return f"milvus+lite://{tmp_path}/one.db?name=shared"


def test_articles_are_shared_out_whole_and_stay_with_their_shard():
    for of in (1, 2, 7):
        shards = [Shard.parsed(f"{n}/{of}") for n in range(1, of + 1)]
        assert all(sum(shard.holds(name) for shard in shards) == 1 for name in [*NAMES, "雲汀", "\ud800"])
    for text in ("", "0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/1000"):
        with pytest.raises(BadOption):
            Shard.parsed(text)


def test_shards_make_what_one_writer_makes_and_show_all_at_once(tmp_path, uri):
    for number in (2, 3):
        report = built(uri, corpus(), shard=Shard(number, 3))
        assert report.added == sum(Shard(number, 3).holds(name) for name in NAMES)
        assert "1" in report.warnings[-1].rpartition(":")[2]
        with pytest.raises(IndexMissing):
            open_backend(uri)
    assert built(uri, corpus(), shard=Shard(1, 3)).warnings == ()
    same(tmp_path, uri, corpus())
    # Changes on top, and what is no longer there deleted: each shard its own.
    gone = [name for n, name in enumerate(NAMES) if n % 5 == 0]
    for number in (3, 1):
        built(uri, corpus(1), shard=Shard(number, 3), delete=gone)
        with closing(open_backend(uri)) as backend:
            assert set(backend.article_ids()) == set(NAMES)
    built(uri, corpus(1), shard=Shard(2, 3), delete=gone)
    same(tmp_path, uri, corpus(1))
    assert open_handle(uri).damaged() == []
    commit = open_handle(uri).describe().commit
    for number in (1, 2, 3):
        assert built(uri, corpus(1), shard=Shard(number, 3)).unchanged in range(1, len(NAMES))
    assert open_handle(uri).describe().commit == commit


@pytest.mark.parametrize("base", [False, True])
def test_a_shard_that_was_killed_is_run_again_by_itself(tmp_path, uri, monkeypatch, base):
    if base:
        built(uri, corpus())
    built(uri, corpus(1), shard=Shard(1, 2), delete=NAMES)
    monkeypatch.setattr("index.milvus.shards.ShardWriter._hand_in", interrupted)
    with pytest.raises(KeyboardInterrupt):
        built(uri, corpus(1), shard=Shard(2, 2), delete=NAMES)
    monkeypatch.undo()
    built(uri, corpus(1), shard=Shard(2, 2), delete=NAMES)
    same(tmp_path, uri, corpus(1))


def interrupted(writer):
    writer._tally.write()  # some of which is left behind
    raise KeyboardInterrupt


def test_a_shard_that_has_ended_may_be_run_again_before_the_others_have(tmp_path, uri):
    built(uri, corpus(), shard=Shard(1, 2))
    built(uri, corpus(1), shard=Shard(1, 2))
    built(uri, corpus(1), shard=Shard(2, 2))
    with closing(open_backend(uri)) as backend:
        held = {name for name in NAMES if Shard(1, 2).holds(name)}
        assert set(backend.article_ids()) == held | {one.article_id for one in corpus(1)}


def test_shards_of_another_run_are_refused_and_a_lone_writer_drops_them(tmp_path, uri):
    built(uri, corpus(), shard=Shard(1, 2))
    with pytest.raises(BadOption, match="2 shards have begun"):
        built(uri, corpus(), shard=Shard(1, 3))
    built(uri, corpus(1))
    with closing(open_backend(uri)) as backend:
        assert {one.article_id for one in corpus(1)} <= set(backend.article_ids())
    for number in (1, 2):
        built(uri, corpus(), shard=Shard(number, 2))
    same(tmp_path, uri, corpus())


def test_a_folder_has_no_shards(tmp_path):
    with pytest.raises(BadOption, match="one writer"):
        built(tmp_path / "folder", corpus(), shard=Shard(1, 2))


KINDS = ("all", "begin", "finish", "shard 1/3", "shard 2/3", "shard 1/2")


@pytest.mark.parametrize(
    ("mine", "beside"),
    [
        ("all", set()),
        ("begin", {"finish", "shard 1/3", "shard 2/3", "shard 1/2"}),
        ("finish", {"begin"}),
        ("shard 1/3", {"begin", "shard 2/3"}),
    ],
)
def test_who_may_write_beside_whom(mine, beside):
    assert {other for other in KINDS if stands_beside(mine, other, done=False)} == beside
    done = {other for other in KINDS if stands_beside(mine, other, done=True)}
    assert done == beside | ({"shard 1/3", "shard 2/3", "shard 1/2"} if mine == "finish" else set())
