"""The tables of a static encoder: as they are read, decoded and written.

The folder that `save` writes is what `index.encoders.static` and sentence-transformers read.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.encoders.taught import Taught
from index.encoders.token_pairs import Reach
from index.models import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Steps from zero to a row's largest value. Seven bits of the int8 lose nothing measurable, where taught columns share
# a row's scale with its own, and the file packs better than with all eight.
LEVELS = 63
LENGTH_EXPONENT = "brevity"  # the tensor's name in the file: models that were saved have it
_PLAIN = (("", "StaticEmbedding"), ("1_Normalize", "Normalize"))


class Table(NamedTuple):
    """What a static encoder is made of: rows of tokens, rows of pairs, and each token's share in its pairs.

    A token that stands n times in a text counts n ** `power`; short passages count less by `length_exponent`;
    `reach` as in `index.encoders.token_pairs`; the last columns of `tokens` may be `taught`.
    """

    tokens: Vectors
    pairs: Vectors
    shares: Vectors
    power: float = 1.0
    length_exponent: float = 0.0
    reach: Reach = Reach()
    taught: Taught = Taught()

    def alone(self) -> "Table":
        """Without the taught columns: what contrastive training goes on from."""
        columns = self.tokens.shape[1] - self.taught.columns
        return self._replace(tokens=np.ascontiguousarray(self.tokens[:, :columns]), taught=Taught())

    def beside(self, rows: Vectors, taught: Taught) -> "Table":
        """With taught columns, the last of `rows` (tokens, any), put behind its own."""
        columns = rows.shape[1] - taught.columns
        return self._replace(tokens=np.concatenate([self.tokens, rows[:, columns:]], axis=1), taught=taught)


class RowTable:
    """A table of int8 rows, each times a scale; decoded as a whole where many are wanted."""

    def __init__(self, rows: NDArray[np.int8] | Vectors, scales: Vectors) -> None:
        self._rows, self._scales = rows, scales.astype(np.float32)
        self._table: Vectors | None = None
        self.columns = int(rows.shape[1])

    def __len__(self) -> int:
        return len(self._rows)

    def table(self) -> Vectors:
        """All rows decoded, (n, columns)."""
        rows: Vectors = self._rows.astype(np.float32) * self._scales[:, None]
        return rows

    def keep(self) -> None:
        """Decode all rows, for good: worth the memory once passages are encoded by the thousand."""
        if self._table is None:
            self._table = self.table()

    def add(
        self,
        sums: Vectors,
        ids: NDArray[np.int64],
        ends: NDArray[np.int64],
        weights: Vectors | None,
        *,
        ascending: bool = False,
    ) -> None:
        """Into row i of `sums` the sum of rows `ids[ends[i]:ends[i + 1]]`, each times its weight, in their order.

        `ascending`: whether that is the order of the ids.
        """
        if self._table is not None:
            from scipy.sparse import csr_array  # here: questions do without it

            held = np.ones(len(ids), np.float32) if weights is None else weights
            counts = csr_array((held, ids, ends), shape=(len(sums), len(self)))
            # By columns each row of the table is read once, however many texts have it.
            sums[:] = (counts.tocsc() if ascending else counts) @ self._table
            return
        for row, (begin, end) in enumerate(pairwise(ends.tolist())):
            some = ids[begin:end]
            parts = self._rows[some] * self._scales[some, None]
            if weights is not None:
                parts *= weights[begin:end, None]
            np.add.reduce(parts, axis=0, out=sums[row])


def save(out: Path, tokenizer: "Tokenizer", table: Table) -> None:
    """Write the folder `out`: rows as int8 with one scale each; the layout is told in `StaticEncoder`."""
    from safetensors.numpy import save_file

    out.mkdir(parents=True, exist_ok=True)
    embeddings, weights = quantise(table.tokens)
    tensors: dict[str, NDArray[Any]] = {"embeddings": embeddings, "weights": weights}
    if len(table.pairs):
        tensors["pairs"], tensors["pair_weights"] = quantise(table.pairs)
        tensors["shares"] = table.shares.astype(np.float32)
        tensors["power"] = np.array([table.power], np.float32)
        tensors[LENGTH_EXPONENT] = np.array([table.length_exponent], np.float32)
        tensors["reach"] = np.array(table.reach, np.float32)
        if table.taught.columns:
            tensors["taught"] = np.array(table.taught, np.float32)
    (out / "model.safetensors").unlink(missing_ok=True)  # not written over: whoever asks by the old one has it mapped
    save_file(tensors, out / "model.safetensors", {"format": "np"})
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    if len(table.pairs):  # brings its rows to their lengths itself
        kinds = [("", "index.encoders.sentence_transformers_module.PairedEmbedding")]
    else:
        kinds = [(path, f"sentence_transformers.models.{name}") for path, name in _PLAIN]
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": kind} for number, (path, kind) in enumerate(kinds)
    ]
    (out / "modules.json").write_text(json.dumps(modules, indent=2) + "\n", encoding="utf-8")
    settings: dict[str, Any] = {"prompts": {}, "similarity_fn_name": "dot" if len(table.pairs) else "cosine"}
    (out / "config_sentence_transformers.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def quantise(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`rows` (n, columns) as integers of -31 to 31 and the scale (n,) that brings each row back."""
    scales = np.abs(rows).max(axis=1) / LEVELS
    whole = np.rint(rows / np.where(scales > 0, scales, 1.0)[:, None]).astype(np.int8)
    return whole, scales.astype(np.float32)
