"""What a teacher, an encoder that knows more, is asked to read: short texts, and its vectors kept in a file.

    training text -> phrases, sentences and pieces of them, in forms people ask in -> the teacher's vectors

Paraphrase is what the rows of words lack (their training text tells what belongs together, not what means the same),
and a few hundred thousand short texts hold most words in a few contexts each.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.encoders.base import Encoder
from index.encoders.vectors import unit_rows
from index.models import Vectors
from index.training.corpus import Tokenised
from index.training.pairs import Ids, PairMaker

# What people put around what they do and what they look for: forms of the language, none from an evaluation set.
_ABOUT_DEEDS = (
    "{} 怎么{} 如何{} 为什么{} 为什么不能{} 怎样才能{} {}要多久 {}要多少钱 能{}吗 可以{}吗 不能{}怎么办 "
    "帮我{} 我想{} 我不想{} 我要{} 请{} 不要{} 别{} 什么时候{} 什么时候可以{} 在哪里{} 去哪里{} 谁{} 谁能{} "
    "{}有什么好处 {}有什么坏处 {}有用吗 {}的方法 {}的原因 {}难吗 你会{}吗 你能{}吗 你喜欢{}吗 我喜欢{} "
    "我正在{} 我已经{}了 还没有{} 忘了{} 想要{} 准备{} 开始{} 停止{} 继续{} 教我{} 告诉我怎么{} {}吧 {}了吗 "
    "{}需要什么 第一次{} 一起{} 每天{} 明天{} 昨天{}"
).split()
_ABOUT_THINGS = (
    "{} {}是什么 什么是{} {}在哪里 {}在哪儿 {}多少钱 {}怎么样 {}好不好 {}好吗 {}有哪些 有没有{} 没有{} 给我{} "
    "我要{} 我的{} 你的{} 他的{} {}是谁 {}是什么意思 {}的意思 {}的作用 {}的价格 {}最新消息 {}推荐 哪个{}好 "
    "最好的{} 便宜的{} {}坏了怎么办 {}丢了 找不到{} 打开{} 关闭{} 买{} 卖{} {}为什么这么贵 {}什么颜色 {}几点 "
    "{}多大 {}多高 多少{} 介绍一下{} 说说{} 讲讲{} {}和别的有什么区别"
).split()
_VERBS, _NOUNS = {"v", "vn", "vi"}, {"n", "nz", "nr", "ns", "nt"}  # jieba's kinds of words
_VERB, _NOUN = 1, 2
_FORMS_EACH = 2  # forms around a phrase, and one more around the same in other words
_MAX_CHARS = 40  # of a short text
_MIN_TOKENS = 12  # of a long one
_WEIGHTS = (0.25, 1.0, 4.0)  # of a word alone, a short text and a long one
_BLOCK = 4096  # texts read before their vectors are written


class Lessons(NamedTuple):
    """Texts that a teacher has read: text i is tokens `ids[ends[i]:ends[i + 1]]`. The first `words` are tokens alone.

    `vectors` (texts, dim) are the teacher's, centred and of length 1; `weights` (texts,): how much each text counts.
    """

    words: int
    ids: Ids
    ends: NDArray[np.int64]
    vectors: Vectors
    weights: NDArray[np.float32]


def lessons(
    teacher: Encoder, texts: tuple[Sequence[str], ...], tokenizer: Tokenizer, kept: Path, say: Callable[[str], None]
) -> Lessons:
    """What `teacher` makes of `texts`: words alone and short texts as questions, and long ones as passages.

    `kept`: the folder that keeps its vectors (see `read`), each teacher's in one of their own.
    """
    words, short, long = texts
    kept = kept / teacher.fingerprint
    asked = read(teacher.queries, teacher.dim, [*words, *short], kept / "questions", say)
    found = read(teacher.passages, teacher.dim, long, kept / "passages", say)
    # What all texts have in common says nothing; the teacher's words, questions and passages have each their own.
    parts = asked[: len(words)], asked[len(words) :], found
    vectors = np.concatenate([unit_rows(part - part.mean(axis=0)) for part in parts if len(part)])
    weights = np.repeat(np.array(_WEIGHTS, np.float32), [len(part) for part in parts])
    rows = tokenizer.encode_batch_fast([*words, *short, *long], add_special_tokens=False)
    ids = np.fromiter(chain.from_iterable(row.ids for row in rows), np.int32)
    return Lessons(len(words), ids, np.cumsum([0] + [len(row.ids) for row in rows]), vectors, weights)


def word_rows(learned: Lessons, tokens: int, length: float) -> Vectors:
    """Rows (tokens, dim) of this `length`: what the teacher makes of a token alone, or zeros."""
    rows = np.zeros((tokens, learned.vectors.shape[1]), np.float32)
    alone = np.flatnonzero(np.diff(learned.ends[: learned.words + 1]) == 1)
    rows[learned.ids[learned.ends[alone]]] = learned.vectors[alone] * np.float32(length)
    return rows


def short_texts(maker: PairMaker, tokenizer: Tokenizer, count: int, seed: int) -> list[str]:
    """At most `count` different texts of 2 to 40 characters of what `maker` draws from; equal seeds give equal texts.

    Half are phrases of the text, verb and noun or nouns alone, in forms people ask in, and the same said in other
    words; half are sentences and pieces of them.
    """
    rng = maker.begin(seed)
    words = {row: word for word, row in tokenizer.get_vocab().items()}
    words[0] = ""
    found: dict[str, None] = {}
    for limit, drawn in ((count // 2, _asked(words, maker, rng)), (count, _pieces(maker, rng, count))):
        for ids in drawn:
            said = ids if isinstance(ids, str) else spelt(ids, words)
            if 2 <= len(said) <= _MAX_CHARS:
                found[said] = None
            if len(found) >= limit:
                break
    texts = list(found)
    return [texts[at] for at in rng.permutation(len(texts))]


def spelt(ids: Ids, words: dict[int, str]) -> str:
    """The text of tokens; Latin words and numbers are kept apart."""
    said = ""
    for row in ids.tolist():
        word = words[row]
        apart = said and word and said[-1].isascii() and word[0].isascii()
        said += f" {word}" if apart else word
    return said


def _asked(words: dict[int, str], maker: PairMaker, rng: np.random.Generator) -> Iterator[str]:
    """Phrases in forms, without end but for the text's: as many of deeds as of things."""
    kinds = word_kinds(words)
    deeds = _neighbours(maker.text, kinds, _VERB, _NOUN, rng)
    things = _neighbours(maker.text, kinds, _NOUN, _NOUN, rng)
    for deed, thing in zip(deeds, things, strict=False):
        for phrase, forms in ((deed, _ABOUT_DEEDS), (thing, _ABOUT_THINGS), (thing[:1], _ABOUT_THINGS)):
            for said, times in ((phrase, _FORMS_EACH), (maker.said_again(phrase), 1)):
                inner = spelt(said, words)
                if inner:
                    yield from (forms[at].format(inner) for at in rng.choice(len(forms), times, replace=False).tolist())


