"""Style sheets in texts: pages saved as plain text or Markdown begin with them. They are neither title nor text."""

import re

_ELEMENT = re.compile(r"<(style|script)\b[^>]*>.*?</\1\s*>", re.S | re.I)
_COMMENT = r"/\*(?:[^*]|\*(?!/)){0,2000}\*/"
_DECLARATION = r"(?:--)?[A-Za-z\\-][\w\\-]*\s*:\s*[^{};\n]{1,300}"
_BETWEEN = rf"\s*(?:{_COMMENT}\s*)*"
_BLOCK = rf"\{{{_BETWEEN}(?:{_DECLARATION}(?:;{_BETWEEN}{_DECLARATION})*;?{_BETWEEN})?\}}"
_RULE = rf"[A-Za-z0-9_.#*:\[&>~+-][\x20-\x3a\x3c-\x7a\x7c\x7e\n]{{0,200}}?\s*{_BLOCK}"
_AT_RULE = (
    rf"@[A-Za-z-]+[^{{}};\n]{{0,200}}(?:;|\{{\s*(?:(?:{_RULE}|{_COMMENT})\s*){{0,100}}\}}|{_BLOCK})"  # @media, @import
)
_SHEET = re.compile(rf"(?:(?:{_COMMENT}|{_AT_RULE}|{_RULE})\s*){{1,400}}")
_PROPERTY = re.compile(
    r"[{;/]\s*(?:[a-z]+-[a-z-]+|color|margin|padding|font|width|height|display|border|background|position|float|clear|"
    r"top|left|right|bottom|content|cursor|overflow|opacity|transform|transition|animation|outline|src|visibility|zoom|"
    r"filter|flex|grid|order|gap|resize|direction|size)\s*:",
    re.I,
)
_LINES = 6  # at the top, among which a style sheet may stand
_HEAD = 20_000  # characters in which it has its end


def without_elements(text: str) -> str:
    """`text` without the elements of style sheets and scripts."""
    return _ELEMENT.sub("", text) if "<s" in text.lower() else text


def without_rules(text: str) -> str:
    """`text` without a style sheet that stands bare in its first lines."""
    head, at = text[:_HEAD], 0
    if "{" not in head:
        return text
    for _ in range(_LINES):
        end = head.find("\n", at)
        end = len(head) if end < 0 else end
        sheet = _SHEET.match(head, end - len(head[at:end].lstrip()))
        if sheet is None and "{" in head[at:end]:
            sheet = _SHEET.search(head, at, end)
        if sheet and len(_PROPERTY.findall(sheet[0])) >= 2:
            left, rest = text[at : sheet.start()].rstrip(" \\").strip(), text[sheet.end() :]
            heading = re.match(r"\s*(?:#\s+)?(.+)", rest)
            left = "" if heading and heading[1].strip() == left else left  # the title, which stands below again
            return f"{text[:at]}{left}\n{rest}" if left else f"{text[:at]}{rest}"
        if end == len(head):
            break
        at = end + 1
    return text
