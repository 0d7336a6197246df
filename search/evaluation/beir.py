"""Score an index on a BEIR folder: corpus.jsonl(.gz), queries.jsonl, qrels.tsv and, where there is one, ignore.tsv."""

import gzip
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from index.batches import Progress
from index.builder import update_index
from index.config import IndexConfig
from index.errors import BadOption
from index.models import Article
from index.sources.articles import article_from_record
from search.engine import SearchEngine
from search.models import Mode, SearchOptions

DEPTH = 100  # articles a query in a run
MEASURES = ("nDCG@10", "R@10", "R@100", "RR@10")


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions with judgements, and the corpus to find the answers in. `ignore` is left out of a query's ranking."""

    folder: Path
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]
    ignore: Mapping[str, frozenset[str]]

    def articles(self) -> Iterator[Article]:
        """The corpus, an article a record."""
        for record in _records(self.folder, "corpus.jsonl"):
            # A document of the set, whatever it is: one without text still takes its place in the corpus.
            yield article_from_record({"text": record.get("title") or "-", **{k: v for k, v in record.items() if v}})


def load_dataset(folder: Path) -> Dataset:
    """Read queries and judgements; BadOption where `folder` is no BEIR folder.

    Queries without judgement are left out.
    """
    qrels: dict[str, dict[str, int]] = {}
    for query_id, article_id, score in _rows(folder / "qrels.tsv", 3):
        qrels.setdefault(query_id, {})[article_id] = int(score)
    queries = {str(r["_id"]): str(r["text"]) for r in _records(folder, "queries.jsonl") if str(r["_id"]) in qrels}
    ignore: dict[str, set[str]] = {}
    if (folder / "ignore.tsv").exists():
        for query_id, article_id in _rows(folder / "ignore.tsv", 2):
            ignore.setdefault(query_id, set()).add(article_id)
    return Dataset(folder, queries, qrels, {query: frozenset(ids) for query, ids in ignore.items()})


def run(engine: SearchEngine, dataset: Dataset, mode: Mode) -> dict[str, dict[str, float]]:
    """Query id -> article id -> score, the best DEPTH of each query."""
    out = {}
    for query_id, text in dataset.queries.items():
        left_out = dataset.ignore.get(query_id, frozenset())
        ranked = engine.rank(text, SearchOptions(k=DEPTH + len(left_out), mode=mode, passages=1))
        scored = [pair for pair in ranked if pair[0] not in left_out][:DEPTH]
        # Ties and rounding must not reorder what the engine ordered: the rank itself is the score.
        out[query_id] = {article_id: float(DEPTH - rank) for rank, (article_id, _) in enumerate(scored)}
    return out


def measure(dataset: Dataset, ranking: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Means of MEASURES over all queries; a query without any result counts as 0."""
    import ir_measures

    measures = [ir_measures.parse_measure(name) for name in MEASURES]
    found = ir_measures.calc_aggregate(measures, dataset.qrels, {q: dict(r) for q, r in ranking.items()})
    return {str(m): round(float(found[m]), 4) for m in measures}


def write_run(path: Path, ranking: Mapping[str, Mapping[str, float]], tag: str) -> None:
    """A TREC run file."""
    with path.open("w", encoding="utf-8") as file:
        for query_id, scores in ranking.items():
            for rank, (article_id, score) in enumerate(scores.items(), start=1):
                file.write(f"{query_id} Q0 {article_id} {rank} {score:g} {tag}\n")


def _open(path: Path) -> TextIO:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _records(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    path = folder / name
    if not path.exists():
        path = folder / f"{name}.gz"
    if not path.exists():
        raise BadOption(
            f"{folder}: no {name} in it", hint="a BEIR folder has corpus.jsonl, queries.jsonl and qrels.tsv"
        )
    with _open(path) as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    if not path.exists():
        raise BadOption(
            f"{path.parent}: no {path.name} in it", hint="a BEIR folder has corpus.jsonl, queries.jsonl and qrels.tsv"
        )
    with path.open(encoding="utf-8") as file:
        next(file, None)  # the header
        for number, line in enumerate(file, start=2):
            row = line.rstrip("\n").split("\t")
            if len(row) < columns:
                raise BadOption(f"{path}:{number}: got {len(row)} columns, want {columns}")
            yield row[:columns]


def evaluate_folder(
    folder: Path,
    modes: Sequence[Mode],
    *,
    model: str | None = None,
    index: str | Path | None = None,
    run_file: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, float]]:
    """Mode -> measure -> value. The index goes to `index`, or to a temporary folder that is removed again."""
    dataset = load_dataset(folder)
    config = IndexConfig(model=model) if model else None
    with tempfile.TemporaryDirectory(prefix="wensou-eval-") as temporary:
        path = index or Path(temporary) / "index"
        update_index(dataset.articles(), path, config, progress=progress)
        scores: dict[str, dict[str, float]] = {}
        with SearchEngine.open(path) as engine:
            for mode in modes:
                ranking = run(engine, dataset, mode)
                if run_file:
                    name = run_file if len(modes) == 1 else run_file.with_name(f"{run_file.name}.{mode}")
                    write_run(name, ranking, f"wensou-{mode}")
                scores[mode] = measure(dataset, ranking)
    return scores
