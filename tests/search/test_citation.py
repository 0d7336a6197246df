"""References by GB/T 7714: what is known in its place, what is not known left out."""

from datetime import date

import pytest

from search.citation import gb7714
from tests.conftest import article

DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("fields", "reference"),
    [
        (
            {"title": "渡口的灯", "source": "河口日报", "author": "柳青", "published": "2025-04-02"},
            "柳青. 渡口的灯[N]. 河口日报, 2025-04-02.",
        ),
        (
            {"title": "渡口的灯", "source": "河口日报", "author": "柳青", "published": "2025-04-02",
             "url": "https://a.example/1"},
            "柳青. 渡口的灯[N/OL]. 河口日报, 2025-04-02[2026-03-01]. https://a.example/1.",
        ),
        (
            {"title": "潮汐", "source": "海洋学报", "author": "甲、乙，丙 丁", "published": "2024-05-01"},
            "甲, 乙, 丙, 等. 潮汐[J]. 海洋学报, 2024-05-01.",
        ),
        (
            {"title": "怎样发面", "source": "厨房笔记", "published": "2025-01-09", "url": "http://b.example/x"},
            "怎样发面[EB/OL]. 厨房笔记, 2025(2025-01-09)[2026-03-01]. http://b.example/x.",
        ),
        (
            {"title": "怎样发面", "author": "柳青", "published": "2025-01-09", "url": "http://b.example/x"},
            "柳青. 怎样发面[EB/OL]. (2025-01-09)[2026-03-01]. http://b.example/x.",
        ),
        (
            {"title": "怎样发面", "source": "厨房笔记", "url": "http://b.example/x"},
            "怎样发面[EB/OL]. 厨房笔记[2026-03-01]. http://b.example/x.",
        ),
        (
            {
                "title": "关于渡船的通知",
                "meta": {"document_number": "河交发〔2024〕3号", "issuing_body": "河口市交通局"},
                "published": "2024-06-01",
                "url": "http://b.example/n",
            },
            "河口市交通局. 关于渡船的通知: 河交发〔2024〕3号[A/OL]. (2024-06-01)[2026-03-01]. http://b.example/n.",
        ),
        (
            {
                "title": "关于渡船的通知",
                "meta": {"document_number": "河交发〔2024〕3号", "issuing_body": "河口市交通局"},
                "published": "2024-06-01",
            },
            "河口市交通局. 关于渡船的通知: 河交发〔2024〕3号[A]. 2024-06-01.",
        ),
        ({"title": "只有题目"}, "只有题目[Z]."),
        ({"title": "", "path": "/texts/夜航.txt"}, "夜航[Z]."),
        ({"title": "坏的网址", "url": "javascript:alert(1)"}, "坏的网址[Z]."),
    ],
)  # fmt: skip
def test_a_reference(fields, reference):
    assert gb7714(article("a", "正文。", **fields), accessed=DAY) == reference


def test_the_page_stands_after_the_source_or_for_itself():
    paged = article("a", "正文。", title="年报", source="河口年鉴", published="2024-01-01")
    assert gb7714(paged, page=12) == "年报[Z]. 河口年鉴, 2024-01-01: 12."
    assert gb7714(article("a", "正文。", title="年报"), page=3) == "年报[Z]. 第 3 页."
    online = article("a", "正文。", title="年报", source="河口年鉴", published="2024-01-01", url="http://b.example/n")
    assert gb7714(online, page=12, accessed=DAY) == (
        "年报[EB/OL]. 河口年鉴, 2024: 12(2024-01-01)[2026-03-01]. http://b.example/n."
    )
