"""A narrowed index is an index of what passes the filters, and of nothing else."""

import pytest

from index.builder import update_index
from index.connect import narrow, open_backend
from index.embedded.reader import EmbeddedIndex
from index.errors import BadOption, NotFound
from index.models import Filters
from search.engine import SearchEngine
from search.models import SearchOptions
from tests.conftest import CORPUS, PLAIN, HashEncoder, article

NARROW = (
    Filters(source=("汉东日报",)),
    Filters(tag=("住房",)),
    Filters(author=("王元",), source=("码农周刊", "汉东日报")),
    Filters(meta=(("city", "江州"),)),
    Filters(source=("没有这一家",)),
)
ASKED = (
    "老小区加装电梯补贴",
    "双导师 干部",
    "自来水发黄 铁锈",
    "C919航程",
    "-电梯 住房",
    '"语义检索"',
    "sheng",
    "酵毋",
)


def passes(item, filters):
    return (
        (not filters.source or item.source in filters.source)
        and (not filters.author or item.author in filters.author)
        and (not filters.tag or set(filters.tag) & set(item.tags))
        and all(item.meta.get(key) == value for key, value in filters.meta)
    )


@pytest.fixture(params=NARROW, ids=str)
def both(request, tmp_path, index_path):
    """An engine of the corpus narrowed, and one over an index of the same articles alone."""
    kept = [item for item in CORPUS if passes(item, request.param)]
    update_index(kept, tmp_path / "alone", PLAIN, encoder=HashEncoder())
    with (
        SearchEngine(open_backend(index_path), HashEncoder()) as whole,
        SearchEngine(open_backend(tmp_path / "alone"), HashEncoder()) as alone,
    ):
        yield whole.narrowed(request.param), alone, [item.article_id for item in kept]


def told(answer):
    data = answer.to_json()
    return {key: value for key, value in data.items() if key not in ("took_ms", "commit")}


@pytest.mark.parametrize("text", ASKED)
@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
def test_every_answer_is_that_of_an_index_without_the_others(both, text, mode):
    narrowed, alone, _ = both
    options = SearchOptions(mode=mode, explain=True, facets=True)
    assert told(narrowed.search(text, options)) == told(alone.search(text, options))


def test_so_are_counts_completion_neighbours_and_articles(both):
    narrowed, alone, kept = both
    for typed in ("电", "gan", "C9", "馒", "停水", "y"):
        assert narrowed.suggest(typed) == alone.suggest(typed)
    one, other = narrowed.stats(), alone.stats()
    assert (one.articles, one.chunks, one.dead_chunks) == (other.articles, other.chunks, 0)
    for item in CORPUS:
        if item.article_id in kept:
            assert narrowed.article(item.article_id) == alone.article(item.article_id)
            assert narrowed.similar(item.article_id) == alone.similar(item.article_id)
        else:
            for ask in (narrowed.article, narrowed.similar):
                with pytest.raises(NotFound):
                    ask(item.article_id)


def test_deleted_articles_are_not_lost_twice_and_later_commits_take_over_what_is_known(tmp_path):
    root, filters = tmp_path / "index", Filters(source=("汉东日报",))
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    update_index([], root, delete=["train"], encoder=HashEncoder())
    first = narrow(open_backend(root), filters)
    assert [first.document_frequency(word) for word in ("导师", "铁锈")] == [0, 1]
    update_index([article("new", "铁锈染黄了自来水。", source="汉东日报")], root, encoder=HashEncoder())
    second = narrow(open_backend(root), filters, first)
    assert isinstance(second, EmbeddedIndex)
    assert second.document_frequency("铁锈") == 2
    assert all(second.buried[key] is known for key, known in first.buried.items())
    assert second.stats().articles == 2


def test_an_engine_that_cannot_be_narrowed_says_so():
    with pytest.raises(BadOption, match="cannot be narrowed"):
        narrow(object(), Filters())
