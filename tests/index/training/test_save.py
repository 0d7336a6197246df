import json

import numpy as np
import pytest

from index.encoders.load import load_encoder
from index.encoders.static import StaticEncoder
from index.encoders.static_table import LEVELS, Table, quantise, save
from index.encoders.taught import Taught
from index.encoders.token_pairs import Reach
from index.errors import EncoderUnavailable
from index.training.model import shares_of


def test_rows_come_back_within_half_a_step():
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((50, 16)).astype(np.float32)
    rows[3] = 0.0
    whole, scales = quantise(rows)
    assert whole.dtype == np.int8
    assert np.abs(whole).max() == LEVELS
    assert not whole[3].any()
    assert (np.abs(whole * scales[:, None] - rows) <= scales[:, None] / 2 + 1e-6).all()


def table(tokens, pairs):
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((tokens, 8)).astype(np.float32)
    beside = rng.standard_normal((pairs, 4 if pairs else 0)).astype(np.float32)
    return Table(rows, beside, shares_of(rows), power=0.5, length_exponent=0.25, reach=Reach(1.5, 1.25, 0.5))


def test_a_saved_table_reads_back(tmp_path):
    tokenizer = load_encoder().tokenizer
    written = table(tokenizer.get_vocab_size(), 64)
    save(tmp_path, tokenizer, written)
    encoder = StaticEncoder(tmp_path, "saved")
    assert encoder.dim == 12
    assert (encoder.power, encoder.length_exponent, encoder.reach) == (0.5, 0.25, Reach(1.5, 1.25, 0.5))
    for one, other in zip(written[:3], encoder.tables(), strict=True):
        np.testing.assert_allclose(one, other, atol=0.1)
    vectors = encoder.queries(["中国经济发展", "经济发展中国", "中国"])
    np.testing.assert_allclose(vectors[0, :8] / vectors[0, 0], vectors[1, :8] / vectors[1, 0], rtol=1e-3)
    assert not np.allclose(vectors[0, 8:], vectors[1, 8:], atol=0.01)  # order shows in the last columns alone
    assert not vectors[2, 8:].any() or len(tokenizer.encode("中国", add_special_tokens=False).ids) > 1


def test_without_pairs_sentence_transformers_needs_nothing_of_ours(tmp_path):
    tokenizer = load_encoder().tokenizer
    save(tmp_path, tokenizer, table(tokenizer.get_vocab_size(), 0))
    modules = json.loads((tmp_path / "modules.json").read_text("utf-8"))
    assert all(module["type"].startswith("sentence_transformers.") for module in modules)
    loaded = load_encoder(str(tmp_path))
    assert isinstance(loaded, StaticEncoder)
    assert loaded.dim == 8


def test_taught_columns_read_back_and_are_left_alone_by_what_trains_the_others(tmp_path):
    tokenizer = load_encoder().tokenizer
    written = table(tokenizer.get_vocab_size(), 64)._replace(taught=Taught(3, 0.25, 8.0, 64.0, 0.5))
    save(tmp_path, tokenizer, written)
    encoder = StaticEncoder(tmp_path, "saved")
    assert encoder.taught == written.taught
    assert encoder.dim == 12
    alone = written.alone()
    assert alone.tokens.shape[1] == 5
    assert alone.taught == Taught()
    again = alone._replace(tokens=alone.tokens * 2).beside(written.tokens, written.taught)
    np.testing.assert_array_equal(again.tokens[:, 5:], written.tokens[:, 5:])
    np.testing.assert_array_equal(again.tokens[:, :5], written.tokens[:, :5] * 2)
    assert written.alone().beside(written.tokens, written.taught).tokens.tobytes() == written.tokens.tobytes()


@pytest.mark.parametrize(
    "wrong",
    [
        Taught(8),
        Taught(-1),
        Taught(3, weight=1.0),
        Taught(3, weight=float("nan")),
        Taught(3, short=32.0, long=12.0),
        Taught(3, least=1.5),
    ],
)
def test_taught_columns_that_cannot_be_are_refused(tmp_path, wrong):
    tokenizer = load_encoder().tokenizer
    save(tmp_path, tokenizer, table(tokenizer.get_vocab_size(), 64)._replace(taught=wrong))
    with pytest.raises(EncoderUnavailable, match="cannot be read: got Taught"):
        StaticEncoder(tmp_path, "saved")
