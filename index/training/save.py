"""A trained table -> the folder that `index.encode` and sentence-transformers read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from index.training.model import Table

# Steps from zero to a row's largest value. Six bits of the int8 lose nothing measurable (nor do four), and the
# file packs to two thirds of what all eight would take.
LEVELS = 31
_PLAIN = (("", "StaticEmbedding"), ("1_Normalize", "Normalize"))


def save(out: Path, tokenizer: Tokenizer, table: Table) -> None:
    """Write the folder `out`: rows as int8 with one scale each; the layout is told in `StaticEncoder`."""
    out.mkdir(parents=True, exist_ok=True)
    embeddings, weights = quantise(table.tokens)
    tensors: dict[str, NDArray[Any]] = {"embeddings": embeddings, "weights": weights}
    if len(table.pairs):
        tensors["pairs"], tensors["pair_weights"] = quantise(table.pairs)
        tensors["shares"] = table.shares.astype(np.float32)
        tensors["power"] = np.array([table.power], np.float32)
        tensors["brevity"] = np.array([table.brevity], np.float32)
        tensors["reach"] = np.array(table.reach, np.float32)
    (out / "model.safetensors").unlink(missing_ok=True)  # not written over: whoever asks by the old one has it mapped
    save_file(tensors, out / "model.safetensors", {"format": "np"})
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    if len(table.pairs):  # brings its rows to their lengths itself
        kinds = [("", "index.encode_module.PairedEmbedding")]
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
