"""What an article says about itself: date, source, people, document number. Fields, not text.

A line is taken out of the text only where every word of it is accounted for (`来源：新华网 时间：2024-01-29`):
what is merely found inside a sentence is copied and left standing.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from index.analysis.characters import COMMON_HAN, HAN_BUT_BAR
from index.analysis.dates import find_date
from index.analysis.fold import fold
from index.cleaning.byline_labels import LABELS
from index.sources.titles import names_nobody

_CLOCK = r"(?:\s*[T ]?\s*(?:上午|下午)?\s*\d{1,2}[:时]\d{1,2}(?:[:分]\d{1,2}秒?|分)?(?:\.\d+)?(?:z|[+-]\d\d:?\d\d)?)?"
_NAME = rf"\s*(?!通讯员|记者|摄影|报道|实习生)[{HAN_BUT_BAR}·]{{2,4}}(?=[\s、,)】\]/]|$)[\s、,/]*"
_LABEL = re.compile(
    rf"(?<![{HAN_BUT_BAR}])(?:" + "|".join(sorted(map(re.escape, LABELS), key=len, reverse=True)) + r")\s*[:丨|/]\s*",
)
# A class of characters comes first, which is what makes a search quick.
_CANDIDATE = re.compile(r"[:：丨｜|年12１２记記讯訊](?<=(?=[:：丨｜|年]|[12１２][0-9０-９]{3}|[记記]者|[讯訊][员員]).)")
# The site that a line of fields may begin with: its domain, its name, its channel.
_SITE = (
    rf"(?:(?:[a-zA-Z0-9-]+\.)+(?:com|cn|net|org|COM|CN|NET|ORG)|[{COMMON_HAN}]{{2,8}}[网網](?:[{COMMON_HAN}]{{1,6}}(?:频道|頻道))?|"
    rf"[{COMMON_HAN}]{{2,8}}(?:频道|頻道))"
)
_SITE_LEAD = re.compile(rf"(?P<site>{_SITE})\s*(?P<open>[(\[【|]?)\s*", re.I)
# How a line of fields begins: with a label or a date, perhaps in brackets, or with a site; or it names a role.
_BEGINS = re.compile(
    rf"{_SITE}[\s　(（\[【|｜]{{0,8}}[12１２]|"
    r"[(（【\[\s|｜丨/／]*(?:[0-9０-９零〇○一二三四五六七八九十百廿卅元两兩中民]|[^:：丨｜|/／]{1,16}[:：丨｜|/／])"
)
_ROLE = re.compile(r"[记記讯訊](?:(?<=[记記])者|(?<=[讯訊])[员員])")
_BARE = re.compile(  # a byline without colons: 本报记者 张三 通讯员 李四
    rf"^[(【\[]?\s*(?P<role>(?:本报|本网|本刊|本台|本社|新华社|中新社|全媒体|融媒体|见习|实习|特约|首席|[{COMMON_HAN}]{{2,6}}报)*"
    r"(?:记者|通讯员))(?P<names>(?:" + _NAME + r")+)"
    r"(?:(?P<role2>(?:本报|特约)?(?:通讯员|记者|实习生))(?P<names2>(?:" + _NAME + r")+))?"
    r"(?:摄影报道|摄影|报道|文|摄|文/图|图文)?\s*[)】\]]?$"
)
_DATELINE = re.compile(
    rf"^\s*(?P<src>新华社|中新社|中新网|人民网|央视网|新华网|本报讯?|[{COMMON_HAN}]{{2,6}}(?:报|网|社)讯?)"
    rf"[{COMMON_HAN}]{{0,8}}\d{{1,2}}月\d{{1,2}}日(?:电|讯|消息)\s*"
    rf"(?:[(](?:本报)?记者\s*(?P<who>[{COMMON_HAN}·]{{2,4}}(?:[\s、,][{COMMON_HAN}·]{{2,4}}){{0,4}})\s*[)])?"
)
_CLOSING = re.compile(
    rf"[(](?:本报|本网)?记者\s*(?P<who>[{COMMON_HAN}·]{{2,4}}(?:[\s、,]+[{COMMON_HAN}·]{{2,4}}){{0,4}})\s*[)]\s*$"
)
_NUMBER = re.compile(
    rf"(?<![{COMMON_HAN}])(?P<no>[{COMMON_HAN}]{{1,10}}?(?:[{COMMON_HAN}]{{0,4}})[〔\[(【]\s*(?:19|20)\d\d\s*[〕\])】]\s*第?\s*\d{{1,5}}\s*号)"
)
_BODIES = (
    "政府|办公厅|办公室|委员会|总局|局|厅|部|署|院|党委|县委|市委|省委|区委|中央|会|中心|学校|大学|医院|公司|银行|"
    "领导小组|指挥部"
)
_ISSUER = re.compile(rf"^[{COMMON_HAN}]{{2,24}}(?:{_BODIES})$")
# 江城市人民政府关于印发……的通知, and the head of such a paper: 江城市人民政府文件
_TITLE_ISSUER = re.compile(
    rf"^(?P<who>[{COMMON_HAN}]{{2,24}}?(?:{_BODIES})(?:[\s、][{COMMON_HAN}]{{2,24}}?(?:{_BODIES})){{0,5}})\s*关于.{{2,120}}的?"
    r"(?:通知|意见|决定|决议|命令|公告|通告|通报|请示|批复|报告|议案|函|纪要|公报|办法|规定|方案|条例|细则|说明)(?:[(].{0,20}[)])?$"
)
_PAPER = re.compile(rf"^(?P<who>[{COMMON_HAN}]{{2,24}}(?:{_BODIES}))\s*文\s*件$")
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧肖程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任"
    "姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁"
    "葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘"
    "景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙"
    "張劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許呂蘇盧蔣賈葉閻鍾範鄒陸顧龍萬錢湯賴龔龐蘭顏嚴溫蘆魯韋畢聶叢齊莊時關費紀項陽衛"
)
_PERSON = re.compile(
    rf"[{_SURNAMES}][{HAN_BUT_BAR}]{{1,2}}|(?:欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|皇甫|尉迟|夏侯|慕容)[{HAN_BUT_BAR}]{{1,2}}"
)
_SHAPES = {  # of the value that may stand on the line below its label
    "document_number": re.compile(
        rf"[{HAN_BUT_BAR}]{{0,14}}[〔\[(【]?\s*(?:19|20)\d\d\s*[〕\])】年]?\s*第?\s*\d{{1,5}}\s*号"
    ),
    "index_number": re.compile(r"[\w.〔\[(（〕\])）/-]*\d[\w.〔\[(（〕\])）/-]*"),
    "issuing_body": re.compile(rf"[{HAN_BUT_BAR}]{{2,24}}(?:{_BODIES})"),
    "source": re.compile(
        rf"[{HAN_BUT_BAR}\w]{{1,20}}(?:报|网|社|台|刊|局|委|府|办|厅|部|院|客户端|公众号|频道|在线|新闻|杂志|{_BODIES})"
    ),
}
_CREDITED = re.compile(rf"[{HAN_BUT_BAR}·]{{2,4}}|[\w·]{{2,12}}(?:社|网|报|台|局|中心|图库|新闻)")
_SUBTITLE = re.compile(r"^\s*(?:—{1,2}|－{1,2}|-{2,3}|―{1,2}|─{1,2})\s*(?P<sub>[^\s—－―─-].{1,58}?)\s*$")
_ATTACHED = re.compile(r"附[件录錄表图圖]\s*(?:[A-Z]|[\d一二三四五六七八九十]{1,3}(?:[-—－]\d{1,2})?)?\s*[:：]?")
_COUNTED = re.compile(
    r"[(（]?[\d一二三四五六七八九十]{1,3}[)）、.．]|[①-⑳]|第[\d一二三四五六七八九十百]{1,5}[章节節条條款]"
)
_BRACKETED = re.compile(r"^[\[(（【［]\s*([^\[\](（）)【】［］]+?)\s*[\])）】］]$")
_TITLED = re.compile(rf"^(?:本报|本网|本刊)?(?:记者|記者|通讯员|通訊員)(?=(?:{_PERSON.pattern})$)")
_EVENT = re.compile(r"(?:时间|日期)\s*:")
_SENTENCE_END = re.compile(r"[。！？!?；;]")
_PEOPLE = frozenset({"author", "correspondent", "editor", "proofreader", "reviewer", "photographer"})
_BARS = " |丨/"
_HEAD, _TAIL = 16, 14  # lines that are looked at from either end
_BELOW_SIGNATURE = 6  # lines that may follow a notice's date: who else gets it, who printed it, a footer
_MAX_LINE_OF_DATE = 5  # lines from the top among which a date alone is the page's


class Found(NamedTuple):
    """Fields of one line, and whether the line holds nothing else."""

    metadata: dict[str, str]
    whole: bool


def _people(value: str) -> str:
    return " ".join(_TITLED.sub("", name) for name in re.findall(r"[^\s、,，/丨|;；]+", value))


def line_metadata(line: str) -> Found:
    """The metadata of one line of display text (no line break in it)."""
    stripped = line.strip().strip("|丨/ \t")
    if not 2 <= len(stripped) <= 200 or stripped[-1] in "。；" or not _CANDIDATE.search(stripped):
        return Found({}, False)  # most lines: known before anything costly
    if not _BEGINS.match(stripped) and not _ROLE.search(stripped):
        return Found({}, False)
    folded = fold(stripped)
    if match := _BARE.match(folded):
        metadata = {}
        for role, names in (("role", "names"), ("role2", "names2")):
            if match[role]:
                start, end = match.span(names)
                key = "author" if match[role].endswith("记者") else "correspondent"
                metadata[key] = _people(stripped[start:end])
        return Found(metadata, True)
    return _labelled(stripped, folded)


def _labelled(line: str, folded: str) -> Found:
    """The fields of `label：value` one behind another, perhaps a date before them; of no other line anything."""
    begin = 1 if folded[0] in "([【" and folded[-1] in ")]】" else 0
    end = len(line) - begin
    marks = list(_LABEL.finditer(folded, begin, end))
    first, *others = [*(mark.start() for mark in marks), end]
    lead = _leading_date(line, folded[:first], begin, labelled=bool(marks))
    if lead is None or not (lead or marks):
        return Found({}, False)
    site, metadata = lead.pop("site", ""), lead
    for mark, stop in zip(marks, others, strict=True):
        value = line[mark.end() : stop].strip(" \t|丨/,，;；　")
        key = LABELS[re.sub(r"[\s:丨|/]+$", "", mark.group())]
        value = _BRACKETED.sub(r"\1", value) if key == "source" or key in _PEOPLE else value
        if value and not _fits(key, value):
            return Found({}, False)
        _put(metadata, key, value)
    return Found({"source": site, **metadata} if site else metadata, True)


def _leading_date(line: str, lead: str, begin: int, *, labelled: bool) -> dict[str, str] | None:
    """The date that `lead`, the folded beginning of `line`, is from `begin` on, a time of day aside.

    Nothing where nothing stands there, None for a text. A site may stand before it, if more follows than a day: a
    label, or the time of day, which no signature has.
    """
    found = find_date(lead)
    if not found:
        return None if lead[begin:].strip(_BARS) else {}
    day, start, stop = found
    rest = re.sub(_CLOCK, "", re.sub(_CLOCK + r"$", "", lead[stop:], flags=re.I), count=1, flags=re.I)
    if start == begin:
        return None if rest.strip(_BARS) else {"published": day}
    site = _SITE_LEAD.fullmatch(lead, begin, start)
    if site is None or not (labelled or len(rest.strip()) < len(lead[stop:].strip())):
        return None
    closed = rest.strip(_BARS) == {"": "", "(": ")", "[": "]", "【": "】", "|": ""}[site["open"]]
    return {"published": day, "site": line[site.start("site") : site.end("site")]} if closed else None


def _fits(key: str, value: str) -> bool:
    """Whether `value` is of a shape that field can have; prose after a colon is not."""
    if _SENTENCE_END.search(value):
        return False
    if key == "published":
        found = find_date(fold(value))
        if found is None:
            return False
        return len(re.sub(_CLOCK, "", fold(value)[: found[1]] + fold(value)[found[2] :], flags=re.I).strip()) <= 16
    if key in _PEOPLE:
        names = _people(_without_date(value)[0]).split()
        if key == "photographer" and not all(_CREDITED.fullmatch(fold(name)) for name in names):
            return False  # 图片：某某发票 says what the picture shows
        return len(names) <= 12 and all(len(name) <= 10 for name in names)
    return len(value) <= 40 and value.count("，") + value.count(",") <= 1


def _put(metadata: dict[str, str], key: str, value: str) -> None:
    if not key or not value:
        return
    if key == "published":
        found = find_date(fold(value))
        if found is None:
            return
        tail = re.sub(r"^" + _CLOCK, "", fold(value)[found[2] :], flags=re.I).strip(_BARS)
        value = found[0]
        if tail and "source" not in metadata and re.fullmatch(rf"[{COMMON_HAN}]{{2,10}}", tail):
            metadata["source"] = tail
    elif key in _PEOPLE or key == "source":
        value, when = _without_date(value)
        if when:
            metadata.setdefault("published", when)
        value = _people(value) if key in _PEOPLE else value.split(" | ")[0].strip()
    if value and not (key in ("source", "author") and names_nobody(value)):
        metadata.setdefault(key, value)


def _without_date(value: str) -> tuple[str, str | None]:
    """`新华网 2024-01-29 10:00` -> `新华网` and the date: pages put the date behind any field."""
    found = find_date(fold(value))
    if found is None or (found[1] > 0 and len(value) - found[2] > 12):
        return value, None
    return value[: found[1]].strip(" \t|丨/"), found[0]


def take(text: str, given: Mapping[str, str] = MappingProxyType({})) -> tuple[str, dict[str, str], list[str]]:
    """Take field lines out of the two ends of `text`: the rest, the metadata, the lines taken.

    Fields found inside a line that stays (a dateline, a closing `（记者 …）`, a document number) are copied. A line
    stays that says otherwise than what is `given` of a field, or a line before; further people are `other_editor` and
    so on.
    """
    lines = text.split("\n")
    full = [i for i, line in enumerate(lines) if line.strip()]
    metadata: dict[str, str] = {}
    drop: set[int] = set()
    rows = _table_rows(lines, full)
    for place in (*range(min(_HEAD, len(full))), *range(max(_HEAD, len(full) - _TAIL), len(full))):
        i = full[place]
        if i in drop or i in rows:
            continue
        found = line_metadata(lines[i])
        if not found.whole or not (found.metadata or _is_furniture(lines[i])):
            continue
        at_foot = place >= _MAX_LINE_OF_DATE or 1 < place == len(full) - 1
        if at_foot and set(found.metadata) == {"published"} and not _LABEL.search(fold(lines[i])):
            continue  # a date alone under the text belongs to a notice's signature; at the top it is the page's
        if _EVENT.match(fold(lines[i].strip())) and any(
            _told(lines[full[near]]) for near in (place - 1, place + 1) if 0 <= near < len(full)
        ):
            continue  # 时间： above 地点： is when something takes place
        drop.add(i)
        for key, value in found.metadata.items():
            if _tells_more(value, given.get(key) or metadata.get(key)):
                if key not in _PEOPLE or key in given:
                    drop.discard(i)
                    continue
                key = f"other_{key}"  # 编辑 at the head of a page, 责编 at its foot
                value = " ".join(dict.fromkeys((*metadata.pop(key, "").split(), *value.split())))
            metadata.setdefault(key, value)
        if not found.metadata and place + 1 < len(full) and _value_below(lines[i], lines[full[place + 1]], metadata):
            drop.add(full[place + 1])
    if len(drop) == len(full):  # nothing but metadata: then they are the text
        drop = set()
    for key, value in _copied(lines, full, drop).items():
        metadata.setdefault(key, value)
    taken = [lines[i].strip() for i in sorted(drop)]
    kept = [line for i, line in enumerate(lines) if i not in drop]
    return ("\n".join(kept) if drop else text), metadata, taken


def _tells_more(value: str, known: str | None) -> bool:
    """Whether a field's value says what is not in the one that is known of it."""
    return known is not None and re.sub(r"\W+", "", value) not in re.sub(r"\W+", "", known)


