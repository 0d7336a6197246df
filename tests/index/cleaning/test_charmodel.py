import numpy as np
import pytest

from index.cleaning.charmodel import FREQUENT, STEP, UNKNOWN, load, normal


@pytest.fixture(scope="module")
def model():
    return load()


def test_text_is_likelier_than_its_characters_in_another_order(model):
    text = "领导干部认真学习有关精神"
    assert model.score(text) > model.score(text[::-1]) + 20


def test_probabilities_behind_a_character_are_a_distribution(model):
    for char in "的干\n":
        assert model.shares(model.encode(char)[0]).sum() == pytest.approx(1, abs=0.05)


def test_the_table_says_what_the_rows_say(model):
    first = model.encode("干")[0]
    row = np.round(-model.after(first)[1:FREQUENT] / STEP)
    assert np.abs(model.table[first, 1:].astype(int) - row).max() <= 2


def test_a_third_character_is_foretold_by_two(model):
    first, second, third = model.encode("领导干")
    numbers, shares = model.third(first, second)
    assert (np.diff(numbers) > 0).all()
    assert 0 < shares.sum() <= 1.05
    assert shares[numbers == third][0] > 3 * model.shares(second)[third]


def test_a_pair_never_met_foretells_nothing(model):
    assert model.third(UNKNOWN, UNKNOWN) is None
    assert model.third(model.size - 1, model.size - 1) is None


def test_both_scripts_and_widths_are_one(model):
    assert model.encode("國Ａ７") == model.encode("国a3")
    assert normal("國Ａ７") == "国a0"
