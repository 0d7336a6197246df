"""Two flipped bits in every file of an index: is the damage named, or does an answer change without a word?

    python scripts/bench/flips.py --out scripts/bench/results/flips.json

The sample articles are indexed; each file of the commit in turn gets a bit flipped, at a place drawn at random, twice.
Then the index is opened and asked ten questions, completion, facets and an article, through `SearchEngine`; and once
more with every file counted as too large to check at opening, before and after the check in the background. An outcome
is `named` (IndexCorrupt with the file's name), `same` (every answer as from the sound index), `silent` (another
answer, or an article that is there called unknown) or the name of any other exception, of which there must be none.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from index.builder import build_index  # noqa: E402
from index.embedded.reader import EmbeddedIndex  # noqa: E402
from index.encoders.load import load_encoder  # noqa: E402
from index.errors import IndexCorrupt, NotFound  # noqa: E402
from index.models import Filters  # noqa: E402
from index.storage.layout import COMMIT_CHECKED_WHOLE, read_manifest  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.models import SearchOptions  # noqa: E402

QUESTIONS = (
    "老房子装电梯要多少户同意", "馒头发不起来", "中暑怎么急救", "垃圾分类", "固态电池", "\"电梯\"", "台风",
    "医保报销", "source:*", "zhongshu",
)  # fmt: skip
FLIPS = 2


def told(root: Path, encoder: Any, *, verified: bool) -> Any:
    """All that an index says, without times; with `verified`, after every file was read."""
    index = EmbeddedIndex.open(root)
    if verified:
        index.verify_in_background()
        assert index._verifier is not None
        index._verifier.wait()
    engine = SearchEngine(index, encoder)
    answers = []
    for question in QUESTIONS:
        answer = engine.search(question, SearchOptions(k=5, facets=True, explain=True)).to_json()
        answer.pop("took_ms")
        answers.append(answer)
    names = sorted(index.article_ids())
    articles = [engine.article(name).article.text for name in names]
    rest = [
        engine.suggest("电"),
        engine.counts(Filters(), ("source", "month")),
        [s.score for s in engine.similar(names[0], 3)],
    ]
    return json.dumps([answers, names, articles, rest], ensure_ascii=False)


def outcome(root: Path, name: str, encoder: Any, want: str, *, verified: bool) -> str:
    """What comes of asking the index at `root`, whose file `name` was altered."""
    try:
        return "same" if told(root, encoder, verified=verified) == want else "silent"
    except IndexCorrupt as error:
        return "named" if name in error.message or Path(name).name in error.message else "another file named"
    except NotFound:  # a name that the index gave itself leads nowhere: no traceback, but not the truth either
        return "silent"
    except Exception as error:
        return type(error).__name__


def main() -> None:
    """Flip, ask, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/flips.json")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, encoder = random.Random(args.seed), load_encoder()
    counts: dict[str, Counter[str]] = {"small": Counter(), "large": Counter(), "large, checked": Counter()}
    worst: dict[str, list[str]] = {"silent": [], "failed": []}
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "index"
        build_index([ROOT / "scripts" / "samples"], made)
        want = told(made, encoder, verified=False)
        files = [name for name, entry in read_manifest(made).files() if entry.bytes]
        for name in files:
            for _ in range(FLIPS):
                root = Path(shutil.copytree(made, Path(place) / "altered"))
                data = bytearray((root / name).read_bytes())
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                (root / name).write_bytes(data)
                for kind in counts:
                    limit = COMMIT_CHECKED_WHOLE if kind == "small" else 0
                    limits = {"FILE_ALWAYS_CHECKED": 0, "COMMIT_CHECKED_WHOLE": limit}
                    with patch.multiple("index.storage.layout", **limits):
                        found = outcome(root, name, encoder, want, verified=kind == "large, checked")
                    counts[kind][found] += 1
                    if found == "silent" and kind != "large":
                        worst["silent"].append(f"{kind}: {name}")
                    if found not in ("named", "same", "silent"):
                        worst["failed"].append(f"{kind}: {name}: {found}")
                shutil.rmtree(root)
    result = {
        "files": len(files),
        "flips": FLIPS * len(files),
        "outcomes": {k: dict(v) for k, v in counts.items()},
        **worst,
    }
    args.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))
    if worst["silent"] or worst["failed"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
