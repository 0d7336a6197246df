"""A small corpus, an encoder without a model, an index of both, and an engine over it."""

import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from index.analysis.chunk import chunk_article
from index.analysis.fold import fold
from index.analysis.terms import FieldTerms
from index.backend import Recipe
from index.builder import update_index
from index.config import IndexConfig
from index.connect import open_backend
from index.embedded.writer import IndexWriter
from index.encoders.load import BUNDLED
from index.models import Article, StoredArticle
from index.prepare import ArticlePreparer
from index.sources.articles import read_sources
from search.engine import SearchEngine

pytest_plugins = ["tests.heavy"]
# A server of some test's own may say to a connection still open that it pings too often, in the middle of another test.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # it reports to its makers as soon as it is imported

os.fsync = lambda _: None  # no test outlives a power cut; those of what is flushed, and when, put their own here

settings.register_profile("wensou", deadline=None)  # a busy machine is no failure
settings.load_profile("wensou")

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "scripts" / "samples"
SHARED = ROOT.parent / "shared"
MODEL_FILE = ROOT / "index" / "encoders" / "encoder_zh" / "model.safetensors"
PLAIN = IndexConfig(chunk_chars=40, overlap_chars=12, clean=False)  # short chunks, text as it is


@cache
def _direction(pair: str) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(pair.encode("utf-8", "surrogatepass"))).standard_normal(64)


@pytest.fixture(autouse=True)
def _forget_apps() -> Iterator[None]:
    """FastAPI keeps the functions of every app it has seen, and they keep the files of their indexes open."""
    yield
    for value in vars(sys.modules.get("fastapi.dependencies.models", object)).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


class HashEncoder:
    """A random direction for each pair of neighbouring characters of the folded text, summed: no model, no files."""

    name = "hash"
    dim = 64

    def __init__(self, fingerprint: str = "hash-64") -> None:
        self.fingerprint = fingerprint
        self.encoded: list[str] = []

    def _vector(self, text: str) -> np.ndarray:
        folded = fold(text)
        vector = sum((_direction(a + b) for a, b in zip(folded, folded[1:], strict=False)), np.zeros(self.dim))
        length = np.linalg.norm(vector)
        return (vector / length if length else vector).astype(np.float32)

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self._vector(text) for text in texts], np.float32).reshape(-1, self.dim)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """As `queries`, and remembers what it was asked to encode."""
        self.encoded += texts
        return self.queries(texts)


def article(article_id: str, text: str, **fields: object) -> Article:
    """An article with a title, unless one is given."""
    return Article(article_id, str(fields.pop("title", f"题目{article_id}")), text, **fields)  # type: ignore[arg-type]


CORPUS = (
    article(
        "train",
        "市里给每位年轻干部配备双导师。一位教业务，一位教作风。结对满一年，由组织部门考核。\n\n考核不合格的要补课。",
        title="年轻干部双导师制", source="汉东日报", author="王元", published="2025-11-03", tags=("干部", "教育"),
    ),
    article(
        "lift", "老舊小區加裝電梯，須經四分之三以上業主同意。每台補貼18萬元，2024年12月31日截止申報。",
        title="加裝電梯的規定", source="東海晚報", published="2024-03-05", tags=("住房",), meta={"city": "雲汀"},
    ),
    article(
        "water", "抢修后自来水发黄，是管壁的铁锈。先放水五分钟，变清后再用。国发〔2023〕1号文件要求及时公布水质。",
        title="停水通知", source="汉东日报", published="2025-01-31", tags=("住房", "通知"), meta={"city": "江州"},
    ),
    article(
        "plane",
        "国产大飞机C919完成首次商业飞行。全程3小时，上座率98.5%。飞机由上海飞往北京。\n\n"
        "一、技术参数\n航程5555公里，座位158个。",
        title="C919首飞", source="空港新闻", author="李明", published="2023-05-28",
    ),
    article(
        "bread", "馒头发不起来，多半是酵母放久了。温水化开酵母，加一点糖，十分钟不起泡就换新的。面团要发到两倍大。",
        title="馒头为什么发不起来", tags=("生活",),
    ),
    article(
        "search",
        "语义检索把文章变成向量，按含义找文章。BM25按词找。两者混合，比单用一种更稳。GB/T 7714规定了引文格式。",
        title="语义检索入门", source="码农周刊", author="王元", published="2025-02-28", url="https://example.com/s",
    ),
)  # fmt: skip