def word_kinds(words: dict[int, str]) -> NDArray[np.int8]:
    """For each row 1 where jieba's dictionary says it is a verb, 2 where a noun of two characters or more, else 0."""
    import jieba

    tags: dict[str, str] = {}
    with Path(jieba.__file__).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, _, tag = line.split()
            tags[word] = tag
    kinds = np.zeros(max(words) + 1, np.int8)
    for row, word in words.items():
        tag = tags.get(word, "")
        kinds[row] = _VERB if tag in _VERBS else _NOUN if tag in _NOUNS and len(word) > 1 else 0
    return kinds


def _neighbours(
    text: Tokenised, kinds: NDArray[np.int8], left: int, right: int, rng: np.random.Generator
) -> Iterator[Ids]:
    """Each two neighbouring tokens of these kinds once, the more often they stand in the text the sooner."""
    inside = np.ones(len(text.ids), bool)
    inside[text.starts[1:][np.diff(text.starts) > 0] - 1] = False
    at = np.flatnonzero((kinds[text.ids[:-1]] == left) & (kinds[text.ids[1:]] == right) & inside[:-1])
    keys, counts = np.unique(text.ids[at].astype(np.int64) << 32 | text.ids[at + 1], return_counts=True)
    # Drawn without laying back, by the root of their counts (Efraimidis-Spirakis keys).
    order = np.argsort(rng.exponential(size=len(keys)) / np.sqrt(counts))
    for key in keys[order].tolist():
        yield np.array([key >> 32, key & 0xFFFFFFFF], np.int32)


