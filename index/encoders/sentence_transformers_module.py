"""The bundled encoder as a module of sentence-transformers: `SentenceTransformer(folder, trust_remote_code=True)`.

`modules.json` of a static encoder with pairs names `index.encoders.sentence_transformers_module.PairedEmbedding`. The
class is made when first asked for, since it brings torch with it; `index.encoders.static` gives the same vectors
without.
"""

from functools import cache, partial
from typing import Any


def __getattr__(name: str) -> Any:
    """`PairedEmbedding`, and nothing else."""
    if name == "PairedEmbedding":
        return _paired_embedding()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _paired_embedding() -> Any:  # a class whose base loads torch, so that no module does: not a function of 100 lines
    from pathlib import Path

    import numpy as np
    import torch
    from sentence_transformers.base.modules.input_module import InputModule
    from torch.nn import Parameter
    from torch.nn.functional import embedding_bag

    from index.encoders.static import StaticEncoder
    from index.encoders.static_table import Table, save
    from index.encoders.token_pairs import damped, length_norms, neighbours, pair_rows, two_apart

    summed = partial(embedding_bag, mode="sum")

    class PairedEmbedding(InputModule):  # type: ignore[misc]
        """Sums of rows of tokens and of pairs of neighbouring tokens, side by side, at length 1; trainable.

        `encode_document` makes short texts count less, as `StaticEncoder.passages` does; `encode_query` and `encode`
        give plain cosines, as `StaticEncoder.queries`.
        """

        def __init__(self, encoder: StaticEncoder) -> None:
            """Take over the rows of `encoder`."""
            super().__init__()
            tokens, pairs, shares = (torch.from_numpy(table) for table in encoder.tables())
            self.tokens, self.pairs = Parameter(tokens), Parameter(pairs)
            self.register_buffer("shares", shares)
            self.power, self.length_exponent, self.reach = encoder.power, encoder.length_exponent, encoder.reach
            self.taught = encoder.taught
            self.tokenizer = encoder.tokenizer

        def preprocess(self, inputs: list[str], prompt: str | None = None, **kwargs: Any) -> dict[str, torch.Tensor]:
            """Tokens, each once a text, and rows of pairs of all `inputs` end to end, and where each begins."""
            texts = [f"{prompt or ''}{text}" for text in inputs]
            rows = [row.ids for row in self.tokenizer.encode_batch(texts, add_special_tokens=False)]
            ends = np.cumsum([0] + [len(row) for row in rows])
            ids = np.array([number for row in rows for number in row], np.int64)
            left = neighbours(ends)
            once, starts, weights = damped(ids, ends, self.power)
            texts_apart, rows_apart, starts_apart, shares_apart = two_apart(
                ids, ends, self.shares.cpu().numpy(), len(self.pairs), self.reach
            )
            passages = kwargs.get("task") == "document"
            of_rest, of_part = self.taught.factors(ends)
            return {
                "of_rest": torch.from_numpy(of_rest),
                "of_part": torch.from_numpy(of_part),
                # No text's own norm is 0, unless it is empty: zeros ask for rows of length 1.
                "length_norms": torch.from_numpy(length_norms(ends, self.length_exponent) * np.float32(passages)),
                "near": torch.from_numpy(self.reach.near(ends)),
                "apart_texts": torch.from_numpy(texts_apart),
                "apart_ids": torch.from_numpy(rows_apart),
                "apart_offsets": torch.from_numpy(starts_apart[:-1]),
                "apart_shares": torch.from_numpy(shares_apart),
                "input_ids": torch.from_numpy(once),
                "weights": torch.from_numpy(weights),
                "offsets": torch.from_numpy(starts[:-1]),
                "pair_ids": torch.from_numpy(pair_rows(ids[left], ids[left + 1], len(self.pairs))),
                "pair_offsets": torch.from_numpy(np.searchsorted(left, ends[:-1])),
                "pair_tokens": torch.from_numpy(np.stack([ids[left], ids[left + 1]])),
            }

        def forward(self, features: dict[str, torch.Tensor], **kwargs: Any) -> dict[str, torch.Tensor]:
            """`sentence_embedding` (texts, columns), of length 1 or, a short document's, less."""
            words = summed(
                features["input_ids"], self.tokens, features["offsets"], per_sample_weights=features["weights"]
            )
            own = words.shape[1] - self.taught.columns
            words, part = words[:, :own], words[:, own:]
            shares = self.shares[features["pair_tokens"]].prod(0)
            beside = summed(features["pair_ids"], self.pairs, features["pair_offsets"], per_sample_weights=shares)
            beside = beside * features["near"][:, None]
            lengths = torch.cat([words, beside], 1).norm(dim=1, keepdim=True).clamp_min(1e-12)
            if len(features["apart_texts"]):
                shares = features["apart_shares"]
                apart = summed(features["apart_ids"], self.pairs, features["apart_offsets"], per_sample_weights=shares)
                beside = beside.index_add(0, features["apart_texts"], apart)
            rows = torch.cat([words, beside], 1)
            length_norms = features["length_norms"][:, None]
            # As `index.encoders.token_pairs.passage_scales`.
            whole = 1 / rows.norm(dim=1, keepdim=True).clamp_min(1e-12)
            scales = torch.where(length_norms > 0, torch.minimum(length_norms / lengths, whole), whole)
            features["sentence_embedding"] = self._joined(rows * scales, part, features)
            return features

        def _joined(self, rest: torch.Tensor, part: torch.Tensor, features: dict[str, torch.Tensor]) -> torch.Tensor:
            """As `index.encoders.taught.joined`."""
            if not self.taught.columns:
                return rest
            sizes = part.norm(dim=1, keepdim=True)
            part = torch.where(sizes > 1e-12, part / sizes.clamp_min(1e-12), 0.0)
            lengths = rest.norm(dim=1, keepdim=True)
            passages = features["length_norms"][:, None] > 0
            of_part = torch.where(passages, features["of_part"][:, None] * lengths, self.taught.factor)
            rest = torch.where(passages, features["of_rest"][:, None], 1.0) * rest
            words = self.tokens.shape[1] - self.taught.columns
            rows = torch.cat([rest[:, :words], part * of_part, rest[:, words:]], 1)
            return torch.where(passages, rows, rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-12))

        @property
        def max_seq_length(self) -> float:
            """There is no limit."""
            return float("inf")

        def get_embedding_dimension(self) -> int:
            """Columns of a vector."""
            return int(self.tokens.shape[1] + self.pairs.shape[1])

        def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
            """Write the rows as int8, as `index.encoders.static` reads them."""
            tokens, pairs, shares = (one.detach().numpy() for one in (self.tokens, self.pairs, self.shares))
            save(
                Path(output_path),
                self.tokenizer,
                Table(tokens, pairs, shares, self.power, self.length_exponent, self.reach, self.taught),
            )

        @classmethod
        def load(cls, model_name_or_path: str, **kwargs: Any) -> "PairedEmbedding":
            """Read the folder `model_name_or_path`."""
            return cls(StaticEncoder(Path(model_name_or_path), model_name_or_path))

    return PairedEmbedding
