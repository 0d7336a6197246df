"""jieba's dictionary, whole and as far as it stands in a text."""

import random

import jieba
import pytest

from index.analysis import jieba_dictionary
from index.analysis.jieba_dictionary import Lexicon, encoded, numbers, words


def test_the_words_are_jiebas():
    jieba.initialize()
    assert set(words()) == {word for word, count in jieba.dt.FREQ.items() if count}
    whole = Lexicon.whole()
    assert whole.total == jieba.dt.total
    assert dict(zip(whole.words, whole.counts.tolist(), strict=True)) == {w: jieba.dt.FREQ[w] for w in words()}
    assert [words()[numbers()[word]].encode() for word in words()[::99]] == encoded()[::99]


@pytest.mark.parametrize("text", ["", " \n", "AT&T", "T恤衫", "^]-[", "龢", "𠀀𪚥", "é", "国务院关于房地产的意见"])
def test_words_within_a_text_are_all_that_stand_in_it(text):
    within = Lexicon.within(text)
    assert [*within.words] == [word for word in words() if word in text]
    assert within.total == Lexicon.whole().total
    assert within.counts.tolist() == [jieba.dt.FREQ[word] for word in within.words]


def test_words_within_texts_of_words():
    rng = random.Random(3)
    for _ in range(20):
        text = "".join(rng.choice(words()) if rng.random() < 0.8 else rng.choice("一 n3\n") for _ in range(9))
        assert [*Lexicon.within(text).words] == [word for word in words() if word in text]


def test_another_file_is_told(tmp_path, monkeypatch):
    (tmp_path / "dict.txt").write_text("词典" * 200, "utf-8")
    monkeypatch.setattr(jieba_dictionary, "_file", lambda: tmp_path / "dict.txt")
    with pytest.raises(ValueError, match="want lines of word, count and tag"):
        Lexicon.within("词典")
