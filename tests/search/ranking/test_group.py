"""Ranked chunks, an article each."""

import numpy as np

from search.ranking.group import Ranked, by_article, by_chunk, fold_near_duplicates, found

RANKED = [Ranked(chunk_id, 1.0 - n / 10, n) for n, chunk_id in enumerate(["a:1", "b:0", "a:0", "c:x:2", "a:2"])]
ARTICLES = [0, 1, 0, 2, 0]


def test_an_article_stands_where_its_best_chunk_does():
    groups = by_article(RANKED, ARTICLES, passages=2)
    assert [[item.chunk_id for item in group] for group in groups] == [["a:1", "a:0"], ["b:0"], ["c:x:2"]]
    assert [item.chunk_id for item in by_article(RANKED, ARTICLES, passages=9)[0]] == ["a:1", "a:0", "a:2"]


def test_what_scores_nothing_is_not_found_and_equals_stand_as_they_stood():
    scores = np.asarray([0.0, 0.5, 0.9, 0.5, -0.1])
    assert found(["a", "b", "c", "d", "e"], scores) == [("c", 0.9, 2), ("b", 0.5, 1), ("d", 0.5, 3)]
    assert found([], np.zeros(0)) == []


def test_an_article_id_may_hold_a_colon():
    assert RANKED[3].article_id == "c:x"


def test_each_chunk_a_group_of_its_own():
    assert by_chunk(RANKED) == [[item] for item in RANKED]


def test_nothing_ranked_nothing_grouped():
    assert by_article([], [], passages=3) == by_chunk([]) == []


def test_near_duplicates_fold_into_the_first_and_only_where_the_texts_agree():
    groups = [[Ranked(f"a{i}:0", 1.0 - i / 10, i)] for i in range(5)]
    signatures = np.asarray([[1] * 8, [2] * 8, [1] * 8, [1] * 8, [0] * 8], np.uint32)
    clusters = fold_near_duplicates(groups, signatures, lambda a, b: (a, b) != ("a0", "a3"))
    assert [(cluster.chunks[0].article_id, cluster.duplicates) for cluster in clusters] == [
        ("a0", ("a2",)),
        ("a1", ()),
        ("a3", ()),
        ("a4", ()),
    ]


def test_groups_without_a_signature_stay_as_they_are():
    groups = [[Ranked(f"a{i}:0", 1.0, i)] for i in range(3)]
    clusters = fold_near_duplicates(groups, np.ones((1, 8), np.uint32), lambda a, b: True)
    assert [cluster.chunks for cluster in clusters] == groups
