"""What every engine must do, with ids and values compared to a reference that works everything out by brute force.

To test an engine: derive a class from `BackendContract` and give it a `build` fixture.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date

import numpy as np
import pytest

from index.analysis.fold import fold
from index.analysis.terms import CHUNK_FIELDS
from index.backend import Backend
from index.candidates import Candidates
from index.drawing import draws_of, draws_of_chunks
from index.errors import NotFound
from index.models import Article, Chunk, Filters, LexicalQuery, article_of
from index.retrieval.scorer import FIELD_WEIGHTS
from tests.conftest import CORPUS, HashEncoder, article, article_builder, prepared

Build = Callable[[Iterable[Article]], Backend]
QUESTIONS = ("年轻干部 双导师", "老小区加装电梯", "自来水发黄 2023", "C919 商业飞行", "馒头", "GB/T 7714", "的 要")
ANY = Filters()
EVERYTHING = 1_000


class Reference:
    """Scores of every chunk by the formulas: Lucene's BM25 in each field, cosine of the stored half precision."""

    def __init__(self, articles: Iterable[Article]) -> None:
        stored, terms, vectors = prepared(list(articles))
        self.chunks: dict[str, Chunk] = {}
        self._documents: dict[str, dict[str, Counter[str]]] = {field: {} for field in FIELD_WEIGHTS}
        for item, found in zip(stored, terms, strict=True):
            ids = [item.chunk(n).chunk_id for n in range(len(item.spans))]
            self.chunks |= {chunk_id: item.chunk(n) for n, chunk_id in enumerate(ids)}
            for field, documents in self._documents.items():
                names = ids if field in CHUNK_FIELDS else [item.article.article_id]
                documents |= {k: Counter(v) for k, v in zip(names, found.documents(field), strict=True)}
        self._vectors = dict(zip(self.chunks, vectors.astype(np.float16).astype(np.float32), strict=True))

    def terms(self, chunk_id: str, query: LexicalQuery) -> dict[str, float]:
        """Each term's contribution of a chunk's BM25, all fields together."""
        contributions: dict[str, float] = {}
        for field, weight in FIELD_WEIGHTS.items():
            documents = self._documents[field]
            average = sum(document.total() for document in documents.values()) / len(documents)
            document = documents[chunk_id if field in CHUNK_FIELDS else self.chunks[chunk_id].article_id]
            for term, times in (query.bigrams if field == "bigrams" else query.words).items():
                if tf := document[term]:
                    df = sum(1 for other in documents.values() if other[term])
                    idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
                    part = tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * document.total() / average))
                    contributions[term] = contributions.get(term, 0.0) + weight * times * idf * part
        return contributions

    def lexical(self, query: LexicalQuery) -> list[tuple[str, float]]:
        scores = {chunk_id: sum(self.terms(chunk_id, query).values()) for chunk_id in self.chunks}
        return sorted(((c, s) for c, s in scores.items() if s > 0), key=lambda pair: (-round(pair[1], 6), pair[0]))

    def cosine(self, chunk_id: str, vector: np.ndarray) -> float:
        return float(self._vectors[chunk_id] @ vector)

    def dense(self, vector: np.ndarray) -> list[tuple[str, float]]:
        scores = {chunk_id: self.cosine(chunk_id, vector) for chunk_id in self.chunks}
        return sorted(scores.items(), key=lambda pair: (-round(pair[1], 6), pair[0]))


def lexical_query(text: str) -> LexicalQuery:
    tokenizer = article_builder().tokenizer
    words, bigrams = Counter(tokenizer.terms(text)), Counter(tokenizer.bigrams(text))
    return LexicalQuery({t: float(n) for t, n in words.items()}, {t: float(n) for t, n in bigrams.items()})


def vector_of(text: str) -> np.ndarray:
    return HashEncoder().queries([text])[0]


