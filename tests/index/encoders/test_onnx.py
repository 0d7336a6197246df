"""An int8 ONNX file does what the model's own weights do, nearly, and without torch."""

import importlib.util
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.encoders.load import load_encoder
from index.encoders.onnx import OnnxEncoder, int8_file
from index.encoders.transformer import TransformerEncoder
from index.errors import EncoderUnavailable

for needed in ("onnxruntime", "onnx", "onnxscript"):
    pytest.importorskip(needed, reason="the extra `onnx` is not installed")

ROOT = Path(__file__).parents[3]
TEXTS = ["中国经济发展的历史", "春天", "", "故事：" * 40, "经济", "发展 的 故事", "中国" * 600, "  \n"]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("quantise_model", ROOT / "scripts" / "quantise_model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def quantise(script):
    return script.quantise


@pytest.fixture(scope="module")
def small(tiny, tmp_path_factory, quantise):
    folder = tmp_path_factory.mktemp("onnx") / "model"
    shutil.copytree(tiny, folder)
    quantise(folder)
    return folder


@pytest.fixture
def model(small, tmp_path):
    return Path(shutil.copytree(small, tmp_path / "model"))


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_with_whole_weights_it_gives_the_vectors_of_sentence_transformers(model, quantise, pooling, monkeypatch):
    """Tokens, truncation, prompts, padding and pooling are right, whatever int8 does to the weights."""
    import onnxruntime.quantization

    monkeypatch.setattr(
        onnxruntime.quantization, "quantize_dynamic", lambda whole, target, **_: shutil.copy(whole, target)
    )
    change(model / "1_Pooling" / "config.json", pooling_mode=pooling)
    quantise(model)
    ours, theirs = load_encoder(str(model)), TransformerEncoder(str(model))
    assert isinstance(ours, OnnxEncoder)
    assert ours.dim == theirs.dim == 32
    np.testing.assert_allclose(ours.passages(TEXTS), theirs.passages(TEXTS), atol=2e-5)
    np.testing.assert_allclose(ours.queries(TEXTS), theirs.queries(TEXTS), atol=2e-5)
    assert ours.passages([]).shape == (0, 32)
    alone = np.concatenate([ours.passages([text]) for text in TEXTS])
    np.testing.assert_allclose(ours.passages(TEXTS * 20)[: len(TEXTS)], alone, atol=2e-5)


def test_int8_comes_near_and_has_a_fingerprint_of_its_own(small, tiny):
    ours, theirs = load_encoder(str(small)), load_encoder(str(tiny))
    assert isinstance(ours, OnnxEncoder)
    assert isinstance(theirs, TransformerEncoder)
    cosines = (ours.passages(TEXTS) * theirs.passages(TEXTS)).sum(axis=1)
    assert min(cosine for cosine, text in zip(cosines, TEXTS, strict=True) if text.strip()) > 0.99
    assert not np.array_equal(ours.passages(TEXTS), theirs.passages(TEXTS))
    assert ours.fingerprint != theirs.fingerprint
    assert ours.fingerprint == load_encoder(str(small)).fingerprint


def test_another_file_or_prompt_gives_another_fingerprint(model):
    was = load_encoder(str(model)).fingerprint
    change(model / "config_sentence_transformers.json", prompts={"query": "问：", "document": "段落："})
    prompted = load_encoder(str(model)).fingerprint
    change(model / "1_Pooling" / "config.json", pooling_mode="cls")
    assert len({was, prompted, load_encoder(str(model)).fingerprint}) == 3


def test_the_older_way_to_name_a_pooling_is_read(model):
    want = load_encoder(str(model)).passages(TEXTS)
    config = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    (model / "1_Pooling" / "config.json").write_text(json.dumps(config), "utf-8")
    np.testing.assert_array_equal(load_encoder(str(model)).passages(TEXTS), want)


def test_torch_is_never_loaded(small):
    code = (
        "import sys; from index.encoders.load import load_encoder; load_encoder(sys.argv[1]).queries(['中国']); "
        "assert 'torch' not in sys.modules and 'sentence_transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(small)], check=True, cwd=ROOT)


def test_without_onnx_runtime_the_other_weights_are_used(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert isinstance(load_encoder(str(small)), TransformerEncoder)


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("1_Pooling/config.json", {"pooling_mode": "max"}),
        ("1_Pooling/config.json", {"pooling_mode": ["cls", "mean"]}),
        ("1_Pooling/config.json", {"include_prompt": False}),
    ],
)
def test_a_model_that_does_more_is_left_to_sentence_transformers(model, file, values):
    change(model / file, **values)
    assert OnnxEncoder.of("model", model, {}) is None


def test_a_damaged_file_is_named(model):
    (model / "onnx" / "model_qint8.onnx").write_bytes(b"no model")
    with pytest.raises(EncoderUnavailable, match=r"model_qint8\.onnx") as caught:
        load_encoder(str(model))
    assert "without the file" in caught.value.hint


@pytest.mark.parametrize(
    ("machine", "want"), [("x86_64", "model_quint8_avx2.onnx"), ("aarch64", "model_qint8_arm64.onnx")]
)
def test_the_file_made_for_this_processor_is_taken(tmp_path, monkeypatch, machine, want):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    (tmp_path / "onnx").mkdir()
    for name in ("model", "model_qint8_arm64", "model_qint8_avx512_vnni", "model_quint8_avx2"):
        (tmp_path / "onnx" / f"{name}.onnx").touch()
    assert int8_file(tmp_path).name == want
    (tmp_path / "onnx" / want).unlink()
    assert int8_file(tmp_path).name == "model_qint8_avx512_vnni.onnx"


def test_each_channel_of_a_matrix_has_a_scale_of_its_own(small):
    """One large channel would leave the others few steps, if they shared a scale."""
    import onnx

    tensors = onnx.load(small / "onnx" / "model_qint8.onnx").graph.initializer
    scales = {tensor.name.removesuffix("_scale"): list(tensor.dims) for tensor in tensors if "_scale" in tensor.name}
    wide = {tensor.name.removesuffix("_quantized"): tensor.dims[1] for tensor in tensors if "_quantized" in tensor.name}
    matrices = {name: width for name, width in wide.items() if "embeddings" not in name}  # these are looked up
    assert len(matrices) >= 12  # six of each layer
    assert {name: scales[name] for name in matrices} == {name: [width] for name, width in matrices.items()}


def test_the_script_says_how_near_it_comes_and_what_is_no_model(script, tiny, tmp_path, monkeypatch, capfd):
    folder = Path(shutil.copytree(tiny, tmp_path / "model"))
    monkeypatch.setattr("sys.argv", ["quantise_model.py", str(folder)])
    script.main()
    said, noise = capfd.readouterr()
    assert f"written to {folder / 'onnx' / 'model_qint8.onnx'}" in said
    assert float(said.split("weights': ")[1].split()[0]) > 0.99
    assert noise == ""
    monkeypatch.setattr("sys.argv", ["quantise_model.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="2"):
        script.main()
    assert "no config.json, so this is no model's folder" in capfd.readouterr().err
