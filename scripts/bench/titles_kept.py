"""First lines, headings and closing lines that cleaning takes from sound articles: none may go.

    python scripts/bench/titles_kept.py ../shared/data/eval --out scripts/bench/results/titles_kept.json

Three collections, each cleaned as an index build cleans it, the boilerplate of each source learned first: the sample
articles, the evaluation sets' texts, and folders of made-up serial articles, whose titles, headings and closing lines
differ in their numbers alone, in words that sites use of themselves too. A line is kept where the title, the text or a
field holds it; only what is boilerplate of a page by its words (a record number, a visitor counter) may go.
"""

import argparse
import gzip
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.analysis.chunk import is_heading
from index.cleaning import pinyin_annotations
from index.cleaning.boilerplate import BoilerplateCounts, page_source, per_source, sure
from index.cleaning.clean import clean
from index.cleaning.metadata import line_metadata
from index.models import Article
from index.sources.articles import read_sources
from index.sources.numbering import counted
from scripts.bench.made_documents import Writer

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
TITLES = (
    "{year}年{place}巡井报告",
    "{place}简报第{n}期",
    "{place}简报（第{han}期）",
    "{place}志 卷{han}",
    "第{han}回 {place}夜话",
    "第{n}篇 {place}见闻",
    "{place}{year}年{month}月值更表",
    "{place}公告〔{year}〕{n}号",
    "{place}网站周报第{n}期",
    "{place}公众号推送目录 {year}-{month:02}",
    "{place}客户端更新记录 1.{n}",
    "微信群公告第{n}号：{place}",
    "热线记录{n}",
    "Vol.{n} {place}手记",
    "{place}日记 {month}月{day}日",
    "（{n}）{place}旧事",
    "{place}订阅通讯 No.{n}",
    "{n}、{place}登录须知",
    "版权登记{year}第{n}号",
    "转载{place}旧报第{n}号",
)
HEADINGS = (
    "一、{place}近况",
    "（二）上期回看",
    "本期要目",
    "第{han}节 收支",
    "读者来信",
    "三、下期预告",
    "相关链接说明",
)
ENDS = (
    "此报告共抄{n}份，存于茶铺柜中。",
    "以上各条自{year}年{month}月{day}日起照办。",
    "下期{month}月{day}日再会。",
    "（第{n}期完）",
    "联系人：{place}更夫，晚间{month}点后在家。",
    "本期抄写{n}人，校对{month}人。",
)
_NO_WORD = re.compile(r"\W+")


def serial(generator: random.Random, number: int, root: Path) -> list[Article]:
    """One folder of a series: titles, headings and closing lines of one form each."""
    place = "".join(generator.sample("柳坞渡桥井茶塘竹石陶麦渔", 2)) + generator.choice("里坊湾渡")
    title = TITLES[number % len(TITLES)]
    heads, end = generator.sample(HEADINGS, 3), generator.choice(ENDS)
    writer = Writer(number)
    found = []
    for n in range(generator.randint(4, 12)):
        given = {
            "place": place,
            "n": n + 17,
            "han": counted(n + 1),
            "year": 2009 + n,
            "month": n % 12 + 1,
            "day": n + 3,
        }
        parts = [title, *(line for head in heads for line in (head, writer.paragraph(2))), end]
        text = "\n".join(part.format(**given) for part in parts)
        path = str(root / str(number) / f"{n:02}.txt")
        found.append(Article(f"{number}-{n}", "", text, path=path))
    return found


def serials(titles: int, seed: int) -> list[Article]:
    """At least `titles` articles of made-up series, in folders."""
    generator = random.Random(seed)
    found: list[Article] = []
    number = 0
    while len(found) < titles:
        found += serial(generator, number, Path("/series"))
        number += 1
    return found


def corpora(folder: Path) -> list[Article]:
    """The texts of the evaluation sets below `folder`, each set a source."""
    found = []
    for path in sorted(folder.glob("*/corpus.jsonl*")):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                told = json.loads(line)
                found.append(
                    Article(f"{path.parent.name}-{told['_id']}", "", f"{told['title']}\n{told['text']}".strip())
                )
                found[-1] = replace(found[-1], source=path.parent.name)
    return found


def wanted(text: str) -> list[str]:
    """The first line of a text, its headings and its last line."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return [*lines[:1], *(line for line in lines[1:-1] if is_heading(line)), *lines[1:][-1:]]


def lost(articles: Sequence[Article]) -> dict[str, object]:
    """How many lines were looked for, and which of them neither title, text nor fields hold."""
    counts = BoilerplateCounts()
    for article in articles:
        counts.add(page_source(article), article.text)
    known = per_source(counts.lines())
    looked = 0
    gone: list[str] = []
    for article in articles:
        done = clean(article, boilerplate=known(article)).article
        fields = (done.source, done.author, done.published, *done.tags, *done.meta.values())
        held = _dense("\n".join([done.title, done.text, *filter(None, fields)]))
        for line in wanted(article.text):
            looked += 1
            if not _held(line, held) and not sure(line):
                gone.append(f"{article.article_id}: {line[:60]}")
    return {"articles": len(articles), "lines": looked, "lost": len(gone), "examples": gone[:20]}


def _dense(text: str) -> str:
    return _NO_WORD.sub("", text)


def _held(line: str, held: str) -> bool:
    """Whether the letters of a line are there; of a byline (来源：某报) those of its values."""
    plain = pinyin_annotations.remove(line)[0]
    told = line_metadata(plain)
    return _dense(plain) in held or (told.whole and all(_dense(value) in held for value in told.metadata.values()))


def main() -> int:
    """Measure and print; exit code 1 where a line is lost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder of the evaluation sets")
    parser.add_argument("--titles", type=int, default=2_000, help="serial articles that are made")
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    options = parser.parse_args()
    samples = [item for item in read_sources([SAMPLES]) if isinstance(item, Article)]
    collections = {
        "samples": samples,
        "evaluation sets": corpora(options.data),
        "serial articles": serials(options.titles, options.seed),
    }
    result = {name: lost(articles) for name, articles in collections.items()}
    for name, figures in result.items():
        print(name, json.dumps(figures, ensure_ascii=False))
    if options.out:
        options.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return int(any(figures["lost"] for figures in result.values()))


if __name__ == "__main__":
    sys.exit(main())
