"""What comes out of web pages and files, per extractor and ours: body text, what must not come, and fields.

    python scripts/bench/extraction.py --each 6 --out scripts/bench/results/extraction.json

72 pages of twelve kinds (`made_pages.py`) and 66 files of eleven (`made_documents.py`). Recall is the share of a file's
lines that its text holds whole, precision the share of the text that belongs to one of them; white space does not
count. `gone` is how many of the lines that are no part of the article came all the same, `title` and the like how often
the field was right. Of a row of a table every cell must stand in one line, in order. Extractors are measured where they
are installed (extra `bench`); `density` is our own rule without trafilatura's word.
"""

import argparse
import importlib
import json
import logging
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.cleaning.clean import clean
from index.models import Article
from index.sources import web
from index.sources.articles import read_sources
from index.sources.page_article import article_blocks
from index.sources.page_blocks import blocks, parsed, visible_text
from index.sources.page_fields import trafilatura_of
from scripts.bench import documents
from scripts.bench.made_documents import Made
from scripts.bench.made_pages import pages

FIELDS = ("title", "source", "author", "published", "issuing_body", "document_number")
Told = tuple[str, dict[str, str]]


def ours(path: Path) -> Told:
    """Display text and fields as an index has them."""
    found = [clean(item).article for item in read_sources([path]) if isinstance(item, Article)]
    if not found:
        return "", {}
    fields: dict[str, Any] = {**found[0].meta, **{key: getattr(found[0], key, None) for key in FIELDS[:4]}}
    return "\n".join(one.text for one in found), {key: str(fields[key]) for key in FIELDS if fields.get(key)}


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    return data.decode("gbk" if b'charset="gbk"' in data else "utf-8")


def _density(path: Path) -> Told:
    tree = parsed(_decoded(path))
    found = blocks(tree)
    return "\n".join(block.text for block in article_blocks(found)), {"title": web.title_of(tree, found, {}, "")}


def _trafilatura(path: Path) -> Told:
    return trafilatura_of(_decoded(path))


def _readability(path: Path) -> Told:
    module = importlib.import_module("readability")
    logging.getLogger("readability.readability").setLevel(logging.CRITICAL)
    page = module.Document(_decoded(path))
    return visible_text(page.summary()), {"title": page.short_title()}


def _justext(path: Path) -> Told:
    module = importlib.import_module("justext")
    # Its lists of stop words know no Chinese: the thresholds for them are off, as its manual says for such languages.
    options = {"stoplist": frozenset(), "stopwords_low": 0, "stopwords_high": 0, "length_low": 10, "length_high": 40}
    found = module.justext(_decoded(path).encode(), encoding="utf-8", **options)
    return "\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate), {}


READERS: dict[str, Callable[[Path], Told]] = {
    "ours": ours,
    "density": _density,
    "trafilatura": _trafilatura,
    "readability": _readability,
    "justext": _justext,
}


def _row_held(cells: list[str], lines: list[str]) -> bool:
    """Whether one line holds all cells of a row, in order."""
    for line in lines:
        at = 0
        for cell in cells:
            found = line.find(cell, at)
            if found < 0:
                break
            at = found + len(cell)
        else:
            return True
    return False


def scores(told: Told, made: Made) -> dict[str, float]:
    """Recall, precision, what came that must not, and whether each field of the page is right."""
    text, fields = told
    rows = [line for line in made.lines if "\t" in line]
    held = [row for row in rows if _row_held(row.split("\t"), text.split("\n"))]
    # A row counts in the text's own spelling of it: what marks and headers stand between its cells is no fault.
    for row in held:
        text = "\n".join(line for line in text.split("\n") if not _row_held(row.split("\t"), [line]))
    plain = made._replace(lines=[line for line in made.lines if line not in rows])
    out = documents.scores(text, None, plain)
    sizes = [sum(map(len, some)) for some in (plain.lines, rows, held)]
    out["recall"] = (out["recall"] * sizes[0] + sizes[2]) / (sizes[0] + sizes[1])
    return out | {key: float(fields.get(key) == made.fields[key]) for key in FIELDS if key in made.fields}


def measure(each: int) -> dict[str, dict[str, dict[str, float]]]:
    """Kind -> extractor -> mean scores, and the least recall."""
    found: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder:
        for made in pages(each):
            path = Path(folder, made.name)
            path.write_bytes(made.data)
            for name, reader in READERS.items():
                try:
                    told = reader(path)
                except ModuleNotFoundError:
                    continue
                for kind in (made.name.removesuffix(".html").rstrip("0123456789"), "all pages"):
                    found[kind][name].append(scores(told, made))
    return {kind: {name: documents.means(some) for name, some in readers.items()} for kind, readers in found.items()}


def main() -> int:
    """Measure and print; exit code 1 where a page or file of ours has a recall under .9."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--each", type=int, default=6, help="pages and files of each kind")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    options = parser.parse_args()
    result = {"pages": measure(options.each), "files": documents.measure(options.each)}
    good = documents.show({**result["pages"], **result["files"]})
    if options.out:
        command = f"python scripts/bench/extraction.py --each {options.each}"
        data = json.dumps({"command": command, **result}, ensure_ascii=False, indent=1)
        options.out.write_text(data + "\n", encoding="utf-8")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
