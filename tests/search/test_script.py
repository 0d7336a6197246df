"""An article in the other script keeps its length, so that every offset holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.script import converted


@pytest.mark.parametrize(
    ("text", "to", "want"),
    [
        ("理发以后再出发。", "hant", "理髮以後再出發。"),
        ("皇后走在后面，里程碑在村里。", "hant", "皇后走在後面，里程碑在村裏。"),
        ("體會與發展\n頭髮", "hans", "体会与发展\n头发"),
        ("C919 😀𠮷", "hant", "C919 😀𠮷"),
    ],
)
def test_words_decide_which_character_is_meant(text, to, want):
    assert converted(text, to) == want


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("发发髮發后後里裏裡台臺灣鍾钟\n𠮷")), max_size=60))
def test_the_length_never_changes(text):
    for to in ("hans", "hant"):
        assert len(converted(text, to)) == len(text)
