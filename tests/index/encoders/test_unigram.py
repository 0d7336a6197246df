"""Whole batches of text are cut into the very tokens that the tokenizers library cuts."""

import json
import random

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from index.encoders.load import load_encoder
from index.encoders.unigram import Unigram, narrowed

ODD = "\u0301\r\u200d\ufe0f\U0001f1e8\U0001f3fb\u3099\u200b\0\u1100\u0e33\u0600\x85\u2028\ufeff\xad\t\n "


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_encoder().tokenizer


@pytest.fixture(scope="module")
def unigram(tokenizer) -> Unigram:
    return Unigram.of(tokenizer)


def by_library(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    return [found.ids for found in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def by_batch(unigram: Unigram, texts: list[str]) -> list[list[int]]:
    ids, ends = unigram.batch(texts)
    assert (len(ends), ends[0], ends[-1]) == (len(texts) + 1, 0, len(ids))
    return [ids[begin:end].tolist() for begin, end in zip(ends, ends[1:], strict=False)]


def test_articles(tokenizer, unigram, sample_passages):
    assert by_batch(unigram, sample_passages) == by_library(tokenizer, sample_passages)
    texts = ["", "。", "", "中", "", "[UNK]", "ａＢ　Ｃ", "萬里長城"]
    assert by_batch(unigram, texts) == by_library(tokenizer, texts)
    assert by_batch(unigram, []) == by_library(tokenizer, [])
    assert by_batch(unigram, [""]) == by_library(tokenizer, [""])


def test_words_run_together(tokenizer, unigram):
    words = [word for word, _ in json.loads(tokenizer.to_str())["model"]["vocab"][1:]]
    rng = random.Random(1)
    texts = ["".join(rng.choices(words, k=rng.randint(0, 20))) for _ in range(2000)]
    assert by_batch(unigram, texts) == by_library(tokenizer, texts)
    halves = [word[: rng.randint(1, len(word))] for word in words]  # scores have two digits: many cuts are equal
    texts = ["".join(rng.choices(halves, k=12)) for _ in range(2000)]
    assert by_batch(unigram, texts) == by_library(tokenizer, texts)


def test_characters_that_join_and_characters_unknown(tokenizer, unigram):
    rng = random.Random(2)
    some = "aé中か国Ａ한🙂 ,。㎡…𠀀ꀀ\ue000" + ODD
    texts = ["".join(rng.choices(some, k=rng.randint(0, 30))) for _ in range(2000)]
    assert by_batch(unigram, texts) == by_library(tokenizer, texts)
    plain = [chr(code) for code in [*range(0x20, 0x530), *range(0x2000, 0x3400), *range(0xF900, 0x10000)]]
    texts = [f"中{char}国{char}{char}a{char}" for char in plain]
    assert by_batch(unigram, texts) == by_library(tokenizer, texts)


def test_other_kinds_of_tokenizer_are_left_to_the_library(tokenizer):
    assert Unigram.of(Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))) is None
    other = Tokenizer.from_str(tokenizer.to_str())
    other.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    assert Unigram.of(other) is None


def test_a_narrowed_tokenizer_cuts_its_texts_as_the_whole_one(tokenizer, sample_passages, tmp_path):
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    words = [word for word, _ in json.loads(tokenizer.to_str())["model"]["vocab"][1:]]
    rng = random.Random(4)
    joined = ["".join(rng.choices([*words, *ODD, "ꀀ"], k=rng.randint(0, 20))) for _ in range(30)]
    for texts in ([], [""], ["。"], ["ａＢ　Ｃ", "萬里長城 [UNK]"], sample_passages[:5], *([text] for text in joined)):
        few, ids = narrowed(tmp_path / "tokenizer.json", texts)
        assert [ids[found].tolist() for found in by_library(few, texts)] == by_library(tokenizer, texts)
        assert few.get_vocab_size() == len(ids) < tokenizer.get_vocab_size()


def test_another_tokenizer_is_not_narrowed(tokenizer, tmp_path):
    parts, path = json.loads(tokenizer.to_str()), tmp_path / "tokenizer.json"
    assert narrowed(path, ["中国"]) is None
    for other in ({}, [], 5, {**parts, "normalizer": None}, {**parts, "model": {**parts["model"], "type": "BPE"}}):
        path.write_text(json.dumps(other))
        assert narrowed(path, ["中国"]) is None
    path.write_text(json.dumps(parts))
    assert narrowed(path, ["中国"]) is not None
