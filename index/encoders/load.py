"""An encoder by its name."""

import json
from pathlib import Path

from index.encoders.base import Encoder
from index.encoders.static import StaticEncoder
from index.errors import EncoderUnavailable

BUNDLED = "bundled"
E5_SMALL = "e5-small"
_BUNDLED_FOLDER = Path(__file__).parent / "encoder_zh"


def load_encoder(name: str = BUNDLED) -> Encoder:
    """The encoder called `name`: `bundled`, `e5-small`, a folder, or a model's name on the Hugging Face hub.

    `e5-small` is in a pip package (extra `e5`) and `bundled` in this one. A folder never touches the network, nor does
    a hub model that was fetched before.

    Raises:
        EncoderUnavailable: there is no such model, it cannot be read, or what runs it is not installed.
    """
    if name == BUNDLED:
        return StaticEncoder(_BUNDLED_FOLDER, BUNDLED)
    folder = Path(name).expanduser()
    if name == E5_SMALL and not folder.exists():
        from index.encoders.e5 import E5Encoder

        return E5Encoder()
    if folder.is_dir():
        if _is_static(folder):
            return StaticEncoder(folder, name)
    elif folder.exists() or name.startswith((".", "/", "~")) or name.count("/") > 1 or not name.strip("/ "):
        raise EncoderUnavailable(
            f"no embedding model at {name!r}: that is {'a file' if folder.exists() else 'no folder'}",
            hint="give a folder of sentence-transformers, a hub name (BAAI/bge-small-zh-v1.5), e5-small or bundled",
        )
    from index.encoders.transformer import open_model

    return open_model(name)


def _is_static(folder: Path) -> bool:
    """Whether sentence-transformers would read `folder` as vectors of tokens (and of pairs) and nothing more."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    static = kinds[:1] in (["StaticEmbedding"], ["PairedEmbedding"]) and kinds[1:] in ([], ["Normalize"])
    return static and (folder / "tokenizer.json").exists()
