"""Filters as people give them, on the command line or in a URL -> `Filters`."""

import calendar
import re
from collections.abc import Sequence
from datetime import date

from index.errors import BadOption
from index.models import AllOf, Condition, Filters, Within

_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$")


def day(text: str, *, name: str, last: bool = False) -> date:
    """A day from `YYYY-MM-DD`, `YYYY-MM` or `YYYY`: the first of the period, or with `last` its last. BadOption."""
    match = _DAY.match(text.strip())
    try:
        if not match:
            raise ValueError
        year = int(match[1])
        month = int(match[2]) if match[2] else (12 if last else 1)
        end = calendar.monthrange(year, month)[1] if last else 1
        return date(year, month, int(match[3]) if match[3] else end)
    except (ValueError, calendar.IllegalMonthError):
        raise BadOption(f"{name}: got {text!r}, want a day such as 2025-01-31", hint="YYYY-MM-DD") from None


def make_filters(
    *,
    source: Sequence[str] = (),
    author: Sequence[str] = (),
    tag: Sequence[str] = (),
    meta: Sequence[str] = (),
    after: str | None = None,
    before: str | None = None,
) -> Filters:
    """Filters from what was typed; both days are inclusive, `meta` is `KEY=VALUE`.

    BadOption for a day that is none, and for a `meta` without a key or a value.
    """
    return Filters(
        source=tuple(filter(None, source)),
        author=tuple(filter(None, author)),
        tag=tuple(filter(None, tag)),
        meta=tuple(_key_and_value(one) for one in filter(None, meta)),
        after=day(after, name="after") if after else None,
        before=day(before, name="before", last=True) if before else None,
    )


def never(filters: Filters, where: Condition | None = None) -> tuple[str, ...]:
    """A warning where the days of `filters`, and those that `where` asks for beside them, leave none between them."""
    asked = where.parts if isinstance(where, AllOf) else (where,)
    days = [Within(filters.after, filters.before), *(part for part in asked if isinstance(part, Within))]
    after = max((each.after for each in days if each.after), default=None)
    before = min((each.before for each in days if each.before), default=None)
    if after and before and after > before:
        return (f"after {after} is later than before {before}: nothing is published between them",)
    return ()


def _key_and_value(text: str) -> tuple[str, str]:
    key, _, value = (part.strip() for part in text.partition("="))
    if not key or not value:
        raise BadOption(f"meta: got {text!r}, want KEY=VALUE", hint="issuing_body=国务院办公厅")
    return key, value
