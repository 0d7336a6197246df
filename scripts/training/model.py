"""The model in training: one table of token vectors, a text is the normalised mean of its tokens' rows.

A word's row is its own vector plus a share of its characters' (and of shorter words inside it), so that a word
hardly seen still stands near its relatives. After training the sum is written out, and costs nothing more.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from torch import nn
from torch.nn import functional

from training.pairs import Batch


@dataclass(frozen=True)
class Options:
    """What training depends on beside the text. Rates are Adam's; `scale` is one over the softmax temperature."""

    dim: int = 256
    prefixes: tuple[int, ...] = (64, 128)
    rate: float = 0.02
    betas: tuple[float, float] = (0.9, 0.999)
    scale: float = 20.0
    parts: float = 0.5
    sif: float = 1e-3
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
        if weight <= 0 or row == 0 or len(word) < 2 or word[0] < "\u3400":
            continue
        spans = {word[low:high] for low in range(len(word)) for high in range(low + 1, len(word) + 1)}
        inner = sorted(words[part] for part in spans if part != word and part in words)
        rows += [row] * len(inner)
        columns += inner
        shares += [weight * len(inner) ** -0.5] * len(inner)
    return sparse.csr_matrix((np.array(shares, np.float32), (rows, columns)), shape=(len(words), len(words)))


class StaticModel(nn.Module):
    """The table, kept as own vectors and composed on every step."""

    def __init__(
        self,
        words: Mapping[str, int],
        counts: NDArray[np.int64],
        options: Options,
        start_from: NDArray[np.float32] | None = None,
    ) -> None:
        """`counts`: how often each row occurs in the training text, for the starting lengths (SIF, Arora 2017).

        `start_from`: the rows (tokens, dim) of a model to go on from, instead of random ones.
        """
        super().__init__()
        generator = torch.Generator().manual_seed(options.seed)
        start = torch.randn((len(words), options.dim), generator=generator)
        share = torch.from_numpy(counts / max(1, counts.sum())).float()
        start *= (options.sif / (options.sif + share))[:, None]
        start[0] = 0.0
        self._base = torch.zeros(()) if start_from is None else torch.from_numpy(start_from)
        self.own = nn.Parameter(start if start_from is None else torch.zeros_like(start))
        self._composition = composition(words, options.parts)

    def table(self) -> torch.Tensor:
        """The rows as they are used, (tokens, dim); the unknown token's is zero."""
        return _apply(self._composition, self.own) + self._base


class _Contrast(torch.autograd.Function):
    """Symmetric cross-entropy of a batch in closed form: a third of the time of torch's own operations.

    With X = exp(scale * Q P'), r and c its row and column sums, the loss is mean((log r + log c) / 2 - S_ii) and
    its gradient in S is (X / r + X / c) / 2n - I / n. Cosines times `scale` (20) cannot overflow exp.
    """

    @staticmethod
    def forward(ctx: Any, queries: torch.Tensor, passages: torch.Tensor, same: Any, scale: float) -> torch.Tensor:
        scores = (queries @ passages.T).mul_(scale)
        own = scores.diagonal().clone()
        scores.exp_()
        scores[same] = 0.0
        rows, columns = scores.sum(1), scores.sum(0)
        loss = ((rows.log() + columns.log()) / 2 - own).mean()
        scores.mul_((0.5 / rows)[:, None] + (0.5 / columns)[None, :])
        scores.diagonal().sub_(1.0)
        scores.mul_(scale / len(own))
        ctx.save_for_backward(scores @ passages, scores.T @ queries)
        return loss

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None, None]:
        queries, passages = ctx.saved_tensors
        return grads[0] * queries, grads[0] * passages, None, None


def contrastive_loss(
    queries: torch.Tensor, passages: torch.Tensor, same: tuple[torch.Tensor, ...], scale: float
) -> torch.Tensor:
    """How badly each query picks its passage among the batch's, and the reverse, by cosine.

    `same`: indices (rows, columns) of other pairs of the same article, which are nobody's negatives.
    """
    queries, passages = functional.normalize(queries, dim=1), functional.normalize(passages, dim=1)
    loss: torch.Tensor = _Contrast.apply(queries, passages, same, scale)  # type: ignore[no-untyped-call]
    return loss


def _same_article(groups: NDArray[np.int32]) -> tuple[torch.Tensor, ...]:
    same = groups[:, None] == groups[None, :]
    np.fill_diagonal(same, False)
    return tuple(torch.from_numpy(places) for places in np.nonzero(same))


def train(
    model: StaticModel,
    batches: Iterable[Batch],
    steps: int,
    options: Options,
    log: Callable[[str], None] = print,
    begin: int = 0,
) -> None:
    """Run over `batches`, the rate falling linearly to zero at `steps`."""
    optimiser = torch.optim.Adam([model.own], lr=options.rate, betas=options.betas, fused=True)
    clock, running = time.monotonic(), 0.0
    for step, (q_ids, q_starts, p_ids, p_starts, groups) in enumerate(batches, begin):
        if step >= steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1.0, (step + 1) / 20) * (1 - step / steps)
        table = model.table()
        queries = _apply(_bags(q_ids, q_starts, len(table)), table)
        passages = _apply(_bags(p_ids, p_starts, len(table)), table)
        together = _same_article(groups)
        loss = contrastive_loss(queries, passages, together, options.scale)
        if options.prefixes:  # one of them a step, in turn
            size = options.prefixes[step % len(options.prefixes)]
            loss = loss + contrastive_loss(queries[:, :size], passages[:, :size], together, options.scale)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        running += loss.item()
        if (step + 1) % 50 == 0:
            log(f"step {step + 1}/{steps} loss {running / 50:.4f} {time.monotonic() - clock:.0f}s")
            running = 0.0


class _SparseMean(torch.autograd.Function):
    """rows = matrix @ table, the gradient dense: torch's own embedding_bag takes twice as long backwards."""

    @staticmethod
    def forward(ctx: Any, matrix: Any, table: torch.Tensor) -> torch.Tensor:
        ctx.matrix = matrix
        return torch.from_numpy(matrix @ table.detach().numpy())

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[None, torch.Tensor]:
        return None, torch.from_numpy(ctx.matrix.T.tocsr() @ grads[0].contiguous().numpy())


def _apply(matrix: Any, table: torch.Tensor) -> torch.Tensor:
    rows: torch.Tensor = _SparseMean.apply(matrix, table)  # type: ignore[no-untyped-call]
    return rows


def _bags(ids: NDArray[np.int32], starts: NDArray[np.int64], rows: int) -> Any:
    ends = np.concatenate([starts, [len(ids)]])
    matrix = sparse.csr_matrix((np.ones(len(ids), np.float32), ids, ends), shape=(len(starts), rows))
    matrix.sum_duplicates()
    return matrix
