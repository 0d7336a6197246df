"""Training text, its vocabulary, and words that stand in the same places."""

import gzip
import json

import numpy as np
import pytest

from index.analysis.fold import fold
from index.encoders.load import load_encoder
from index.training.corpus import Record, exclude_evaluated, read_beir, read_shard, sentences, tokenise
from index.training.likeness import alike
from index.training.vocabulary import UNKNOWN, build_tokenizer, charsmap, choose_words, count_words

LONG = "本市图书馆自十月起延长开放时间，周末开放到晚上九点，并增设儿童阅览区与自习座位。"


def shard(path, rows):
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"title": "", "heading": "", **row}, ensure_ascii=False) + "\n" for row in rows)
    return path


def test_titles_of_news_are_put_right(tmp_path):
    rows = [
        {"title": "国内联播快讯", "heading": "粮食喜获丰收", "text": "一"},
        {"title": "【新思想引领新征程】大国粮仓", "text": "二"},
        {"title": "天气预报", "text": "三", "doc": 7},
    ]
    found = list(read_shard(shard(tmp_path / "xwlb.jsonl.gz", rows)))
    assert [(record.title, record.heading) for record in found] == [("粮食喜获丰收", ""), ("大国粮仓", ""), ("", "")]
    assert found[2].group == "xwlb:7"


def evaluated(folder, *, packed):
    folder.mkdir()
    line = json.dumps({"_id": "1", "text": LONG}, ensure_ascii=False) + "\n"
    if packed:
        with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write(line)
    else:
        (folder / "corpus.jsonl").write_text(line, encoding="utf-8")
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "图书馆几点关门"}\n', encoding="utf-8")
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_evaluated_is_not_trained_on(tmp_path, packed):
    folder = evaluated(tmp_path / "set", packed=packed)
    assert [row["text"] for row in read_beir(folder, "corpus")] == [LONG]
    traditional = "昨日消息：「本市圖書館自十月起延長開放時間，週末開放到晚上九點，並增設兒童閱覽區」。"
    records = [
        Record("a", "", "", traditional, "1"),
        Record("a", "图书馆，几点关门？", "", "别的内容。", "2"),
        Record("b", "开馆", "", "本市图书馆自十月起延长开放时间，其他照旧，不另行通知，请各位读者相互转告。", "3"),
    ]
    kept, dropped = exclude_evaluated(records, [folder])
    assert [record.group for record in kept] == ["3"]
    assert dropped == {"a": 2}
    assert exclude_evaluated(records, []) == (records, {})


def test_a_set_phrase_of_many_records_drops_none(tmp_path):
    folder = evaluated(tmp_path / "set", packed=False)
    records = [Record("a", "", "", LONG, str(number)) for number in range(4)]
    assert len(exclude_evaluated(records, [folder])[0]) == 4


def test_sentences_keep_every_character():
    assert "".join(sentences("他说：“好。”然后走了！真的吗？\n是")) == "他说：“好。”然后走了！真的吗？\n是"


def test_tokenised_text_knows_its_records_and_articles():
    records = [Record("a", "标题", "", "第一句。第二句。", "x"), Record("b", "", "", "另一篇。", "y")]
    records.append(Record("a", "", "小节", "续。", "x"))
    tokenizer = load_encoder().tokenizer
    text = tokenise(records, tokenizer)
    assert text.first.tolist() == [0, 4, 7, 10]
    assert text.group.tolist() == [0, 1, 0]
    assert text.source.tolist() == [0, 1, 0]
    assert text.sentence(2).tolist() == tokenizer.encode("第一句。", add_special_tokens=False).ids
    assert len(text.sentence(1)) == 0


def test_the_tokenizer_folds_as_the_index_does_and_keeps_frequent_words_whole():
    texts = ["語義檢索與向量索引 ＷＩＮＤＯＷＳ１１", "语义检索，向量索引"] * 6
    words, chars = count_words(texts)
    assert words["windows"] == 6
    chosen = choose_words(words, chars, 3000)
    assert len(chosen) < 3000
    assert {"向量", "语", "义", "windows"} <= set(chosen)
    # The whole map takes a minute to lay out; the bundled tokenizer, tested below, holds it.
    tokenizer = build_tokenizer(chosen, charsmap({ord(char) for char in "".join(texts)}))
    assert tokenizer.token_to_id(UNKNOWN) == 0

    def cut(text):
        return tokenizer.encode(text, add_special_tokens=False).tokens

    assert cut(texts[0]) == cut(fold(texts[0]))
    assert "向量" in cut(texts[1])
    assert "，" not in cut(texts[1])


def test_the_map_of_characters_is_that_of_the_index():
    tokenizer = load_encoder().tokenizer
    for text in ("國務院發佈ＡＢＣ", "㎏Ⅷ①", "裏面"):
        assert tokenizer.normalizer.normalize_str(text) == "".join(fold(char) for char in text)


def test_words_in_the_same_places_are_alike():
    rng = np.random.default_rng(1)
    size, frames = 300, []
    for _ in range(4000):  # tokens 1 and 2 stand in the same ten frames, 3 in others
        frame, word = int(rng.integers(10)), int(rng.integers(1, 4))
        offset = 0 if word < 3 else 10
        frames += [10 + frame + offset, word, 40 + frame + offset, *rng.integers(60, size, 3).tolist()]
    found = alike(np.array(frames, np.int32), size, least=20)
    assert found.tokens[1, 0] == 2
    assert found.tokens[2, 0] == 1
    assert found.cosines[1, 0] > 0.5
    assert 1 not in found.tokens[3, :2]
    assert not alike(np.array(frames, np.int32), size, least=10**6).cosines.any()
