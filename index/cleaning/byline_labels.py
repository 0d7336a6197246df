"""The labels that stand before the fields of a byline: 来源, 发布时间, 责任编辑, and those of what is furniture."""

# Label (folded) -> field. The empty field is page furniture that stands in such lines: known and dropped.
LABELS: dict[str, str] = {}
for _field, _names in {
    "source": "来源 文章来源 稿源 稿件来源 信息来源 新闻来源 内容来源 来源单位 出处 转自 摘自 来源网站 消息来源",
    "published": "时间 日期 发布时间 发布日期 发表时间 发表日期 更新时间 更新日期 发文日期 成文日期 印发日期 发稿时间 "
    "公布日期 刊发时间 上传时间 录入时间 创建时间 发文时间 成文时间 刊登日期",
    "author": "作者 记者 本报记者 本网记者 本刊记者 全媒体记者 融媒体记者 见习记者 撰文 撰稿 文字 文字记者 撰稿人 供稿",
    "correspondent": "通讯员 本报通讯员 特约通讯员 实习生 实习记者 特约记者",
    "editor": "编辑 责任编辑 责编 本文编辑 网络编辑 新媒体编辑 本期编辑 值班编辑 编审 主编 总编辑 责任编缉",
    "proofreader": "校对 责任校对 审校 校审",
    "reviewer": "审核 终审 复审 初审 二审 三审 一审 监制 总监制 值班主任 值班总编 签发 审签 审定 签审 出品人 统筹 策划",
    "photographer": "摄影 图片 摄影记者 供图 视频 制图 美编 版式 海报 剪辑",
    "document_number": "发文字号 文号 公文字号 发文号 文件编号 发布文号",
    "issuing_body": "发文机关 发布机关 制定机关 发文单位 发布单位 颁布单位 公开主体 颁布机关 发布机构 发文机构",
    "index_number": "索引号 信息索引号",
    "subtitle": "副标题 副题 小标题",
    "category": "主题分类 公文种类 体裁分类 信息分类 所属分类 分类 栏目 所属栏目",
    "": "字号 字体 字体大小 文字大小 浏览次数 浏览量 浏览 阅读 阅读量 阅读次数 点击 点击数 点击率 点击量 访问量 "
    "访问次数 分享 分享到 打印 关闭 收藏 评论 评论数 人气 保护视力色 视力保护色 热度 阅读数 点击次数",
}.items():
    for _name in _names.split():
        LABELS[_name] = _field
