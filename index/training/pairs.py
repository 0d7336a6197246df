"""Pairs (short text, passage it belongs to) made from plain articles.

Everything is a range of token ids, so nothing is tokenised twice. A passage is a run of neighbouring sentences
of 60-190 tokens, about 100-320 characters, as the index cuts them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from tokenizers import Tokenizer

from index.retrieval.bm25 import lucene_idf
from index.training.corpus import Tokenised
from index.training.likeness import Alike

Ids = NDArray[np.int32]

# What people put around the words they look for. None comes from an evaluation set: they are the common
# question forms of the language, so that training learns how little they say.
_BEFORE = (
    "",
    "",
    "",
    "",
    "请问",
    "为什么",
    "如何",
    "怎么",
    "谁",
    "哪些",
    "什么是",
    "关于",
    "我想知道",
    "哪个",
    "什么时候",
    "怎样",
)
_AFTER = (
    *(
        "",
        "",
        "",
        "是什么？",
        "是谁？",
        "有哪些？",
        "怎么办？",
        "是哪一年？",
        "在哪里？",
        "是什么时候？",
        "为什么？",
        "如何？",
    ),
    *(
        "是多少？",
        "有什么规定？",
        "是怎样的？",
        "吗？",
        "叫什么名字？",
        "有多少人？",
        "位于哪里？",
        "由谁负责？",
        "是哪个？",
        "应该怎么做？",
    ),
    *("的原因是什么？", "有什么作用？", "的特点是什么？", "包括什么？", "可以吗？", "呢？", "属于什么？", "来自哪里？"),
)
KIND_WEIGHTS = dict(title=0.27, lead=0.08, sentence=0.11, words=0.17, next=0.0, question=0.17, short=0.08, said=0.12)
KINDS = tuple(KIND_WEIGHTS)


@dataclass(frozen=True)
class Pairs:
    """Pair i: `query[q_starts[i]:q_starts[i+1]]`, `passage[p_starts[i]:p_starts[i+1]]`, and its article."""

    query: Ids
    q_starts: NDArray[np.int64]
    passage: Ids
    p_starts: NDArray[np.int64]
    group: Ids

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.group)


class PairMaker:
    """Draws pairs from a tokenised corpus."""

    def __init__(
        self,
        text: Tokenised,
        tokenizer: Tokenizer,
        weights: Mapping[str, float],
        alike: Alike,
        per_passage: NDArray[np.float64],
    ) -> None:
        """`weights`: relative frequency of each kind of pair (`KIND_WEIGHTS` is the default's); `alike`: of `text`.

        `per_passage` (records,): how many pairs, on average, each passage of a record gives.
        """
        self.text, self.per_passage = text, per_passage
        self._before = [_ids(tokenizer, form) for form in _BEFORE]
        self._after = [_ids(tokenizer, form) for form in _AFTER]
        share = np.array([weights.get(kind, 0.0) for kind in KINDS])
        self._share = np.cumsum(share / share.sum())
        counts = np.bincount(text.ids, minlength=tokenizer.get_vocab_size())
        # Which words people choose to search by: the rarer the likelier, roughly by information.
        self._pull = np.log(counts.sum() / (counts + 20.0)) ** 2
        self._pull[0] = 1e-6
        self._alike = alike

    @property
    def records(self) -> int:
        """How many there are to draw from."""
        return len(self.text.first) - 1

    def begin(self, seed: int | Sequence[int]) -> np.random.Generator:
        """Start what is drawn at `seed`, and what it is drawn with."""
        self._rng = np.random.default_rng(seed)
        return self._rng

    def draw(self, records: NDArray[np.int64], seed: int | Sequence[int]) -> Pairs:
        """Pairs of these `records`, in their order; equal seeds give equal pairs."""
        self.begin(seed)
        queries: list[Ids] = []
        passages: list[Ids] = []
        groups: list[int] = []
        first = self.text.first
        for record in records.tolist():
            for query, passage in self._record(int(first[record]), int(first[record + 1]), self.per_passage[record]):
                if len(query) and len(passage) >= 2:
                    queries.append(query)
                    passages.append(passage)
                    groups.append(int(self.text.group[record]))
        return _pack(queries, passages, groups)

    def _record(self, begin: int, end: int, per_passage: float) -> Iterator[tuple[Ids, Ids]]:
        sentence = self.text.sentence
        title, heading = sentence(begin), sentence(begin + 1)
        body = [sentence(number) for number in range(begin + 2, end)]
        windows = self._windows(body)
        for place, (low, high) in enumerate(windows):
            follow = windows[place + 1] if place + 1 < len(windows) else None
            times = int(per_passage + self._rng.random())
            for _ in range(times):
                pair = self._pair(title, heading, body, (low, high), follow)
                if pair is not None:
                    yield pair

    def _windows(self, body: Sequence[Ids]) -> list[tuple[int, int]]:
        """Runs of sentences that together reach a length drawn anew for each."""
        windows: list[tuple[int, int]] = []
        low = 0
        while low < len(body):
            goal, size, high = int(self._rng.integers(60, 190)), 0, low
            while high < len(body) and (size == 0 or size + len(body[high]) <= goal):
                size += len(body[high])
                high += 1
            if size >= 12:
                windows.append((low, high))
            low = high
        return windows

    def _pair(
        self, title: Ids, heading: Ids, body: Sequence[Ids], window: tuple[int, int], follow: tuple[int, int] | None
    ) -> tuple[Ids, Ids] | None:
        rng = self._rng
        low, high = window
        kind = KINDS[int(np.searchsorted(self._share, rng.random()))]
        head = title if len(heading) == 0 or rng.random() < 0.7 else np.concatenate([title, heading])
        if kind == "title":
            query = title if len(heading) == 0 else heading if rng.random() < 0.5 else np.concatenate([title, heading])
            if len(query) >= 2:
                return self.maybe_ask(query, 0.15), np.concatenate(body[low:high])
            kind = "lead"
        passage = np.concatenate(([head] if rng.random() < 0.5 else []) + list(body[low:high]))
        if kind == "next" and follow is not None:
            return np.concatenate(body[low:high]), np.concatenate(body[follow[0] : follow[1]])
        if kind == "said":
            line = body[int(rng.integers(low, high))]
            start = int(rng.integers(0, max(1, len(line) - 8)))
            phrase = line[start : start + int(rng.integers(3, 12))]
            return self.maybe_ask(self.said_again(phrase), 0.3), self.maybe_ask(phrase, 0.3)
        if kind == "short":
            line = body[int(rng.integers(low, high))]
            start = int(rng.integers(0, max(1, len(line) - 12)))
            phrase = line[start : start + int(rng.integers(4, 16))]
            return self._thinned(phrase), self._thinned(phrase)
        if kind == "words":
            return self._some_words(passage, int(rng.integers(2, 7))), passage
        chosen = low if kind == "lead" else int(rng.integers(low, high))
        line = body[chosen]
        rest = [part for number, part in enumerate(body[low:high], low) if number != chosen]
        if rest and rng.random() < (0.9 if kind == "lead" else 0.5):
            passage = np.concatenate(([head] if rng.random() < 0.5 else []) + rest)
        if kind == "question":
            span = int(rng.integers(3, 12))
            start = int(rng.integers(0, max(1, len(line) - span)))
            query = line[start : start + span]
            if rng.random() < 0.4:
                query = np.concatenate([head, query])
                passage = passage if rng.random() < 0.5 else np.concatenate([head, passage])
            return self.maybe_ask(query, 1.0), passage
        return line[:80], passage

    def maybe_ask(self, query: Ids, chance: float) -> Ids:
        """`query` between question words, with probability `chance`."""
        if self._rng.random() >= chance:
            return query
        before = self._before[int(self._rng.integers(len(self._before)))]
        after = self._after[int(self._rng.integers(len(self._after)))]
        return np.concatenate([before, query, after])

    def said_again(self, phrase: Ids) -> Ids:
        """`phrase` with some of its words replaced by ones that stand in the same places, and some left out."""
        rng = self._rng
        picked = rng.integers(0, self._alike.tokens.shape[1], len(phrase))
        fits = self._alike.cosines[phrase, picked] > rng.random(len(phrase)) * 0.8 + 0.5
        said = np.where(fits & (rng.random(len(phrase)) < 0.5), self._alike.tokens[phrase, picked], phrase)
        return said[rng.random(len(phrase)) < 0.85]

    def _thinned(self, phrase: Ids) -> Ids:
        """`phrase` without a third of its words: two of these are said alike, not the same."""
        return phrase[self._rng.random(len(phrase)) < 0.67]

    def _some_words(self, passage: Ids, count: int) -> Ids:
        """`count` words of `passage`, drawn by information, in their order (Efraimidis-Spirakis keys)."""
        keys = self._rng.exponential(size=len(passage)) / self._pull[passage]
        return passage[np.sort(np.argsort(keys)[:count])]


Batch = tuple[Ids, NDArray[np.int64], Ids, NDArray[np.int64], Ids]


def batches(pairs: Pairs, size: int, seed: int, like: NDArray[np.int64] | None = None, run: int = 1) -> Iterator[Batch]:
    """Shuffled batches: query ids, their starts, passage ids, their starts, groups. The last short one is dropped.

    With `like`, a number (n,) for every pair that is equal where passages are alike, a batch is made of runs of `run`
    such pairs, so that a query has to tell its passage from near ones: hard negatives.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pairs))
    if like is not None:
        near = order[np.argsort(like[order], kind="stable")]
        runs = near[: len(near) // run * run].reshape(-1, run)
        order = runs[rng.permutation(len(runs))].ravel()
    for begin in range(0, len(order) - size + 1, size):
        chosen = order[begin : begin + size]
        yield (
            *_gather(pairs.query, pairs.q_starts, chosen),
            *_gather(pairs.passage, pairs.p_starts, chosen),
            pairs.group[chosen],
        )


def alike_by_rows(pairs: Pairs, table: NDArray[np.float32], run: int, seed: int) -> NDArray[np.int64]:
    """For every passage the number of the nearest of the passages drawn as pivots, by cosines of sums of `table`.

    There is a pivot for every two runs of `run` passages.
    """
    vectors = np.empty((len(pairs), table.shape[1]), np.float32)
    for begin in range(0, len(pairs), 4096):
        ends = pairs.p_starts[begin : begin + 4097]
        vectors[begin : begin + 4096] = bags(pairs.passage[ends[0] : ends[-1]], ends - ends[0], len(table)) @ table
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    drawn = vectors[pivots(pairs, run, seed)]
    return np.concatenate(
        [np.argmax(vectors[begin : begin + 4096] @ drawn.T, axis=1) for begin in range(0, len(vectors), 4096)]
    )


def alike_by_words(pairs: Pairs, tokens: int, run: int, seed: int) -> NDArray[np.int64]:
    """As `alike_by_rows`, the pivot of the highest BM25 score (k1 1.2, b 0.75), of a vocabulary of `tokens`.

    Tokens that stand in more than a twentieth of many pivots take no part: they tell few passages apart, and take most
    of the time.
    """
    whole = bags(pairs.passage, pairs.p_starts, tokens)
    whole.sum_duplicates()
    drawn = whole[pivots(pairs, run, seed)]
    found_in = np.bincount(drawn.indices, minlength=tokens)
    worth = lucene_idf(found_in, drawn.shape[0])
    worth[found_in > max(50, drawn.shape[0] // 20)] = 0.0
    lengths = np.asarray(drawn.sum(1)).ravel()
    shorter = np.repeat(1.2 * (0.25 + 0.75 * lengths / lengths.mean()), np.diff(drawn.indptr))
    drawn.data = (worth[drawn.indices] * drawn.data * 2.2 / (drawn.data + shorter)).astype(np.float32)
    drawn.eliminate_zeros()
    whole.data = (worth[whole.indices] > 0).astype(np.float32)
    whole.eliminate_zeros()
    columns = drawn.T.tocsr()
    best = [(whole[begin : begin + 4096] @ columns).argmax(axis=1) for begin in range(0, len(pairs), 4096)]
    return np.concatenate([np.asarray(some).ravel() for some in best]).astype(np.int64)


def pivots(pairs: Pairs, run: int, seed: int) -> NDArray[np.int64]:
    """The passages drawn as pivots: one for every two runs of `run`."""
    return np.random.default_rng(seed).choice(len(pairs), max(1, len(pairs) // (2 * run)), replace=False)


def bags(ids: NDArray[np.int32], ends: NDArray[np.int64], tokens: int) -> Any:
    """The sparse matrix (texts, tokens) with a one for each token of each text; text i is `ends[i]` to `ends[i + 1]`.

    It has the indices for itself: adding up what stands twice puts them in order where they lie, and the text must
    keep its own.
    """
    return sparse.csr_matrix((np.ones(len(ids), np.float32), ids.copy(), ends), shape=(len(ends) - 1, tokens))


def edges(rows: Sequence[Ids]) -> NDArray[np.int64]:
    """Where each of `rows` begins when they lie end to end, and where the last ends: (n + 1,)."""
    return np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)


def _gather(flat: Ids, starts: NDArray[np.int64], chosen: NDArray[np.int64]) -> tuple[Ids, NDArray[np.int64]]:
    lengths = starts[chosen + 1] - starts[chosen]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(starts[chosen] - offsets[:-1], lengths)
    return flat[places], offsets[:-1]


def _pack(queries: Sequence[Ids], passages: Sequence[Ids], groups: Sequence[int]) -> Pairs:
    none = np.empty(0, np.int32)
    return Pairs(
        np.concatenate([none, *queries]),
        edges(queries),
        np.concatenate([none, *passages]),
        edges(passages),
        np.array(groups, np.int32),
    )


def _ids(tokenizer: Tokenizer, text: str) -> Ids:
    return np.array(tokenizer.encode(text, add_special_tokens=False).ids, np.int32)
