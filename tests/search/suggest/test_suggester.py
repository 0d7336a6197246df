"""What was perhaps meant: sounds, shapes, characters too many, too few or wrong; and completion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.fold import fold
from index.analysis.tokenizer import Tokenizer
from index.builder import update_index
from index.connect import open_backend
from search.engine import SearchEngine
from search.models import SearchOptions
from search.query.parse import parse
from search.suggest import pinyin
from search.suggest.lookalikes import _GROUPS, lookalikes
from search.suggest.string_index import StringIndex
from search.suggest.suggester import Suggester
from tests.conftest import PLAIN, HashEncoder, article


class Shelf:
    """Titles and words to list, without an index."""

    def __init__(self, titles, words, pairs=()):
        self._titles, self._words, self._pairs = titles, words, set(pairs)

    def titles(self):
        return iter(self._titles)

    def words(self):
        return iter(self._words.items())

    def document_frequency(self, term):
        return self._words.get(term, 0)

    def pair_frequency(self, pair):
        return int(pair in self._pairs)


TITLES = [
    "随州干部素质提升年",
    "战国无双3",
    "國產大飛機C919首飛",
    "既要自己动手",
    "重慶火鍋",
    "新城区供暖通知",
    "戊戌变法",
]
WORDS = {"干部": 40, "素质": 30, "培训": 25, "中国": 90, "重庆": 12, "自己": 50, "通知": 33, "银行": 20, "python": 3}
PAIRS = {"干部", "部素", "素质", "质培", "培训", "中国", "银行"}


@pytest.fixture(scope="module")
def suggester():
    return Suggester(Shelf(TITLES, WORDS, PAIRS), Tokenizer())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("干部素智", "干部素质"),  # homophone
        ("甘布素质", "干部素质"),  # two of them
        ("幹部素智", "干部素质"),  # in the other script
        ("自巳动手", "自己动手"),  # shape
        ("自已动手", "自己动手"),
        ("戊戍变法", "戊戌变法"),
        ("战国双", "战国无双"),  # dropped
        ("干部素素质", "干部素质"),  # one too many
        ("新城区供煤通知", "新城区供暖通知"),  # plainly wrong
        ("国产大飞鸡C919", "國產大飛機C919"),  # as the title writes it
        ("崇庆火锅", "重慶火鍋"),
        ("ganbu suzhi", "干部素质"),
        ("ganbusuzhi", "干部素质"),
        ("GBSZ", "干部素质"),
        ("zhanguowushuang", "战国无双"),
        ("yinhang", "银行"),  # 行 read as hang
        ("干部素质陪训班", "干部素质培训班"),  # within a longer question
    ],
)
def test_the_first_guess_is_what_was_meant(suggester, typed, meant):
    assert suggester.correct(typed)[0] == meant


@pytest.mark.parametrize(
    "typed", ["干部素质", "战国无双3", "中国", "？！", "", "己", "天" * 50, "xqzvv", "乌龟爬山坡", "42"]
)
def test_nothing_is_guessed_where_nothing_is_wrong_or_nothing_is_near(suggester, typed):
    assert suggester.correct(typed) == []


@pytest.mark.parametrize(
    ("typed", "want"),
    [
        ("干", ["干部", "随州干部素质提升年"]),
        ("干部", ["随州干部素质提升年"]),
        ("战国", ["战国无双3"]),
        ("重庆", ["重慶火鍋"]),
        ("c919", ["國產大飛機C919首飛"]),
        ("py", ["python"]),
        ("ganb", ["干部", "随州干部素质提升年"]),
        ("gbsz", ["随州干部素质提升年"]),
        ("干部su", ["随州干部素质提升年"]),
        ("yinhang", ["银行"]),
        ("szgb", ["随州干部素质提升年"]),
        ("没有的", []),
        ("", []),
    ],
)
def test_completion_by_characters_pinyin_and_initials(suggester, typed, want):
    assert suggester.complete(typed) == want


def test_completion_gives_words_and_titles_in_turn_and_no_more_than_asked():
    shelf = Shelf([f"中国{i}号" for i in range(20)], {f"中国{c}": 9 for c in "人民大学银行"})
    suggester = Suggester(shelf, Tokenizer())
    found = suggester.complete("中国", 6)
    assert [len(found), sum(text.endswith("号") for text in found)] == [6, 3]
    assert suggester.complete("中国", 0) == []


@given(st.text(max_size=50) | st.text(alphabet="干部素智ganbusz C9 19，\n", max_size=20))
def test_any_text_can_be_completed_and_corrected(suggester, text):
    for found in (suggester.complete(text), suggester.correct(text)):
        assert len(found) == len(set(found))
        assert fold(text.strip()) not in map(fold, found)


def test_doubt_falls_on_words_and_lone_characters_that_stand_nowhere(suggester):
    tokenizer = Tokenizer()
    assert not suggester.doubts(parse("干部", tokenizer))
    assert suggester.doubts(parse("干部素智", tokenizer))
    assert suggester.doubts(parse("gbsz", tokenizer))


@pytest.mark.parametrize("typed", ["gb-sz", "%g%b%s%z", "https://gbsz", "gb+sz", "gbsz 2024", "gb_sz"])
def test_letters_among_signs_and_numbers_are_no_initials(suggester, typed):
    assert suggester.correct("gbsz") != [] == suggester.correct(typed)


def test_what_is_guessed_begins_and_ends_with_a_word():
    suggester = Suggester(Shelf(["县里举行防汛演练", "消费者权益保护"], {"防汛": 3, "演练": 2}, set()), Tokenizer())
    for typed in ("防汛演说", "举行防汛演说", "消费者权益法"):
        assert not {"防汛演", "举行防汛演", "消费者权益保"} & set(suggester.correct(typed, 10))
    assert suggester.correct("防汛寅演练") == ["防汛演练"]


# ---- pinyin, lookalikes and strings


def test_readings_have_no_tones():
    assert pinyin.readings("行") == {"xing", "hang", "heng"}
    assert "nv" in pinyin.readings("女")
    assert pinyin.readings("a") == frozenset()


def test_letters_are_cut_into_syllables_in_every_way():
    assert pinyin.syllables("ganbu") == [("gan", "bu")]
    assert set(pinyin.syllables("xian")) >= {("xian",), ("xi", "an")}
    assert pinyin.syllables("gbsz") == []
    assert ("gan", "bu", "s") in pinyin.unfinished("ganbus")
    assert pinyin.initials("gbsz") == [("g", "b", "s", "z")]
    assert pinyin.initials("uiv") == []


def test_lookalikes_are_mutual_folded_and_never_the_character_itself():
    chars = set(_GROUPS.replace(" ", ""))
    assert "已" in lookalikes("己")
    assert lookalikes("的") == frozenset()
    for char in chars:
        assert char not in lookalikes(char)
        assert all(char in lookalikes(other) for other in lookalikes(char))
    assert {c for c in chars if fold(c) != c} == set()
    assert len(set(_GROUPS.split())) == len(_GROUPS.split())


@given(
    st.lists(st.text(alphabet="ab电電梯", max_size=6), min_size=1), st.text(alphabet="ab电梯", min_size=1, max_size=3)
)
def test_strings_are_searched_as_text_is(texts, part):
    strings = StringIndex(texts)
    pattern = [strings.slot([char]) for char in part]
    want = [i for i in range(len(strings.folded)) if strings.folded.startswith(part, i)]
    assert strings.find(pattern).tolist() == want
    assert [fold(strings.text(at, len(part))) for at in want] == [part] * len(want)
    assert strings.begin(pattern).tolist() == [at for at in want if strings.folded[at - 1] == "\n"]


def test_marks_between_characters_are_passed_over_and_shown():
    strings = StringIndex(["甲，《电》 梯", "", "（3）电-梯!"])
    found = strings.find([strings.slot([char]) for char in "电梯"]).tolist()
    assert [strings.text(at, 2) for at in found] == ["电》 梯", "电-梯"]
    assert [strings.span(at, 2) for at in found] == [(0, 3, 7), (2, 3, 6)]
    assert strings.whole(strings.find([strings.slot("甲")])[0], 3)
    assert not strings.whole(found[1], 2)


# ---- in the engine and its faces


@pytest.mark.parametrize("mode", ["bm25", "hybrid"])
def test_an_answer_to_a_misspelt_question_says_what_was_perhaps_meant(engine, mode):
    answer = engine.search("年轻甘部双导师制", SearchOptions(mode=mode))
    assert answer.suggestions[0] == "年轻干部双导师制"
    assert answer.to_json()["suggestions"][0] == "年轻干部双导师制"
    assert engine.search("年轻干部双导师", SearchOptions(mode=mode)).suggestions == ()
    assert engine.search("年轻甘部双导师制", SearchOptions(mode=mode, offset=1)).suggestions == ()


def test_words_of_articles_that_meet_are_guessed_from_initials(tmp_path):
    texts = ["干部素质不断提高。", "素质高的干部素质好。", "公布市政。"]
    path = tmp_path / "index"
    update_index([article(str(i), t, title="") for i, t in enumerate(texts)], path, PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder()) as engine:
        assert engine.search("gbsz", SearchOptions(mode="bm25")).suggestions[0] == "干部素质"


def test_an_engine_without_lists_has_no_suggestions(index_path, monkeypatch):
    with SearchEngine(open_backend(index_path), HashEncoder()) as engine:
        monkeypatch.setattr("search.engine.Lister", int)
        assert engine.suggest("电") == []
        assert engine.search("年轻甘部").suggestions == ()


def test_titles_and_words_are_those_of_living_articles(tmp_path):
    path = tmp_path / "index"
    long = article('quo"te', "电梯。", title="题\\“目" * 300)
    update_index([article("a", "电梯，电梯。", title="甲"), long], path, PLAIN, encoder=HashEncoder())
    update_index([article("a", "馒头。", title="乙")], path, encoder=HashEncoder())
    backend = open_backend(path)
    assert sorted(backend.titles()) == sorted(["乙", long.title])
    words = dict(backend.words())
    assert words["馒头"] == words["电梯"] == 1
    assert words == {word: backend.document_frequency(word) for word in words}
    assert (backend.pair_frequency("电梯"), backend.pair_frequency("馒梯")) == (1, 0)


def test_completion_among_many_titles():
    words = [a + b for a in "干部素质中国人民银行大学" for b in "长江黄河东西南北上下左右"]
    titles = [f"{words[i % len(words)]}{words[i * 7 % len(words)]}第{i}号" for i in range(20_000)]
    suggester = Suggester(Shelf(titles, {word: 5 for word in words}), Tokenizer())
    for typed in ("干", "gan", "干长", "ganchang", "gc", "干江d", "gjd"):
        assert suggester.complete(typed)
