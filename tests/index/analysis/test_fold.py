"""Folding keeps every character in its place, and folding twice is folding once."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.fold import fold, fold_version


@given(st.text())
def test_folding_keeps_the_length_and_is_idempotent(text):
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


def test_every_single_character_folds_to_one_that_folds_to_itself():
    planes = range(0x40000)  # those that have characters; of the others, a few
    every = "".join(map(chr, [*planes, *range(0x40000, 0x110000, 97)]))
    folded = fold(every)
    assert len(folded) == len(every)
    assert fold(folded) == folded


@given(st.text(min_size=1), st.integers(1, 90))
def test_long_texts_fold_as_short_ones(text, times):
    assert fold(text * times) == "".join(map(fold, text)) * times


@given(st.text(), st.text())
def test_a_character_never_folds_by_its_neighbours(left, right):
    assert fold(left + right) == fold(left) + fold(right)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("ＡＢＣ１２３％", "abc123%"),
        ("創新動力", "创新动力"),
        ("隨州幹部素質提升", "随州干部素质提升"),
        ("裏面的羣眾爲何", "里面的群众为何"),
        ("薴", "苎"),
        ("GB/T 7714", "gb/t 7714"),
        ("二〇二四", "二零二四"),
        ("İstanbul…", "İstanbul…"),  # their lower case and compatibility forms are longer than one character
        ("\ud800a", "\ud800a"),
        ("", ""),
    ],
)
def test_folding_of(text, want):
    assert fold(text) == want


def test_simplified_common_characters_stay_themselves():
    common = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产"
    assert fold(common) == common


def test_the_version_names_all_that_folding_depends_on():
    assert "opencc" in fold_version()
    assert unicodedata.unidata_version in fold_version()


def test_radicals_of_pdf_text_layers_are_the_characters_they_stand_for():
    assert fold("⻓⻔⻅⻋⻉⻚⻛⻜⻢⻥⻦⻬⻰⻳⻘⻩⼭⽔") == "长门见车贝页风飞马鱼鸟齐龙龟青黄山水"