class BackendContract:
    """Derive, and give `build`: a session or class fixture that indexes articles and opens the result."""

    lexical = True  # whether the engine has the lexical leg

    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls, build: Build) -> Backend:
        return build(CORPUS)

    @pytest.fixture(scope="class")
    @classmethod
    def reference(cls) -> Reference:
        return Reference(CORPUS)

    def legs(self, backend, question):
        """Each leg that the engine has, with what it is asked."""
        dense = (backend.dense, vector_of(question))
        return [(backend.lexical, lexical_query(question)), dense] if self.lexical else [dense]

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_lexical_finds_the_chunks_that_hold_a_term_with_their_exact_scores(self, backend, reference, question):
        if not self.lexical:
            pytest.skip("this engine has no lexical leg")
        want = reference.lexical(lexical_query(question))
        hits = backend.lexical(lexical_query(question), k=EVERYTHING, filters=ANY)
        assert [hit.chunk_id for hit in hits] == [chunk_id for chunk_id, _ in want]
        assert [hit.score for hit in hits] == pytest.approx([score for _, score in want], abs=1e-5)
        assert len(hits) >= 1

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_dense_finds_every_chunk_by_its_exact_cosine(self, backend, reference, question):
        want = reference.dense(vector_of(question))
        hits = backend.dense(vector_of(question), k=EVERYTHING, filters=ANY)
        assert [hit.chunk_id for hit in hits] == [chunk_id for chunk_id, _ in want]
        assert [hit.score for hit in hits] == pytest.approx([score for _, score in want], abs=1e-5)

    @pytest.mark.parametrize("k", [1, 2, 5])
    def test_the_best_k_are_the_first_k_of_all(self, backend, k):
        for question in QUESTIONS:
            for leg, asked in self.legs(backend, question):
                every = leg(asked, k=EVERYTHING, filters=ANY)
                hits = leg(asked, k=k, filters=ANY)
                assert [hit.chunk_id for hit in hits] == [hit.chunk_id for hit in every[:k]]
                assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in every[:k]], abs=1e-6)

    def test_nothing_is_found_by_no_term_an_unknown_term_or_a_k_of_zero(self, backend):
        for leg, asked in self.legs(backend, "馒头"):
            assert leg(asked, k=0, filters=ANY) == []
        if self.lexical:
            assert backend.lexical(LexicalQuery({}), k=5, filters=ANY) == []
            assert backend.lexical(LexicalQuery({"火星人": 1.0}), k=5, filters=ANY) == []

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_evidence_gives_both_scores_of_any_chunk_in_the_order_asked(self, backend, reference, question):
        query, vector = lexical_query(question), vector_of(question)
        ids = sorted(reference.chunks, reverse=True)
        found = backend.evidence(query, vector, ids, terms=True)
        assert [item.chunk_id for item in found] == ids
        for item in found:
            contributions = reference.terms(item.chunk_id, query)
            assert item.bm25 == pytest.approx(sum(contributions.values()), abs=1e-5)
            assert item.cosine == pytest.approx(reference.cosine(item.chunk_id, vector), abs=1e-5)
            assert dict(item.terms) == pytest.approx(contributions, abs=1e-5)

    def test_evidence_is_what_the_legs_say(self, backend):
        query, vector = lexical_query("老小区加装电梯"), vector_of("老小区加装电梯")
        lexical = dict(backend.lexical(query, k=EVERYTHING, filters=ANY)) if self.lexical else {}
        dense = dict(backend.dense(vector, k=EVERYTHING, filters=ANY))
        for item in backend.evidence(query, vector, list(dense)):
            if self.lexical:
                assert item.bm25 == pytest.approx(lexical.get(item.chunk_id, 0.0), abs=1e-6)
            assert item.cosine == pytest.approx(dense[item.chunk_id], abs=1e-6)
            assert item.terms == {}

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_the_words_held_are_those_of_title_and_text(self, backend, reference, question):
        query = lexical_query(question)
        ids, terms = sorted(reference.chunks), article_builder().tokenizer.terms
        for item in backend.evidence(query, None, ids):
            article = backend.article(article_of(item.chunk_id)).article
            there = {*terms(article.title), *terms(article.text)}
            assert set(item.matched) == set(query.words) & there

    @pytest.mark.parametrize("k", [1, 3, 5, EVERYTHING])
    @pytest.mark.parametrize("question", QUESTIONS)
    def test_both_legs_at_once_find_what_each_finds_alone(self, backend, question, k):
        query, vector = lexical_query(question), vector_of(question)
        ids = sorted(
            {hit.chunk_id for leg, asked in self.legs(backend, question) for hit in leg(asked, k=k, filters=ANY)}
        )
        assert backend.both(query, vector, k=k, filters=ANY) == backend.evidence(query, vector, ids)

    def test_evidence_without_a_vector_has_no_cosine_and_without_chunks_is_empty(self, backend):
        (item,) = backend.evidence(lexical_query("馒头"), None, ["bread:0"])
        assert item.bm25 > 0
        assert item.cosine == 0
        assert backend.evidence(lexical_query("馒头"), None, []) == Candidates.of([])

    def test_articles_come_in_the_order_asked_as_often_as_asked(self, backend, reference):
        ids = sorted((item.article_id for item in CORPUS), reverse=True)
        found = backend.articles([*ids, ids[0]])
        assert [stored.article.article_id for stored in found] == [*ids, ids[0]]
        assert found[-1] == found[0]
        chunks = [stored.chunk(n) for stored in found[:-1] for n in range(len(stored.spans))]
        assert {chunk.chunk_id: chunk for chunk in chunks} == reference.chunks
        assert backend.articles([]) == []
        with pytest.raises(NotFound, match="nobody"):
            backend.articles([ids[0], "nobody"])

    @pytest.mark.parametrize("chunk_id", ["bread:99", "bread:-1", "bread:x", "bread:", "nobody:0", "bread", "", ":0"])
    def test_an_unknown_chunk_is_not_found(self, backend, chunk_id):
        with pytest.raises(NotFound):
            backend.evidence(lexical_query("馒头"), None, [chunk_id])

    def test_an_article_comes_back_whole(self, backend):
        for want in CORPUS:
            assert backend.article(want.article_id).article == want
        with pytest.raises(NotFound, match="nobody"):
            backend.article("nobody")

    @pytest.mark.parametrize(
        ("filters", "want"),
        [
            (Filters(source=("汉东日报",)), {"train", "water"}),
            (Filters(source=("汉东日报", "空港新闻")), {"train", "water", "plane"}),
            (Filters(author=("王元",)), {"train", "search"}),
            (Filters(tag=("住房",)), {"lift", "water"}),
            (Filters(tag=("住房", "干部")), {"lift", "water", "train"}),
            (Filters(tag=("住房",), source=("汉东日报",)), {"water"}),
            (Filters(after=date(2025, 1, 31)), {"train", "water", "search"}),
            (Filters(before=date(2024, 3, 5)), {"lift", "plane"}),
            (Filters(after=date(2024, 3, 5), before=date(2025, 1, 31)), {"lift", "water"}),
            (Filters(meta=(("city", "江州"),)), {"water"}),
            (Filters(source=("没有的报",)), set()),
            (Filters(source=("汉东",)), set()),
        ],
    )
    def test_filters_narrow_both_legs_alike(self, backend, filters, want):
        hits = backend.dense(vector_of("干部"), k=EVERYTHING, filters=filters)
        assert {article_of(hit.chunk_id) for hit in hits} == want
        if not self.lexical:
            return
        query = LexicalQuery(
            {"一": 1.0, "的": 1.0, "小时": 1.0, "截止": 1.0, "先": 1.0, "按": 1.0, "或": 1.0, "为": 1.0}
        )
        every = backend.lexical(query, k=EVERYTHING, filters=ANY)
        narrowed = backend.lexical(query, k=EVERYTHING, filters=filters)
        assert narrowed == [hit for hit in every if article_of(hit.chunk_id) in want]

    def test_a_narrow_filter_still_fills_k(self, backend):
        assert len(backend.dense(vector_of("双导师"), k=1, filters=Filters(source=("空港新闻",)))) == 1

    @pytest.mark.parametrize(("term", "want"), [("电梯", 1), ("飞机", 2), ("火星人", 0)])
    def test_document_frequency_counts_chunks_whose_words_hold_the_term(self, backend, reference, term, want):
        assert backend.document_frequency(term) == want
        assert sum(1 for chunk in reference.chunks.values() if term in fold(chunk.text)) == want

    def test_facets_count_articles_most_first(self, backend):
        facets = backend.facets(ANY, ["source", "tag", "month", "meta.city"])
        assert facets["source"] == {"汉东日报": 2, "東海晚報": 1, "码农周刊": 1, "空港新闻": 1}
        assert next(iter(facets["source"])) == "汉东日报"
        assert facets["tag"] == {"住房": 2, "干部": 1, "教育": 1, "生活": 1, "通知": 1}
        assert facets["month"]["2025-11"] == 1
        assert facets["meta.city"] == {"江州": 1, "雲汀": 1}
        assert backend.facets(Filters(tag=("住房",)), ["source"])["source"] == {"東海晚報": 1, "汉东日报": 1}

    def test_stats_count_what_is_there(self, backend, reference):
        stats = backend.stats()
        assert (stats.articles, stats.chunks, stats.dead_chunks) == (len(CORPUS), len(reference.chunks), 0)
        assert (stats.encoder, stats.dim, stats.state) == ("hash", HashEncoder.dim, "equal")
        assert stats.bytes > 0
        assert stats.commit == backend.commit >= 1

    def test_chance_is_told_by_the_chunks_that_are_drawn_first(self, build):
        backend = build([article(f"第{n}则", f"渡口在{n}號碼頭，{n * n}人候船。") for n in range(300)])
        vector = vector_of("碼頭的渡口")
        ids = list(backend.article_ids())
        first = np.argsort(draws_of_chunks(draws_of(ids), np.zeros(len(ids))))[:256]
        cosines = [backend.chunk_vectors(ids[at])[0].astype(np.float32) @ vector for at in first]
        assert backend.background(vector) == pytest.approx((np.mean(cosines), np.std(cosines)), abs=1e-6)

    def test_equal_chunks_are_ordered_by_their_names(self, build):
        twins = [article(name, "雲汀市的夜市今晚八點開門。", title="夜市") for name in "dbeac"]
        backend = build(twins)
        for leg, asked in self.legs(backend, "夜市"):
            for k in (1, 3, 5):
                hits = leg(asked, k=k, filters=ANY)
                assert [hit.chunk_id for hit in hits] == [f"{name}:0" for name in "abcde"][:k]

    def test_an_id_may_hold_colons_and_any_character(self, build):
        names = ["https://例.中国/a:b?c=1", "a:0", "空 格", "'\"\\"]
        backend = build([article(name, f"第{n}篇说的是海岛灯塔。") for n, name in enumerate(names)])
        for leg, asked in self.legs(backend, "灯塔"):
            hits = leg(asked, k=9, filters=ANY)
            assert {hit.chunk_id for hit in hits} == {f"{name}:0" for name in names}
        assert [stored.article.article_id for stored in backend.articles(names)] == names
