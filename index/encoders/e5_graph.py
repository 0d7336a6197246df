"""A transformer's weights -> an ONNX graph in int8, without torch. It needs `onnx` to be made, and ONNX Runtime to run.

Matrices take a byte a weight with a scale for each output, the table of tokens a byte with a scale for each row; what
they are multiplied with is quantised as it comes (DynamicQuantizeLinear). A scale for a whole matrix, as tools put
there by default, loses several times as much.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoders.e5_file import E5File

_LEVELS = 63  # seven bits: processors without int8 dot products add two products in 16 bits
_ROW_LEVELS = 127  # rows that are only looked up
_OPSET = 17
_CONTRIB = "com.microsoft"  # ONNX Runtime's own, which it has in every build


def write_graph(model: E5File, path: Path) -> None:
    """Write the graph to `path`: `input_ids` and `attention_mask` (texts, tokens) in, `last_hidden_state` out."""
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    state = graph.embedded(model)
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.INT32)
    for layer in range(model.layers):
        state = graph.layer(model, layer, state, mask)
    graph.node("Identity", [state], out="last_hidden_state")
    shapes = {"input_ids": ["texts", "tokens"], "attention_mask": ["texts", "tokens"]}
    given = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name, shape in shapes.items()]
    states = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["texts", "tokens", model.hidden])
    whole = helper.make_graph(graph.nodes, "encoder", given, [states], graph.constants)
    operators = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
    onnx.save(helper.make_model(whole, opset_imports=operators, ir_version=8), str(path))


class _Graph:
    """Nodes and constants so far; every method adds some and returns the name of what comes out."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, kind: str, given: Sequence[str], *, out: str = "", domain: str = "", **options: Any) -> str:
        return self._nodes(kind, given, [out or f"{kind}{len(self.nodes)}"], domain, options)[0]

    def _nodes(
        self, kind: str, given: Sequence[str], out: list[str], domain: str, options: dict[str, Any]
    ) -> list[str]:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(given), out, domain=domain, **options))
        return out

    def constant(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def embedded(self, model: E5File) -> str:
        """Rows of tokens and of their places, added up and normalised. All text is of the first type."""
        from onnx import TensorProto

        table = model.weights["emb.word"][: len(model.pieces)]
        whole, scales = quantised(table, axis=1, levels=_ROW_LEVELS)
        rows = self.node("Cast", [self.node("Gather", [self.constant(whole), "input_ids"])], to=TensorProto.FLOAT)
        rows = self.node("Mul", [rows, self.node("Gather", [self.constant(scales), "input_ids"])])
        places = self.constant(model.weights["emb.pos"] + model.weights["emb.type"][0])
        first, axis, one = (self.constant(np.array([number], np.int64)) for number in (0, 0, 1))
        tokens = self.node("Gather", [self.node("Shape", ["input_ids"]), one])
        places = self.node("Slice", [places, first, tokens, axis])
        return self.normalised(self.node("Add", [rows, places]), model, "emb.ln")

    def layer(self, model: E5File, number: int, state: str, mask: str) -> str:
        """Attention, then the network for each token; each is added to what it was given, and normalised."""
        at = f"l{number}"
        parts = [self.linear(state, model, f"{at}.{part}") for part in ("q", "k", "v")]
        seen = self.node("MultiHeadAttention", [*parts, "", mask], domain=_CONTRIB, num_heads=model.heads)
        state = self.added(state, self.linear(seen, model, f"{at}.ao"), model, f"{at}.aln")
        inner = self.node("Gelu", [self.linear(state, model, f"{at}.fi")], domain=_CONTRIB)
        return self.added(state, self.linear(inner, model, f"{at}.fo"), model, f"{at}.oln")

    def added(self, state: str, more: str, model: E5File, norm: str) -> str:
        return self.normalised(self.node("Add", [state, more]), model, norm)

    def normalised(self, state: str, model: E5File, norm: str) -> str:
        weights = [self.constant(model.weights[f"{norm}.{part}"]) for part in "wb"]
        return self.node("LayerNormalization", [state, *weights], axis=-1, epsilon=model.epsilon)

    def linear(self, state: str, model: E5File, name: str) -> str:
        """`state @ weights + bias`, the product in whole numbers."""
        from onnx import TensorProto

        whole, scales = quantised(model.weights[f"{name}.w"].T, axis=0, levels=_LEVELS)
        at = f"{name}."
        values, scale, zero = self._nodes(
            "DynamicQuantizeLinear", [state], [f"{at}values", f"{at}scale", f"{at}zero"], "", {}
        )
        product = self.node("MatMulInteger", [values, self.constant(whole), zero])
        product = self.node("Cast", [product], to=TensorProto.FLOAT)
        product = self.node("Mul", [product, self.node("Mul", [scale, self.constant(scales.ravel())])])
        return self.node("Add", [product, self.constant(model.weights[f"{name}.b"])])


def quantised(values: NDArray[np.float32], *, axis: int, levels: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`values` as integers of -levels to levels, and the scales along `axis` that bring them back."""
    scales = np.maximum(np.abs(values).max(axis=axis, keepdims=True), 1e-12).astype(np.float32) / np.float32(levels)
    return np.rint(values / scales).astype(np.int8), scales
