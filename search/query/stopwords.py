"""Words that hold a question together and say little of what is sought, folded."""

QUESTION_WORDS = frozenset(
    "吗 呢 吧 啊 呀 么 嘛 什么 怎么 怎样 怎么样 怎么办 如何 为什么 为何 哪 哪些 哪个 哪里 哪儿 哪种 哪位 谁 几 "
    "多少 多久 何时 何 是否 有没有 能不能 可不可以 请问 请 啥 咋 咋办 什么时候 时候".split()
)
FUNCTION_WORDS = QUESTION_WORDS | frozenset(
    "的 地 得 了 着 过 是 在 和 与 及 或 而 且 但 并 也 都 就 还 又 才 再 很 更 最 不 没 没有 有 无 这 那 此 该 其 之 "
    "所 以 于 为 被 把 将 对 从 到 由 向 往 等 给 让 使 跟 同 因 因为 所以 如果 但是 而且 以及 或者 并且 对于 关于 "
    "由于 为了 我 你 您 他 她 它 我们 你们 他们 她们 它们 自己 这个 那个 这些 那些 一个 一些 这样 那样 上 下 中 里 内 "
    "个 要 会 能 可以".split()
)
# Words by which a text is asked for, not a fact: 请问《…》全文, 查找…, …这篇文章, ….pdf.
REQUEST_WORDS = QUESTION_WORDS | frozenset(
    "查找 查询 查看 查 搜索 搜 检索 寻找 找 找到 帮 帮忙 帮我 想 看 想看 看看 一下 一份 打开 阅读 全文 原文 正文 内容 "
    "文章 篇文章 文件 文档 文本 篇 这篇 那篇 下载 在线 链接 最新 pdf doc docx word txt html".split()
)
