"""The local engine beyond the contract: the best k without scoring all, other BM25 variants, commits that stay."""

import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from index.builder import update_index
from index.embedded.reader import EmbeddedIndex
from index.errors import IndexCorrupt, NotFound
from index.models import Filters, HasValue, LexicalQuery
from index.retrieval import segment_scorer
from index.retrieval.bm25 import Bm25
from index.retrieval.scorer import FIELD_WEIGHTS
from index.storage.layout import read_manifest
from tests.conftest import CORPUS, PLAIN, HashEncoder, article, open_writer, prepared


@pytest.fixture(scope="module")
def words_of_all_frequencies(tmp_path_factory):
    """600 articles in one segment and one with tombstones; word number n stands in about one of n of them."""
    rng = np.random.default_rng(3)
    names = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}q" for n in range(1, 40)]
    made = []
    for number in range(600):
        words = [name for n, name in enumerate(names, 1) if rng.random() < 1 / n for _ in range(rng.integers(1, 4))]
        made.append(article(f"n{number:03}", "，".join(rng.permutation(words)) + "。", title=f"第{number}"))
    root = tmp_path_factory.mktemp("frequencies") / "index"
    writer = open_writer(root)
    writer.upsert(*prepared(made[:500]))
    writer.commit()
    writer.upsert(*prepared(made[450:]))
    writer.commit()
    return EmbeddedIndex.open(root), names


@pytest.mark.parametrize("k", [1, 3, 10, 50])
@pytest.mark.parametrize("kernel", [segment_scorer._kernel, None])
def test_the_best_chunks_are_those_of_all_scored_alone(words_of_all_frequencies, monkeypatch, k, kernel):
    monkeypatch.setattr(segment_scorer, "_kernel", kernel)
    index, names = words_of_all_frequencies
    rng = np.random.default_rng(k)
    chunk_ids = [f"n{n:03}:{c}" for n in range(600) for c in range(len(index.article(f"n{n:03}").spans))]
    for _ in range(25):
        rare, common = rng.choice(names[12:], 3, replace=False), rng.choice(names[:6], 2, replace=False)
        terms = dict.fromkeys([*rare, *common], 1.0)
        query = LexicalQuery(terms)
        hits = index.lexical(query, k=k, filters=Filters())
        assert 1 <= len(hits) <= k
        ids = [hit.chunk_id for hit in hits]
        in_one_pass = [item.bm25 for item in index.evidence(query, None, ids)]
        explained = index.evidence(query, None, ids, terms=True)
        alone = [index.evidence(query, None, [name])[0].bm25 for name in ids]
        assert [hit.score for hit in hits] == in_one_pass == alone
        assert [sum(item.terms.values()) for item in explained] == pytest.approx(in_one_pass)
        every = index.evidence(query, None, chunk_ids)
        assert [hit.score for hit in hits] == sorted((item.bm25 for item in every if item.bm25), reverse=True)[:k]


@pytest.mark.parametrize("variant", ["okapi", "lucene", "plus", "l"])
def test_every_variant_scores_as_its_formula_over_a_field(tmp_path, variant):
    """By a word that stands in one title and in no text: title and body make its score, each by the formula."""
    writer = open_writer(tmp_path / "index")
    writer.upsert(*prepared(CORPUS))
    writer.commit()
    manifest = read_manifest(tmp_path / "index")
    bm25 = Bm25(variant)
    manifest.config["bm25"] = {**manifest.config["bm25"], "variant": variant}
    index = EmbeddedIndex(tmp_path / "index", manifest)
    (segment,) = index.segments
    (item,) = index.evidence(LexicalQuery({"入门": 1.0}), None, ["search:0"])
    want = 0.0
    for field in ("title", "body"):
        postings = segment.fields[field]
        lengths, term = postings.lengths, postings.terms.find("入门")
        assert postings.documents(term).tolist() == [5]
        idf = bm25.idf(np.asarray([1]), len(CORPUS))
        every = bm25.idf(np.diff(postings.starts), len(CORPUS))
        part = bm25.saturation(np.asarray([1]), bm25.norms(lengths[[5]], float(lengths.mean())))
        want += FIELD_WEIGHTS[field] * float(bm25.floor(idf, float(every.mean()))[0] * part[0])
    assert item.bm25 == pytest.approx(want, abs=1e-5)
    assert item.bm25 > 1


def test_a_commit_stays_as_it_is_while_writers_go_on(tmp_path):
    root = tmp_path / "index"
    writer = open_writer(root)
    writer.upsert(*prepared(CORPUS[:3]))
    writer.commit()
    reader = EmbeddedIndex.open(root)
    before = reader.lexical(LexicalQuery({"电梯": 1.0}), k=9, filters=Filters())
    for number in range(6):  # past the kept commits, so that files of the first are deleted
        writer.upsert(*prepared([article("lift", f"电梯第{number}次检修。", title="电梯")]))
        writer.delete(["train"])
        writer.compact()
        writer.commit()
    assert reader.lexical(LexicalQuery({"电梯": 1.0}), k=9, filters=Filters()) == before
    assert reader.article("train").article == CORPUS[0]
    assert reader.commit == 1
    now = EmbeddedIndex.open(root)
    assert "第5次" in now.article("lift").article.text
    with pytest.raises(NotFound):
        now.article("train")