def _pieces(maker: PairMaker, rng: np.random.Generator, count: int) -> Iterator[Ids]:
    """Sentences, or pieces of 2 to 12 tokens of them, in a quarter of the cases asked, and some in other words."""
    weights = maker.per_passage / maker.per_passage.sum()
    for record in rng.choice(len(weights), 2 * count, p=weights).tolist():
        low, high = int(maker.text.first[record]), int(maker.text.first[record + 1])
        ids = maker.text.sentence(int(rng.integers(low, high)))
        if len(ids) > 16 or (len(ids) > 7 and rng.random() < 0.35):
            begin = int(rng.integers(0, len(ids) - 2))
            ids = ids[begin : begin + int(rng.integers(2, 13))]
        if len(ids) < 2:
            continue
        yield maker.maybe_ask(ids, 0.25)
        if rng.random() < 0.3:
            yield maker.maybe_ask(maker.said_again(ids), 0.25)


def long_texts(maker: PairMaker, tokenizer: Tokenizer, count: int, seed: int) -> list[str]:
    """`count` pieces of records, of 16 to 119 tokens where the record has as many; equal seeds give equal texts."""
    rng, text = maker.begin(seed), maker.text
    words = {row: word for word, row in tokenizer.get_vocab().items()}
    words[0] = ""
    weights = maker.per_passage / maker.per_passage.sum()
    found: dict[str, None] = {}
    for record in rng.choice(len(weights), count, p=weights).tolist():
        low, high = int(maker.text.first[record]) + 2, int(maker.text.first[record + 1])
        begin = int(text.starts[rng.integers(low, high)]) if high > low else int(text.starts[low])
        ids = text.ids[begin : min(begin + int(rng.integers(16, 120)), int(text.starts[high]))]
        if len(ids) >= _MIN_TOKENS:
            found[spelt(ids, words)] = None
    return list(found)


def read(
    encode: Callable[[Sequence[str]], Vectors], dim: int, texts: Sequence[str], kept: Path, say: Callable[[str], None]
) -> Vectors:
    """The teacher's vectors (n, dim) of `texts`, by its `encode`; float16 in the file.

    `kept` keeps them, `<name>.f16` and the texts beside it as `<name>.txt`: what is in there is not read again, and
    what was read when a run was ended is not lost.
    """
    listed, rows = kept.with_suffix(".txt"), kept.with_suffix(".f16")
    known: list[str] = listed.read_text("utf-8").splitlines() if listed.exists() and rows.exists() else []
    size = 2 * dim
    # Texts are written before their vectors: where a run was ended in between, they are read again.
    known = known[: rows.stat().st_size // size] if known else []
    at = {text: number for number, text in enumerate(known)}
    missing = [text for text in dict.fromkeys(texts) if text not in at]
    kept.parent.mkdir(parents=True, exist_ok=True)
    whole = listed.with_suffix(".part")
    whole.write_text("".join(f"{text}\n" for text in known), "utf-8")
    whole.replace(listed)
    with listed.open("a", encoding="utf-8") as names, rows.open("ab") as file:
        file.truncate(len(known) * size)
        for begin in range(0, len(missing), _BLOCK):
            block = missing[begin : begin + _BLOCK]
            names.write("".join(f"{text}\n" for text in block))
            names.flush()
            file.write(encode(block).astype(np.float16).tobytes())
            file.flush()
            say(f"the teacher has read {begin + len(block)} of {len(missing)} texts")
    at.update({text: len(known) + number for number, text in enumerate(missing)})
    vectors = np.fromfile(rows, np.float16).reshape(-1, dim)
    return vectors[[at[text] for text in texts]].astype(np.float32)
