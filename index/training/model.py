"""The model in training: a row a token and a row a pair of neighbours; a text is the sum of its rows, at length 1.

A word's row is its own vector plus a share of its characters' (and of shorter words inside it), so that a word
hardly seen still stands near its relatives. After training the sum is written out, and costs nothing more.

Gradients are written out by hand: sums of rows are sparse products, which scipy does in half of torch's time.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from index.analysis.characters import is_han_char
from index.encoders.static_table import Table
from index.encoders.token_pairs import Reach, neighbours, pair_rows, two_apart
from index.training.pairs import Batch, Pairs, alike_by_rows, bags

if TYPE_CHECKING:
    import torch

Rows = NDArray[np.float32]
Gradient = Union[Rows, "torch.Tensor"]
LIKENED = 128  # columns of a token's row that passages are likened by
REACH = Reach(far=1.2, octaves=1.3, fall=0.15)


@dataclass(frozen=True)
class Options:
    """What training depends on beside the text. Rates are Adam's; `scale` is one over the softmax temperature.

    A token's row fills the first `dim` columns of a vector, a pair's the last `pair_dim`. A token that stands n times
    in a text counts n ** `power`; `reach` says which pairs count in texts short and long. `length_exponent` is written
    beside the rows and takes no part in training.
    """

    dim: int = 384
    pairs: int = 16384
    pair_dim: int = 128
    prefixes: tuple[int, ...] = (128, 256, 384)
    rate: float = 0.02
    betas: tuple[float, float] = (0.9, 0.999)
    scale: float = 30.0
    parts: float = 0.5
    sif: float = 1e-3
    pair_length: float = 0.6
    power: float = 0.5
    length_exponent: float = 0.08
    reach: Reach = REACH
    seed: int = 1


def composition(words: Mapping[str, int], weight: float) -> Any:
    """The sparse matrix (tokens, tokens) that makes rows out of own vectors.

    Own vector 1, and `weight / sqrt(n)` for each of the n tokens that stand inside the word. `words`: token ->
    row. Latin and digit tokens are made of themselves alone: a letter says nothing. Row 0, the unknown, is 0.
    """
    rows: list[int] = []
    columns: list[int] = []
    shares: list[float] = []
    for word, row in words.items():
        if row:
            rows.append(row)
            columns.append(row)
            shares.append(1.0)
        if weight <= 0 or row == 0 or len(word) < 2 or not is_han_char(word[0]):
            continue
        spans = {word[low:high] for low in range(len(word)) for high in range(low + 1, len(word) + 1)}
        inner = sorted(words[part] for part in spans if part != word and part in words)
        rows += [row] * len(inner)
        columns += inner
        shares += [weight * max(1, len(inner)) ** -0.5] * len(inner)
    return sparse.csr_matrix((np.array(shares, np.float32), (rows, columns)), shape=(len(words), len(words)))


def shares_of(tokens: Rows) -> Rows:
    """How much each token counts in its pairs: more, the longer its row, which is the rarer the word.

    With s the fourth root of a row's length times the mean length, so that two of them make a length of the same
    order as a row's: s * sqrt(1.3) * (s / mean(s)) ** 0.7. Both figures were measured.
    """
    return shares_by(np.sqrt(np.einsum("ij,ij->i", tokens, tokens)))


def shares_by(lengths: Rows) -> Rows:
    """`shares_of` tokens with rows of these `lengths` (tokens,)."""
    shares: Rows = (lengths * lengths.mean()) ** np.float32(0.25)
    shares *= np.float32(1.3**0.5) * (shares / max(float(shares.mean()), 1e-12)) ** np.float32(0.7)
    return shares


class StaticModel:
    """The rows, kept as own vectors and composed on every step."""

    def __init__(
        self, words: Mapping[str, int], counts: NDArray[np.int64], options: Options, start: Table | None = None
    ) -> None:
        """`counts`: how often each token occurs in the training text, for the starting lengths (SIF, Arora 2017).

        `start`: rows to go on from, instead of random ones; where it has no pairs, theirs start at random.
        """
        rng = np.random.default_rng(options.seed)
        self.options = options
        share = (counts / max(1, counts.sum())).astype(np.float32)
        own = rng.standard_normal((len(words), options.dim), np.float32)
        own *= (options.sif / (options.sif + share))[:, None]
        own[0] = 0.0
        self._composition = composition(words, options.parts)
        self._up = self._composition.T.tocsr()
        self.own, self._base = own, np.zeros((), np.float32)
        if start is not None:
            self.own, self._base = np.zeros_like(own), start.tokens
        pairs = rng.standard_normal((options.pairs, options.pair_dim), np.float32)
        pairs *= options.pair_length / max(1, options.pair_dim) ** 0.5
        self.pairs: Rows = pairs if start is None or len(start.pairs) != len(pairs) else start.pairs.copy()

    def tokens(self) -> Rows:
        """The tokens' rows as they are used; the unknown token's is zero."""
        rows = product(self._composition, self.own)
        rows += self._base
        return rows

    def table(self) -> Table:
        """All that makes an encoder."""
        tokens = self.tokens()
        return Table(
            tokens, self.pairs, shares_of(tokens), self.options.power, self.options.length_exponent, self.options.reach
        )

    def weights(self) -> "list[torch.Tensor]":
        """Own rows and pairs, to be changed where they lie."""
        import torch

        return [torch.from_numpy(self.own), torch.from_numpy(self.pairs)]

    def likest(self, pairs: Pairs, run: int, seed: int) -> NDArray[np.int64]:
        """For every passage the number of the likest of those drawn as pivots, by the rows so far."""
        return alike_by_rows(pairs, self.tokens()[:, :LIKENED], run, seed)

    def gradients(self, batch: Batch, prefix: int | None) -> "tuple[float, Gradient, Gradient]":
        """Loss of one batch, on all columns and on the first `prefix`, and its gradients in own rows and pairs."""
        import torch

        q_ids, q_starts, p_ids, p_starts, groups = batch
        ids = np.concatenate([q_ids, p_ids])
        ends = np.concatenate([q_starts, p_starts + len(q_ids), [len(ids)]])
        options = self.options
        vectors, once, beside = self._vectors(ids, ends)
        same = same_article(groups)
        loss, slope = contrast(torch.from_numpy(vectors), same, options.scale)
        if prefix:
            more, head = contrast(torch.from_numpy(vectors[:, :prefix].copy()), same, options.scale)
            loss, slope[:, :prefix] = loss + more, slope[:, :prefix] + head
        words, aside = (np.ascontiguousarray(part) for part in np.split(slope.numpy(), [options.dim], axis=1))
        own = product(self._up, product(once.T.tocsr(), words))
        return loss, own, product(beside.T.tocsr(), aside)

    def encode(self, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> Rows:
        """Vectors (texts, columns), of length 1, of texts as token ids and where each ends, from 0."""
        vectors = self._vectors(ids, ends)[0]
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _vectors(self, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> tuple[Rows, Any, Any]:
        """Sums of rows, and the sparse matrices that made them: (texts, tokens) and (texts, pairs)."""
        tokens = self.tokens()
        once = bags(ids, ends, len(tokens))
        once.sum_duplicates()
        once.data **= self.options.power
        beside = self._beside(ids, ends, shares_of(tokens))
        return np.concatenate([product(once, tokens), product(beside, self.pairs)], axis=1), once, beside

    def _beside(self, ids: NDArray[np.int32], ends: NDArray[np.int64], shares: Rows) -> Any:
        """The sparse matrix (texts, pairs) of how much each pair counts in each text."""
        shape = len(ends) - 1, self.options.pairs
        left = neighbours(ends)
        a, b = ids[left], ids[left + 1]
        starts = np.searchsorted(left, ends)
        rows = pair_rows(a, b, self.options.pairs)
        weights = shares[a] * shares[b] * np.repeat(self.options.reach.near(ends), np.diff(starts))
        matrix = sparse.csr_matrix((weights, rows, starts), shape=shape)
        matrix.sum_duplicates()
        texts, rows, starts, weights = two_apart(ids, ends, shares, self.options.pairs, self.options.reach)
        places = np.repeat(texts, np.diff(starts))
        return matrix + sparse.csr_matrix((weights, (places, rows)), shape=shape)


def product(matrix: Any, rows: Rows) -> Rows:
    """`matrix @ rows` for a CSR matrix, its two halves on a thread each: scipy lets go of the lock."""
    result = np.empty((matrix.shape[0], rows.shape[1]), np.float32)
    half = matrix.shape[0] // 2

    def fill(low: int, high: int) -> None:
        result[low:high] = matrix[low:high] @ rows

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(fill, 0, half), pool.submit(fill, half, matrix.shape[0])]:
            done.result()
    return result


def contrast(vectors: "torch.Tensor", same: tuple["torch.Tensor", ...], scale: float) -> tuple[float, "torch.Tensor"]:
    """How badly each query picks its passage among the batch's, and the reverse, by cosine; and the gradient.

    `vectors` (2n, columns): n queries, then their passages, of any length. `same`: indices (rows, columns) of
    other pairs of the same article, which are nobody's negatives.

    With X = exp(scale * Q P'), r and c its row and column sums, the loss is mean((log r + log c) / 2 - S_ii) and
    its gradient in S is (X / r + X / c) / 2n - I / n. Cosines times `scale` (30) cannot overflow exp.
    """
    import torch

    lengths = vectors.norm(dim=1, keepdim=True).clamp_min(1e-12)
    units = vectors / lengths
    queries, passages = units.chunk(2)
    scores = (queries @ passages.T).mul_(scale)
    own = scores.diagonal().clone()
    scores.exp_()
    scores[same] = 0.0
    rows, columns = scores.sum(1), scores.sum(0)
    loss = ((rows.log() + columns.log()) / 2 - own).mean()
    scores.mul_((0.5 / rows)[:, None] + (0.5 / columns)[None, :])
    scores.diagonal().sub_(1.0)
    scores.mul_(scale / len(own))
    slope = torch.cat([scores @ passages, scores.T @ queries])
    slope -= units * (slope * units).sum(1, keepdim=True)
    return float(loss), slope.div_(lengths)


def same_article(groups: NDArray[np.int32]) -> "tuple[torch.Tensor, ...]":
    """Pairs of passages that are of one article."""
    import torch

    order = np.argsort(groups, kind="stable")
    edges = np.flatnonzero(np.concatenate([[True], np.diff(groups[order]) != 0, [True]]))
    left: list[int] = []
    right: list[int] = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        if high - low > 1:
            members = order[low:high].tolist()
            left += [one for one in members for other in members if one != other]
            right += [other for one in members for other in members if one != other]
    return torch.tensor(left, dtype=torch.long), torch.tensor(right, dtype=torch.long)


def train(
    model: StaticModel,
    batches: Iterable[Batch],
    steps: int,
    log: Callable[[str], None] = print,
    check: Callable[[], str] | None = None,
    every: int = 250,
) -> None:
    """Adam over `batches` for `steps`: the rate rises over twenty steps (or a fifth), and falls linearly to zero.

    `check` is asked, `every` so many steps and at the end, for a line to log.
    """
    import torch

    options = model.options
    weights = model.weights()
    # Adam's steps do not follow the size of what they change: a pair's values are that much smaller than a token's.
    factors = [1.0, options.pair_length / max(1, options.pair_dim) ** 0.5]
    optimiser = torch.optim.Adam(
        [{"params": [one]} for one in weights], lr=options.rate, betas=options.betas, fused=True
    )
    warm = min(20, max(1, steps // 5))
    clock, running = time.monotonic(), 0.0
    for step, batch in enumerate(batches):
        if step >= steps:
            break
        for group, factor in zip(optimiser.param_groups, factors, strict=True):
            group["lr"] = options.rate * factor * min(1.0, (step + 1) / warm) * (1 - step / steps)
        prefix = options.prefixes[step % len(options.prefixes)] if options.prefixes else None
        loss, *slopes = model.gradients(batch, prefix)
        for weight, slope in zip(weights, slopes, strict=True):
            weight.grad = torch.as_tensor(slope)
        optimiser.step()
        running += loss
        if (step + 1) % 50 == 0:
            log(f"step {step + 1}/{steps} loss {running / 50:.4f} {time.monotonic() - clock:.0f}s")
            running = 0.0
        if check and ((step + 1) % every == 0 or step + 1 == steps):
            log(check())
