"""The model in training with all its sums on a torch device: a GPU takes a step in a fiftieth of the time.

What is summed is worked out on the device as well, from nothing but token ids: preparing it costs a processor more
than the sums cost a GPU.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.encoders.static_table import Table
from index.encoders.token_pairs import MIX, SALT, SPREAD
from index.training.model import LIKENED, Options, Rows, StaticModel, contrast, shares_by
from index.training.pairs import Batch, Pairs, pivots

if TYPE_CHECKING:
    import torch


class DeviceModel(StaticModel):
    """`StaticModel` on a torch device; rows are kept there, and read back where they are asked for."""

    def __init__(
        self,
        words: Mapping[str, int],
        counts: NDArray[np.int64],
        options: Options,
        start: Table | None = None,
        device: str = "cuda",
    ) -> None:
        """As `StaticModel`. Raises torch's error where there is no such `device`."""
        import torch

        super().__init__(words, counts, options, start)
        self._device = torch.device(device)
        self._weights = [torch.from_numpy(rows).to(self._device) for rows in (self.own, self.pairs)]
        self._start = torch.from_numpy(np.asarray(self._base, np.float32)).to(self._device)
        self._compose, self._share_out = (self._sparse(matrix) for matrix in (self._composition, self._up))

    def weights(self) -> "list[torch.Tensor]":
        """Own rows and pairs, to be changed where they lie."""
        return self._weights

    def tokens(self) -> Rows:
        """The tokens' rows as they are used; the unknown token's is zero."""
        rows: Rows = self._rows().cpu().numpy()
        return rows

    def table(self) -> Table:
        """All that makes an encoder."""
        self.own, self.pairs = (weight.cpu().numpy() for weight in self._weights)
        return super().table()

    def gradients(self, batch: Batch, prefix: int | None) -> "tuple[float, torch.Tensor, torch.Tensor]":
        """Loss of one batch, on all columns and on the first `prefix`, and its gradients in own rows and pairs."""
        import torch

        q_ids, q_starts, p_ids, p_starts, groups = batch
        ids = np.concatenate([q_ids, p_ids])
        ends = np.concatenate([q_starts, p_starts + len(q_ids), [len(ids)]])
        vectors, once, beside = self._summed(ids, ends)
        article = torch.from_numpy(groups).to(self._device)
        same = article[:, None] == article[None, :]
        same.fill_diagonal_(False)
        loss, slope = contrast(vectors, (same,), self.options.scale)
        if prefix:
            more, head = contrast(vectors[:, :prefix].contiguous(), (same,), self.options.scale)
            loss, slope[:, :prefix] = loss + more, slope[:, :prefix] + head
        words, aside = slope[:, : self.options.dim].contiguous(), slope[:, self.options.dim :].contiguous()
        return loss, self._share_out @ once.back(words), beside.back(aside)

    def encode(self, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> Rows:
        """Vectors (texts, columns), of length 1, of texts as token ids and where each ends, from 0."""
        parts = []
        for low in range(0, len(ends) - 1, 8192):
            some = ends[low : low + 8193]
            vectors = self._summed(ids[some[0] : some[-1]], some - some[0])[0]
            parts.append((vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-12)).cpu().numpy())
        return np.concatenate(parts)

    def likest(self, pairs: Pairs, run: int, seed: int) -> NDArray[np.int64]:
        """As `StaticModel.likest`."""
        import torch

        rows = self._rows()[:, :LIKENED].contiguous()
        parts = []
        for low in range(0, len(pairs), 16384):
            ends = pairs.p_starts[low : low + 16385]
            ids, texts = self._placed(pairs.passage[ends[0] : ends[-1]], ends - ends[0])
            sums = Sums(texts, ids, torch.ones_like(ids, dtype=torch.float32), len(ends) - 1, len(rows)).of(rows)
            parts.append(sums / (sums.norm(dim=1, keepdim=True) + 1e-9))
        vectors = torch.cat(parts)
        drawn = vectors[torch.from_numpy(pivots(pairs, run, seed)).to(self._device)]
        nearest = [(vectors[low : low + 16384] @ drawn.T).argmax(1) for low in range(0, len(vectors), 16384)]
        found: NDArray[np.int64] = torch.cat(nearest).cpu().numpy()
        return found

    def _rows(self) -> "torch.Tensor":
        return self._compose @ self._weights[0] + self._start

    def _sparse(self, matrix: Any) -> "torch.Tensor":
        import torch

        starts, columns, weights = (
            torch.from_numpy(part).to(self._device) for part in (matrix.indptr, matrix.indices, matrix.data)
        )
        return torch.sparse_csr_tensor(starts, columns, weights, size=matrix.shape, check_invariants=False)

    def _placed(self, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> "tuple[torch.Tensor, torch.Tensor]":
        """Token ids on the device, and the number of the text that each stands in."""
        import torch

        lengths = torch.from_numpy(np.diff(ends)).to(self._device)
        texts = torch.arange(len(lengths), device=self._device).repeat_interleave(lengths, output_size=len(ids))
        return torch.from_numpy(ids.astype(np.int64)).to(self._device), texts

    def _summed(self, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> "tuple[torch.Tensor, Sums, Sums]":
        """Sums of rows, and what was summed: tokens, and pairs."""
        import torch

        tokens, options, texts = self._rows(), self.options, len(ends) - 1
        placed, where = self._placed(ids, ends)
        keys, times = torch.unique(where * len(tokens) + placed, return_counts=True)
        once = Sums(keys // len(tokens), keys % len(tokens), times.float() ** options.power, texts, len(tokens))
        shares = torch.from_numpy(shares_by(tokens.norm(dim=1).cpu().numpy())).to(self._device)
        beside = []
        for apart, counts in ((1, options.reach.near(ends)), (2, options.reach.apart(ends))):
            inside = torch.nonzero(where[apart:] == where[:-apart]).squeeze(1)
            weights = torch.from_numpy(counts).to(self._device)[where[inside]]
            one, other = placed[inside], placed[inside + apart]
            rows = pair_rows(one, other, options.pairs, apart)
            beside.append((where[inside], rows, weights * shares[one] * shares[other]))
        entries = [torch.cat(parts) for parts in zip(*beside, strict=True)]
        pairs = Sums(entries[0], entries[1], entries[2], texts, options.pairs)
        return torch.cat([once.of(tokens), pairs.of(self._weights[1])], dim=1), once, pairs


def pair_rows(left: "torch.Tensor", right: "torch.Tensor", rows: int, apart: int) -> "torch.Tensor":
    """As `index.encoders.token_pairs.pair_rows`, in signed numbers, which wrap alike.

    Only what is shifted in has to be cut off.
    """
    spread, mix = (number - (1 << 64) for number in (SPREAD, MIX))
    mixed = ((left + (apart - 1) * SALT) * spread + right) * mix
    return ((mixed >> 24) & ((1 << 40) - 1)) % rows


class Sums:
    """Which rows are added up, and how often: entry i adds `rows[i]`, `weights[i]` times, to text `texts[i]`."""

    def __init__(
        self, texts: "torch.Tensor", rows: "torch.Tensor", weights: "torch.Tensor", count: int, size: int
    ) -> None:
        """`count` texts, of a table of `size` rows."""
        self._texts, self._rows, self._weights, self._shape = texts, rows, weights, (count, size)

    def of(self, table: "torch.Tensor") -> "torch.Tensor":
        """The sums (texts, columns) of the rows of `table`."""
        return self._matrix(self._texts, self._rows, self._shape) @ table

    def back(self, slope: "torch.Tensor") -> "torch.Tensor":
        """The gradient (rows, columns) that makes of `slope`, the gradient in the sums."""
        return self._matrix(self._rows, self._texts, self._shape[::-1]) @ slope

    def _matrix(self, across: "torch.Tensor", along: "torch.Tensor", shape: tuple[int, ...]) -> "torch.Tensor":
        """In order of `across`, so that equal input is added up in equal order."""
        import torch

        ordered, order = torch.sort(across, stable=True)
        starts = torch.searchsorted(ordered, torch.arange(shape[0] + 1, device=ordered.device))
        return torch.sparse_csr_tensor(starts, along[order], self._weights[order], size=shape, check_invariants=False)
