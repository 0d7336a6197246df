"""How much of a document comes out, per reader and ours: text, what must not come, and title.

    python scripts/bench/documents.py --out scripts/bench/results/documents.json

Recall is the share of a file's lines that its display text holds whole, precision the share of the text that belongs to
one of them; white space does not count. `gone` counts running heads, page numbers and deleted words that came all the
same.
The files are made by `made_documents.py`. Readers that people would take instead are measured where they are installed.
"""

import argparse
import io
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.cleaning.clean import clean
from index.models import Article
from index.sources.articles import read_sources
from scripts.bench.made_documents import Made, documents


def ours(path: Path) -> tuple[str, str]:
    """Display text and title as an index has them."""
    articles = [clean(item).article for item in read_sources([path]) if isinstance(item, Article)]
    return "\n".join(article.text for article in articles), articles[0].title if articles else ""


def _pypdf(path: Path) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def _pdfplumber(path: Path) -> str:
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        return "\n".join(page.extract_text() or "" for page in pdf.pages)


def _pdfium(path: Path) -> str:
    import pypdfium2

    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path))


def _python_docx(path: Path) -> str:
    import docx

    document = docx.Document(io.BytesIO(path.read_bytes()))
    rows = [" | ".join(cell.text for cell in row.cells) for table in document.tables for row in table.rows]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *rows])


OTHERS: dict[str, dict[str, Callable[[Path], str]]] = {
    ".pdf": {"pypdf": _pypdf, "pdfplumber": _pdfplumber, "pdfium": _pdfium},
    ".docx": {"python-docx": _python_docx},
}


def _dense(text: str) -> str:
    return "".join(text.split())


def scores(text: str, title: str | None, made: Made) -> dict[str, float]:
    """Recall, precision, how much came that must not, and whether the title is right (where one was asked for)."""
    dense = _dense(text)
    found = [line for line in made.lines if _dense(line) in dense]
    rest = dense
    for line in [*map(_dense, found), *map(_dense, made.fields.values())]:
        rest = rest.replace(line, "")
    out = {
        "recall": sum(map(len, found)) / sum(map(len, made.lines)),
        "precision": 1 - len(rest) / max(1, len(dense)),
        "gone": float(sum(_dense(bad) in dense for bad in made.gone)),
    }
    if title is not None and "title" in made.fields:
        out["title"] = float(title == made.fields["title"])
    return out


def measure(each: int) -> dict[str, dict[str, dict[str, float]]]:
    """Kind -> reader -> mean scores, and the least recall."""
    found: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder:
        for made in documents(each):
            path = Path(folder, made.name)
            path.write_bytes(made.data)
            kind = ("two columns" if "2_" in made.name else "one column") if path.suffix == ".pdf" else path.suffix
            found[kind]["ours"].append(scores(*ours(path), made))
            for name, reader in OTHERS.get(path.suffix, {}).items():
                try:
                    text = reader(path)
                except ModuleNotFoundError:
                    continue
                found[kind][name].append(scores(text, None, made))
    return {kind: {reader: means(some) for reader, some in readers.items()} for kind, readers in found.items()}


def means(some: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each score over the files that have it, the least recall, and how many files there were."""
    keys = dict.fromkeys(key for one in some for key in one)
    scored = {key: [one[key] for one in some if key in one] for key in keys}
    told = {key: round(sum(values) / len(values), 4) for key, values in scored.items()}
    return {**told, "least_recall": round(min(one["recall"] for one in some), 4), "files": len(some)}


def show(result: Mapping[str, Mapping[str, Mapping[str, float]]]) -> bool:
    """Print a line for each kind and reader; whether all that is ours has a recall of .9 or more."""
    for kind, readers in result.items():
        for reader, values in readers.items():
            print(f"{kind:12} {reader:12} " + "  ".join(f"{key} {value:g}" for key, value in values.items()))
    return all(readers["ours"]["least_recall"] >= 0.9 for readers in result.values())


def main() -> int:
    """Measure and print; exit code 1 where a file of ours has a recall under .9."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--each", type=int, default=3, help="files of each kind")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    options = parser.parse_args()
    result = measure(options.each)
    good = show(result)
    if options.out:
        options.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
