"""Answers, articles and analyses for people at a terminal; plain text when it is none."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from index.models import BuildReport, StoredArticle
from search.models import Answer, Explanation, Result

if TYPE_CHECKING:
    from search.evaluation.tune import Tuning

_BOLD, _DIM, _MARK, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[1;33m", "\x1b[0m"

_MAX_SKIPPED = 10  # files and records left out that are named one by one
_MAX_FACETS = 8  # values of a facet that are shown
_MAX_REMOVED = 20  # lines taken out that are listed


def _style(text: str, code: str) -> str:
    return f"{code}{text}{_OFF}" if sys.stdout.isatty() else text


def marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """`text` with `spans` in colour; in 【】 where there is no colour."""
    before, after = (_MARK, _OFF) if sys.stdout.isatty() else ("【", "】")
    out, at = [], 0
    for start, end in spans:
        out += [text[at:start], before, text[start:end], after]
        at = end
    return "".join([*out, text[at:]])


def show_answer(answer: Answer) -> None:
    """Print the results, best first."""
    for warning in answer.warnings:
        print(f"! {warning}")
    if answer.suggestions:
        print("您是不是要找: " + "  ".join(_style(text, _BOLD) for text in answer.suggestions))
    if not answer.results:
        print("没有找到相关的文章")
        return
    if not answer.confident:
        print("以下结果可能与问题无关")
    above = True
    for number, result in enumerate(answer.results, start=answer.offset + 1):
        if result.chance and above and answer.confident:
            print(_style("—— 以下多半是碰巧 ——", _DIM) + "\n")
        above = not result.chance
        _show_result(number, result)
    for name, counts in (answer.facets or {}).items():
        shown = "  ".join(f"{value} {count}" for value, count in list(counts.items())[:_MAX_FACETS])
        print(_style(f"{name}: {shown or '-'}", _DIM))
    for offer in answer.offers:
        print(_style(f"{offer.text}: --after {offer.after} --before {offer.before}", _DIM))
    last = answer.offset + len(answer.results)
    print(_style(f"{answer.offset + 1}-{last} / {answer.total} · {answer.took_ms} ms · {answer.mode}", _DIM))


def show_report(report: BuildReport) -> None:
    """Print what a build did; what it skipped goes to standard error."""
    kept = f", {report.kept} kept of sources not named" if report.kept else ""
    print(
        f"commit {report.commit}: {report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.removed} removed{kept}; {report.chunks} chunks in {report.seconds:.1f} s"
    )
    if report.repairs:
        print("cleaned: " + ", ".join(f"{step} {count}" for step, count in sorted(report.repairs.items())))
    if report.boilerplate:
        print(f"lines taken out as boilerplate ({len(report.boilerplate)}; --keep-boilerplate keeps them):")
    for removed in report.boilerplate[:_MAX_REMOVED]:
        print(f"  {removed.articles} × {removed.line[:80]}  ({removed.first})")
    if len(report.boilerplate) > _MAX_REMOVED:
        print(f"  and {len(report.boilerplate) - _MAX_REMOVED} more: --json lists them all")
    if report.dense_recall is not None:
        print(f"vector index recall@10: {report.dense_recall:.3f}")
    for warning in report.warnings:
        print(f"warning: {warning}")
    if not (report.added or report.changed or report.unchanged or report.skipped):
        print("there was nothing to read: no file of a kind that is read, and no record", file=sys.stderr)
    for part in report.unread[:_MAX_SKIPPED]:
        print(f"read in part {part.where}: without {part.detail}", file=sys.stderr)
    if len(report.unread) > _MAX_SKIPPED:
        print(f"read in part: {len(report.unread)} in all; --json names each", file=sys.stderr)
    for skipped in report.skipped[:_MAX_SKIPPED]:
        detail = f" ({skipped.detail})" if skipped.detail else ""
        print(f"skipped {skipped.where}: {skipped.reason}{detail}", file=sys.stderr)
    if len(report.skipped) > _MAX_SKIPPED:
        reasons = Counter(str(skipped.reason) for skipped in report.skipped)
        print(
            f"skipped {len(report.skipped)} in all, of which the first {_MAX_SKIPPED} are named; --json names each:",
            file=sys.stderr,
        )
        for reason, count in reasons.most_common():
            print(f"  {count:>7} {reason}", file=sys.stderr)


def _show_result(number: int, result: Result) -> None:
    only_title = bool(result.title_highlights) and not any(passage.highlights for passage in result.passages)
    title = marked(result.title, result.title_highlights) if only_title else result.title
    print(f"{number}. " + _style(title or result.article_id, _BOLD))
    about = [result.source, result.published, result.path or result.url]
    print("   " + _style(" · ".join(part for part in about if part), _DIM))
    for copy in result.duplicates:
        again = " · ".join(part for part in (copy["source"], copy["published"], copy["article_id"]) if part)
        print("   " + _style(f"同一报道：{again}", _DIM))
    if only_title:
        print("   " + _style("（标题里写到）", _DIM))
    for passage in result.passages:
        around = [_style((text or "").replace("\n", " "), _DIM) for text in (passage.before, passage.after)]
        page = f"第 {passage.page} 页 " if passage.page else ""
        lines = marked(passage.text, passage.highlights).splitlines()
        text = "\n          ".join(line.strip() for line in lines if line.strip())
        print(f"   {passage.score:.3f}  {page}{around[0]}{text}{around[1]}")
    if result.explain:
        _show_explanation(result.explain)
    print()


def _show_explanation(why: Explanation) -> None:
    print(f"   {why.reason}")
    if why.rest < 1:
        print(f"   named {why.named:.2f} + {why.rest:.2f} of")
    for name, leg in (("bm25", why.bm25), ("dense", why.dense)):
        weight = why.weight if name == "bm25" else 1 - why.weight
        bar = "█" * round(20 * weight * why.normalised[name])
        rank = f"#{leg.rank}" if leg.rank else "-"
        print(f"   {name:5} {leg.score:8.3f} {rank:>5}  {why.normalised[name]:.3f} × {weight:.2f}  {bar}")
    print(f"   weight {why.weight:.2f} of bm25: {_reason(why)}")
    for name, others in why.expanded.items():
        print(f"   {name} also as " + ", ".join(f"{term} {weight:.2f}" for term, weight in others.items()))
    if why.alignment:
        value, weight = why.alignment["value"], why.alignment["weight"]
        print(f"   {1 - weight:.2f} of that + {weight:.2f} × {value:.3f}: words of the question in its order")
    for name, boost in why.boosts.items():
        print(f"   {name} × {boost:.3f}")
    if why.rerank is not None:
        print(f"   rerank {why.rerank:.3f}")
    terms = why.bm25.terms or {}
    print("   terms " + ", ".join(f"{term} {score:.2f}" for term, score in list(terms.items())[:12]))


_ORIGINS = {
    "default": "the default",
    "measured": "measured on this index",
    "tuned": "set by wensou tune",
    "given": "given by the program",
    "mode": "one leg was asked for",
}


def _reason(explained: Explanation) -> str:
    why = explained.why
    text = f"{why.corpus:.2f} {_ORIGINS[why.origin]}"
    if (why.dense_z_score, why.lexical_spread) != (1, 1):
        text += f"; of the dense leg's {why.dense_z_score:.2f} (z-score of its best) "
        text += f"× {why.lexical_spread:.2f} (spread of the words) is left"
    if explained.alignment:
        text += f"; {explained.alignment['weight']:.2f} of the words' share goes to their order"
    return text


def show_article(stored: StoredArticle) -> None:
    """Print an article's metadata, then its text."""
    article = stored.article
    metadata = {
        "id": article.article_id,
        "title": article.title,
        "source": article.source,
        "author": article.author,
        "published": article.published,
        "tags": ", ".join(article.tags),
        "url": article.url,
        "path": article.path,
        **article.meta,
    }
    for name, value in metadata.items():
        if value:
            print(f"{name}: {value}")
    print(f"\n{article.text}")