def _told(line: str) -> bool:
    """Whether a line is `label：value` and the label none of a byline's."""
    label = re.match(r"([^\s:]{2,8})\s*:", fold(line.strip()))
    return label is not None and label[1] not in LABELS


def _is_furniture(line: str) -> bool:
    return bool(_LABEL.search(fold(line)))


def _value_below(label: str, line: str, metadata: dict[str, str]) -> bool:
    """Whether `line` is the value of the label that stands alone above it; it is put into `metadata`."""
    key = LABELS.get(re.sub(r"[\s:丨|/]+$", "", fold(label).strip()), "")
    value = line.strip()
    if line_metadata(line).metadata.keys() - {"published"} or _is_furniture(line) or not _surely_fits(key, value):
        return False
    found: dict[str, str] = {}
    _put(found, key, value)
    if any(_tells_more(one, metadata.get(name)) for name, one in found.items()):
        return False
    metadata |= {name: one for name, one in found.items() if name not in metadata}
    return True


def _surely_fits(key: str, value: str) -> bool:
    """Whether `value` can be nothing but that field's: below an empty label there may as well stand the text."""
    folded = fold(value)
    if not value or not _fits(key, value):
        return False
    if key in _PEOPLE:
        return all(_PERSON.fullmatch(name) for name in _people(folded).split())
    if key == "published":
        found = find_date(folded)
        return found is not None and not re.sub(_CLOCK, "", folded[: found[1]] + folded[found[2] :], flags=re.I).strip()
    return key in _SHAPES and bool(_SHAPES[key].fullmatch(folded))


