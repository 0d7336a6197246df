"""Articles held out of training, and text prepared once and kept."""

import gzip
import json

import numpy as np
import pytest

from index.encoders.load import load_encoder
from index.training import prepare as prepared
from index.training.corpus import Record, tokenise
from index.training.held_out import gains, hold_out
from index.training.vocabulary import build_tokenizer, charsmap

WORDS_OF_PLACE = "北京 上海 广州 深圳 成都 武汉 南京 杭州 西安 重庆 天津 苏州".split()


def record(place, piece=0):
    lines = [f"{place}市图书馆第{number}号阅览室今年开放时间延长到晚上九点。" for number in range(piece, piece + 12)]
    return Record("news", f"{place}市图书馆延长开放时间", "", "".join(lines), place)


@pytest.fixture(scope="module")
def text():
    records = [record(place, piece) for piece in (0, 12) for place in WORDS_OF_PLACE]
    return tokenise([*records, Record("news", "", "", "没有标题的一篇。" * 9, "untitled")], load_encoder().tokenizer)


def parts(ids, ends):
    return [ids[low:high].tolist() for low, high in zip(ends[:-1], ends[1:], strict=True)]


def test_whole_articles_are_held_out_and_their_questions_are_not_in_the_passages(text):
    mask, held_out = hold_out(text, 4, 3)
    groups = np.unique(text.group[mask])
    assert len(groups) == 4
    assert mask.tolist() == np.isin(text.group, groups).tolist()
    assert set(held_out.right.tolist()) == set(held_out.owner.tolist()) == set(groups.tolist())
    assert (np.diff(held_out.owner) >= 0).all()
    titles = {tuple(text.sentence(int(text.first[number]))) for number in np.flatnonzero(mask)}
    passages = parts(held_out.p_ids, held_out.p_ends)
    questions = parts(held_out.q_ids, held_out.q_ends)
    assert held_out.titled.sum() == 4
    assert (~held_out.titled).sum() == 8  # one of each record
    assert {tuple(one) for one, titled in zip(questions, held_out.titled, strict=True) if titled} == titles
    for question, right in zip(questions, held_out.right, strict=True):
        own = [passage for passage, owner in zip(passages, held_out.owner, strict=True) if owner == right]
        assert not any(passage[at : at + len(question)] == question for passage in own for at in range(len(passage)))
    again = hold_out(text, 4, 3)
    np.testing.assert_array_equal(mask, again[0])
    assert not np.array_equal(mask, hold_out(text, 4, 4)[0])


def test_no_more_than_half_of_the_titled_articles_are_held_out(text):
    mask, _ = hold_out(text, 1000, 1)
    assert len(np.unique(text.group[mask])) == len(WORDS_OF_PLACE) // 2
    assert not mask[-1]  # it has no title


def test_gains_are_those_of_the_best_passage_of_each_article():
    passages = np.array([[1, 0], [0, 1], [0.6, 0.8], [0, -1]], np.float32)
    owner = np.array([5, 5, 7, 9])
    asked = np.array([[1, 0], [1, 0], [0.6, 0.8], [1, 0]], np.float32)
    found = gains(passages, asked, owner, np.array([5, 7, 7, 8]))
    np.testing.assert_allclose(found, [1.0, 1 / np.log2(3), 1.0, 0.0])
    many = np.concatenate([np.tile([[1, 0]], (10, 1)), [[0.5, 0]]]).astype(np.float32)
    assert gains(many, asked[:1], np.arange(11), np.array([10])).tolist() == [0.0]  # the eleventh


def test_what_is_prepared_is_kept_under_its_request(tmp_path, monkeypatch):
    few = charsmap(range(0x4E00, 0x4E20))  # of all of Unicode it takes long
    monkeypatch.setattr(prepared, "build_tokenizer", lambda chosen: build_tokenizer(chosen, few))
    for name in ("one", "other"):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            for place in WORDS_OF_PLACE:
                row = {"title": f"{place}市{name}", "heading": "", "text": record(place).text}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    messages = []
    cache = tmp_path / "cache"
    request = (tmp_path, ["one", "other"], [], 300)
    tokenizer, text, said = prepared.prepare(*request, cache, messages.append)
    assert len(text.group) == 2 * len(WORDS_OF_PLACE)
    assert messages[0].startswith("24 records")
    messages.clear()
    again, kept, alike = prepared.prepare(*request, cache, messages.append)
    assert messages == []
    assert again.get_vocab() == tokenizer.get_vocab()
    for one, other in ((text, kept), (said._asdict(), alike._asdict())):
        one, other = (part if isinstance(part, dict) else vars(part) for part in (one, other))
        for name, values in one.items():
            np.testing.assert_array_equal(values, other[name])
    prepared.prepare(tmp_path, ["one"], [], 300, cache, messages.append)
    assert messages[0].startswith("12 records")
