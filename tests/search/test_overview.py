"""Themes of articles that have some, named by their words and laid out in the plane."""

import numpy as np
import pytest

from index.builder import update_index
from index.connect import open_backend
from search.engine import SearchEngine
from search.overview import Themes, months_by_source, themes_of
from tests.conftest import PLAIN, HashEncoder, article

TIDES = "潮水退去以后，渔民在滩涂上拾蛤蜊，潮汐表贴在码头，涨潮落潮各有时辰，渔船随潮水进港。"
BREAD = "面团揉好以后要醒发，酵母放温水里化开，馒头蒸二十分钟，面粉和水的比例不能错，发面要耐心。"
TRAINS = "列车晚点的消息在候车室里播报，铁路局增开临时列车，旅客凭车票改签，站台上挤满了旅客和行李。"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    path = tmp_path_factory.mktemp("themes")
    texts = {"潮汐": TIDES, "馒头": BREAD, "列车": TRAINS}
    items = [
        article(
            f"{name}{n}", f"{text[n:]}{text[:n]}第{n}篇。", title=f"{name}的事{n}", source=f"{name}报",
            published=f"2025-0{1 + n % 3}-10",
        )
        for name, text in texts.items()
        for n in range(8)
    ]  # fmt: skip
    update_index(items[:20], path, PLAIN, encoder=HashEncoder())
    update_index([*items[20:], article("空", "无")], path, encoder=HashEncoder(), delete=["列车0"])
    with SearchEngine(open_backend(path), HashEncoder()) as opened:
        yield opened


def test_like_articles_share_a_theme_and_its_words_name_it(engine):
    found = themes_of(engine)
    theme = {point.article_id: point.theme for point in found.points}
    kinds = {kind: {theme[name] for name in theme if name.startswith(kind)} for kind in ("潮汐", "馒头", "列车")}
    assert all(not kinds[one] & kinds[other] for one, other in (("潮汐", "馒头"), ("馒头", "列车"), ("潮汐", "列车")))
    words = {kind: {word for t in numbers for word in found.themes[t].words} for kind, numbers in kinds.items()}
    assert words["馒头"] & {"馒头", "面团", "酵母", "发面", "面粉", "醒发"}
    assert words["列车"] & {"列车", "旅客", "车票", "站台", "候车室"}
    assert sum(t.size for t in found.themes) == len(found.points)
    assert all(0 <= point.x <= 1 and 0 <= point.y <= 1 for point in found.points)
    for number, one in enumerate(found.themes):
        assert {theme[name] for name in one.nearest} == {number}


def test_discs_of_themes_lie_apart(engine):
    found = themes_of(engine)
    where = np.array([(point.x, point.y) for point in found.points])
    theme = np.array([point.theme for point in found.points])
    middles = np.array([where[theme == t].mean(axis=0) for t in range(len(found.themes))])
    nearest = np.linalg.norm(where[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (nearest == theme).mean() >= 0.9


def test_an_article_outside_the_sample_lies_amid_its_like(engine):
    found = themes_of(engine)
    own = {point.article_id: point for point in found.points}
    x, y = found.place(engine.vector("馒头3"))
    like = [point for name, point in own.items() if name.startswith("馒头")]
    assert min(abs(point.x - x) + abs(point.y - y) for point in like) < 0.3
    assert found.place(np.zeros(HashEncoder.dim, np.float32)) is None


def test_the_same_index_is_drawn_the_same_way(engine):
    assert themes_of(engine).points == themes_of(engine).points


def test_few_articles_have_no_themes(engine):
    few = Themes(engine.sample(5), engine.tokenizer)
    assert (few.themes, few.points) == ([], [])
    assert few.place(engine.vector("馒头3")) is None


def test_a_sample_is_drawn_from_all_segments_and_leaves_out_the_dead(engine):
    every = [item.article_id for item, _ in engine.sample(1_000)]
    assert len(every) == len(set(every)) == engine.stats().articles
    assert "列车0" not in every
    some = [item.article_id for item, _ in engine.sample(12)]
    assert len(some) == 12
    assert some == [item.article_id for item, _ in engine.sample(12)]
    assert {name[:2] for name in some} >= {"潮汐", "馒头", "列车"}


def test_months_are_counted_by_source(engine):
    counts = months_by_source(engine)
    assert counts["sources"] == {"潮汐报": 8, "馒头报": 8, "列车报": 7}
    assert counts["months"]["潮汐报"] == {"2025-01": 3, "2025-02": 3, "2025-03": 2}
    assert sum(counts["all_months"].values()) == 23
