"""Several segments made one: equal, file by file, to a segment built from what was alive in them."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.terms import FIELDS, MIXED_BIGRAMS
from index.models import Article
from index.segments import merge
from index.segments.merge import kept, merge_postings, merge_segments
from index.segments.postings import Postings
from index.segments.segment import Segment, write_segment
from index.segments.store import Store, merge_stores
from index.segments.tombstones import Tombstones
from tests.conftest import CORPUS, article, article_builder, prepared
from tests.index.segments.test_postings import DOCUMENTS, same


@settings(max_examples=100)
@given(
    parts=st.lists(DOCUMENTS, min_size=1, max_size=3),
    random=st.randoms(use_true_random=False),
    share=st.sampled_from([0.0, 0.6, 1.0]),
    block=st.sampled_from([1, 5, 1_000]),
)
def test_merged_postings_are_those_of_a_build_from_the_kept_documents(tmp_path_factory, parts, random, share, block):
    folder = tmp_path_factory.mktemp("merged")
    keep = [np.asarray([random.random() < share for _ in part], bool) for part in parts]
    kept_ones = [part[i] for part, mask in zip(parts, keep, strict=True) for i in np.flatnonzero(mask)]
    with patch.object(merge, "_BLOCK_POSTINGS", block):
        merge_postings(folder, "words", [Postings.build(part) for part in parts], keep)
    assert same(Postings.load(folder, "words"), Postings.build(kept_ones))


def test_a_term_that_is_gone_takes_nothing_from_the_one_before(tmp_path):
    parts = [Postings.build([["人"], ["他"]]), Postings.build([["人"]])]  # in this order of their bytes
    merge_postings(tmp_path, "words", parts, [np.asarray([True, False]), np.asarray([True])])
    assert same(Postings.load(tmp_path, "words"), Postings.build([["人"], ["人"]]))


def test_a_term_that_stands_often_is_counted_in_full(tmp_path):
    often, seldom = Postings.build([["天"] * 300, ["天"] * 70_000]), Postings.build([["天"]])
    merge_postings(tmp_path, "words", [seldom, often], [np.asarray([True]), np.asarray([True, False])])
    assert Postings.load(tmp_path, "words").tfs.tolist() == [1, 300]


def make(folder, articles: list[Article], dead: tuple[int, ...] = ()) -> Segment:
    write_segment(folder, *prepared(articles))
    segment = Segment(folder, Tombstones.empty())
    return Segment(folder, segment.bury(dead, article_builder().tokenizer)) if dead else segment


@pytest.mark.parametrize("dead", [(), (1,), (0, 1, 2)])
def test_merged_segments_are_a_build_of_what_is_alive_to_the_byte(tmp_path, dead):
    articles = [
        *CORPUS[:2],
        article("from a file", "馒头要用酵母。", path="/x/a.txt", tags=("甲",), meta={"city": "江州"}),
        *CORPUS[2:],
        article("from another", "海岛灯塔，𠀀𠀁。", path="/x/b.txt", published="2025-01-31"),
    ]
    parts = [make(tmp_path / "a", articles[:3], dead), make(tmp_path / "b", articles[3:])]
    files, recall = merge_segments(tmp_path / "merged", parts)
    alive = [item for row, item in enumerate(articles) if row not in dead]
    want, _ = write_segment(tmp_path / "fresh", *prepared(alive))
    assert files == want
    assert recall is None
    merged = Segment(tmp_path / "merged", Tombstones.empty())
    assert merged.store.get(len(alive) - 1).article == alive[-1]
    assert merged.documents("words") == merged.store.chunks
    assert {*FIELDS, MIXED_BIGRAMS} == set(merged.fields)


def test_an_older_segment_and_a_new_one_make_an_older_one(tmp_path):
    old, new = make(tmp_path / "a", CORPUS[:2]), make(tmp_path / "b", CORPUS[2:], dead=(0,))
    old.fields = {
        name: replace(postings, positions=None) for name, postings in old.fields.items() if name != MIXED_BIGRAMS
    }
    merge_segments(tmp_path / "merged", [old, new])
    merged = Segment(tmp_path / "merged", Tombstones.empty()).fields
    assert set(merged) == set(FIELDS)
    assert merged["bigrams"].positions is None
    want = Postings.build(doc for item in prepared([*CORPUS[:2], *CORPUS[3:]])[1] for doc in item.bigrams)
    assert same(merged["bigrams"], want)


def test_an_id_that_lives_in_two_segments_is_refused(tmp_path):
    one, two = make(tmp_path / "a", CORPUS[:2]), make(tmp_path / "b", CORPUS[1:3])
    masks = [one.live_articles, two.live_articles]
    (tmp_path / "merged").mkdir()
    with pytest.raises(ValueError, match="distinct: 4 articles, 3 ids"):
        merge_stores(tmp_path / "merged", [one.store, two.store], masks)
    masks[0] = np.asarray([True, False])
    merge_stores(tmp_path / "merged", [one.store, two.store], masks)
    store = Store(tmp_path / "merged")
    assert [store.get(row).article for row in range(3)] == list(CORPUS[:3])
    assert [store.article_row(item.article_id) for item in CORPUS[:3]] == [0, 1, 2]


def test_rows_that_are_all_kept_are_not_copied():
    rows = np.arange(4)
    assert kept(rows, np.ones(4, bool)) is rows
    assert kept(rows, np.asarray([False, True, True, False])).tolist() == [1, 2]
