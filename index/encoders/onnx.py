"""A sentence-transformers model whose weights are an int8 ONNX file, run by ONNX Runtime without torch.

Read are the files that such a model's folder holds anyway: `onnx/*.onnx`, `tokenizer.json`, `modules.json`, the
configuration of its pooling, and its prompts. A model with other parts than these is left to sentence-transformers.
"""

import json
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np

from index.encoders.base import Prompted
from index.encoders.vectors import hash_files, hash_text
from index.errors import EncoderUnavailable
from index.models import Vectors

_INT8 = re.compile(r"(qint8|quint8|int8|quantized|uint8)", re.IGNORECASE)
_MODES = ("cls", "mean")  # poolings that are known here
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_TEXTS, _TOKENS = 32, 2_048  # of a batch, at most, padding counted: more take more memory
_MAX_TOKENS = 512  # tokens of a text at most, where the model does not say


class OnnxEncoder(Prompted):
    """Vectors by an ONNX file; see the module."""

    @classmethod
    def of(cls, name: str, folder: Path, prompts: Mapping[str, str]) -> Self | None:
        """The model in `folder`; None where it has no int8 file, has parts that are not known here, or ONNX Runtime is
        not installed. Raises EncoderUnavailable where a file is damaged.
        """
        file, pooling = int8_file(folder), _pooling(folder)
        if not file or not pooling or not (folder / "tokenizer.json").exists() or not find_spec("onnxruntime"):
            return None
        try:
            return cls(name, folder, file, pooling, prompts)
        except Exception as error:  # each of the libraries raises its own
            raise EncoderUnavailable(
                f"the ONNX file {file.name} of the embedding model {name!r} cannot be used: "
                + " ".join(str(error).split())[:200],
                hint="fetch the model again; without the file, the model's other weights are used",
            ) from error

    def __init__(self, name: str, folder: Path, file: Path, pooling: str, prompts: Mapping[str, str]) -> None:
        """`pooling` is "cls" or "mean"; `prompts` are put before texts: "query", "document"."""
        import onnxruntime
        from tokenizers import Tokenizer

        self.name = name
        self.prompts, self._pooling = prompts, pooling
        self._session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        self._inputs = [each.name for each in self._session.get_inputs()]
        if not set(self._inputs) <= _INPUTS:
            raise ValueError(f"it wants the inputs {self._inputs}, known are {sorted(_INPUTS)}")
        self._pad = int(_json(folder / "config.json").get("pad_token_id") or 0)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_longest(folder))
        self._tokenizer.no_padding()
        used = [file, *(folder / part for part in ("tokenizer.json", "config.json") if (folder / part).exists())]
        self.dim = self._batch([self._tokenizer.encode("一").ids]).shape[1]
        said = hash_text(f"{pooling}|{self.prompts_told()}")
        self.fingerprint = f"onnx-{hash_files(used)}-{self.dim}-{said}"

    def embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        """Vectors of texts, (n, dim); see Prompted."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        rows = [found.ids for found in self._tokenizer.encode_batch_fast([prompt + text for text in texts])]
        # Texts of a length go together: what is filled up to the longest is work for nothing.
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
        begin = 0
        while begin < len(order):
            end = begin + 1
            while end < min(len(order), begin + _TEXTS) and len(rows[order[end]]) * (end + 1 - begin) <= _TOKENS:
                end += 1
            some = order[begin:end]
            vectors[some] = self._batch([rows[at] for at in some])
            begin = end
        return vectors

    def _batch(self, rows: Sequence[Sequence[int]]) -> Vectors:
        lengths = np.array([len(row) for row in rows])
        mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
        ids = np.full(mask.shape, self._pad, np.int64)
        ids[mask.astype(bool)] = [number for row in rows for number in row]
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = np.asarray(self._session.run(None, {name: given[name] for name in self._inputs})[0], np.float32)
        if states.ndim != 3:
            raise ValueError(f"its first output has shape {states.shape}, want (texts, tokens, dim)")
        if self._pooling == "cls":
            return np.asarray(states[:, 0])
        weights = mask.astype(np.float32) / lengths[:, None].astype(np.float32)
        return np.asarray(np.einsum("ntd,nt->nd", states, weights))


def int8_file(folder: Path) -> Path | None:
    """The int8 file of `folder` that suits this processor: files are named for what they were quantised for."""
    arm = platform.machine().lower() in ("arm64", "aarch64")
    found = sorted(file for file in folder.glob("onnx/*.onnx") if _INT8.search(file.name))
    # Elsewhere avx2 runs on every processor; what is for newer ones would only round more on older ones.
    wanted = [file for file in found if ("arm64" if arm else "avx2") in file.name]
    return next(iter([*wanted, *(file for file in found if arm or "arm64" not in file.name)]), None)


def own_prompts(folder: Path) -> dict[str, str]:
    """The prompts that the model's files give; none where they give none."""
    return dict(_json(folder / "config_sentence_transformers.json").get("prompts") or {})


def _pooling(folder: Path) -> str | None:
    """How the vectors of tokens become one; None where the model does more than that, or otherwise."""
    try:
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
        kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
        config = _json(folder / modules[1]["path"] / "config.json")
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    modes = [mode for mode in _MODES if config.get(f"pooling_mode_{mode}_token{'s' * (mode == 'mean')}")]
    others = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    mode = config.get("pooling_mode") or (modes[0] if len(modes) == len(others) == 1 else None)
    plain = kinds[:2] == ["Transformer", "Pooling"] and kinds[2:] in ([], ["Normalize"])
    return mode if plain and mode in _MODES and config.get("include_prompt", True) else None


def _longest(folder: Path) -> int:
    said = [
        _json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _json(folder / "tokenizer_config.json").get("model_max_length"),
        _json(folder / "config.json").get("max_position_embeddings"),
    ]
    return min((each for each in said if isinstance(each, int)), default=_MAX_TOKENS)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
