"""Equations of Office files (OMML) -> a line of text in the linear form people type: `∑_(i=1)^n x_i`, `(a)/(b)`."""

import re
from collections.abc import Callable

from index.sources.packages import Element, attribute, child, name_of

_GONE = frozenset({"del", "moveFrom", "rPr", "ctrlPr", "pPr", "oMathParaPr", "sdtPr", "instrText", "delText"})
_SCRIPTED = frozenset({"sSub", "sSup", "sSubSup", "limLow", "limUpp"})
_UNSEEN = re.compile("[\u2061-\u2064]")  # signs that a function or a product is meant, which nobody sees
_BRACES = frozenset("⏞⏟⎴⎵⏜⏝")  # that only group what stands below or above them
_MARKS = {"top": "\u0305", "bot": "\u0332"}  # a line over and under letters


def equation(node: Element) -> str:
    """What an `oMath` says, or an `oMathPara` of several, each on a line of its own."""
    if name_of(node) == "oMathPara":
        return "\n".join(filter(None, (equation(one) for one in node if name_of(one) == "oMath")))
    return _inside(node).strip()


def _inside(node: Element | None) -> str:
    text, scripted = "", False
    for one in () if node is None else node:
        told = _said(one)
        if scripted and told and text[-1:].isalnum() and told[0].isalnum():
            text += " "  # else it would belong to the script
        text += told
        scripted = name_of(one) in _SCRIPTED if told else scripted
    return text


def _said(node: Element) -> str:
    name = name_of(node)
    if name in _GONE or name.endswith("Pr"):
        return ""
    if name == "t":
        return _UNSEEN.sub("", node.text or "")
    if name == "br":
        return "\n"
    told = _TOLD.get(name)
    return told(node) if told else _inside(node)


def _part(node: Element, name: str) -> str:
    return _inside(child(node, name)).strip()


def _option(node: Element, name: str, default: str) -> str:
    """What the properties of a construct say; `default` where they do not."""
    return attribute(child(node, f"{name_of(node)}Pr", name), "val", default)


def _hidden(node: Element, name: str) -> bool:
    """Whether a part is switched off: an element without a value is on."""
    asked = child(node, f"{name_of(node)}Pr", name)
    return asked is not None and attribute(asked, "val", "1").lower() not in ("0", "off", "false")


def _script(mark: str, text: str) -> str:
    """`_i`, `^12`, `_(i=1)`; "" for none."""
    alone = len(text) == 1 or text.isdecimal()
    return (mark + (text if alone else f"({text})")) if text else ""


def _base(text: str) -> str:
    """What scripts hang on: in brackets where they would seem to hang on its end alone."""
    whole = len(text) <= 1 or text.replace(".", "").isalnum() or (text[0] in "([{|‖" and text[-1] in ")]}|‖")
    return text if whole else f"({text})"


def _scripted(node: Element) -> str:
    return _base(_part(node, "e")) + _script("_", _part(node, "sub")) + _script("^", _part(node, "sup"))


def _scripts_before(node: Element) -> str:
    return _script("_", _part(node, "sub")) + _script("^", _part(node, "sup")) + _part(node, "e")


def _limit(node: Element) -> str:
    return _part(node, "e") + _script("_" if name_of(node) == "limLow" else "^", _part(node, "lim"))


def _over_all(node: Element) -> str:
    """A sum, a product, an integral."""
    below = "" if _hidden(node, "subHide") else _script("_", _part(node, "sub"))
    above = "" if _hidden(node, "supHide") else _script("^", _part(node, "sup"))
    return f"{_option(node, 'chr', '∫')}{below}{above} {_part(node, 'e')}".rstrip()


def _fraction(node: Element) -> str:
    above, below = _part(node, "num"), _part(node, "den")
    kind = _option(node, "type", "bar")
    mark = "¦" if kind == "noBar" else "/"
    return f"{above}/{below}" if kind == "lin" else f"({above}){mark}({below})"


def _root(node: Element) -> str:
    degree = "" if _hidden(node, "degHide") else _part(node, "deg")
    return "√" + (f"[{degree}]" if degree else "") + f"({_part(node, 'e')})"


def _fenced(node: Element) -> str:
    inside = _option(node, "sepChr", "|").join(_inside(one).strip() for one in node if name_of(one) == "e")
    return _option(node, "begChr", "(") + inside + _option(node, "endChr", ")")


def _function(node: Element) -> str:
    name, of = _part(node, "fName"), _part(node, "e")
    return name + ("" if of[:1] in ("(", "[", "") else " ") + of


def _accent(node: Element) -> str:
    return _base(_part(node, "e")) + _option(node, "chr", "\u0302")


def _line(node: Element) -> str:
    return _base(_part(node, "e")) + _MARKS.get(_option(node, "pos", "bot"), "")


def _grouped(node: Element) -> str:
    mark = _option(node, "chr", "⏟")
    return _part(node, "e") + ("" if mark in _BRACES else mark)


def _rows(node: Element) -> str:
    return "; ".join(_inside(one).replace("&", "").replace("#", " ").strip() for one in node if name_of(one) == "e")


def _matrix(node: Element) -> str:
    rows = (one for one in node if name_of(one) == "mr")
    return "; ".join(", ".join(_inside(one).strip() for one in row if name_of(one) == "e") for row in rows)


def _phantom(node: Element) -> str:
    shown = child(node, "phantPr", "show")
    return "" if shown is not None and attribute(shown, "val", "1") in ("0", "off", "false") else _part(node, "e")


_TOLD: dict[str, Callable[[Element], str]] = {
    "acc": _accent,
    "bar": _line,
    "d": _fenced,
    "eqArr": _rows,
    "f": _fraction,
    "func": _function,
    "groupChr": _grouped,
    "limLow": _limit,
    "limUpp": _limit,
    "m": _matrix,
    "nary": _over_all,
    "phant": _phantom,
    "rad": _root,
    "sPre": _scripts_before,
    "sSub": _scripted,
    "sSubSup": _scripted,
    "sSup": _scripted,
}
