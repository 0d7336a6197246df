"""What the tools give: verbatim slices, within a budget, with offsets that lead on."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import BadOption, NotFound
from search.mcp import tools
from search.mcp.budget import MAX_TOKENS, MIN_TOKENS, estimate_tokens, longest_prefix
from search.models import SearchOptions
from tests.conftest import CORPUS, article, hashed_engine

LONG = [
    article(
        f"long{n}",
        "\n\n".join(f"第{p}段说的是河堤第{n}次加固，{'用了石料和水泥。' * (p % 7 + 1)}" for p in range(60)),
        title=f"河堤加固纪要之{n}",
        source="水利简报" if n % 2 else None,
        published=f"2024-{n % 12 + 1:02d}-01",
    )
    for n in range(30)
]
QUESTIONS = st.one_of(
    st.sampled_from(["河堤加固", "双导师", "馒头 酵母", "C919", "石料", "不存在的东西", '"河堤第3次"', "*", "的"]),
    st.text(min_size=1, max_size=20).filter(str.strip),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    path = tmp_path_factory.mktemp("mcp") / "index"
    with hashed_engine([*CORPUS, *LONG], path) as engine:
        yield engine


@given(question=QUESTIONS, budget=st.integers(MIN_TOKENS, MAX_TOKENS), k=st.integers(1, 50), offset=st.integers(0, 40))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_quote_is_verbatim_and_no_answer_exceeds_its_budget(desk, question, budget, k, offset):
    found = tools.search_articles(desk, question, SearchOptions(k=k, offset=offset), budget)
    assert found.tokens() <= budget
    assert estimate_tokens(found.sent()) <= budget
    for result in found.results:
        text = desk.article(result.article_id).article.text
        for passage in result.passages:
            assert passage.text == text[passage.start : passage.end]
            assert passage.text


@given(
    number=st.integers(0, 29), start=st.integers(0, 3_000), length=st.integers(0, 3_000) | st.none(),
    budget=st.integers(MIN_TOKENS, MAX_TOKENS),
)  # fmt: skip
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stretch_of_an_article_is_verbatim_and_leads_on(desk, number, start, length, budget):
    text = desk.article(f"long{number}").article.text
    start = min(start, len(text))
    end = None if length is None else start + length
    found = tools.read_article(desk, f"long{number}", start, end, budget)
    assert found.tokens() <= budget
    assert found.text == text[found.start : found.end]
    wanted = len(text) if end is None else min(end, len(text))
    assert found.cut == (found.end < wanted)
    assert found.next_offset == (None if found.end == len(text) else found.end)
    assert found.end > found.start or wanted == start


def test_following_the_offsets_reads_the_whole_article(desk):
    text, at, read = desk.article("long7").article.text, 0, ""
    while at is not None:
        found = tools.read_article(desk, "long7", at, None, MIN_TOKENS)
        read, at = read + found.text, found.next_offset
    assert read == text


def test_following_the_offsets_meets_every_result_once(desk):
    whole = tools.search_articles(desk, "河堤加固", SearchOptions(k=50), MAX_TOKENS)
    seen, offset = [], 0
    while offset is not None:
        found = tools.search_articles(desk, "河堤加固", SearchOptions(k=50, offset=offset), 1_500)
        seen += [one.article_id for one in found.results]
        offset = found.next_offset
    assert len(seen) == len(set(seen)) >= len(whole.results)


def test_a_cut_passage_says_so_and_where_it_goes_on(desk):
    found = tools.search_articles(desk, "河堤加固", SearchOptions(k=20), MIN_TOKENS)
    last = found.results[-1].passages[-1]
    assert found.next_offset is not None
    if last.cut:
        more = tools.read_article(desk, found.results[-1].article_id, last.end, None, MIN_TOKENS)
        assert more.start == last.end


def test_passages_around_a_hit(desk):
    spans = desk.article("long3").spans
    found = tools.read_around(desk, "long3:5", 2, MAX_TOKENS)
    assert (found.start, found.end) == (spans[3][0], spans[7][1])
    first = tools.read_around(desk, "long3:0", 1, MAX_TOKENS)
    assert first.start == spans[0][0]


def test_what_cannot_be_is_an_error_of_ours(desk):
    for wrong in (
        lambda: tools.read_article(desk, "long1", 5, 2, 800),
        lambda: tools.read_article(desk, "long1", 10**6, None, 800),
        lambda: tools.read_around(desk, "long1:9999", 1, 800),
        lambda: tools.list_sources(desk, -1, 800),
        lambda: tools.find_similar(desk, "long1", 5, 10),
    ):
        with pytest.raises(BadOption):
            wrong()
    for unknown in (
        lambda: tools.read_article(desk, "nobody", 0, None, 800),
        lambda: tools.find_similar(desk, "nobody", 5, 800),
        lambda: tools.connector_fetch(desk, "nobody", 800),
    ):
        with pytest.raises(NotFound):
            unknown()


def test_sources_add_up(desk):
    found = tools.list_sources(desk, 0, MAX_TOKENS)
    assert sum(one.articles for one in found.sources) + found.without_source == found.articles == len(CORPUS) + 30
    assert (found.earliest_month, found.latest_month) == ("2023-05", "2025-11")
    assert found.sources[0].source == "水利简报"
    assert [one.source for one in tools.list_sources(desk, 1, MAX_TOKENS).sources] == [
        one.source for one in found.sources[1:]
    ]


def test_similar_articles_are_never_the_article_itself(desk):
    found = tools.find_similar(desk, "long4", 50, MIN_TOKENS)
    assert found.cut
    assert found.tokens() <= MIN_TOKENS
    assert "long4" not in {one.article_id for one in found.results}


def test_the_connectors_forms(desk):
    found = tools.connector_search(desk, "国产大飞机")
    assert found.results[0].model_dump().keys() == {"id", "title", "url"}
    document = tools.connector_fetch(desk, "long2", MIN_TOKENS)
    text = desk.article("long2").article.text
    assert text.startswith(document.text)
    assert document.metadata["next_offset"] == str(len(document.text))
    assert document.tokens() <= MIN_TOKENS


@given(st.text(max_size=50), st.integers(0, 60))
def test_the_longest_prefix_fits_and_a_longer_one_does_not(text, room):
    found = longest_prefix(text, lambda some: len(some) <= room)
    assert found == text[:room]
