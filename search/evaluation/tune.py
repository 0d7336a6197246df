"""Find BM25's weight for one index: `wensou tune`, with the user's judgements or without.

Without, the questions are the index's own: titles, sentences, and sentences with words left out, some or half of them
or the rare ones. They are nearer to
their texts than people's questions, so the weight that does best on them flatters the words; they tell how healthy
each leg is, and the health sets the weight (search.ranking.weights). With judgements, the weight is the best of a grid,
each moving with the question as it will in use. A leg without which nothing is lost is switched off: the other is then
the whole answer, and the faster one. What is stored is one number in a new commit; `--reset` takes it back.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.tokenizer import Tokenizer
from index.backend import Backend
from index.checks.calibrate import MIN_ARTICLES, known_items, shortened
from index.connect import open_backend, open_handle
from index.errors import BadOption, NotFound
from index.retrieval.measures import interval, ndcg
from search.engine import SearchEngine
from search.evaluation.beir import load_dataset
from search.evaluation.trial import Question, Trial
from search.ranking.weights import DEFAULT_WEIGHT, health_bounds, healthy_weight, mix_of

WEIGHTS = tuple(round(0.05 * step, 2) for step in range(21))
QUESTIONS = 300  # known items of each kind
_HEALTHY = ("sentence", "some words left out")  # the kinds that the build measures health by

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """Mean nDCG@10 and its 95% interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Values) -> "Score":
        """Of one value a question."""
        low, high = interval(values)
        return cls(*(round(float(v), 4) for v in (values.mean(), low, high)))


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found. `kinds` has, for each kind of question, their number and the score of each leg and of the mix;
    `curve` the mean nDCG@10 of each weight tried; `off` the leg that is switched off, if one is.
    """

    questions: int
    labelled: bool
    before: float
    weight: float
    off: str | None
    health: Mapping[str, float]
    kinds: Mapping[str, Mapping[str, Score]]
    counts: Mapping[str, int]
    curve: Mapping[str, float]
    gain: Score | None
    """What the weight gains over the one before, where questions were judged."""
    commit: int | None
    """The commit that holds the weight; None where nothing was stored."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def tune(path: str | Path, qrels: Path | None = None, *, store: bool = True) -> Tuning:
    """Find the weight for the index at `path` and, where `store`, make it the index's.

    `qrels` is a BEIR folder whose documents are the index's articles, by id. Raises BadOption where there is too
    little to ask, WriterBusy, and what opening an index raises.
    """
    backend = open_backend(path)
    before, fingerprint, bounds = mix_of(backend).weight, backend.encoder_fingerprint, health_bounds(backend)
    backend.close()
    with SearchEngine.open(path, weight=DEFAULT_WEIGHT) as engine:  # of which both legs are asked
        asked = _labelled(engine, qrels) if qrels else _known(path)
        tables = {kind: _table(engine, questions) for kind, questions in asked.items()}
    everything = np.concatenate(list(tables.values()))
    judged_by = everything if qrels else np.concatenate([tables[kind] for kind in _HEALTHY])
    bm25, dense = float(judged_by[:, -1].mean()), float(judged_by[:, 0].mean())
    if qrels:
        deciding = everything[np.ptp(everything, axis=1) > 0]  # what is asked by name, say, is found at any weight
        weight = best_weight(deciding) if len(deciding) else round(before, 4)
    else:
        weight = round(healthy_weight(bm25, dense, bounds=bounds), 4)
    at, was = (int(np.argmin([abs(w - wanted) for w in WEIGHTS])) for wanted in (weight, before))
    return Tuning(
        questions=len(everything),
        labelled=qrels is not None,
        before=round(before, 4),
        weight=weight,
        off={1.0: "dense", 0.0: "bm25"}.get(weight),
        health={"bm25": round(bm25, 4), "dense": round(dense, 4)},
        kinds={kind: _scores(table, at) for kind, table in tables.items()},
        counts={kind: len(table) for kind, table in tables.items()},
        curve={f"{w:.2f}": round(float(v), 4) for w, v in zip(WEIGHTS, everything.mean(axis=0), strict=True)},
        gain=Score.of(everything[:, at] - everything[:, was]) if qrels else None,
        commit=_keep(path, {"weight": weight, "encoder": fingerprint}) if store else None,
    )


