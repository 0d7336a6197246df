"""What holds all of a question's words is not beaten by what repeats one of them."""

import pytest

from index.builder import update_index
from index.connect import open_backend
from search.engine import SearchEngine
from search.models import SearchOptions
from tests.conftest import PLAIN, HashEncoder, article

FILLED = "船工们早起补网，午后晒鱼，傍晚在码头边下棋，说些旧事。" * 6
WORDS = ("灯塔", "石阶", "海雾", "缆车")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    path = tmp_path_factory.mktemp("coverage") / "index"
    repeating = [article(word, f"{word}，{word}，还是{word}。" * 8, title=f"{word}与{word}") for word in WORDS]
    whole = article("whole", f"从石阶走上灯塔。{FILLED}海雾起时缆车停开。", title="岛上一日")
    others = [article(f"o{n}", f"第{n}天。{FILLED}", title=f"日记{n}") for n in range(20)]
    update_index([*repeating, whole, *others], path, PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder(), weight=0.8) as opened:
        yield opened


@pytest.mark.parametrize("mode", ["hybrid", "bm25"])
@pytest.mark.parametrize("question", ["灯塔 石阶 海雾 缆车", "海雾里缆车停了，灯塔的石阶还能走吗"])
def test_all_of_the_words_beat_one_of_them_again_and_again(engine, mode, question):
    assert engine.search(question, SearchOptions(mode=mode)).results[0].article_id == "whole"


def test_how_much_is_covered_is_a_share_of_each_candidate(engine):
    ranking = engine.ranking("灯塔 石阶 海雾 缆车", SearchOptions())
    covered = {
        item.chunk_id.split(":")[0]: share for item, share in zip(ranking.candidates, ranking.covered, strict=True)
    }
    assert covered["whole"] == pytest.approx(1.0)
    assert 0.2 < covered["灯塔"] < 0.3
    assert (ranking.bm25 <= 1.0).all()


def test_what_is_found_within_other_words_alone_is_still_found(engine):
    assert engine.search("码头边", SearchOptions(mode="bm25")).results
