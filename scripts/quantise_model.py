"""Give a sentence-transformers model an int8 ONNX file: `python scripts/quantise_model.py FOLDER` (extra `onnx`).

The file lies in the model's own folder, as `onnx/model_qint8.onnx`; `wensou index --model FOLDER` uses it from then
on, without torch. Said is how near its vectors are to those of the full weights.
"""

import argparse
import io
import logging
import sys
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from index.encoders.onnx import OnnxEncoder
from index.encoders.transformer import TransformerEncoder, quiet

_ASKED = (
    "中国经济稳步增长，消费和投资都在回升。", "市图书馆周末延长开放时间。", "法院依法公开审理了此案。",
    "如何办理居住证？", "新版本修复了登录时的错误，并改进了搜索。", "水稻插秧前要把田面耙平。",
)  # fmt: skip


def quantise(folder: Path) -> Path:
    """Write the int8 file of the model in `folder` and return its path. Weights take a byte, with a scale a channel."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel

    with quiet():
        model = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()
    names = ["input_ids", "attention_mask"]
    if getattr(model.config, "type_vocab_size", 0) > 1:
        names.append("token_type_ids")

    class Body(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = model

        def forward(self, *given: torch.Tensor) -> torch.Tensor:
            return self.body(**dict(zip(names, given, strict=True))).last_hidden_state

    axes = {0: torch.export.Dim("texts"), 1: torch.export.Dim("tokens")}
    example = tuple(torch.ones((2, 8), dtype=torch.int64) for _ in names)
    target = folder / "onnx" / "model_qint8.onnx"
    target.parent.mkdir(exist_ok=True)
    whole = target.with_name(".whole.onnx")
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)  # of parts that no such model has, and advice on images
        try:
            torch.onnx.export(
                Body(), example, str(whole), input_names=names, output_names=["last_hidden_state"],
                dynamic_shapes=(tuple(axes for _ in names),), dynamo=True, external_data=False,
            )  # fmt: skip
            # Seven bits: older processors without int8 dot products would overflow with eight.
            quantize_dynamic(str(whole), str(target), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
        finally:
            logging.disable(logging.NOTSET)
            whole.unlink(missing_ok=True)
    return target


def main() -> None:
    """Quantise, then compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder saved by sentence-transformers")
    folder = parser.parse_args().folder
    if not (folder / "config.json").exists():
        parser.error(f"{folder}: no config.json, so this is no model's folder")
    plain = TransformerEncoder(str(folder))
    print(f"written to {quantise(folder)}")
    small = OnnxEncoder.of(str(folder), folder, plain.prompts)
    if small is None:
        parser.error(f"{folder}: the model has parts beside a transformer and its pooling, so the file is not used")
    cosines = (plain.passages(_ASKED) * small.passages(_ASKED)).sum(axis=1)
    print(f"cosine of its vectors with the full weights': {np.min(cosines):.4f} at least, {np.mean(cosines):.4f} mean")


if __name__ == "__main__":
    main()
