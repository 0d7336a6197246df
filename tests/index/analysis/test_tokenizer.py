"""Terms: what is indexed is what is asked for, each standing on the characters it was read from."""

import json
import warnings
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.fold import fold
from index.analysis.gaps import close_gaps
from index.analysis.numerals import numeral_terms
from index.analysis.tokenizer import Tokenizer
from tests.conftest import need_shared

TOKENIZER = Tokenizer()
TEXTS = st.text(max_size=60) | st.text(
    alphabet="年轻幹部配備導師雙国发〔〕2023号GB/T7714C919%．.-年月日 ，。\n", max_size=60
)
SQUASHED = str.maketrans({"〔": "[", "〕": "]", "(": "[", ")": "]", " ": None, "-": None})


@given(TEXTS)
def test_the_pieces_of_a_text_join_to_it(text):
    folded = fold(text)
    assert "".join(TOKENIZER._cut(folded)) == folded


@given(TEXTS)
def test_terms_and_tokens_agree(text):
    """A gap parts the words of a question; in an article it may or may not, and the words of both readings are told."""
    closed = close_gaps(fold(text))
    terms, tokens = Counter(TOKENIZER.terms(closed.text)), Counter(token.term for token in TOKENIZER.tokens(text))
    assert terms <= tokens
    if not len(closed.gaps):
        assert terms == tokens


@given(TEXTS)
def test_every_token_stands_on_characters_that_fold_to_its_term(text):
    folded = fold(text)
    values = {term for term, _, _ in numeral_terms(close_gaps(folded).text)}
    for term, start, end in TOKENIZER.tokens(text):
        assert 0 <= start < end <= len(text)
        # An identifier has one spelling whatever brackets, blanks and hyphens it was typed with; gaps part no word.
        shown = folded[start:end]
        assert term in values or term in (shown, shown.translate(SQUASHED), "".join(shown.split()))


@given(TEXTS)
def test_a_folded_text_has_the_same_terms(text):
    assert TOKENIZER.terms(fold(text)) == TOKENIZER.terms(text)
    assert TOKENIZER.bigrams(fold(text)) == TOKENIZER.bigrams(text)


@pytest.mark.parametrize(
    ("text", "whole", "parts"),
    [
        ("国发〔2023〕1号", "国发[2023]1号", {"2023"}),
        ("2024年3月5日", "2024年3月5日", {"2024", "年", "3", "月"}),
        ("上座率98.5%", "98.5%", {"98"}),
        ("大飞机C919首飞", "c919", {"c", "919"}),
        ("按GB/T 7714-2015著录", "gb/t77142015", {"7714", "gb"}),
        ("v2.0.1版", "v2.0.1", {"v2"}),
        ("state-of-the-art", "stateoftheart", {"state", "art"}),
        ("写信给a@b.cn", "a@b.cn", {"cn"}),
        ("会写C++的人", "c++", {"人"}),
    ],
)
def test_identifiers_stand_whole_and_by_their_parts(text, whole, parts):
    terms = set(TOKENIZER.terms(text))
    assert whole in terms
    assert parts <= terms


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("GB/T7714", "GB/T 7714"),
        ("gb/t 7714", "ＧＢ/Ｔ　7714"),
        ("国发(2023)1号", "国发〔2023〕1号"),
        ("Ｃ919", "c919"),
    ],
)
def test_one_identifier_in_two_spellings_shares_a_whole_term(typed, written):
    longest = max(TOKENIZER.terms(typed), key=len)
    assert longest == max(TOKENIZER.terms(written), key=len)


def test_both_scripts_give_the_same_terms():
    assert TOKENIZER.terms("隨州幹部素質提升六大行動") == TOKENIZER.terms("随州干部素质提升六大行动")
    assert TOKENIZER.bigrams("素質提升") == TOKENIZER.bigrams("素质提升") == ["素质", "质提", "提升"]


def test_punctuation_and_blanks_are_no_terms():
    assert TOKENIZER.terms("，。！？ \n　…—《》") == []
    assert TOKENIZER.tokens("") == []


def test_bigrams_stay_inside_a_run_of_chinese_characters():
    assert TOKENIZER.bigrams("安装，简单A用 x") == ["安装", "简单", "用"]


def test_user_words_are_kept_whole():
    assert "双导师" not in TOKENIZER.terms("配备双导师")
    with_word = Tokenizer(["雙導師", " "])
    assert "双导师" in with_word.terms("配备双导师")
    assert with_word.user_words == ("双导师",)
    assert with_word.fingerprint() != TOKENIZER.fingerprint()
    assert Tokenizer(["双导师"]).fingerprint() == with_word.fingerprint()


def test_synonyms_are_other_ways_to_say_a_term_both_ways():
    tokenizer = Tokenizer(synonyms=[["电脑", "計算機", "台式电脑"], ["手机", "移动电话"]])
    assert tokenizer.synonyms("电脑")[0] == ["计算机"]
    assert tokenizer.synonyms("计算机")[0] == ["电脑"]
    assert tokenizer.synonyms("手机") == [["移动电话"]]
    assert tokenizer.synonyms("馒头") == []
    assert tokenizer.fingerprint() == TOKENIZER.fingerprint()  # they change queries, not the index


@pytest.fixture(scope="module")
def jieba_cut():
    """jieba itself, HMM off; it logs, and warns about a module of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba

    jieba.setLogLevel(60)
    own = jieba.Tokenizer()
    return lambda text: list(own.cut(text, HMM=False))


def test_the_fast_cutter_is_jieba_on_the_samples(samples, jieba_cut):
    for article in samples:
        folded = fold(f"{article.title}\n{article.text}")
        assert TOKENIZER._cut(folded) == jieba_cut(folded)


def test_the_fast_cutter_is_jieba_on_cmrc2018(jieba_cut):
    lines = (need_shared("data", "eval", "cmrc2018") / "corpus.jsonl").read_text("utf-8").splitlines()
    assert len(lines) > 800
    for line in lines[::4]:
        folded = fold(json.loads(line)["text"])
        assert TOKENIZER._cut(folded) == jieba_cut(folded)


def test_terms_of_the_samples_are_words_and_rarely_lone_characters(samples):
    counts = Counter(term for article in samples for term in TOKENIZER.terms(article.text))
    long = sum(count for term, count in counts.items() if len(term) > 1)
    assert long / counts.total() > 0.5


def test_a_word_of_its_own_is_found_where_the_whole_text_has_it(sample_passages):
    tokenizer = Tokenizer(["和田"])
    found = 0
    for text in map(fold, sample_passages):
        pieces = tokenizer._cut(text)
        for wanted in ({"市"}, {"的", "和"}, {"在", "了", "2", "田"}):
            ends = [sum(map(len, pieces[:i])) for i in range(len(pieces))]
            spans = [(at, at + len(piece)) for at, piece in zip(ends, pieces, strict=True) if piece in wanted]
            assert tokenizer.lone(text, wanted) == spans
            found += len(spans)
    assert found > 100
