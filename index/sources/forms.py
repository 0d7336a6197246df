"""Forms laid out as tables, `姓名 | 霍七 | 性别 | 男`: labels stand beside their values and name no columns."""

import re
from collections.abc import Sequence

_LABEL = re.compile(
    r".{0,6}(?:姓名|性别|民族|籍贯|年龄|出生年月|出生日期|出生地|政治面貌|学历|学位|学院|院系|专业|班级|学号|工号|职务|职称|职业"
    r"|单位|部门|公司|电话|手机|号码|证号|邮箱|邮编|地址|住址|编号|名称|日期|时间|地点|事由|原因|备注|说明|意见|签字|签名|签章|盖章|情况"
    r"|内容|要求|条件|类别|类型|种类|分类|级别|等级|方式|方法|状态|版本|密级|项目|金额|数量|人数|单价|总价|总计|合计|期限|地区"
    r"|人员|参与者|负责人|联系人|申请人|请求人|经办人|审核人|批准人|创建人|提交人|制定人|记录人|填表人|代表人|目标|目的|标题|主题"
    r"|简介|描述|依据|标准|结果|结论|建议|优先级|流程|规则|需求|计划|经历|评价|特长|关系)[：:]?"
)
_OF_COLUMNS = re.compile(r".{0,4}(?:项目|内容|名称|类别|类型|指标|字段|参数|属性|说明|序号|编号|标题|条件)")
# What rows of a roster, a timetable or a chronicle begin with: days, hours, months, years, and what is numbered.
_NUMERAL = "[0-9〇一二三四五六七八九十百]"
_SERIES = tuple(
    re.compile(form)
    for form in (
        r"(?:周|週|星期|礼拜|禮拜)[一二三四五六日天末]",
        rf"(?:{_NUMERAL}{{4}}[-/.年])?{_NUMERAL}{{1,3}}[-/.月]{_NUMERAL}{{1,3}}[日号]?",
        r"(?:上午|下午|晚上|早上|中午)?\d{1,2}[:：]\d\d(?:\s*[-–—~～至]\s*\d{1,2}[:：]\d\d)?",
        rf"{_NUMERAL}{{1,3}}月份?",
        rf"{_NUMERAL}{{4}}年度?",
        rf"第{_NUMERAL}{{1,4}}[^\W\d_]{{1,3}}",
    )
)
_MAX_ROWS = 80
_SHARE = 0.6  # of the rows of a form that begin with a label


def is_label(cell: str) -> bool:
    """Whether a cell of a form says what stands beside it."""
    return bool(_LABEL.fullmatch("".join(cell.split())))


def is_series(cells: Sequence[str]) -> bool:
    """Whether the first cells of rows, two or more, are all of one series, 周一, 周二, so that none names a column."""
    return len(cells) > 1 and any(all(form.fullmatch(cell.strip()) for cell in cells) for form in _SERIES)


def is_form(rows: Sequence[Sequence[str]], across: Sequence[Sequence[bool]]) -> bool:
    """Whether rows without their captions are a form: most begin with a label of their own, the first has more than
    labels, and labels stand in further columns, or values reach over several, or there are two columns.
    """
    if not 2 <= len(rows) <= _MAX_ROWS or not is_label(rows[0][0]):
        return False
    first = [cell for cell, same in zip(rows[0], across[0], strict=True) if not same]
    if len(first) < 2 or all(is_label(cell) for cell in first if cell) or _names_columns(first):
        return False
    labels = [row[0] for row in rows if is_label(row[0])]
    if len(labels) < max(2, _SHARE * len(rows)) or len(set(labels)) < len(labels):
        return False
    if max(map(len, rows)) == 2:
        return True
    wide = sum(any(row) for row in across)
    further = sum(any(map(is_label, row[2:])) for row in rows)
    return 3 * max(wide, further) >= len(rows) and max(wide, further) >= 2


def _names_columns(first: Sequence[str]) -> bool:
    """Whether a first row of two cells names columns: `项目 | 说明`, `字段名称 | int` not to be told from it."""
    return len(first) == 2 and bool(_OF_COLUMNS.fullmatch(first[0]))
