"""What keys, columns and labels of fields are called: the one home of these names, for records and tables alike."""

import re
import unicodedata

ALIASES: dict[str, tuple[str, ...]] = {
    field: tuple(names.split())
    for field, names in {
        "id": "id _id article_id 编号 編號 文章编号 文章id",
        "title": "title headline 标题 題目 標題 题目 文章标题 文章標題 文章题目 新闻标题 新聞標題 正标题 主标题 "
        "通知标题 公告标题 "
        "篇名 题名 標題名稱 标题名称 article_title post_title",
        "text": "text content contents body 正文 内容 內容 全文 文章内容 文章內容 正文内容 新闻内容 "
        "新聞內容 文章正文 文章全文 正文全文 article_content post_content fulltext full_text",
        "source": "source 来源 來源 媒体 媒體 出处 出處 文章来源 新闻来源 信息来源 稿源 发布媒体 来源媒体",
        "author": "author authors 作者 记者 記者 文章作者 撰稿人 byline",
        "published": "published date published_at pubdate publish_time publish_date pub_time 日期 时间 发布时间 "
        "发布日期 時間 發布時間 發佈時間 發布日期 发表时间 发表日期 刊登日期 出版日期 创建时间 创建日期 created "
        "created_at createdat created_time createdtime create_time createtime date_created datecreated publishdate "
        "publishedat publishtime published_time published_date",
        "tags": "tags keywords tag keyword 标签 标签 標籤 关键词 關鍵詞 关键字 關鍵字 主题词",
        "url": "url link 链接 网址 鏈接 網址 原文链接 文章链接 原文网址 permalink",
        "summary": "summary abstract 摘要 内容摘要 內容摘要 文章摘要 新闻摘要 提要 内容提要 "
        "导语 導語 简介 簡介 内容简介",
    }.items()
}
# What is the title only where nothing else is: 名称 may as well be that of a product, 主题 a keyword.
_PERHAPS_TITLES = frozenset("名称 名稱 文件名称 主题 主題 subject".split())
_FIELD_OF = {name: field for field, names in ALIASES.items() for name in names}
_UNIT = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]$")


def field_of(name: str) -> str | None:
    """Which field of an article the key or column `name` is; None where it is none of them.

    Case, width, blanks, a star of a form that must be filled in, a colon and a remark in brackets behind do not count.
    """
    key = name.strip().lower()
    if key in _FIELD_OF:
        return _FIELD_OF[key]
    key = _UNIT.sub("", re.sub(r"[\s*＊\ufeff]+", "", unicodedata.normalize("NFKC", key)).rstrip(":"))
    return _FIELD_OF.get(key)


def may_be_title(name: str) -> bool:
    """Whether what a key or column holds is a title where there is no other."""
    return name.strip().lower() in _PERHAPS_TITLES
