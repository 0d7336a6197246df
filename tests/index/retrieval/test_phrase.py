"""Runs of letters found by positions alone: everywhere they stand, and nowhere else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.bigrams import pairs_at
from index.analysis.chunk import chunk_spans
from index.analysis.fold import fold
from index.analysis.terms import MIXED_BIGRAMS, terms_of
from index.analysis.tokenizer import Tokenizer
from index.models import Article, StoredArticle
from index.retrieval.phrase import occurrences
from index.segments.inverter import invert

TOKENIZER = Tokenizer()
TEXTS = st.text(alphabet="年轻年輕干部a1𠀀，。", max_size=60)


def fields_of(articles):
    return dict(invert([terms_of(item, TOKENIZER) for item in articles]))


def positions(text, run):
    return [match.start() for match in re.finditer(f"(?={re.escape(run)})", text)]


@given(st.lists(TEXTS, max_size=4), st.text(alphabet="年轻干部a1𠀀", min_size=2, max_size=5), st.data())
def test_a_run_is_found_where_it_stands(texts, run, data):
    texts = [text for text in texts if text]
    articles = [
        StoredArticle(Article("a", "", text), tuple(chunk_spans(text, size=20, overlap=6)), "") for text in texts
    ]
    passages = [
        fold(text)[start:end] for text, item in zip(texts, articles, strict=True) for start, end, _ in item.spans
    ]
    runs = [run, *re.findall(r"[^\W_]{2,}", data.draw(st.sampled_from(passages)) if passages else "")]
    for sought in runs:
        chunks, begins = occurrences(fields_of(articles), sought)
        found = list(zip(chunks.tolist(), begins.tolist(), strict=True))
        assert found == [(n, at) for n, passage in enumerate(passages) for at in positions(passage, sought)]


def test_a_heading_is_no_part_of_the_text_it_stands_above():
    text = "灯塔\n很高很亮。"
    chunk = StoredArticle(Article("a", "", text), ((3, 8, "灯塔"),), "")
    fields = fields_of([chunk])
    assert occurrences(fields, "灯塔")[1].tolist() == [6]  # beyond the five characters of the chunk
    assert not len(occurrences(fields, "亮灯")[0])


def test_a_segment_without_positions_cannot_be_asked():
    fields = fields_of([StoredArticle(Article("a", "", "灯塔"), ((0, 2, ""),), "")])
    del fields[MIXED_BIGRAMS]
    older = {name: type(postings)(*(getattr(postings, n) for n in ("terms", "starts", "docs", "tfs", "lengths")))
             for name, postings in fields.items()}  # fmt: skip
    with pytest.raises(ValueError, match="without positions"):
        occurrences(older, "灯塔")


@given(st.text(min_size=2, max_size=12))
def test_pairs_cover_their_run(run):
    pairs = pairs_at(run)
    assert all(run[at : at + 2] == pair for pair, at in pairs)
    assert {at + n for _, at in pairs for n in (0, 1)} == set(range(len(run)))
