"""What tells the furniture of a web page: names of its elements, words of a site's own lines, counts of readers."""

import re

# In the class, id or role of an element.
NAMED = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|footer|foot|sidebar|side|aside|breadcrumb|crumbs?|comments?|pinglun|related|"
    r"recommend\w*|hot|hotlist|rank\w*|share|sharing|social|copyright|banner|ads?|advert\w*|pager|pagination|toolbar|login|"
    r"search|qrcode|friendlink|links|topbar|header|top|tags?cloud)(?:$|[\s_-]|box|list|bar|wrap|area)",
    re.I,
)
# Words of a site's own lines; two of them make one, where the article has ended.
SITE_WORDS = re.compile(
    r"网站(?:声明|地图|标识)|使用帮助|联系(?:方式|我们)|无障碍|适老|隐私|意见(?:信箱|反馈)|技术支持|主管|主办|承办|版权|侵权|转载|邮编|"
    r"备案|公网安备|浏览器|屏幕|分辨率|关于我们|免责声明|友情链接|copyright|©|ICP|设为首页|加入收藏|举报电话",
    re.I,
)
_COUNT = re.compile(
    r"(?:\d+\s*)?(?:条?评论|人?点赞|次?阅读|次?浏览|人?收藏|人?参与|跟贴|转发|分享|热度|播放)"
    r"(?:\s*[:：(（]?\s*\d+\s*[)）]?)?(?:[条次人])?"
)


def is_count(line: str) -> bool:
    """Whether a line says how often a page was read, liked or answered, and nothing else."""
    return bool(_COUNT.fullmatch(line.strip()))


_NEIGHBOUR = re.compile(
    r"[【\[<《«‹←]*\s*(?:上|下|前|后|後)一?[篇条條则則页頁章节節个個张張](?:文章|新闻|信息)?\s*(?:[:：|\]】>》»›→]|\s|$)"
)
_MAX_NEIGHBOUR = 80  # characters


def is_neighbour(line: str) -> bool:
    """Whether a line leads to the article before or after: `上一篇：……`."""
    return len(line) <= _MAX_NEIGHBOUR and bool(_NEIGHBOUR.match(line))
