"""What a teacher is asked to read, what of it is kept, and rows that learn from it."""

import numpy as np
import pytest

from index.training.corpus import Record, tokenise
from index.training.distil import centred, counted, principal, taught_rows
from index.training.pairs import KIND_WEIGHTS, PairMaker
from index.training.teacher import lessons, long_texts, read, short_texts, spelt, word_kinds
from tests.index.training.test_pairs import TEXT, nothing_alike, tokenizer

assert tokenizer  # a fixture, of the same name


class Teacher:
    """Reads a text as the sum of its characters' rows, and counts what it reads."""

    dim = 6
    fingerprint = "of-characters"

    def __init__(self):
        self.seen = []
        self.rows = np.random.default_rng(3).standard_normal((1 << 16, self.dim)).astype(np.float32)

    def queries(self, texts):
        self.seen += texts
        return np.array([self.rows[[ord(char) for char in text]].sum(axis=0) for text in texts])

    passages = queries


@pytest.fixture(scope="module")
def text(tokenizer):
    records = [
        Record("a", f"水稻栽培第{n}讲", "", TEXT + f"本讲编号{n}。管理水稻，分析问题。", str(n)) for n in range(40)
    ]
    return tokenise(records, tokenizer)


@pytest.fixture
def maker(text, tokenizer):
    return PairMaker(text, tokenizer, KIND_WEIGHTS, nothing_alike(tokenizer), np.r_[0.0, np.ones(39)])


def test_short_texts_are_different_short_and_the_same_for_a_seed(text, tokenizer, maker):
    drawn = short_texts(maker, tokenizer, 120, 1)
    assert len(drawn) == len(set(drawn)) == 120
    assert all(2 <= len(each) <= 40 for each in drawn)
    assert drawn == short_texts(maker, tokenizer, 120, 1)
    assert drawn != short_texts(maker, tokenizer, 120, 2)
    assert any("管理水稻" in each and each != "管理水稻" for each in drawn)  # a phrase in a form


def test_records_held_out_are_not_read(text, tokenizer, maker):
    maker.per_passage = np.r_[np.zeros(39), 1.0]
    long = long_texts(maker, tokenizer, 30, 1)
    assert long
    assert all(tokenizer.encode(each).ids for each in long)
    assert not any("编号3。" in each for each in long)
    assert all("编号3" not in each or "编号39" in each for each in long)


def test_tokens_are_spelt_as_they_were(tokenizer):
    words = {row: word for word, row in tokenizer.get_vocab().items()} | {0: ""}
    for said in ("水稻插秧前要把田面耙平", "linux内核 update 2024", "用linux"):
        ids = np.array(tokenizer.encode(said, add_special_tokens=False).ids)
        assert tokenizer.encode(spelt(ids, words), add_special_tokens=False).ids == ids.tolist()


def test_kinds_of_words_are_the_dictionarys(tokenizer):
    words = {row: word for word, row in tokenizer.get_vocab().items()}
    kinds = word_kinds(words)
    assert [kinds[tokenizer.token_to_id(word)] for word in ("管理", "水稻", "和", "的")] == [1, 2, 0, 0]


def test_what_was_read_is_not_read_again(tmp_path):
    teacher, kept, said = Teacher(), tmp_path / "kept", []
    first = read(teacher.queries, teacher.dim, ["一", "二", "一"], kept, said.append)
    np.testing.assert_allclose(first, teacher.queries(["一", "二", "一"]), rtol=1e-2)
    teacher.seen.clear()
    again = read(teacher.queries, teacher.dim, ["三", "二", "一"], kept, said.append)
    assert teacher.seen == ["三"]
    np.testing.assert_array_equal(again[1:], first[[1, 0]])
    assert said == ["the teacher has read 2 of 2 texts", "the teacher has read 1 of 1 texts"]


