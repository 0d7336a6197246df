"""Names of themes in the plane: none on another, all within, beside their points where there is room."""

import numpy as np
import pytest

from search.labels import EM, place_labels


def boxes(found):
    """(left, right, top, bottom) of each name, by the widths of letters that the page draws at most."""
    for label in found:
        width = EM * sum(1.0 if letter > "\u2e80" else 0.65 for letter in label.text)
        yield label.x - width / 2, label.x + width / 2, label.y - EM / 2, label.y + EM / 2


@pytest.mark.parametrize("seed", range(20))
def test_no_name_stands_on_another_and_all_within_the_plane(seed):
    draw = np.random.default_rng(seed)
    themes = 12
    middles = draw.random((themes, 2))
    labels = np.repeat(np.arange(themes), 10).astype(np.intp)
    points = np.clip(middles[labels] + draw.normal(0, 0.03, (len(labels), 2)), 0, 1)
    words = [("电梯补贴", "community", "x"), ("供暖", "水"), ("meetup", "业主大会")] * 4
    found = [one for one in place_labels(words, points, labels) if one]
    assert len(found) >= 9
    where = list(boxes(found))
    for left, right, top, bottom in where:
        assert -0.035 <= left <= right <= 1.035
        assert -0.035 <= top <= bottom <= 1.035
    for i, (left, right, top, bottom) in enumerate(where):
        for other in where[:i]:
            assert right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top


def test_a_name_covers_none_of_its_points_where_there_is_room():
    points = np.array([[0.45, 0.5], [0.5, 0.5], [0.55, 0.55]])
    (label,) = place_labels([("电梯", "补贴")], points, np.zeros(3, np.intp))
    assert label.text == "电梯 补贴"
    assert label.y < 0.5 - EM / 2


def test_a_theme_without_words_and_one_without_room_have_no_label():
    points = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert place_labels([()], points, np.zeros(2, np.intp)) == [None]
    names = ["很长很长的一个名字占了整整一行" * 2]
    crowded = place_labels([names] * 40, np.repeat(points, 20, 0), np.arange(40, dtype=np.intp))
    assert None in crowded
