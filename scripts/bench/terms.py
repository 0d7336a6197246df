#!/usr/bin/env python3
"""What each choice of terms is worth: nDCG@10 of plain BM25 over whole articles, one choice changed at a time.

    python scripts/bench/terms.py ../shared/data/eval/cmrc2018 ../shared/data/eval/domainrag

Lucene's BM25, title and text as one document, nothing else of the engine: so a row differs from the first by its terms
alone. `words` is what `Tokenizer.terms` gives: jieba's words of folded text, HMM off, identifiers whole beside their
parts.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.analysis.fold import fold
from index.analysis.tokenizer import Tokenizer
from index.retrieval.bm25 import Bm25
from search.evaluation.beir import Dataset, load_dataset, measure
from search.query.stopwords import QUESTION_WORDS

MAX_RESULTS = 100
WORDS = Tokenizer()
PLAIN = jieba.Tokenizer()
Terms = Callable[[str], list[str]]
# The most frequent function words of modern Chinese, as stop lists have them.
STOP = frozenset(
    "的 了 在 是 和 与 及 或 而 等 也 都 就 还 又 很 被 把 对 从 向 到 为 以 于 之 其 这 那 有 个 中 上 下 不".split()
)


def _no_identifiers(text: str) -> list[str]:
    return [piece for piece in WORDS.pieces(fold(text)) if piece[0].isalnum()]


VARIANTS: dict[str, Terms] = {
    "words": WORDS.terms,
    "words, marks kept": lambda text: WORDS.folded_terms(fold(text)),
    "words, HMM on": lambda text: [word for word in PLAIN.cut(fold(text), HMM=True) if word[0].isalnum()],
    "words, identifiers only by their parts": _no_identifiers,
    "words, not folded": lambda text: [word for word in WORDS.pieces(text) if word[0].isalnum()],
    "words, stop words out": lambda text: [word for word in WORDS.terms(text) if word not in STOP],
    "words, question words out": lambda text: [word for word in WORDS.terms(text) if word not in QUESTION_WORDS],
    "bigrams": WORDS.bigrams,
    "words and bigrams": lambda text: [*WORDS.terms(text), *WORDS.bigrams(text)],
    "single characters": lambda text: [char for char in fold(text) if char.isalnum()],
}


class Scorer:
    """BM25 over documents held as postings, one array a term."""

    def __init__(self, documents: list[list[str]]) -> None:
        """`documents`: the terms of each."""
        self._bm25 = Bm25()
        lengths = np.array([len(terms) for terms in documents], dtype=np.int64)
        self._norms = self._bm25.norms(lengths, float(lengths.mean()))
        rows: dict[str, list[tuple[int, int]]] = {}
        for row, terms in enumerate(documents):
            for term, count in Counter(terms).items():
                rows.setdefault(term, []).append((row, count))
        self._postings = {term: np.array(found).T for term, found in rows.items()}

    def scores(self, terms: list[str]) -> NDArray[np.float64]:
        """The score of every document for a question of these terms."""
        total = np.zeros(len(self._norms))
        for term, weight in Counter(terms).items():
            if term in self._postings:
                docs, counts = self._postings[term]
                idf = self._bm25.idf(np.array([len(docs)]), len(self._norms))[0]
                total[docs] += weight * idf * self._bm25.saturation(counts, self._norms[docs])
        return total


def evaluate(data: Dataset, terms: Terms) -> dict[str, float]:
    """nDCG@10 of a set with these terms, and how many a document has."""
    articles = list(data.articles())
    ids = [article.article_id for article in articles]
    documents = [terms(f"{article.title}\n{article.text}") for article in articles]
    scorer = Scorer(documents)
    ranking = {}
    for query, text in data.queries.items():
        scores = scorer.scores(terms(text))
        best = np.argsort(-scores, kind="stable")[:MAX_RESULTS].tolist()
        out = data.ignore.get(query, frozenset())
        ranking[query] = {ids[row]: float(scores[row]) for row in best if scores[row] > 0 and ids[row] not in out}
    mean = sum(map(len, documents)) / len(documents)
    return {"nDCG@10": measure(data, ranking)["nDCG@10"], "terms a document": round(mean)}


def main() -> None:
    """Every choice on every set; print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--queries", type=int, default=1000, help="of each set, evenly taken")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/terms.json")
    options = parser.parse_args()
    results: dict[str, dict[str, dict[str, float]]] = {}
    for folder in options.data:
        whole = load_dataset(folder)
        step = max(1, len(whole.queries) // options.queries)
        queries = dict(list(whole.queries.items())[::step])
        data = Dataset(whole.folder, queries, {key: whole.qrels[key] for key in queries}, whole.ignore)
        for name, terms in VARIANTS.items():
            results.setdefault(name, {})[folder.name] = evaluate(data, terms)
            print(folder.name, name, results[name][folder.name], flush=True)
    command = "python scripts/bench/terms.py " + " ".join(
        f"../shared/data/eval/{folder.name}" for folder in options.data
    )
    found = {"command": command, "queries": options.queries, "terms": results}
    options.out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
