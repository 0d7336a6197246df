"""Text -> unit vectors: the bundled static encoder, or any sentence-transformers model.

The bundled one is a table of token vectors and one of vectors of neighbouring tokens; a text is the normalised sum
of its rows. It needs numpy and tokenizers, loads in a blink and never imports torch.
`SentenceTransformer(folder, trust_remote_code=True)` reads the same files and gives the same vectors.
"""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.arrays import map_tensors
from index.errors import EncoderUnavailable
from index.pairing import Reach, damped, neighbours, pair_rows, passage_rows, standing, two_apart
from index.vectors import Vectors, hash_files, unit_rows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Tokens = tuple[NDArray[np.int64], NDArray[np.int64]]

BUNDLED = "bundled"
_BUNDLED_FOLDER = Path(__file__).parent / "encoder_zh"
_BLOCK = 1024  # texts encoded at once by a thread
_MANY = 1_000  # passages, those of earlier calls among them, from which tables for whole batches pay: .3 s and 24 MB


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


def load_encoder(name: str = BUNDLED) -> Encoder:
    """The encoder called `name`: `bundled`, a folder, or a model's name on the Hugging Face hub.

    A folder never touches the network, nor does a hub model that was fetched before.

    Raises:
        EncoderUnavailable: there is no such model, it cannot be read, or what runs it is not installed.
    """
    if name == BUNDLED:
        return StaticEncoder(_BUNDLED_FOLDER, BUNDLED)
    folder = Path(name).expanduser()
    if folder.is_dir():
        if _is_static(folder):
            return StaticEncoder(folder, name)
    elif folder.exists() or name.startswith((".", "/", "~")) or name.count("/") > 1 or not name.strip("/ "):
        raise EncoderUnavailable(
            f"no embedding model at {name!r}: that is {'a file' if folder.exists() else 'no folder'}",
            hint="give a folder saved by sentence-transformers, a hub name such as BAAI/bge-small-zh-v1.5, or bundled",
        )
    from index.encode_transformer import open_model

    return open_model(name)


# Twelve sentences that have nothing to do with each other: what they have in common is the encoder's own doing.
_UNRELATED = (
    "市图书馆周末延长开放时间。", "水稻插秧前要把田面耙平。", "股票指数今天小幅下跌。", "他们在山顶看到了日出。",
    "医生建议每天走六千步。", "新版本修复了登录时的错误。", "这座石桥建于明代。", "孩子们在操场上踢足球。",
    "法院依法公开审理了此案。", "红烧肉要用小火慢炖。", "火星的一天比地球略长。", "请携带身份证到窗口办理。",
)  # fmt: skip


def cosine_floor(encoder: Encoder) -> float:
    """Mean cosine of unrelated sentences, at least 0. A constant of the encoder: no corpus moves it."""
    vectors = encoder.passages(_UNRELATED)
    pairs = vectors @ vectors.T
    n = len(_UNRELATED)
    return max(0.0, round(float((pairs.sum() - np.trace(pairs)) / (n * (n - 1))), 4))


