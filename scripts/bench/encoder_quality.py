"""How well an encoder alone finds articles: nDCG@10 on BEIR folders, beside plain baselines, and its speed.

    python scripts/bench/encoder_quality.py DIR... --encoder bundled --baselines --json results/encoder_quality.json

Articles are cut as the index cuts them, a passage is encoded with its article's title before it, and an article
ranks by its best passage. Of several encoders each is compared with the first, question by question.
`ignore.tsv` (query-id, corpus-id) names documents that are the query itself.
"""

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.analysis.characters import GBK_HAN
from index.analysis.chunk import chunk_spans
from index.analysis.fold import fold
from index.encoders.base import Encoder
from index.encoders.load import load_encoder
from index.encoders.transformer import TransformerEncoder
from index.encoders.vectors import unit_rows
from index.retrieval.measures import DEPTH, DISCOUNTS, interval
from scripts.quantise_model import quantise

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


class Task(NamedTuple):
    """One evaluation set: passages with the number of their article, queries, and what is relevant or ignored."""

    name: str
    passages: list[str]
    owner: NDArray[np.int64]
    queries: list[str]
    relevant: list[dict[int, int]]
    ignored: list[set[int]]
    articles: int


def read_task(folder: Path, size: int) -> Task:
    """A BEIR folder with its documents cut to passages of about `size` characters."""
    numbers: dict[str, int] = {}
    passages: list[str] = []
    owner: list[int] = []
    for row in _rows(folder, "corpus"):
        number = numbers.setdefault(row["_id"], len(numbers))
        title, text = row.get("title", "").strip(), row["text"]
        spans = chunk_spans(text, size=size, overlap=size * 3 // 10) if len(text) > size else [(0, len(text), "")]
        for start, end, _ in spans:
            passages.append(f"{title}\n{text[start:end]}" if title else text[start:end])
            owner.append(number)
    judged: dict[str, dict[int, int]] = {}
    for query, document, grade in _table(folder / "qrels.tsv"):
        if int(grade) > 0 and document in numbers:
            judged.setdefault(query, {})[numbers[document]] = int(grade)
    ignored: dict[str, set[int]] = {}
    if (folder / "ignore.tsv").exists():
        for query, document in _table(folder / "ignore.tsv"):
            ignored.setdefault(query, set()).add(numbers[document])
    asked = [row for row in _rows(folder, "queries") if row["_id"] in judged]
    return Task(
        folder.name,
        passages,
        np.array(owner),
        [row["text"] for row in asked],
        [judged[row["_id"]] for row in asked],
        [ignored.get(row["_id"], set()) for row in asked],
        len(numbers),
    )


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    packed, plain = folder / f"{name}.jsonl.gz", folder / f"{name}.jsonl"
    with gzip.open(packed, "rt", encoding="utf-8") if packed.exists() else plain.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _table(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:] if line.strip()]


def ndcgs(task: Task, passages: Vectors, queries: Vectors) -> NDArray[np.float64]:
    """nDCG@10 of each question, gain 1 for whatever is relevant, discount log2(rank + 1)."""
    order = np.argsort(task.owner, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(task.owner[order]) > 0]))
    ranked = passages[order]
    found = np.zeros(len(queries))
    for begin in range(0, len(queries), 256):
        scores = np.maximum.reduceat(queries[begin : begin + 256] @ ranked.T, starts, axis=1)
        for offset, row in enumerate(scores):
            number = begin + offset
            row[list(task.ignored[number])] = -np.inf
            top = np.argpartition(-row, min(DEPTH, len(row) - 1))[:DEPTH]
            top = top[np.argsort(-row[top], kind="stable")]
            gains = np.array([float(document in task.relevant[number]) for document in top.tolist()])
            ideal = DISCOUNTS[: min(DEPTH, len(task.relevant[number]))].sum()
            found[number] = (gains * DISCOUNTS[: len(gains)]).sum() / ideal
    return found