def _table_rows(lines: list[str], full: list[int]) -> set[int]:
    """Lines `date：… | name：…` that stand next to one with the same labels: rows of a table, not metadata."""
    if not any(" | " in lines[i] for i in full):
        return set()
    labels = []
    for i in full:
        parts = lines[i].replace("：", ":").split(" | ") if " | " in lines[i] else []
        labels.append(tuple(part.partition(":")[0].strip() for part in parts))
    alike = [n for n in range(1, len(full)) if labels[n] and labels[n] == labels[n - 1]]
    return {full[m] for n in alike for m in (n - 1, n)}


def _copied(lines: list[str], full: list[int], drop: set[int]) -> Mapping[str, str]:
    kept = [i for i in full if i not in drop]
    metadata: dict[str, str] = {}
    for i in kept[:6]:
        line = lines[i]
        if "日" in line[:40] and (match := _DATELINE.match(fold(line[:120]))):
            source = lines[i][match.start("src") : match.end("src")].removesuffix("讯").removesuffix("訊")
            if not source.startswith("本"):
                metadata.setdefault("source", source)
            if match["who"]:
                metadata.setdefault("author", _people(lines[i][match.start("who") : match.end("who")]))
        if len(line) <= 120 and ("号" in line or "號" in line) and (match := _NUMBER.search(fold(line))):
            metadata.setdefault("document_number", re.sub(r"\s", "", lines[i][match.start() : match.end()]))
    for i in kept[-3:]:
        tail = lines[i][-80:]
        if tail[-1:] in ")）" and (match := _CLOSING.search(fold(tail))):
            metadata.setdefault("author", _people(tail[match.start("who") : match.end("who")]))
    for i in kept[:3]:
        if len(lines[i]) <= 40 and "文" in lines[i] and (match := _PAPER.match(fold(lines[i].strip()))):
            metadata.setdefault("issuing_body", lines[i].strip()[: match.end("who")])
    for at in range(len(kept) - 1, max(1, len(kept) - 1 - _BELOW_SIGNATURE), -1):
        date_line = lines[kept[at]][:40].strip()
        signed = find_date(fold(date_line)) if len(date_line) <= 20 else None
        if signed is None or signed[2] - signed[1] < len(date_line) - 1:
            continue
        body = lines[kept[at - 1]].strip()
        issued = bool(_ISSUER.match(fold(body)))
        if issued or at == len(kept) - 1:
            metadata.setdefault("published", signed[0])
            if issued:
                metadata.setdefault("issuing_body", body)
            break
    return metadata


