#!/usr/bin/env python3
"""Articles asked for by name: is the one that is meant first?

    python scripts/bench/known_items.py --data ../shared/data/eval

Every title of a corpus is asked as it stands, pasted with quotes, book marks and brackets, with one word of the
article's text added, and, where it has a number, with the number in its other form (100, 一百); 300 of them, drawn with
a seed, in forms that people type, too: in the other script, full-width, with a blank too much, other brackets or none,
a site's name, words that ask, a year, without the part behind a mark, without its last two characters. Right is an
article of that very title first, or among the first ten; an answer without results is counted apart. Where several
titles have the part that is asked for, right is any of them. Corpora: the samples, xwlb_headline with its headlines as
titles, domainrag, and 2,000 articles with serial titles made here, whose texts speak of each other's numbers.
"""

import argparse
import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from opencc import OpenCC

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from index.analysis.characters import COMMON_HAN  # noqa: E402
from index.analysis.fold import fold  # noqa: E402
from index.analysis.names import normal  # noqa: E402
from index.analysis.tokenizer import Tokenizer  # noqa: E402
from index.builder import update_index  # noqa: E402
from index.models import Article  # noqa: E402
from index.sources.articles import read_sources  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.evaluation.beir import load_dataset  # noqa: E402
from search.models import SearchOptions  # noqa: E402
from search.query.stopwords import FUNCTION_WORDS  # noqa: E402

SERIES = (
    "桥梁养护周刊",
    "青年读书会简报",
    "城郊菜价快讯",
    "博物馆通讯",
    "河道巡查月报",
    "园林技术通报",
    "社区夜校讲义",
)
REPORTS = ("供水水质", "公交客流", "古树保护", "校园体检", "渔港安全", "旧城测绘", "粮库虫情")
NOTICES = ("云汀市交通管理局公告", "江州县水务局令", "东湖镇人民政府通告", "望江区教育局通知")
SUBJECTS = "路灯 渡船 稻田 食堂 电缆 石桥 图书 水表 苗圃 锅炉 井盖 校车 堤坝 茶园 档案 班车 雨棚 门诊 沙场 鱼塘".split()
ACTIONS = "检修 清点 招标 试运行 停用 扩建 登记 抽查 更换 测量 公示 验收 评比 补种 消毒 疏通 盘点 回访".split()
PASTED = ("《{}》", "“{}”", '"{}"', "【{}】", "{}（全文）", "1. {}", "*{}*", "({})", "{} -")
SITES = (" - 新华网", "_新华网", "｜人民日报", " - 中国政府网", "（来源：新华社）")
ASKED = (
    "{}全文",
    "请问{}",
    "{}是什么",
    "查找{}",
    "我想看《{}》",
    "{}的内容",
    "帮我找一下{}",
    "{} pdf",
    "有没有{}这篇文章",
)
TRADITIONAL = OpenCC("s2t").convert
NEIGHBOURS = 300  # titles of a corpus that are asked in these forms
_BRACKETS = re.compile(r"[（(〔【\[]([^（(〔【\[）)〕】\]]*)[）)〕】\]]")
_BEHIND = re.compile(r"\s*(?:——|[：:｜_]|\s).*", re.S)
_FULL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_DIGITS = re.compile(r"\d{1,4}")
_UNITS = ("", "十", "百", "千")
_HAN = re.compile(rf"^[{COMMON_HAN}]{{2,}}$")


def chinese(number: int, *, year: bool) -> str:
    """A number below 10,000 in Chinese; a year digit by digit."""
    digits = "零一二三四五六七八九"
    if year:
        return "".join(digits[int(digit)] for digit in str(number))
    text = "".join(
        digits[int(digit)] + (_UNITS[len(str(number)) - 1 - place] if digit != "0" else "")
        for place, digit in enumerate(str(number))
    )
    text = re.sub("零+", "零", text).rstrip("零") or "零"
    return text.removeprefix("一") if text.startswith("一十") else text


def other_form(title: str) -> str | None:
    """`title` with its first number written out; None where it has none that can be."""
    match = _DIGITS.search(title)
    if not match or match.group().startswith("0"):
        return None
    after = title[match.end() : match.end() + 1]
    if after not in "期号年届次章条":
        return None
    return title[: match.start()] + chinese(int(match.group()), year=after == "年") + title[match.end() :]