def ndcg(task: Task, passages: Vectors, queries: Vectors) -> float:
    """Mean of `ndcgs`."""
    return float(ndcgs(task, passages, queries).mean())


def hashed_bigrams(texts: Sequence[str], dim: int) -> Vectors:
    """Character bigrams thrown into `dim` buckets with a sign: what an encoder must beat."""
    rows = np.zeros((len(texts), dim), np.float32)
    for number, text in enumerate(texts):
        codes = np.frombuffer(fold(text).encode("utf-32-le"), np.uint32).astype(np.uint64)
        grams = (codes[:-1] * np.uint64(0x9E3779B97F4A7C15) + codes[1:]) * np.uint64(0xBF58476D1CE4E5B9)
        signs = np.where(grams >> np.uint64(63), 1.0, -1.0).astype(np.float32)
        np.add.at(rows[number], ((grams >> np.uint64(20)) % np.uint64(dim)).astype(np.int64), signs)
    return unit_rows(rows)


def lsa(task: Task, encoder: Any, dim: int) -> tuple[Vectors, Vectors]:
    """Latent semantic analysis of the set's own passages: tf-idf of the encoder's tokens, truncated SVD."""
    from scipy import sparse  # type: ignore[import-untyped]
    from scipy.sparse.linalg import svds  # type: ignore[import-untyped]

    def counts(texts: Sequence[str]) -> Any:
        rows = [row.ids for row in encoder.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
        ends = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        ids = np.array([number for row in rows for number in row])
        matrix = sparse.csr_matrix((np.ones(len(ids), np.float32), ids, ends), shape=(len(rows), width))
        matrix.sum_duplicates()
        matrix.data = 1 + np.log(matrix.data)
        return matrix

    width = encoder.tokenizer.get_vocab_size()
    passages, queries = counts(task.passages), counts(task.queries)
    idf = np.log(1 + passages.shape[0] / (1.0 + np.bincount(passages.indices, minlength=width)))
    weights = sparse.diags(idf.astype(np.float32))
    passages, queries = passages @ weights, queries @ weights
    _, _, axes = svds(passages, k=dim, random_state=0)
    return unit_rows(np.asarray(passages @ axes.T, np.float32)), unit_rows(np.asarray(queries @ axes.T, np.float32))


def wordllama_encode() -> Encode:
    """WordLlama's packaged 256 dimensions: a language model's input vectors of tokens, trained further on English."""
    import wordllama  # type: ignore[import-not-found]

    # Its own search for the tokenizer misses the folder it was packaged in.
    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    return lambda texts: unit_rows(np.asarray(model.embed(list(texts)), np.float32))


def speed(encode: Encode, texts: Sequence[str]) -> float:
    """Texts a second on one core: CPU time of all threads, which a busy machine hardly changes. After a warm-up."""
    encode(texts[: len(texts) // 4])
    clock = time.process_time()
    encode(texts)
    return len(texts) / (time.process_time() - clock)


def transformer_speeds(texts: Sequence[str]) -> dict[str, float]:
    """Texts a second of a transformer of bge-small-zh's size with random weights, as `--model` would run it: by
    sentence-transformers, and in int8 by ONNX Runtime where the extra `onnx` is there.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    with tempfile.TemporaryDirectory(prefix="wensou-model-") as made:
        folder, bert = Path(made) / "model", Path(made) / "bert"
        bert.mkdir()
        tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(chr, GBK_HAN)]
        (bert / "vocab.txt").write_text("\n".join(tokens), encoding="utf-8")
        size = {"hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8, "intermediate_size": 2048}
        BertModel(BertConfig(vocab_size=len(tokens), **size)).save_pretrained(bert)
        BertTokenizerFast(vocab_file=str(bert / "vocab.txt"), vocab=str(bert / "vocab.txt")).save_pretrained(bert)
        SentenceTransformer(modules=[Transformer(str(bert)), Pooling(512, "cls"), Normalize()]).save(str(folder))
        name = "random transformer, 4 layers of 512"
        speeds = {name: speed(TransformerEncoder(str(folder)).passages, texts)}
        if find_spec("onnxruntime") and find_spec("onnxscript"):
            quantise(folder)
            speeds["the same in int8"] = speed(load_encoder(str(folder)).passages, texts)
        return speeds


def main() -> None:
    """Read the command line, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+", help="BEIR folders")
    parser.add_argument("--encoder", nargs="*", default=["bundled"], help="names or folders")
    parser.add_argument("--size", type=int, default=200, help="characters of a passage")
    parser.add_argument("--baselines", action="store_true", help="LSA, hashed bigrams and wordllama, if installed")
    parser.add_argument("--speed", action="store_true", help="texts a second and core, beside a small transformer's")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    tasks = [read_task(folder, arguments.size) for folder in arguments.sets if folder.is_dir()]
    encoders: dict[str, Encoder] = {Path(name).name: load_encoder(name) for name in arguments.encoder}
    results: dict[str, dict[str, float]] = {}
    each: list[dict[str, NDArray[np.float64]]] = []  # nDCG@10 of every question, an encoder after the other
    for name, encoder in encoders.items():
        each.append(
            {task.name: ndcgs(task, encoder.passages(task.passages), encoder.queries(task.queries)) for task in tasks}
        )
        results[name] = {task: float(values.mean()) for task, values in each[-1].items()}
        _print_row(name, results[name])
    compared = {name: _less(each[0], other) for name, other in zip(results, each, strict=True) if other is not each[0]}
    if arguments.baselines:
        first = next(iter(encoders.values()))
        small = [task for task in tasks if len(task.passages) <= 20_000]  # the decomposition takes minutes above
        results["lsa"] = {task.name: ndcg(task, *lsa(task, first, first.dim)) for task in small}
        _print_row("lsa", results["lsa"])
        results["hashed bigrams"] = {
            task.name: ndcg(task, hashed_bigrams(task.passages, first.dim), hashed_bigrams(task.queries, first.dim))
            for task in tasks
        }
        _print_row("hashed bigrams", results["hashed bigrams"])
        if find_spec("wordllama"):
            encode = wordllama_encode()
            results["wordllama"] = {
                task.name: ndcg(task, encode(task.passages), encode(task.queries)) for task in tasks
            }
            _print_row("wordllama", results["wordllama"])
    speeds: dict[str, float] = {}
    if arguments.speed:
        texts = [text for task in tasks for text in task.passages if 150 <= len(text) <= 250][:20000]
        speeds = {name: speed(encoder.passages, texts) for name, encoder in encoders.items()}
        speeds |= transformer_speeds(texts[:512])
        print(
            "passages a second and core:",
            {name: round(value) for name, value in speeds.items()},
            "of 150-250 characters",
        )
    if arguments.json:
        figures = {"passage_characters": arguments.size, "ndcg@10": results, "passages_per_second_of_one_core": speeds}
        figures |= {"first less": compared} if compared else {}
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _less(first: dict[str, NDArray[np.float64]], other: dict[str, NDArray[np.float64]]) -> dict[str, tuple[float, ...]]:
    """What `first` has more of nDCG@10 than `other`, and 95% of a paired bootstrap, by set; printed, too."""
    found: dict[str, tuple[float, ...]] = {}
    for task, values in first.items():
        gain = values - other[task]
        found[task] = tuple(round(value, 4) for value in (float(gain.mean()), *interval(gain)))
        print(f"{'first less this':24}  {task} {found[task][0]:+.4f} [{found[task][1]:+.4f}, {found[task][2]:+.4f}]")
    return found


def _print_row(name: str, row: dict[str, float]) -> None:
    print(
        f"{Path(name).name:24.24}",
        *(f"{task} {value:.3f}" for task, value in sorted(row.items())),
        sep="  ",
        flush=True,
    )


if __name__ == "__main__":
    main()
