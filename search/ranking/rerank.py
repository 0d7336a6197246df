"""A second look at the best candidates of both legs by a model that reads question and passage together.

Optional: a cross-encoder takes milliseconds a passage where both legs take microseconds, and brings torch with it.
"""

import threading
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from index.errors import EncoderUnavailable
from search.ranking.fusion import Scores

POOL = 100  # candidates that are read again, the best of the mix
_MAX_TOKENS = 512


class Reranker(Protocol):
    """What can judge passages for a question."""

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        """How well each passage answers, (passages,), 0..1, comparable within one call."""
        ...


class CrossEncoderReranker:
    """Any sentence-transformers CrossEncoder, by hub name or folder. Threads may share it; it serves one at a time."""

    def __init__(self, name: str) -> None:
        """Load it: from the folder or the hub's cache alone where it is there, from the hub otherwise.

        Raises:
            EncoderUnavailable: not installed, not found, not reachable, or not a model.
        """
        self.name = name
        self._model = _load(name)
        self._lock = threading.Lock()

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        """See Reranker. The model's logits through a sigmoid, whatever head it was saved with."""
        if not passages:
            return np.zeros(0)
        from torch.nn import Identity

        with self._lock:
            raw = self._model.predict(
                [(question, passage) for passage in passages], activation_fn=Identity(), show_progress_bar=False
            )
        logits = np.asarray(raw, np.float64)
        if logits.ndim == 2:  # a head of classes: the last one is "relevant", against the others
            logits = logits[:, -1] - np.delete(logits, -1, axis=1).max(axis=1, initial=0.0)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -500, 500))))


def blend(fused: Sequence[float], judged: Scores) -> list[float]:
    """Scores of all candidates, (candidates,), once the best `len(judged)` of `fused` have been judged.

    `fused` is in descending order. Those judged come first, by their judgement; what was not read again keeps its
    order behind them.
    """
    floor = float(judged.min(initial=1.0))
    return [*judged.tolist(), *(floor * score for score in fused[len(judged) :])]


def _load(name: str) -> Any:
    try:
        from sentence_transformers import CrossEncoder
    except ImportError as error:
        raise EncoderUnavailable(
            f"the reranking model {name!r} needs sentence-transformers and torch, which are not installed",
            hint="pip install sentence-transformers, or search without reranking",
        ) from error
    from index.encoders.transformer import find_model

    try:
        folder = find_model(name)
        if folder is not None and not (folder / "config.json").exists():
            raise OSError(f"no config.json in {folder}")
        return CrossEncoder(str(folder or name), max_length=_MAX_TOKENS, local_files_only=folder is not None)
    except Exception as error:  # the libraries below raise nearly anything, from OSError to their own
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise EncoderUnavailable(
            f"the reranking model {name!r} cannot be loaded: {reason}",
            hint="give a folder saved by sentence-transformers, or a hub name such as BAAI/bge-reranker-base",
        ) from error
