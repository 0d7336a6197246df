"""An index of every format that was ever current still opens and answers as it did when it was made.

To add one: make it with `python -m tests.index.test_format FOLDER` at the format's first commit, and never again.
Format 1 stands here twice: before it had positions and mixed-script bigrams, and with them.
"""

import json
import shutil
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from index.analysis.fold import fold
from index.backend import Recipe
from index.config import IndexConfig
from index.embedded.reader import EmbeddedIndex
from index.embedded.writer import IndexWriter
from index.models import Article, Filters, Holds, LexicalQuery
from index.prepare import ArticlePreparer
from index.storage.layout import FORMAT_VERSION, damaged_files

DATA = Path(__file__).parent.parent / "data"
DIM = 8
ARTICLES = (
    Article(
        "灯塔",
        "海岛上的灯塔",
        "灯塔建在海岛的最高处。守塔人每天上去点灯。",
        source="海岛报",
        tags=("海",),
        path="/a/灯塔.txt",
    ),
    Article("馒头", "蒸馒头", "酵母要用温水化开，面团要发到两倍大。", published="2024-03-05", meta={"city": "雲汀"}),
    Article("电梯", "加装电梯", "须经四分之三以上业主同意，每台补贴十八万元。", author="王元"),
)
LATER = Article("馒头", "蒸包子", "包子要捏十八个褶，酵母照旧。", published="2025-01-31")


class LetterEncoder:
    """The sum of a fixed direction for each character: it will be the same in ten years."""

    name = "letters"
    dim = DIM
    fingerprint = "letters-8"

    def passages(self, texts):
        out = np.zeros((len(texts), DIM), np.float32)
        for row, text in enumerate(texts):
            for char in text:
                bits = zlib.crc32(char.encode("utf-8"))
                out[row] += [1.0 if bits >> (3 * i) & 1 else -1.0 for i in range(DIM)]
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)

    queries = passages


def make(root: Path) -> None:
    """Three articles, one of them changed in a second commit: two segments, one with a tombstone."""
    encoder = LetterEncoder()
    builder = ArticlePreparer(IndexConfig(chunk_chars=40, overlap_chars=12, clean=False), encoder)
    info = {"name": encoder.name, "dim": DIM, "fingerprint": encoder.fingerprint, "floor": 0.0}
    writer = IndexWriter(root, Recipe(builder.config, builder.fingerprint, info, builder.tokenizer))
    for articles in (ARTICLES, (LATER,)):
        made = [builder.prepare(article) for article in articles]
        passages = [text for stored, _, _ in made for text in builder.passages(stored)]
        vectors = encoder.passages(passages)
        writer.upsert([stored for stored, _, _ in made], [terms for _, terms, _ in made], vectors)
        writer.commit()
    writer.close()
    (root / "commit-000001.json").unlink()


@pytest.fixture(scope="module", params=["format_1", "format_1_positions", "format_2"])
def index(request):
    return EmbeddedIndex.open(DATA / request.param)


def test_it_is_whole_and_holds_what_was_put_in(index):
    assert damaged_files(index.root, index.manifest) == []
    stats = index.stats()
    assert (stats.articles, stats.segments, stats.commit, stats.dim) == (3, 2, 2, DIM)
    assert [index.article(name).article for name in ("灯塔", "电梯", "馒头")] == [ARTICLES[0], ARTICLES[2], LATER]
    for filters, want in (
        (Filters(source=("海岛报",)), "灯塔:0"),
        (Filters(author=("王元",)), "电梯:0"),
        (Filters(tag=("海",)), "灯塔:0"),
    ):
        hits = index.dense(LetterEncoder().queries(["海"])[0], k=9, filters=filters)
        assert {hit.chunk_id for hit in hits} == {want}


