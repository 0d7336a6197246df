"""What programs and sites write where nobody gave a title, an author or a source: none of them."""

import re

_NAMES = (
    "无标题 無標題 未命名 未定义标题 新建 untitled title document doc presentation slide book sheet 工作簿 工作表 "
    "演示文稿 簡報 简报 文档 文件 文稿 幻灯片 投影片 标题 題目 题目 标题页 封面 扫描 扫描件 扫描文件 scan scanned "
    "image img output print temp tmp null none undefined unknown default"
).split()
_PLACEHOLDER = re.compile(
    r"(?:" + "|".join(_NAMES) + r"|no title|(?:scanned|untitled|new) document|新建文件夹|プレゼンテーション"
    r"|powerpoint\s*(?:演示文稿|簡報|presentation|プレゼンテーション)|word\s*(?:文档|文件|document)|wps\s*(?:文档|演示|文字|表格)?"
    r"|microsoft\s*(?:word|powerpoint|excel|office)?(?:\s*(?:文档|文件|document|presentation|演示文稿))?"
    r"|新建\s*(?:microsoft|wps|docx?|文本|xlsx?|pptx?)?.{0,20}(?:文档|演示文稿|工作表|文件|表格)"
    r"|(?:点击|单击|按|click)\s*(?:此处|这里|here)?.{0,4}(?:添加|编辑|to add|to edit)?.{0,8}(?:标题|title)?)"
    r"[\s\-_.(（]*\d*[)）]?",
    re.I,
)
_PROGRAM = re.compile(
    r"^\s*(?:microsoft\s+(?:word|powerpoint|excel)|wps\s*(?:office|文字|演示)?|pdf\s*creator|print)\s*[-–—:：]\s*", re.I
)
_FILE = re.compile(
    r"\.(?:docx?|wps|pptx?|ppsx?|xlsx?|pdf|rtf|odt|odp|txt|html?|cdr|indd|qxd|p65|pmd|fit|ps|tif{1,2}|jpe?g|s\d+)$",
    re.I,
)
_NOBODY = frozenset(
    "python-docx user users administrator admin owner guest test unknown none null author anonymous unspecified "
    "微软用户 微软中国 作者 用户 管理员 未定义 未知 lenovo hp dell asus acer pc windows user1 联想 惠普 微软 "
    "thinkcentre thinkpad samsung toshiba microsoft office wps apache poi openpyxl 雨林木风 番茄花园 深度技术 "
    "电脑公司".split()
) | {"think centre", "think pad", "microsoft office", "apache poi", "hewlett-packard", "tencent", "un-named"}
_UNNAMED = (
    "网络 網絡 網路 互联网 互聯網 因特网 网上 網上 本站 本网 本網 网站 網站 原创 原創 首发 转载 轉載 转贴 "
    "转帖 转发 转自 摘自 摘录 来源 來源 来自 來自 整理 收集 搜集 采集 综合 綜合 汇总 佚名 无名氏 未知 不详 "
    "不詳 匿名 网友 網友 用户 作者 投稿 供稿 上传 编辑 小编 发布 其他 其它 暂无 无 internet network unknown "
    "original none null n/a"
).split()
_BETWEEN = r"(?:[自于讯稿和及/、,，.…-]|\s)*"
_NOWHERE = re.compile(rf"{_BETWEEN}(?:(?:{'|'.join(_UNNAMED)}){_BETWEEN})+", re.I)
_USER = re.compile(r"(?<=\S)\s*(?:user|用户)$")


def is_placeholder(title: str) -> bool:
    """Whether a program wrote this title by itself: `untitled`, `文档1`, `PowerPoint 演示文稿`, the name of a file."""
    plain = " ".join(title.replace("\0", "").split())
    if not any(char.isalpha() for char in plain) or len(plain) < 2:
        return True
    if plain.isascii() and " " not in plain and any(not char.isalpha() for char in plain):
        return True  # a number, an address, the name of a file
    return bool(_PLACEHOLDER.fullmatch(plain) or _PROGRAM.match(plain) or _FILE.search(plain) or "\ufffd" in plain)


def title_of(title: str | None) -> str:
    """The title that a file's properties give, on one line; "" where that is none."""
    plain = " ".join((title or "").replace("\0", "").split())
    return "" if not plain or is_placeholder(plain) else plain


def author_of(author: str | None) -> str:
    """The author that a file's properties give; "" where it is the name of a program or a machine."""
    plain = " ".join((author or "").replace("\0", "").split())
    nobody = not _NOBODY.isdisjoint({plain.lower(), _USER.sub("", plain.lower())})
    return "" if nobody or not any(char.isalpha() for char in plain) else plain


def names_nobody(name: str) -> bool:
    """Whether what stands as a source or an author names none: `网络`, `本站原创`, `转载`, `佚名`."""
    return bool(_NOWHERE.fullmatch(name.strip().strip("()（）[]【】")))
