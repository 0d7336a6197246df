"""One segment: written, opened, buried in part, merged; and what stands in which field."""

import numpy as np
import pytest

from index.analysis.names import field_names, name_facets, names_of
from index.analysis.terms import CHUNK_FIELDS, FIELDS, MAX_FACET, facets_of, terms_of
from index.segments.segment import Segment, write_segment
from index.segments.tombstones import Tombstones
from tests.conftest import CORPUS, article, article_builder, prepared


def make(folder, articles):
    files, _ = write_segment(folder, *prepared(articles))
    return Segment(folder, Tombstones.empty()), files


@pytest.fixture
def segment(tmp_path):
    return make(tmp_path / "one", CORPUS)[0]


def test_every_file_is_named_with_size_and_checksum(tmp_path):
    _, files = make(tmp_path / "one", CORPUS)
    assert set(files) == {path.name for path in (tmp_path / "one").iterdir()}
    assert all(files[path.name].bytes == path.stat().st_size for path in (tmp_path / "one").iterdir())


def test_counts_agree_across_store_postings_and_vectors(segment):
    for field in FIELDS:
        want = segment.store.chunks if field in CHUNK_FIELDS else segment.store.articles
        assert segment.documents(field) == len(segment.fields[field].lengths) == want
    assert len(segment.dense.vectors) == segment.store.chunks > segment.store.articles == len(CORPUS)


def test_counts_that_drift_apart_are_refused(tmp_path):
    stored, terms, vectors = prepared(CORPUS)
    with pytest.raises(ValueError, match=r"vectors for \d+ chunks"):
        write_segment(tmp_path / "a", stored, terms, vectors[:-1])
    with pytest.raises(ValueError, match="field words"):
        write_segment(tmp_path / "b", stored, terms[:-1], vectors)


def test_a_shared_sentence_counts_in_both_chunks_and_once_in_the_article():
    text = "灯塔建在海岛的最高处，夜里亮得很远很远。酵母要用温水化开。后来的人都不记得这些了，只有那盏灯还亮着。"
    (stored,), (terms,), _ = prepared([article("a", text, title="守塔")])
    (_, first, _), (second, _, _) = stored.spans
    assert text[second:first] == "酵母要用温水化开。"
    assert [words.count("酵母") for words in terms.words] == [1, 1]
    assert terms.body.count("酵母") == 1


def test_a_heading_is_found_in_every_chunk_of_its_section():
    text = "前言一句话说明来历，另一句话说明用处。\n\n申领条件\n" + "年满十八岁的市民都可以到大厅来办理。" * 4
    (stored,), (terms,), _ = prepared([article("a", text)])
    section = [n for n, (_, _, heading) in enumerate(stored.spans) if heading == "申领条件"]
    assert len(section) >= 2
    for n in section:
        assert "申领" in terms.words[n]
        assert "条件" in terms.words[n]


def test_facets_are_exact_values_and_leave_long_ones_out():
    item = article("a", "文", source="报", author="人", published="2025-01-31", tags=("乙", "甲", "甲"),
                   meta={"city": "江州", "note": "长" * (MAX_FACET + 1)})  # fmt: skip
    names = set(name_facets(names_of(item) | field_names(item)))
    exact = [value for value in facets_of(item) if value not in names]
    assert exact == ["author=人", "meta.city=江州", "month=2025-01", "source=报", "tag=乙", "tag=甲"]


def test_terms_are_the_same_every_time():
    stored = prepared(CORPUS)[0]
    tokenizer = article_builder().tokenizer
    assert [terms_of(item, tokenizer) for item in stored] == [terms_of(item, tokenizer) for item in stored]


@pytest.mark.parametrize("dead", [[], [0], [1, 4], [0, 1, 2, 3, 4]])
def test_buried_articles_leave_frequencies_and_lengths_as_if_they_had_never_been(tmp_path, segment, dead):
    tombstones = segment.bury(dead, article_builder().tokenizer)
    tombstones.save(tmp_path / "tombstones.npz")
    buried = Segment(segment.folder, Tombstones.load(tmp_path / "tombstones.npz"))
    fresh, _ = make(tmp_path / "fresh", [item for row, item in enumerate(CORPUS) if row not in dead])
    for field in FIELDS:
        assert buried.documents(field) == fresh.documents(field)
        assert buried.total_length(field) == fresh.total_length(field)
        for term in segment.fields[field].terms:
            assert buried.df(field, term) == fresh.df(field, term)
    assert np.flatnonzero(~buried.live_articles).tolist() == dead
    assert buried.live_chunks.sum() == fresh.store.chunks


def test_burying_in_two_steps_is_burying_at_once(segment):
    tokenizer = article_builder().tokenizer
    once = segment.bury([1, 4], tokenizer)
    twice = Segment(segment.folder, segment.bury([1], tokenizer)).bury([4, 1], tokenizer)
    assert twice.articles.tolist() == once.articles.tolist() == [1, 4]
    for field in FIELDS:
        for a, b in zip(once.lost[field], twice.lost[field], strict=True):
            assert np.array_equal(a, b)