class StaticEncoder:
    """Rows of int8 with one scale each, for tokens and for pairs of neighbours, behind a tokenizer that folds itself.

    A token's row fills the first columns of a vector and a pair's the last, so that a vector's head is the words
    alone. A model without pairs (as model2vec and sentence-transformers save them) is read as well.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """`folder` holds `tokenizer.json` and `model.safetensors`.

        That is `embeddings` int8 (tokens, columns), `weights` float32 (tokens), and where there are pairs `pairs`
        int8 (pairs, columns), `pair_weights` float32 (pairs), `shares` float32 (tokens). `power` float32 (1): a token
        standing n times in a text counts n ** power; 1 where it is missing. `brevity` float32 (1): short passages
        count less by it, as `index.pairing.standing` has it; 0 where it is missing. `reach` float32 (3): which pairs
        count in short texts and in long ones (`index.pairing.Reach`); only neighbours, all alike, where missing.
        """
        self.name = name
        self._folder = folder
        self._asked = 0  # passages so far
        self._new = True  # nothing was asked for
        try:
            tensors = map_tensors(folder / "model.safetensors")
            if "embeddings" in tensors:
                self._tokens = _Rows(tensors["embeddings"], tensors["weights"])
            else:
                rows = tensors["embedding.weight"].astype(np.float32)
                self._tokens = _Rows(rows, np.ones(len(rows), np.float32))
            self._pairs = _Rows(tensors["pairs"], tensors["pair_weights"]) if "pairs" in tensors else None
            self._shares: Vectors = tensors.get("shares", np.zeros(0, np.float32))
            self.power = float(tensors["power"][0]) if "power" in tensors else 1.0
            self.brevity = float(tensors["brevity"][0]) if "brevity" in tensors else 0.0
            self.reach = Reach(*tensors["reach"].tolist()) if "reach" in tensors else Reach()
        except (OSError, ValueError, KeyError) as error:
            raise _unreadable(name, error) from error
        self.dim = self._tokens.columns + (self._pairs.columns if self._pairs else 0)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the weights and the tokenizer, which holds the folding too."""
        return "static-" + hash_files([self._folder / "model.safetensors", self._folder / "tokenizer.json"])

    @cached_property
    def tokenizer(self) -> "Tokenizer":
        """The whole tokenizer, which takes .1 s to load. Raises EncoderUnavailable where its library refuses it."""
        from tokenizers import Tokenizer

        try:
            whole = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        except Exception as error:  # the library raises Exception itself
            raise _unreadable(self.name, error) from error
        whole.no_truncation()
        whole.no_padding()
        return whole

    def tables(self) -> tuple[Vectors, Vectors, Vectors]:
        """Rows of tokens and of pairs decoded, not of length 1, and each token's share in its pairs."""
        pairs = self._pairs.table() if self._pairs else np.zeros((0, 0), np.float32)
        return self._tokens.table(), pairs, self._shares.copy()

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dim) of a few texts: only the rows needed are decoded.

        The first time only the tokens needed are loaded, too: many a process asks one question and ends.
        """
        new, self._new = self._new, False
        if new and "tokenizer" not in self.__dict__:
            from index.unigram import narrowed

            if few := narrowed(self._folder / "tokenizer.json", texts):
                tokenizer, ids = few
                some, ends = _ids(tokenizer, texts)
                return self._sums(ids.take(some), ends)
        return self._sums(*self._ids(texts))

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dim) of many texts, block by block on two threads (numpy lets go of the lock)."""
        self._asked += len(texts)
        if self._asked < _MANY:
            return self._sums(*self._ids(texts), passages=True)
        for rows in (self._tokens, self._pairs):
            if rows:
                rows.keep()
        tokens = self._batches or self._ids
        if len(texts) <= _BLOCK:
            return self._sums(*tokens(texts), passages=True)
        blocks = [texts[begin : begin + _BLOCK] for begin in range(0, len(texts), _BLOCK)]
        result = np.empty((len(texts), self.dim), np.float32)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            found = pool.map(lambda block: self._sums(*tokens(block), passages=True), blocks)
            for number, vectors in enumerate(found):
                result[number * _BLOCK : number * _BLOCK + len(vectors)] = vectors
        return result

    @cached_property
    def _batches(self) -> Callable[[Sequence[str]], Tokens] | None:
        from index.unigram import Unigram

        unigram = Unigram.of(self.tokenizer)
        return unigram.batch if unigram else None

    def _ids(self, texts: Sequence[str]) -> Tokens:
        return _ids(self.tokenizer, texts)

    def _sums(self, ids: NDArray[np.int64], ends: NDArray[np.int64], *, passages: bool = False) -> Vectors:
        vectors = np.zeros((len(ends) - 1, self.dim), np.float32)
        damp = self.power != 1
        words = damped(ids, ends, self.power) if damp else (ids, ends, None)
        self._tokens.add(vectors[:, : self._tokens.columns], *words, ascending=damp)
        if self._pairs:
            left = neighbours(ends)
            one, other = ids[left], ids[left + 1]
            shares = self._shares[one] * self._shares[other]
            places = pair_rows(one, other, len(self._pairs))
            beside = vectors[:, self._tokens.columns :]
            self._pairs.add(beside, places, np.searchsorted(left, ends), shares)
            if self.reach.fall:
                beside *= self.reach.near(ends)[:, None]
        lengths = np.linalg.norm(vectors, axis=1)  # before pairs two apart, which come on top
        if self._pairs:
            texts, places, starts, shares = two_apart(ids, ends, self._shares, len(self._pairs), self.reach)
            more = np.zeros((len(texts), self._pairs.columns), np.float32)
            self._pairs.add(more, places, starts, shares)
            beside[texts] += more
        return passage_rows(vectors, lengths, standing(ends, self.brevity)) if passages else unit_rows(vectors)


def _ids(tokenizer: "Tokenizer", texts: Sequence[str]) -> Tokens:
    """Tokens of all texts back to back, and where each text's begin and the last's end: (n + 1,)."""
    rows = [found.ids for found in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
    ends = np.cumsum([0] + [len(row) for row in rows])
    return np.fromiter(chain.from_iterable(rows), np.int64, int(ends[-1])), ends


class _Rows:
    """A table of int8 rows, each times a scale; decoded as a whole where many are wanted."""

    def __init__(self, rows: NDArray[np.int8] | Vectors, scales: Vectors) -> None:
        self._rows, self._scales = rows, scales.astype(np.float32)
        self._table: Vectors | None = None
        self.columns = int(rows.shape[1])

    def __len__(self) -> int:
        return len(self._rows)

    def table(self) -> Vectors:
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


def _is_static(folder: Path) -> bool:
    """Whether sentence-transformers would read `folder` as vectors of tokens (and of pairs) and nothing more."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    static = kinds[:1] in (["StaticEmbedding"], ["PairedEmbedding"]) and kinds[1:] in ([], ["Normalize"])
    return static and (folder / "tokenizer.json").exists()


def _unreadable(name: str, error: Exception) -> EncoderUnavailable:
    return EncoderUnavailable(
        f"the embedding model {name!r} cannot be read: {' '.join(str(error).split()) or type(error).__name__}",
        hint="reinstall Wensou for the bundled one; fetch or train the model again for others",
    )
