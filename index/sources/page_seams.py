"""Where two inline elements of a web page that stand side by side say two things: a blank belongs between them."""

import re

_SENTENCE = re.compile("[。！？!?；;，]")
_DAY = r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?:\s?日)?"
_CLOCK = r"\d{1,2}[:：]\d\d(?:[:：]\d\d)?"
_SHORT_DAY = re.compile(r"[\[(（]?(?:\d{2,4}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?[\])）]?\s*")
_ENDS_WITH_TIME = re.compile(rf"(?:{_DAY}|{_DAY}\s?{_CLOCK}|(?<!\d){_CLOCK})$")
_GOES_ON = re.compile(rf"(?!{_CLOCK})[\d年月日号时時分秒点點前后後至到起止以之的、~～—–:：/.)）\]】-]")
_FIELD = re.compile(
    rf"{_DAY}|(?:(?:文章|稿件|信息|新闻|内容)?(?:来源|來源)|作者|记者|記者|通讯员|通訊員|撰文|供稿|摄影|(?:责任|責任|本文)?(?:编辑|編輯)|责编|"
    r"校对|审核|(?:发布|發佈|发表|更新|创建|發表)?(?:时间|時間|日期)|发布|发表|更新|浏览|阅读|点击|评论|人气|字号|字体|分享到?|文号|索引号|"
    r"标签|分类|栏目|关键词|出处)\s*[:：]"
)


def is_seam(line: str, left: str, right: str, links: tuple[int, int]) -> bool:
    """Whether `left` and `right`, elements side by side in `line`, are fields or buttons rather than one word.

    `left` may be all of the line that stands before `right`; `links` are the numbers of the links that hold the end of
    one and the other, 0 where none does.
    """
    if not left or not right or left[-1].isspace() or right[0].isspace() or _SENTENCE.search(line):
        return False
    if 0 < links[0] != links[1] and (links[1] or _SHORT_DAY.fullmatch(right)):
        return _ends(left)  # two buttons; the day of a headline
    if _FIELD.match(right):
        return _ends(left)
    if _GOES_ON.match(right):
        return False
    return bool(_ENDS_WITH_TIME.search(left)) or (_ends(left) and bool(_FIELD.search(left)))


def _ends(left: str) -> bool:
    """Whether a field or a button may end there: `来源：` waits for its value."""
    return left[-1].isalnum() or left[-1] in ")）]】》”"