def serials(count: int, rng: random.Random) -> Iterator[Article]:
    """Articles with serial titles; their texts name other numbers of the same series."""
    makers = (
        lambda n: f"{SERIES[n % len(SERIES)]}：第 {n // len(SERIES) + 1} 期",
        lambda n: f"{1930 + n // len(REPORTS)}年{REPORTS[n % len(REPORTS)]}报告",
        lambda n: f"{NOTICES[n % len(NOTICES)]}第{n // len(NOTICES) + 1}号",
    )
    for at in range(count):
        title = makers[at % 3](at // 3)
        lines = []
        for _ in range(rng.randint(6, 14)):
            other = makers[at % 3](rng.randrange(count // 3))
            first, second = rng.sample(SUBJECTS, 2)
            lines.append(
                f"{first}{rng.choice(ACTIONS)}{rng.randint(2, 400)}处，{second}{rng.choice(ACTIONS)}照旧。"
                + (f"上次的安排见{other}。" if rng.random() < 0.4 else "")
            )
        yield Article(f"serial-{at}", title, "".join(lines))


def corpora(data: Path, rng: random.Random) -> Iterator[tuple[str, list[Article]]]:
    """Name and articles of each corpus."""
    yield "samples", [item for item in read_sources([ROOT / "scripts/samples"]) if isinstance(item, Article)]
    yield "serial titles", list(serials(2_000, rng))
    if not data.exists():
        return
    news = load_dataset(data / "xwlb_headline")
    titles = {article_id: news.queries[query] for query, found in news.qrels.items() for article_id in found}
    titled = [replace(item, title=titles.get(item.article_id, "")) for item in news.articles()]
    yield "xwlb_headline", [item for item in titled if item.title]
    yield "domainrag", list(load_dataset(data / "domainrag").articles())


def questions(engine: SearchEngine, names: list[str], rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """(kind, title, question) for each article."""
    tokenizer = Tokenizer()
    for name in names:
        stored = engine.article(name).article
        title = stored.title.strip()
        if len(normal(title)) < 2:
            continue
        yield "as it stands", title, title
        yield "pasted", title, rng.choice(PASTED).format(title)
        told = set(tokenizer.terms(title))
        words = [word for word in dict.fromkeys(tokenizer.terms(stored.text)) if _HAN.match(word)]
        words = [word for word in words if word not in told | FUNCTION_WORDS and word not in fold(title)]
        if words:
            yield "with a word", title, f"{title} {rng.choice(words)}"
        if other := other_form(title):
            yield "digits in the other form", title, other


def neighbours(title: str, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """(kind, title or the part of it that is right, question) for the forms of one title."""
    yield "other script", title, TRADITIONAL(title)
    yield "full-width", title, title.translate(_FULL)
    at = rng.randrange(1, len(title))
    yield "a blank too much", title, f"{title[:at]} {title[at:]}"
    if _BRACKETS.search(title):
        opening, closing = rng.choice(["[]", "()", "【】", "〔〕", "（）", "［］"])
        yield "other brackets", title, _BRACKETS.sub(rf"{opening}\1{closing}", title)
        yield "no brackets", title, _BRACKETS.sub(r"\1", title)
    yield "with a site", title, title + rng.choice(SITES)
    yield "asked for", title, rng.choice(ASKED).format(title)
    yield "a year before", title, f"2019年{title}"
    yield "a year behind", title, f"{title} 2019"
    part = _BEHIND.sub("", title)
    if part != title and len(normal(part)) > 3:
        yield "its part before a mark", part, part
    if len(normal(title)) > 8:
        yield "without its end", title[:-2], title[:-2]


def ask(engine: SearchEngine, names: list[str], rng: random.Random) -> Iterator[tuple[str, str, list[bool]]]:
    """(kind, question and answer, whether each of the first results is right) for every title and form."""
    titles = [engine.article(name).article.title.strip() for name in rng.sample(names, min(NEIGHBOURS, len(names)))]
    more = (item for title in titles if len(normal(title)) > 1 for item in neighbours(title, rng))
    for kind, want, question in (*questions(engine, names, rng), *more):
        found = engine.search(question, SearchOptions(k=10, passages=1)).results
        part = normal(want)
        begins = kind in ("its part before a mark", "without its end")
        same = [normal(item.title) == part or (begins and normal(item.title).startswith(part)) for item in found]
        yield kind, f"{question!r} -> {[result.title for result in found[:2]]}", same


def main() -> None:
    """Ask every title and store the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/eval")
    parser.add_argument("--titles", type=int, default=100_000, help="of each corpus, at most")
    parser.add_argument("--only", nargs="*", help="names of corpora; the figures of others are kept")
    parser.add_argument("--misses", type=int, default=0, help="print so many of what was not first, of each kind")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/known_items.json")
    args = parser.parse_args()
    results: dict[str, dict[str, dict[str, float]]] = json.loads(args.out.read_text("utf-8")) if args.only else {}
    for corpus, articles in corpora(args.data, random.Random(5)):
        if args.only and corpus not in args.only:
            continue
        rng = random.Random(6)
        found: dict[str, list[tuple[bool, bool, bool]]] = {}
        missed: Counter[str] = Counter()
        with tempfile.TemporaryDirectory(prefix="wensou-known-") as folder:
            update_index(articles, folder)
            with SearchEngine.open(folder) as engine:
                names = sorted(item.article_id for item in articles)
                for kind, shown, right in ask(engine, rng.sample(names, min(args.titles, len(names))), rng):
                    found.setdefault(kind, []).append((right[:1] == [True], any(right), not right))
                    if right[:1] != [True]:
                        missed[kind] += 1
                        if missed[kind] <= args.misses:
                            print(f"  {kind}: {shown}")
        results[corpus] = {}
        for kind, rows in found.items():
            first, ten, empty = (sum(column) for column in zip(*rows, strict=True))
            shares = {"@1": round(first / len(rows), 4), "@10": round(ten / len(rows), 4), "empty": empty}
            results[corpus][kind] = {"questions": len(rows), **shares}
            print(f"{corpus:14} {kind:26} {results[corpus][kind]}", flush=True)
    args.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