@cache
def article_builder() -> ArticlePreparer:
    """Makes what a segment holds under PLAIN; one for all tests, because the dictionary takes a while to load."""
    return ArticlePreparer(PLAIN, HashEncoder())


def prepared(articles: Sequence[Article]) -> tuple[list[StoredArticle], list[FieldTerms], np.ndarray]:
    """What `write_segment` and `upsert` take."""
    builder = article_builder()
    made = [builder.prepare(item) for item in articles]
    passages = [text for stored, _, _ in made for text in builder.passages(stored)]
    return [stored for stored, _, _ in made], [terms for _, terms, _ in made], builder.encoder.passages(passages)


def recipe() -> Recipe:
    """What a writer under PLAIN builds with."""
    builder = article_builder()
    info = {"name": "hash", "dim": HashEncoder.dim, "fingerprint": "hash-64", "floor": 0.0}
    return Recipe(builder.config, builder.fingerprint, info, builder.tokenizer)


def open_writer(root: Path, *, fresh: bool = False) -> IndexWriter:
    """A writer under PLAIN; nobody else writes in a test, so it goes without the lock."""
    return IndexWriter(root, recipe(), fresh=fresh)


@contextmanager
def hashed_engine(articles: Iterable[Article], path: Path) -> Iterator[SearchEngine]:
    """An engine over a new index of the articles at `path`, by HashEncoder, text as it is."""
    update_index(articles, path, PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder()) as engine:
        yield engine


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("WENSOU_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture(scope="session")
def index_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CORPUS in two segments: three articles a commit. Read only."""
    path = tmp_path_factory.mktemp("corpus") / "index"
    update_index(CORPUS[:3], path, PLAIN, encoder=HashEncoder())
    update_index(CORPUS[3:], path, encoder=HashEncoder())
    return path


@pytest.fixture(scope="session")
def engine(index_path: Path) -> Iterator[SearchEngine]:
    with SearchEngine(open_backend(index_path), HashEncoder()) as opened:
        yield opened


@pytest.fixture
def hash_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the bundled encoder gets the HashEncoder."""

    def load(name: str = BUNDLED) -> HashEncoder:
        assert name == BUNDLED
        return HashEncoder()

    for module in ("index.prepare", "search.engine"):
        monkeypatch.setattr(f"{module}.load_encoder", load)


@pytest.fixture(scope="session")
def samples() -> list[Article]:
    """The sample articles as they are read, before cleaning."""
    return [item for item in read_sources([SAMPLES]) if isinstance(item, Article)]


@pytest.fixture(scope="session")
def sample_passages(samples: list[Article]) -> list[str]:
    """The texts of the sample articles' chunks."""
    return [chunk.text for item in samples for chunk in chunk_article(item, size=200, overlap=60)]


@pytest.fixture(scope="session")
def measured_path(tmp_path_factory: pytest.TempPathFactory, sample_passages: list[str]) -> Path:
    """An index of 120 sample passages, enough of them for the build to measure its legs. Read only."""
    path = tmp_path_factory.mktemp("measured") / "index"
    items = [article(f"p{n}", text, title=f"{text[:6]}{n}") for n, text in enumerate(sample_passages[:120])]
    update_index(items, path, PLAIN, encoder=HashEncoder())
    return path


@pytest.fixture
def measured_engine(measured_path: Path) -> Iterator[SearchEngine]:
    with SearchEngine(open_backend(measured_path), HashEncoder()) as opened:
        yield opened


def need_bundled_encoder() -> None:
    """Skip where the checkout holds no bundled model."""
    if not MODEL_FILE.exists():
        pytest.skip("the bundled encoder has no model file in this checkout")


def need_shared(*parts: str) -> Path:
    """A file or folder of the data beside the checkout; skip where it is not there."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs the data beside the checkout: shared/{'/'.join(parts)}")
    return path


@pytest.fixture(scope="session")
def samples_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample articles indexed with the bundled encoder, as `scripts/start` does it. Read only."""
    need_bundled_encoder()
    path = tmp_path_factory.mktemp("samples") / "index"
    update_index(read_sources([SAMPLES]), path, sources=[SAMPLES])
    return path


@pytest.fixture
def wensou(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: `wensou("query", "馒头", ...)` -> exit code, stdout, stderr."""
    from search.cli import main

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["wensou", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        out, err = capsys.readouterr()
        return code, out, err

    return run
