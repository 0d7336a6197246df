"""Articles kept out of training, and questions made of them: what a recipe is judged by before any evaluation set.

A question is an article's title, or one of its sentences; the passages are runs of its other sentences, without the
title, among those of every other article kept out.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.retrieval.measures import DEPTH, DISCOUNTS
from index.training.corpus import Tokenised
from index.training.pairs import edges

Ids = NDArray[np.int32]
Ends = NDArray[np.int64]
_PASSAGE_TOKENS = 110  # tokens, some 200 characters
_SENTENCE = range(5, 50)  # tokens of a sentence that is worth asking by


class HeldOut(NamedTuple):
    """Questions and passages as token ids (flat, and where each ends, from 0) and the article that each is of.

    `owner` (passages,) ascends; `right` (questions,) and `titled` (questions,) say what is asked for, and how.
    """

    q_ids: Ids
    q_ends: Ends
    p_ids: Ids
    p_ends: Ends
    owner: NDArray[np.int64]
    right: NDArray[np.int64]
    titled: NDArray[np.bool_]


def hold_out(text: Tokenised, articles: int, seed: int) -> tuple[NDArray[np.bool_], HeldOut]:
    """Draw `articles` of those that have a title; a mask (records,) of what is held out, and its questions."""
    rng = np.random.default_rng(seed)
    lengths = np.diff(text.starts)
    titled = np.unique(text.group[lengths[text.first[:-1]] >= 4])
    drawn = np.sort(rng.choice(titled, min(articles, len(titled) // 2), replace=False))
    mask = np.isin(text.group, drawn)
    questions: list[Ids] = []
    passages: list[Ids] = []
    owner: list[int] = []
    right: list[int] = []
    by_title: list[bool] = []
    records = np.flatnonzero(mask)
    for record in records[np.argsort(text.group[records], kind="stable")].tolist():
        group, begin, end = int(text.group[record]), int(text.first[record]), int(text.first[record + 1])
        lines = [number for number in range(begin + 2, end) if lengths[number]]
        asked = [number for number in lines if int(lengths[number]) in _SENTENCE]
        if len(lines) < 3 or not asked:
            continue
        line = asked[int(rng.integers(len(asked)))]
        lines.remove(line)
        if group not in owner[-1:] and lengths[begin] >= 4:
            questions.append(text.sentence(begin))
            right.append(group)
            by_title.append(True)
        questions.append(text.sentence(line))
        right.append(group)
        by_title.append(False)
        for part in _runs(lengths, lines):
            passages.append(np.concatenate([text.sentence(number) for number in part]))
            owner.append(group)
    return mask, HeldOut(
        np.concatenate(questions),
        edges(questions),
        np.concatenate(passages),
        edges(passages),
        np.array(owner),
        np.array(right),
        np.array(by_title),
    )


def gains(
    passages: NDArray[np.float32], asked: NDArray[np.float32], owner: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.float64]:
    """nDCG@10 of each question (rows of `asked`): one article is right, and articles rank by their best passage.

    `owner` (passages,): the article of each, passages of one article side by side. A question whose article has no
    passage gains 0.
    """
    starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
    columns = {number: column for column, number in enumerate(owner[starts].tolist())}
    found = np.zeros(len(asked))
    for begin in range(0, len(asked), 256):
        scores = np.maximum.reduceat(asked[begin : begin + 256] @ passages.T, starts, axis=1)
        for offset, row in enumerate(scores):
            column = columns.get(int(right[begin + offset]))
            if column is not None:
                rank = int((row > row[column]).sum())
                found[begin + offset] = DISCOUNTS[rank] if rank < DEPTH else 0.0
    return found


def _runs(lengths: NDArray[np.int64], lines: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    size = _PASSAGE_TOKENS
    for number in lines:
        if size >= _PASSAGE_TOKENS:
            runs.append([])
            size = 0
        runs[-1].append(number)
        size += int(lengths[number])
    return runs
