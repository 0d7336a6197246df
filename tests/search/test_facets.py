"""Facets count each candidate article once for each value it has."""

import pytest

from index.builder import update_index
from index.models import Filters
from search.engine import SearchEngine
from search.facets import count_facets, keeping_to_the_others
from search.models import SearchOptions
from tests.conftest import PLAIN, HashEncoder, article

pytestmark = pytest.mark.usefixtures("hash_bundled")

ARTICLES = (
    article("a", "海岛上的灯塔亮了。", source="海岛报", tags=("岛", "夜", "岛"), published="2025-01-31"),
    article("b", "灯塔旧了，海岛上的人都老了。", source="海岛报", tags=("夜",), published="2025-01-02"),
    article("c", "海岛的灯塔没有人守。", source="城报", published="2024-12-31"),
    article("d", "灯塔。"),
    article("e", "馒头要用酵母。", source="城报", tags=("面",), published="2025-01-05"),
)

NONE = {"author": {}, "number": {}}


def test_values_are_counted_once_an_article_most_first():
    assert (
        count_facets(ARTICLES)
        == {
            "source": {"城报": 2, "海岛报": 2},
            "tag": {"夜": 2, "岛": 1, "面": 1},
            "month": {"2025-01": 3, "2024-12": 1},
        }
        | NONE
    )
    named = article("f", "灯塔。", author="王元", meta={"document_number": "岛发〔2025〕1号", "city": "江州"})
    assert count_facets([named]) == {
        "source": {}, "author": {"王元": 1}, "tag": {}, "number": {"岛发〔2025〕1号": 1}, "month": {}
    }  # fmt: skip
    assert list(count_facets(ARTICLES)["tag"]) == ["夜", "岛", "面"]
    assert count_facets([]) == {"source": {}, "tag": {}, "month": {}} | NONE


def test_an_answer_counts_its_candidates_on_all_pages(tmp_path):
    update_index(ARTICLES, tmp_path / "index", PLAIN, encoder=HashEncoder())
    with SearchEngine.open(tmp_path / "index") as engine:
        options = SearchOptions(mode="bm25", k=1, facets=True)
        want = {
            "source": {"海岛报": 2, "城报": 1},
            "tag": {"夜": 2, "岛": 1},
            "month": {"2025-01": 2, "2024-12": 1},
        } | NONE
        answer = engine.search("灯塔", options)
        assert answer.facets == want
        assert answer.to_json()["facets"] == want
        assert engine.search("灯塔", SearchOptions(mode="bm25", k=1, offset=2, facets=True)).facets == want
        assert engine.search("航母", options).facets == {"source": {}, "tag": {}, "month": {}} | NONE
        assert "facets" not in engine.search("灯塔", k=1).to_json()


def test_a_facet_keeps_to_the_other_filters_and_not_to_its_own():
    asked = []

    def count(filters: Filters):
        asked.append(filters)
        return count_facets(
            one
            for one in ARTICLES
            if (not filters.source or one.source in filters.source)
            and (not filters.tag or set(one.tags) & {*filters.tag})
        )

    found = keeping_to_the_others(Filters(source=("海岛报",), tag=("岛",)), count)
    assert found["source"] == {"海岛报": 1}  # of the articles with that tag
    assert found["tag"] == {"夜": 2, "岛": 1}  # of that source
    assert found["month"] == {"2025-01": 1}  # of both
    assert len(asked) == 3
    asked.clear()
    assert keeping_to_the_others(Filters(), count) == count_facets(ARTICLES)
    assert len(asked) == 1