def test_reading_goes_on_where_a_run_was_ended(tmp_path):
    teacher, kept = Teacher(), tmp_path / "kept"
    whole = read(teacher.queries, teacher.dim, ["一", "二", "三"], kept, print)
    rows = kept.with_suffix(".f16").read_bytes()
    kept.with_suffix(".f16").write_bytes(rows[: 2 * teacher.dim + 3])  # one vector, and a piece of another
    teacher.seen.clear()
    np.testing.assert_array_equal(read(teacher.queries, teacher.dim, ["一", "二", "三"], kept, print), whole)
    assert teacher.seen == ["二", "三"]
    assert kept.with_suffix(".f16").read_bytes() == rows


def test_a_lesson_is_every_word_and_text_with_what_the_teacher_makes_of_it(text, tokenizer, tmp_path):
    teacher = Teacher()
    found = lessons(teacher, (["管理", "水稻"], ["水稻栽培", "追施分蘖肥"], [TEXT]), tokenizer, tmp_path, print)
    words = found.words
    assert words == 2
    assert found.vectors.shape == (words + 3, teacher.dim)
    assert len(found.ends) == len(found.weights) + 1 == words + 4
    assert found.ids[found.ends[words] : found.ends[words + 1]].tolist() == tokenizer.encode("水稻栽培").ids
    other = Teacher()
    other.fingerprint = "another"
    lessons(other, (["管理"], [], []), tokenizer, tmp_path, print)
    assert other.seen == ["管理"]  # what one teacher made of a text is not another's
    assert found.weights[[0, words, words + 2]].tolist() == [0.25, 1.0, 4.0]
    np.testing.assert_allclose(np.linalg.norm(found.vectors[: words + 2], axis=1), 1, atol=1e-5)


def sums(seed=1, texts=4000, tokens=60, dim=8):
    """Texts of 1 to 6 tokens, and rows whose sums they are."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, texts)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    ids = rng.integers(1, tokens, ends[-1]).astype(np.int32)
    return counted(ids, ends, tokens, 0.5), rng.standard_normal((tokens, dim)).astype(np.float32)


def units(bags, rows):
    vectors = bags @ rows
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_rows_are_found_whose_sums_are_the_teachers():
    bags, rows = sums()
    target = units(bags[:3000], rows)
    prior = np.full_like(rows, 0.3)
    found = taught_rows(bags[:3000], target, np.ones(3000, np.float32), prior, ridge=0.01)
    assert (units(bags[3000:], found) * units(bags[3000:], rows)).sum(axis=1).mean() > 0.97
    np.testing.assert_array_equal(found[0], prior[0])  # it stands in no text


def test_a_token_that_stands_often_counts_less_than_as_often():
    bags = counted(np.array([1, 1, 1, 1, 2], np.int32), np.array([0, 4, 5]), 3, 0.5)
    assert bags.toarray().tolist() == [[0, 2, 0], [0, 0, 1]]


def test_principal_axes_keep_what_tells_texts_apart():
    bags, rows = sums()
    want = units(bags[:50], rows)
    got = units(bags[:50], principal(rows, bags, 8))  # as many columns as there are axes: nothing is lost
    np.testing.assert_allclose(got @ got.T, want @ want.T, atol=1e-4)
    wide = rows * np.array([4, 3, 2, 1, 1, 1, 1, 1], np.float32)
    spread = (units(bags, principal(wide, bags, 8)) ** 2).mean(axis=0)
    assert (np.diff(spread) < 1e-3).all()  # wide axes first, so that a head serves
    flat = principal(wide, bags, 8, 0.3)
    assert (units(bags, flat) ** 2).mean(axis=0).max() < spread.max()
    few = principal(wide, bags, 3)
    assert few.shape == (60, 3)
    lengths = [np.linalg.norm(bags @ some, axis=1).mean() for some in (few, flat, wide)]
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-4)


def test_what_all_texts_have_in_common_is_taken_out():
    bags, rows = sums()
    leaning = rows + np.array([3, 0, 0, 0, 0, 0, 0, 0], np.float32)
    before, after = (np.linalg.norm(units(bags, some).mean(axis=0)) for some in (leaning, centred(leaning, bags)))
    assert before > 0.5
    assert after < 0.2
