"""On a processor, where it must do what the model there does; a GPU changes the device's name and the rounding."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from index.encoders.static_table import Table  # noqa: E402
from index.encoders.token_pairs import pair_rows  # noqa: E402
from index.training import device  # noqa: E402
from index.training.device import DeviceModel  # noqa: E402
from index.training.model import Options, StaticModel, train  # noqa: E402
from index.training.pairs import Pairs  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
LETTERS = [chr(0x4E00 + number) for number in range(60)]
WORDS = {"[UNK]": 0} | {
    word: row
    for row, word in enumerate([*LETTERS, *map("".join, zip(LETTERS, LETTERS[1:], strict=False)), "abc", "a"], 1)
}
OPTIONS = Options(dim=24, pairs=64, pair_dim=8, prefixes=(8, 24), rate=0.05)


def batch(seed, n=24):
    """Texts of many lengths, so that pairs two apart stand in some of them; some of one article."""
    rng = np.random.default_rng(seed)
    texts = []
    for longest in (30, 200):
        lengths = rng.integers(1, longest, n)
        texts += [rng.integers(0, len(WORDS), lengths.sum()).astype(np.int32), np.cumsum(lengths) - lengths]
    return (*texts, rng.integers(0, n // 2, n).astype(np.int32))


def both(start=None):
    counts = np.random.default_rng(9).integers(0, 50, len(WORDS))
    return StaticModel(WORDS, counts, OPTIONS, start), DeviceModel(WORDS, counts, OPTIONS, start, "cpu")


def test_pairs_fall_on_the_same_rows():
    rng = np.random.default_rng(1)
    left, right = rng.integers(0, 48_000, 5000), rng.integers(0, 48_000, 5000)
    for apart in (1, 2):
        found = device.pair_rows(torch.from_numpy(left), torch.from_numpy(right), 16384, apart)
        np.testing.assert_array_equal(found.numpy(), pair_rows(left, right, 16384, apart))


@pytest.mark.parametrize("prefix", [None, 8])
def test_loss_and_gradients_are_equal(prefix):
    one, other = both()
    loss, *slopes = one.gradients(batch(3), prefix)
    found, *others = other.gradients(batch(3), prefix)
    assert found == pytest.approx(loss, rel=1e-5)
    for slope, there in zip(slopes, others, strict=True):
        np.testing.assert_allclose(there.numpy(), slope, atol=1e-5 * np.abs(slope).max())


def test_training_gives_the_same_rows_from_random_ones_and_from_given_ones():
    start = None
    for _ in range(2):
        one, other = both(start)
        for model in (one, other):
            train(model, (batch(seed) for seed in range(12)), 12, lambda line: None)
        table, found = one.table(), other.table()
        for rows, there in zip(table[:3], found[:3], strict=True):
            np.testing.assert_allclose(there, rows, atol=2e-4)
        assert found[3:] == table[3:]
        start = Table(table.tokens, table.pairs, table.shares)


def test_vectors_and_likeness_are_equal():
    one, other = both()
    q_ids, q_starts, ids, starts, groups = batch(5)
    ends = np.append(starts, len(ids))
    np.testing.assert_allclose(other.encode(ids, ends), one.encode(ids, ends), atol=1e-5)
    pairs = Pairs(q_ids, np.append(q_starts, len(q_ids)), ids, ends, groups)
    np.testing.assert_array_equal(other.likest(pairs, 2, 1), one.likest(pairs, 2, 1))
