"""Readings of characters are pypinyin's, though it is not imported for them."""

from pypinyin.constants import PINYIN_DICT

from search.suggest import pinyin


def test_the_table_is_pypinyins():
    assert pinyin._table() == PINYIN_DICT


def test_readings_have_no_tones():
    assert pinyin.readings("行") >= {"xing", "hang"}
    assert pinyin.readings("绿") == {"lv", "lu"}
    assert pinyin.readings("a") == frozenset()