def show_tuning(found: "Tuning") -> None:
    """Print the health of each leg, the scores with their intervals, and what was set."""
    print(f"{'nDCG@10 (95%)':22}{'questions':>10}" + "".join(f"{name:>24}" for name in ("bm25", "dense", "mix")))
    for kind, scores in found.kinds.items():
        cells = [f"{s.mean:.3f} ({s.low:.3f}-{s.high:.3f})" for s in (scores[n] for n in ("bm25", "dense", "mix"))]
        print(f"{kind:22}{found.counts[kind]:>10}" + "".join(f"{cell:>24}" for cell in cells))
    print(f"health: bm25 {found.health['bm25']:.3f}, dense {found.health['dense']:.3f}")
    if found.gain:
        print(f"gain over {found.before:.2f}: {found.gain.mean:+.4f} ({found.gain.low:+.4f} to {found.gain.high:+.4f})")
    if found.off:
        print(f"the {found.off} leg adds nothing here and is switched off")
    done = f"commit {found.commit}: set" if found.commit else "nothing stored; would be set"
    print(f"weight of bm25 {found.before:.2f} -> {found.weight:.2f}, {done} (wensou tune --reset takes it back)")


def show_analysis(found: dict[str, Any]) -> None:
    """Print what `analyze_text` found, a section each."""
    for change in found["changes"]:
        print(f"[{change['step']}] {change['before'][:80]!r} -> {change['after'][:80]!r}")
    for name, value in found["metadata"].items():
        print(f"{name}: {value}")
    print(f"\n{found['text']}\n")
    for chunk in found["chunks"]:
        print(f"{chunk['start']}-{chunk['end']} {chunk['heading']}")
    print("tokens: " + " / ".join(token["term"] for token in found["tokens"]))