def test_a_commit_whose_files_go_while_it_is_opened_is_left_for_the_next(tmp_path, monkeypatch):
    root = tmp_path / "index"
    writer = open_writer(root)
    writer.upsert(*prepared(CORPUS[:1]))
    writer.commit()
    stale = read_manifest(root)
    for number in range(6):
        writer.upsert(*prepared([article("train", f"第{number}版。")]))
        writer.commit()
    seen = iter([stale])
    monkeypatch.setattr(
        "index.embedded.reader.read_manifest", lambda path, commit=None: next(seen, None) or read_manifest(path)
    )
    index = EmbeddedIndex.open(root)
    assert (index.commit, index.article("train").article.text) == (7, "第5版。")
    with pytest.raises(StopIteration):
        next(seen)


def test_an_older_commit_opens_while_it_is_kept(tmp_path):
    root = tmp_path / "index"
    writer = open_writer(root)
    for number in range(1, 7):
        writer.upsert(*prepared([article("a", f"灯塔第{number}版。")]))
        assert writer.commit() == number
    texts = {commit: EmbeddedIndex.open(root, commit).article("a").article.text for commit in (3, 4, 5, 6)}
    assert texts == {commit: f"灯塔第{commit}版。" for commit in (3, 4, 5, 6)}
    with pytest.raises(IndexCorrupt, match=r"commit-000002\.json is missing"):
        EmbeddedIndex.open(root, 2)


def test_an_index_without_articles_answers_with_nothing(tmp_path):
    root = tmp_path / "index"
    writer = open_writer(root)
    writer.upsert(*prepared(CORPUS[:1]))
    writer.commit()
    writer.delete(["train"])
    writer.commit()
    index = EmbeddedIndex.open(root)
    query, vector = LexicalQuery({"干部": 1.0}, {"干部": 1.0}), np.ones(64, np.float32)
    assert index.lexical(query, k=5, filters=Filters()) == []
    assert index.dense(vector, k=5, filters=Filters()) == []
    assert list(index.article_ids()) == []
    assert index.document_frequency("干部") == 0
    assert (index.stats().articles, index.stats().chunks, index.stats().segments) == (0, 0, 0)


def test_a_file_altered_in_its_header_is_corrupt_and_the_segment_named(tmp_path):
    root = tmp_path / "index"
    writer = open_writer(root)
    writer.upsert(*prepared(CORPUS))
    writer.commit()
    (name,) = [entry.name for entry in read_manifest(root).segments]
    path = root / "segments" / name / "words.docs.npy"
    path.write_bytes(b"X" * path.stat().st_size)
    with pytest.raises(IndexCorrupt, match=f"damaged: segments/{name}/words.docs.npy"):
        EmbeddedIndex.open(root)


@pytest.fixture(scope="module")
def haystack(tmp_path_factory):
    """4,000 articles, of which every thousandth is another source's, with vector codes as a large segment has."""
    articles = [
        article(
            f"n{n}",
            f"海岛上的灯塔亮了第{n}次。",
            **(
                {"source": "海岛报", "author": "守塔人", "tags": ("夜",), "meta": {"city": "云汀"}}
                if n % 1_000 == 7
                else {}
            ),
            published="2025-03-01" if n % 1_000 == 7 else "2024-12-31",
        )
        for n in range(4_000)
    ]
    root = tmp_path_factory.mktemp("haystack") / "index"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.segments.vector_index.INDEX_FROM", 1_000)
        update_index(articles, root, PLAIN, encoder=HashEncoder())
    index = EmbeddedIndex.open(root)
    assert not index.segments[0].dense.exact
    return index


@pytest.mark.parametrize(
    "filters",
    [
        Filters(source=("海岛报",)),
        Filters(author=("守塔人",)),
        Filters(tag=("夜",)),
        Filters(meta=(("city", "云汀"),)),
        Filters(after=date(2025, 1, 1)),
        Filters(where=HasValue("source", "海岛报")),
    ],
    ids=str,
)
@pytest.mark.parametrize("k", [3, 4, 10])
def test_a_filter_that_keeps_one_in_a_thousand_still_fills_k(haystack, filters, k):
    want = {f"n{n}:0" for n in range(7, 4_000, 1_000)}
    vector = HashEncoder().queries(["海岛上的灯塔亮了第99次。"])[0]
    for hits in (
        haystack.lexical(LexicalQuery({"灯塔": 1.0}), k=k, filters=filters),
        haystack.dense(vector, k=k, filters=filters),
    ):
        assert len(hits) == min(k, 4)
        assert {hit.chunk_id for hit in hits} <= want


def test_a_first_question_loads_no_masked_arrays(index_path):
    """Neither with words alone nor with a condition: numpy.ma would be a good part of all that it waits for."""
    code = (
        "import sys; from index.embedded.reader import EmbeddedIndex; from index.models import *;"
        "index = EmbeddedIndex.open(sys.argv[1]);"
        "where = AllOf((Holds('电梯'), Not(Holds('馒头', title=True))));"
        "asked = Filters(), Filters(where=where);"
        "found = [index.lexical(LexicalQuery({'电梯': 1.0}), k=5, filters=some) for some in asked];"
        "index.titled({'电梯': 1.0}, 0.5, 5, Filters());"
        "print(all(found), 'numpy.ma' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(index_path)], capture_output=True, text=True, check=True
    ).stdout
    assert out == "True False\n"