def reset(path: str | Path) -> int:
    """Take back what `tune` set; returns the commit's number."""
    return _keep(path, None)


def _keep(path: str | Path, tuned: Mapping[str, Any] | None) -> int:
    return open_handle(path).set_calibration("tuned", tuned)


def _known(path: str | Path) -> dict[str, list[Question]]:
    """Questions made of the index's own articles, of four or five kinds."""
    index = open_backend(path)
    if index.stats().articles < MIN_ARTICLES:
        raise BadOption(
            f"index {path}: got {index.stats().articles} articles, want at least {MIN_ARTICLES} to learn from",
            hint="give judged questions with --qrels BEIR_DIR",
        )
    tokenizer = Tokenizer(index.config.user_words, index.config.synonyms)
    items = known_items(index, QUESTIONS, seed=3)
    rng = random.Random(4)
    titled = [(name, index.article(name).article.title) for name, _ in items]
    made = {
        "title": [(name, title) for name, title in titled if title.strip()],
        "sentence": items,
        "some words left out": [(name, shortened(text, tokenizer, 0.7, rng)) for name, text in items],
        "half of its words": [(name, shortened(text, tokenizer, 0.5, rng)) for name, text in items],
        "rare words left out": [(name, _commonest(index, tokenizer, text)) for name, text in items],
    }
    index.close()
    return {kind: [Question(text, {name: 1}) for name, text in some] for kind, some in made.items() if some}


def _commonest(index: Backend, tokenizer: Tokenizer, text: str) -> str:
    """The commoner half of the words of `text`, in order: a question by who does not know the right words."""
    tokens = [token for token in tokenizer.tokens(text) if len(token.term) > 1]
    if len(tokens) < 2:
        return text
    by_count = sorted(tokens, key=lambda token: -index.document_frequency(token.term))[: -(-len(tokens) // 2)]
    return " ".join(token.term for token in sorted(by_count, key=lambda token: token.start))


def _labelled(engine: SearchEngine, folder: Path) -> dict[str, list[Question]]:
    dataset = load_dataset(folder)
    none: frozenset[str] = frozenset()
    questions = [
        Question(text, dataset.qrels[name], dataset.ignore.get(name, none)) for name, text in dataset.queries.items()
    ]
    if not any(_holds(engine, name) for question in questions for name in question.relevant):
        raise BadOption(
            f"{folder}: none of the articles judged there is in the index",
            hint="the ids of corpus and index must be the same: wensou index CORPUS.jsonl --index DIR",
        )
    return {"judged": questions}


def _holds(engine: SearchEngine, article_id: str) -> bool:
    try:
        engine.article(article_id)
    except NotFound:
        return False
    return True


def _table(engine: SearchEngine, questions: Sequence[Question]) -> Values:
    """nDCG@10, (questions, WEIGHTS)."""
    rows = []
    for question in questions:
        shown = Trial(engine, question).at(WEIGHTS, adaptive=True)
        rows.append([ndcg(ids, question.relevant) for ids in shown])
    return np.array(rows)


def best_weight(values: Values) -> float:
    """The weight with the highest mean; the end of the grid only where no mix inside it is better by chance.

    Between the ends the mean is smoothed over neighbours, so that one lucky step does not win.
    """
    mean = values.mean(axis=0)
    smooth = np.convolve(mean, (0.25, 0.5, 0.25), "valid")  # of WEIGHTS[1:-1]
    inside = 1 + int(np.argmax(smooth))
    for end in (len(WEIGHTS) - 1, 0):
        if mean[end] >= mean[inside] or interval(values[:, end] - values[:, inside])[0] > 0:
            return WEIGHTS[end]
    return WEIGHTS[inside]


def _scores(table: Values, at: int) -> dict[str, Score]:
    return {"bm25": Score.of(table[:, -1]), "dense": Score.of(table[:, 0]), "mix": Score.of(table[:, at])}