def test_it_answers_as_it_did(index):
    def asked(*words):
        return [hit.chunk_id for hit in index.lexical(LexicalQuery(dict.fromkeys(words, 1.0)), k=5, filters=Filters())]

    assert asked("灯塔") == ["灯塔:0"]
    assert asked("酵母", "面团") == ["馒头:0"]
    assert asked("补贴") == ["电梯:0"]
    (item,) = index.evidence(LexicalQuery({"酵母": 1.0}), None, ["馒头:0"])
    assert item.bm25 == pytest.approx(BM25.get(index.root.name, LATER_BM25), abs=1e-5)
    vector = LetterEncoder().queries(["酵母照旧"])[0]
    hits = index.dense(vector, k=3, filters=Filters())
    assert [hit.chunk_id for hit in hits] == DENSE
    assert hits[0].score == pytest.approx(COSINE, abs=1e-5)


def test_phrases_are_found(index):
    def where(phrase, **narrower):
        filters = Filters(where=Holds(fold(phrase), **narrower))
        return [hit.chunk_id for hit in index.lexical(LexicalQuery(WORDS), k=5, filters=filters)]

    assert where("捏十八个褶") == ["馒头:0"]
    assert where("四分之三以上业主") == ["电梯:0"]
    assert where("温水化开") == []  # in the version that was replaced
    assert where("灯塔", title=True) == ["灯塔:0"]


def test_segments_of_any_two_formats_stand_in_one_commit_and_merge(index, tmp_path):
    """Phrases are asked of more articles than would be read without looking at postings."""
    root = shutil.copytree(index.root, tmp_path / "index")
    builder = ArticlePreparer(index.config, LetterEncoder())
    recipe = Recipe(index.config, index.manifest.fingerprint, index.manifest.encoder, builder.tokenizer)
    writer = IndexWriter(root, recipe)
    more = [Article(f"港口{n}", "港口", f"第{n}号泊位的A{n}起重机正在检修。") for n in range(40)]
    made = [builder.prepare(article) for article in more]
    vectors = LetterEncoder().passages([text for stored, _, _ in made for text in builder.passages(stored)])
    writer.upsert([stored for stored, _, _ in made], [terms for _, terms, _ in made], vectors)
    writer.commit()
    mixed = EmbeddedIndex.open(root)
    assert mixed.manifest.format == FORMAT_VERSION
    assert json.loads((root / "commit-000003.json").read_text("utf-8"))["format"] == FORMAT_VERSION
    writer.compact()
    writer.commit()
    whole = EmbeddedIndex.open(root)
    assert len(whole.segments) == 1
    for one in (mixed, whole):
        assert damaged_files(root, one.manifest) == []
        for phrase, want in (("泊位的a7起重机", ["港口7:0"]), ("十八个褶", ["馒头:0"]), ("每台补贴十八万", ["电梯:0"])):
            filters = Filters(where=Holds(phrase))
            found = one.lexical(LexicalQuery(WORDS | {"起重机": 1.0}), k=50, filters=filters)
            assert [hit.chunk_id for hit in found] == want


def test_a_writer_goes_on_from_it(index, tmp_path):
    root = shutil.copytree(index.root, tmp_path / "index")
    config = index.config
    builder = ArticlePreparer(config, LetterEncoder())
    writer = IndexWriter(root, Recipe(config, index.manifest.fingerprint, index.manifest.encoder, builder.tokenizer))
    assert set(writer.paths(["/a"])) == {"灯塔"}
    assert writer.delete(["灯塔"]) == 1
    writer.compact()
    assert writer.commit() == 3
    assert EmbeddedIndex.open(root).stats().articles == 2


WORDS = dict.fromkeys(("灯塔", "包子", "业主"), 1.0)
# What an article says beside its text became words of it after the first fixture was made: longer articles.
BM25, LATER_BM25 = {"format_1": 2.230626}, 2.266695
COSINE, DENSE = 0.453447, ["灯塔:0", "馒头:0", "电梯:0"]

if __name__ == "__main__":
    make(Path(sys.argv[1]))
