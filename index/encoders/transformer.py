"""Any sentence-transformers model as an encoder. Imported on demand: most of them bring torch with them."""

import re
import socket
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from index.encoders.base import Encoder, Prompted
from index.encoders.onnx import OnnxEncoder, own_prompts
from index.encoders.vectors import hash_files, hash_text
from index.errors import EncoderUnavailable
from index.models import Vectors

# Models that want words before a query (or a passage) but do not say so in their files, from their own cards.
_KNOWN_PROMPTS: tuple[tuple[str, dict[str, str]], ...] = (
    (r"bge-(small|base|large)-zh", {"query": "为这个句子生成表示以用于检索相关文章："}),
    (r"multilingual-e5|(^|/)e5-", {"query": "query: ", "document": "passage: "}),
)
_FILES = re.compile(r".*\.(safetensors|bin|onnx|json|txt|model|vocab)$")


def open_model(name: str) -> Encoder:
    """The model called `name`, a folder or a hub name, by its int8 ONNX file where it has one that can be run.

    Raises EncoderUnavailable as TransformerEncoder does.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        try:
            folder = _cached(name)
        except (ImportError, OSError, ValueError):
            return TransformerEncoder(name)
    return OnnxEncoder.of(name, folder, _prompts(name, own_prompts(folder))) or TransformerEncoder(name)


class TransformerEncoder(Prompted):
    """A sentence-transformers model, by hub name or folder."""

    def __init__(self, name: str) -> None:
        """Load it: from the folder or the cache alone where it is there, from the hub otherwise.

        Raises:
            EncoderUnavailable: not installed, not found, not reachable, or not a model.
        """
        try:
            with quiet():
                import sentence_transformers  # noqa: F401
        except ImportError as error:
            raise EncoderUnavailable(
                f"the embedding model {name!r} needs sentence-transformers and torch, which are not installed",
                hint="pip install sentence-transformers, or use the bundled encoder",
            ) from error
        self.name = name
        self._model, self._folder = _load(name)
        size = getattr(self._model, "get_embedding_dimension", None) or self._model.get_sentence_embedding_dimension
        self.dim = int(size() or len(self._model.encode("一", show_progress_bar=False)))
        self.prompts = _prompts(name, dict(getattr(self._model, "prompts", None) or {}))
        self.fingerprint = self._fingerprint()

    def embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        """Vectors of texts, (n, dim); see Prompted."""
        vectors: Vectors = self._model.encode(
            list(texts), prompt=prompt or None, convert_to_numpy=True, show_progress_bar=False
        )
        return vectors

    def _fingerprint(self) -> str:
        used = sorted(
            path
            for path in self._folder.rglob("*")
            if path.is_file() and _FILES.fullmatch(path.name) and ".git" not in path.parts
        )
        return f"st-{hash_files(used)}-{self.dim}-{hash_text(self.prompts_told())}"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep off stderr what the libraries say of themselves while a model is loaded that is here: bars and warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers.utils import logging as untyped

        logging: Any = untyped
        shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
        logging.disable_progress_bar()
        logging.set_verbosity_error()
        try:
            yield
        finally:
            logging.set_verbosity(level)
            if shown:
                logging.enable_progress_bar()


def _load(name: str) -> tuple[Any, Path]:
    """The model and the folder its files lie in."""
    folder = Path(name).expanduser()
    try:
        if folder.is_dir():
            return _open(str(folder), folder), folder
        try:
            cached = _cached(name)
            return _open(str(cached), cached), cached
        except (OSError, ValueError):
            _check_hub()
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(name)
        return model, _cached(name)
    except Exception as error:  # the libraries below raise nearly anything, from OSError to their own
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise EncoderUnavailable(
            f"the embedding model {name!r} cannot be loaded: {reason}",
            hint="check the name or folder; a hub model must be fetched once while online",
        ) from error


def find_model(name: str) -> Path | None:
    """The folder of a model: the one given, or the hub's cache of that name; None where it has yet to be fetched.

    A path never touches the network. Raises OSError where there is neither, or the hub cannot be reached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists() or name.startswith((".", "/", "~")) or name.count("/") != 1 or not all(name.split("/")):
        raise OSError("that is a file" if folder.exists() else "that is no folder, and no OWNER/NAME of the hub")
    try:
        return _cached(name)
    except (OSError, ValueError):
        _check_hub()
        return None


def _check_hub() -> None:
    """Fail at once where the hub cannot be reached: its client would try again for over a minute."""
    from huggingface_hub import constants

    host = urlsplit(constants.ENDPOINT)
    if constants.HF_HUB_OFFLINE:
        raise OSError("it was not fetched before, and HF_HUB_OFFLINE forbids fetching it now")
    if getproxies():  # the way out is theirs, and not ours to test
        return
    try:
        with socket.create_connection((host.hostname or "", host.port or 443), timeout=5):
            return
    except OSError as error:
        raise OSError(f"it was not fetched before, and {host.hostname} cannot be reached") from error


def _cached(name: str) -> Path:
    """Where the hub's cache keeps `name`."""
    from huggingface_hub import snapshot_download

    repository = name if "/" in name else f"sentence-transformers/{name}"
    return Path(snapshot_download(repository, local_files_only=True))


def _open(path: str, folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    if not (folder / "modules.json").exists() and not (folder / "config.json").exists():
        raise OSError(f"no modules.json and no config.json in {path}")
    with quiet():
        return SentenceTransformer(path, local_files_only=True)


def _prompts(name: str, given: Mapping[str, Any]) -> dict[str, str]:
    """The model's own prompts for queries and documents, or those its card asks for."""
    own = {key: str(value) for key, value in given.items() if value}
    if "document" not in own and own.get("passage"):
        own["document"] = own["passage"]
    found = {key: own[key] for key in ("query", "document") if own.get(key)}
    if found:
        return found
    return next((prompts for pattern, prompts in _KNOWN_PROMPTS if re.search(pattern, name)), {})