def issuer_of(title: str) -> str | None:
    """Who issued an official paper of this title: `某市人民政府关于……的通知` -> `某市人民政府`."""
    match = _TITLE_ISSUER.match(fold(title.strip()))
    return None if match is None else title.strip()[match.start("who") : match.end("who")]


def split_subtitle(text: str) -> tuple[str, str]:
    """`(subtitle, rest)`: a first line `——……` below the title, without its dash; nothing where there is none."""
    first, _, rest = text.lstrip("\n").partition("\n")
    match = _SUBTITLE.match(first)
    if match is None or not rest.strip() or re.search(r"[。；;，,：:]$", first.strip()):
        return "", text
    return match["sub"], rest.lstrip("\n")


def reads_as_title(line: str) -> bool:
    """Whether a first line is a title by its looks: short, and no sentence nor the beginning of one."""
    return len(line) <= 60 and not re.search(r"[。！!；;，,：:、.…\ufffd]$|[。；;]", line)


def split_title(text: str) -> tuple[str, str]:
    """`(title, rest)`: the first line where it reads as a title, else its opening words and the whole text.

    A first line that only counts what is attached, `附件1`, gives way to the line below it, and both stay in the text.
    """
    first, _, rest = text.lstrip("\n 　\t").partition("\n")
    line = first.strip()
    if named := _attached(line, rest):
        return named, text
    if rest.strip() and reads_as_title(line):
        return line, rest.lstrip("\n")
    opening = re.split(r"[。！？!?；;…\n]", line, maxsplit=1)[0]
    while len(opening) > 40 and (cut := re.search(r"[，,、：:\s][^，,、：:\s]*$", opening)):
        opening = opening[: cut.start()]
    return opening[:40].strip("“”\"'‘’「」『』 　") or line[:40], text


def _attached(line: str, rest: str) -> str:
    """The name of what is attached: beside `附件1` in a row of a table, or in the line below; "" where neither is."""
    label, *cells = [cell for cell in map(str.strip, line.split("|")) if cell] or [""]
    if not _ATTACHED.fullmatch(label) or len(cells) > 1:
        return ""
    name = cells[0] if cells else rest.lstrip("\n 　\t").partition("\n")[0].strip()
    named = len(name) > 1 and reads_as_title(name) and not _COUNTED.match(name) and not re.search(r" \||[:：]", name)
    return name if named and not _ATTACHED.fullmatch(name) else ""
