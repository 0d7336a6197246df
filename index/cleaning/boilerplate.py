"""Page boilerplate: what stands on a page beside its article. Comment boxes, visitor counters, ICP lines, link farms.

Whole lines only, and at the two ends: a line of the article that is cut is worse than a line of boilerplate left. Some
lines nobody writes in an article. Others, such as 评论 or 相关阅读, may be a heading: they go where nothing but
boilerplate stands between them and the end of the page. What the pages of one source repeat goes there too, if it
also reads like a site's furniture: repetition alone proves nothing, for serial reports repeat their titles, headings
and closing sentences. A first line without a title above it is the title, and stays unless it is surely none.
Patterns match folded text, so one spelling serves both scripts and both widths.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlsplit

from index.analysis.characters import COMMON_HAN
from index.analysis.fold import fold
from index.cleaning.metadata import line_metadata
from index.models import Article

_SITE_PAGE = (
    "联系我们|网站地图|关于我们|关于本站|版权声明|隐私政策|隐私声明|免责声明|法律声明|网站声明|加入我们|人才招聘|诚聘英才|广告服务|广告合作|"
    "帮助中心|使用帮助|友情链接|设为首页|加入收藏|意见反馈|服务协议|用户协议|本站简介|站点地图|首页"
)
_BUTTON = (
    "打印|关闭|打印本页|关闭窗口|打印此页|返回顶部|回到顶部|返回首页|收藏本页|收藏|加入收藏|设为首页|我要纠错|纠错|分享|转发|点赞|复制链接|"
    "字号|大|中|小"
)
# Lines that are boilerplate wherever they stand, for nobody writes them in an article: those that hold certain words
# after whatever else, and those that begin with theirs.
_STRONG_WORDS = re.compile(r"[icp公a版](?<=(?=[icp]{3}\s*[备证]|公网安备|all right|版权所有).)", re.S)
_STRONG_WITHIN = re.compile(
    r"^(?:"
    r".{0,40}[icp]{3}\s*[备证]案?(?:号|序号|编号)?[::]?.{0,12}\d{5,}.{0,40}|.{0,20}[icp]{3}\s*备案?(?:序号|编号|号)?[::]?"
    r"|.{0,20}公网安备\s*\d{6,}.{0,20}|.{0,60}(?:all rights? reserved|版权所有(?![权者人])).{0,60}"
    r")$"
)
_STRONG = re.compile(
    r"^(?:网站标识码\s*[::]?\s*\w{6,}.{0,20}"
    r"|您是第?\s*\d*\s*位?(?:来?访者|访客|访问者|浏览者).{0,10}"
    r"|(?:copyright\b|©|\(c\)).{0,80}"
    r"|评论\s*\d+\s*人参与.{0,20}|已有\s*\d*\s*人参与.{0,30}|\d+\s*人参与[,\s]*\d+\s*条评论.{0,20}"
    r"|还没有评论.{0,16}|快来抢(?:占)?沙发.{0,6}|登录后才?可?以?(?:发表)?评论|请登录后?(?:发表)?评论"
    rf"|(?:【|\[)?(?:{_BUTTON})(?:】|\])?(?:[\s|/丨、]*(?:【|\[)?(?:{_BUTTON})(?:】|\])?)+"
    r"|(?:打印本页|关闭窗口|打印此页|返回顶部|回到顶部|返回首页|加入收藏|设为首页|我要纠错|复制链接)"
    r"|(?:一键)?分享(?:到|至)[::].{0,40}"
    r"|(?:上一篇|下一篇|上一条|下一条|前一篇|后一篇)\s*[::].{0,50}|(?:上一页|下一页)(?:[\s|/]+(?:上一页|下一页|\d+))*"
    r"|(?:当前|您的?|现在|所在)(?:的)?位置(?:是)?\s*[::].{0,60}|首页(?:\s*[>»›|/·-]+\s*[^\s>»›|/·。,]{1,12}){1,10}\s*[>»›|]*"
    rf"|首页(?:[\s|/·]+[{COMMON_HAN}]{{2,6}}){{3,14}}|分享让更多人看到"
    rf"|(?:{_SITE_PAGE})(?:[\s|/·]+(?:{_SITE_PAGE})){{1,10}}"
    r"|(?:点击|长按).{0,12}(?:阅读原文|关注我们|二维码|查看更多).{0,12}|点击查看(?:更多|全文).{0,8}|加载更多"
    r"|(?:新浪微博|腾讯微博|微信|微博|朋友圈|qq空间|qq好友|豆瓣|人人网)(?:[\s|/、]+(?:新浪微博|腾讯微博|微信|微博|朋友圈|qq空间|qq好友|qq|豆瓣|人人网|分享))+"
    r")$"
)
# Lines that are boilerplate at the very end of a page, or right below its title: elsewhere they may be headings.
_DOUBTFUL = re.compile(
    r"^(?:(?:本站|总|今日|累计)?(?:访问|阅读|浏览|点击)(?:量|人数|次数|数)?[::]?\s*\d*(?:次|人)?"
    r"|(?:网友|最新|最热|热门|全部|精彩|用户|读者|发表|我要|查看|查看更多|提交)?评论(?:一下|列表|区)?\s*[(:]?\s*\d*\s*[条)]?"
    r"|暂无评论.{0,10}|我来说两句.{0,12}|一键分享|分享(?:到|至)"
    r"|(?:.{0,24}[,。 ])?[(【\[]?未经.{0,8}(?:许可|授权|同意|允许|书面)"
    r".{0,12}(?:转载|转发|镜像|摘编|采编|(?:不得|禁止|严禁|请勿).{0,4}使用).{0,20}"
    r"|扫(?:一扫|描|码).{0,20}(?:关注|分享|阅读|下载|手机|当前页).{0,16}|扫(?:一扫|描|码).{0,12}二维码|阅读原文|展开全文|收藏|分享|打印"
    r"|(?:上一篇|下一篇|上一条|下一条|前一篇|后一篇|没有了)|(?:相关|推荐|热门|延伸|更多)(?:阅读|新闻|文章|链接|推荐|资讯)[::]?"
    rf"|(?:责任编辑|编辑)?[((]?本文来源.{{0,10}}(?:版权|侵权).{{0,40}}|(?:友情|相关)链接[::]?(?:\s*[{COMMON_HAN}]{{2,12}}){{0,20}}"
    r")$"
)
_HEADS_TEXT = re.compile(rf"[{COMMON_HAN}]{{2,4}}")
# Lines that are boilerplate only in the company of sure ones at the foot of the page.
_AT_FOOT = re.compile(
    r"^(?:欢迎您?(?:访问|光临|来到).{0,24}|(?:主办|承办|协办|指导|技术支持|建设|维护|运维|主管)(?:单位)?[::].{1,50}|技术支持[::].{1,40}|免责声明.{0,200}|(?:特别|版权)声明.{0,200}|关于我们.{0,60}|联系我们.{0,60}|网站地图.{0,40}"
    r"|(?:联系|咨询|举报|投稿|新闻热线|客服)?(?:电话|邮箱|地址|热线|qq|传真|邮编)[::].{1,60}|\d{1,3}|[«<]?\s*(?:\d{1,3}\s+){1,10}[»>]?"
    r"|.{0,20}(?:增值电信|新闻信息服务|许可证|经营许可).{0,60}|(?:违法|不良|侵权).{0,6}举报.{0,40}|(?:最新|最热|热点|推荐|热门|排行).{0,6}"
    r"|(?:声明|注|注意)[::].{0,20}(?:转载|版权|侵权|网友).{0,120})$"
)
# What a line must read like to be taken for a site's furniture because all its pages repeat it.
_FURNITURE = re.compile(
    r"网(?:站|页|址|友|$)|门户|官网|公众号|二维码|扫码|客户端|\bapp\b|订阅|关注我们|转载|备案|版权|热线|投稿|登录|首页|"
    r"技术支持|微信|微博|抖音|https?:|www\.|\.(?:com|cn|net|org)\b|copyright|©"
)
_LABELLED = re.compile(r"^[^:]{1,10}:(?!.*(?:网站|官网|公众号|客户端|备案|版权|www\.))")
_SENTENCE = re.compile("[。！？!?；;…]$")
_IMPRINT = re.compile(r"[icp]{3}\s*[备证]|公网安备|网站标识码|版权所有|copyright|访问?者|访者")
_CONTACT = re.compile(r"^\s*(?:联系|咨询|举报|投稿|新闻热线|客服)?(?:电话|邮箱|地址|热线|qq|传真|邮编|联系人)")
_LOCALITY = re.compile(rf"^[{COMMON_HAN}]{{1,7}}(?:县|市|区|省|州|旗|盟|镇|乡|自治[县州旗])$")
_HEAD, _TAIL = 6, 60  # nonblank lines looked at from either end
_LEARNED = 12  # nonblank lines from either end among which a source may repeat itself


_RIGHTS = re.compile("[权權载載©]")
_MIN_BARS_FOR_LINKS = 8  # in a link farm at least


def _link_farm(folded: str) -> bool:
    """A run of place or product names between bars that says nothing: `红河县| 德惠市| 柘城县| ...`."""
    if re.search(r"[。;!?]", folded):
        return False
    names = [name.strip() for name in folded.split("|") if name.strip()]
    if len(names) < 8 or max(map(len, names)) > 12:
        return False
    places = sum(bool(_LOCALITY.match(name)) for name in names)
    if any(any(char.isdigit() for char in name) for name in names):
        return False  # a row of a table
    return places >= 0.7 * len(names) or len(names) >= 25


def _kind(line: str) -> int:
    """2 for a line that is boilerplate wherever it stands, 1 for one that is so at the end of a page, 0 for others."""
    line = line.strip()
    if len(line) > 24 and line[-1] in "。；，、：" and not _RIGHTS.search(line):
        return 0  # a sentence, and not one about rights: known before anything costly
    if len(line) <= 160:
        folded = fold(line)
        if _STRONG.match(folded) or (_STRONG_WORDS.search(folded) and _STRONG_WITHIN.match(folded)):
            return 2
        if _DOUBTFUL.match(folded):
            return 1
    bars = line.count("|") + line.count("｜")
    return 2 if bars >= _MIN_BARS_FOR_LINKS and _link_farm(fold(line)) else 0


def sure(line: str) -> bool:
    """Whether a line is boilerplate wherever it stands, or at least at the end of a page."""
    return _kind(line) > 0


def find(text: str, learned: frozenset[str] = frozenset(), *, titled: bool = True) -> list[int]:
    """Numbers of the lines of `text` that are boilerplate.

    `learned`: what `of_source` says of the article's source. `titled`: the title is known; where it is not, the
    first line is perhaps the title and goes only where it is surely none.
    """
    lines = text.split("\n")
    full = [i for i, line in enumerate(lines) if line.strip()]
    kinds = {i: _kind(lines[i]) for i in {*full[:_HEAD], *full[-_TAIL:]}}
    gone = {i for i, kind in kinds.items() if kind == 2}
    title = -1 if titled else next((i for i in full if i not in gone), -1)
    for down in (False, True):
        order = full[:_LEARNED] if down else full[: -_TAIL - 1 : -1]
        run = 0  # lines of furniture and fields so far
        for place, i in enumerate(order):
            run += 1
            if i in gone:
                continue
            known = bool(learned) and place < _LEARNED and i != full[0] and key(lines[i], end=not down) in learned
            if i != title and (known or kinds.get(i) == 1):
                gone.add(i)
            elif i == title and down:
                run -= 1
            elif not line_metadata(lines[i]).whole:
                above = order[place - 1]
                if down and run == 2 and kinds.get(above) == 1 and _HEADS_TEXT.fullmatch(lines[above].strip()):
                    gone.discard(above)  # 分享 alone between title and text may be the text's heading
                break
    gone |= _company(lines, full, gone)
    return sorted(gone) if len(gone) < len(full) else []


def _company(lines: list[str], full: list[int], gone: set[int]) -> set[int]:
    """Doubtful lines at the foot of the page that stand below a sure one, or on top of a site's imprint.

    A telephone number above the print button is the notice's own; below it, it is the site's.
    """
    block: list[int] = []
    for i in reversed(full):
        line = lines[i].strip()
        sentence = line[-1] == "。" and "声明" not in line and "聲明" not in line
        if i not in gone and (sentence or len(line) > 240 or not _AT_FOOT.match(fold(line))):
            break
        block.append(i)
    sure_ones = [i for i in block if i in gone]
    if not sure_ones:
        return set()
    imprint = any(_IMPRINT.search(fold(lines[i])) for i in sure_ones)
    above = {i for i in block if i < sure_ones[-1] and imprint and not _CONTACT.match(fold(lines[i]))}
    return (above | {i for i in block if i > sure_ones[-1]}) - gone


def remove(text: str, learned: frozenset[str] = frozenset(), *, titled: bool = True) -> tuple[str, list[str]]:
    """`text` without its boilerplate, and the lines taken out. Parameters as of `find`."""
    numbers = find(text, learned, titled=titled)
    if not numbers:
        return text, []
    lines = text.split("\n")
    drop = set(numbers)
    kept = [line for i, line in enumerate(lines) if i not in drop]
    return "\n".join(kept), [lines[i].strip() for i in numbers]


def key(line: str, *, end: bool) -> str:
    """What two printings of one line share, at the beginning of a page or at its end: folded, digits and spaces out."""
    return ("$" if end else "^") + re.sub(r"[\s\d]+", "", fold(line))


def _could_be_furniture(line: str) -> bool:
    """Whether a line that all pages repeat carries no text of its own: no sentence, and it speaks of a site."""
    folded = fold(line.strip())
    told = _SENTENCE.search(folded) or _LABELLED.search(folded) or "|" in folded or line_metadata(line).metadata
    return bool(_FURNITURE.search(folded)) and not told


def page_source(article: Article) -> str:
    """What prints the pages: a site, a named source, or the folder a file lies in."""
    host = urlsplit(article.url).netloc if article.url else ""
    return host or article.source or (str(Path(article.path).parent) if article.path else "")


def of_source(learned: Iterable[str], source: str) -> frozenset[str]:
    """Of `BoilerplateCounts.lines()` the keys of one source's lines: no other's page is without them."""
    mark = _mark(source)
    return frozenset(line[len(mark) :] for line in learned if line.startswith(mark))


def per_source(learned: Iterable[str]) -> Callable[[Article], frozenset[str]]:
    """`of_source` for the source of an article, worked out once a source."""
    known = cache(partial(of_source, learned))
    return lambda article: known(page_source(article))


def _mark(source: str) -> str:
    return blake2b(source.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest() + ":"


class BoilerplateCounts:
    """Learns the lines that stand at the same end of many articles of one source: its boilerplate.

    Add every article once, then ask for `lines()`. Memory is a counter of line hashes, forgotten where they stay rare.
    """

    def __init__(self, *, least: int = 4, share: float = 0.3, limit: int = 1_000_000) -> None:
        """A line is boilerplate where it stands in at least `least` articles of a source and `share` of them."""
        self._least, self._share, self._limit = least, share, limit
        self._articles: Counter[str] = Counter()
        self._lines: dict[str, Counter[bytes]] = defaultdict(Counter)
        self._text: dict[bytes, str] = {}

    def add(self, source_key: str, text: str) -> None:
        """Count the lines at the ends of one article of a source."""
        self._articles[source_key] += 1
        seen = self._lines[source_key]
        full = [line for line in text.split("\n") if line.strip()]
        ends = {key(line, end=False): line for line in full[1:_LEARNED]}
        ends |= {key(line, end=True): line for line in full[1:][-_LEARNED:]}
        for name, line in ends.items():
            if len(name) < 3 or len(line.strip()) > 120:
                continue
            mark = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            seen[mark] += 1
            if seen[mark] == self._least and _could_be_furniture(line):
                self._text[mark] = name
        if len(seen) > self._limit:
            for mark in [mark for mark, count in seen.items() if count == 1]:
                del seen[mark]

    def lines(self) -> frozenset[str]:
        """The lines that are boilerplate, each with a mark of its source: for `of_source`."""
        found: set[str] = set()
        for source, seen in self._lines.items():
            need = max(self._least, self._share * self._articles[source])
            lines = (self._text[mark] for mark, count in seen.items() if count >= need and mark in self._text)
            found.update(f"{_mark(source)}{line}" for line in lines)
        return frozenset(found)
