"""What an encoder is: text -> vectors."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from index.encoders.vectors import unit_rows
from index.models import Vectors


class Encoder(Protocol):
    """What the dense leg needs of a model. Rows are float32 of length 1, so a dot product is a cosine.

    A passage's row may be shorter: its cosines count that much less. A text in which the model knows nothing gives a
    row of zeros: it is near to nothing.
    """

    @property
    def name(self) -> str:
        """`bundled`, or the name or path the model was asked for by."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever vectors would: a hash of weights, tokenizer, prompts and dimension."""
        ...

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts to be found, (n, dim)."""
        ...

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts to find by, (n, dim). Some models treat the two differently."""
        ...


class Prompted:
    """What models that want words before a text have in common; they themselves say how texts become vectors."""

    dim: int
    prompts: Mapping[str, str]
    """What is put before texts: `query`, `document`; none where one is missing."""

    def embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        """Vectors (n, dim) of `texts`, none of them blank, each with `prompt` before it; of any length."""
        raise NotImplementedError

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dim) of texts to be found, with the model's document prompt where it has one."""
        return self._encode(texts, self.prompts.get("document", ""))

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dim) of texts to find by, with the model's query prompt where it has one."""
        return self._encode(texts, self.prompts.get("query", ""))

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        filled = [number for number, text in enumerate(texts) if text.strip()]
        if filled:
            vectors[filled] = self.embed([texts[number] for number in filled], prompt)
        return unit_rows(vectors)

    def prompts_told(self) -> str:
        """The prompts as a fingerprint has them."""
        return "|".join(f"{key}={value}" for key, value in sorted(self.prompts.items()))


# Twelve sentences that have nothing to do with each other: what they have in common is the encoder's own doing.
UNRELATED = (
    "市图书馆周末延长开放时间。", "水稻插秧前要把田面耙平。", "股票指数今天小幅下跌。", "他们在山顶看到了日出。",
    "医生建议每天走六千步。", "新版本修复了登录时的错误。", "这座石桥建于明代。", "孩子们在操场上踢足球。",
    "法院依法公开审理了此案。", "红烧肉要用小火慢炖。", "火星的一天比地球略长。", "请携带身份证到窗口办理。",
)  # fmt: skip


def cosine_floor(encoder: Encoder) -> float:
    """Mean cosine of sentences, as questions, with unrelated ones, as passages; at least 0.

    A constant of the encoder, for indexes too small to measure their own (index.checks.calibrate).
    """
    pairs = encoder.queries(UNRELATED) @ encoder.passages(UNRELATED).T
    n = len(UNRELATED)
    return max(0.0, round(float((pairs.sum() - np.trace(pairs)) / (n * (n - 1))), 4))
