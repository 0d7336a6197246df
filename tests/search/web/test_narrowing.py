"""Narrowing in a browser: counts, chips, the brush by pointer and by keys."""

import json
import re
from urllib.parse import parse_qs, urlsplit

from tests.search.web.conftest import PHONE, in_address, until

HITS = "#hits .hit"
MONTHS = {f"{year}-{month:02}": 1 + (year * month) % 5 for year in (2023, 2024) for month in range(1, 13)}


def many_months(page):
    counts = {"source": {"河口日报": 9, "海边報": 4}, "author": {}, "tag": {}, "number": {}, "month": MONTHS}
    page.route(
        re.compile(r"/facets\?"), lambda route: route.fulfill(content_type="application/json", body=json.dumps(counts))
    )


def total(page):
    return int(re.search(r"\d+", page.inner_text("#status"))[0])


def test_a_value_narrows_and_its_chip_undoes_it(open_page):
    page = open_page(q="文化")
    before = page.inner_text("#status")
    first = page.locator(".facet[aria-labelledby=facet-source] label").first
    name = first.locator(".value").inner_text()
    first.click()
    page.wait_for_selector("#chips .chip")
    assert in_address(page, "source") == [name.strip()]
    until(page, "text => document.querySelector('#status').innerText !== text", before)
    names = page.locator(".facet[aria-labelledby=facet-source] .value").all_inner_texts()
    assert len(names) > 1  # the others can still be chosen
    assert page.locator(".facet[aria-labelledby=facet-source] input:checked").count() == 1
    page.click("#chips .chip")
    until(page, "!new URLSearchParams(location.search).has('source')")
    page.go_back()
    assert in_address(page, "source") == [name.strip()]


def test_a_field_of_a_result_narrows_too(open_page):
    page = open_page(q="文化")
    value = page.locator(".meta button").first
    name = value.inner_text()
    value.click()
    page.wait_for_selector(f"#chips .chip:has-text('{name}')")


def test_the_brush_by_pointer(open_page):
    page = open_page(many_months, q="文化")
    box = page.locator(".brush").bounding_box()
    at = lambda share: (box["x"] + box["width"] * share, box["y"] + box["height"] / 2)  # noqa: E731
    page.mouse.move(*at(12.5 / 24))
    page.mouse.down()
    page.mouse.move(*at(14.5 / 24), steps=4)
    assert "2024 年 1 月 至 2024 年 3 月" in page.inner_text(".caption")
    page.mouse.up()
    until(page, "new URLSearchParams(location.search).has('after')")
    assert (in_address(page, "after"), in_address(page, "before")) == (["2024-01-01"], ["2024-03-31"])
    assert "2024-01-01" in page.inner_text("#chips")
    page.go_back()
    assert in_address(page, "after") == []


def test_the_brush_by_keys(open_page):
    page = open_page(many_months, q="文化")
    page.focus("#brush-after")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    until(page, "new URLSearchParams(location.search).get('after') === '2023-04-01'")
    until(page, "document.activeElement.id === 'brush-after'")  # the focus outlives the new drawing
    page.focus("#brush-before")
    page.keyboard.press("Home")  # never before the other end
    until(page, "new URLSearchParams(location.search).get('before') === '2023-04-30'")
    page.wait_for_selector("#brush-before[aria-valuetext='2023 年 4 月']")


def test_a_filter_beside_all_there_is_lights_up_no_bar(open_page):
    page = open_page(many_months, q="文化", after="1999-01-01", before="1999-02-01")
    assert page.locator(".column.in").count() == 0
    assert page.inner_text(".caption") == "0 篇"


def test_days_can_be_typed(open_page):
    page = open_page(q="文化")
    page.fill("#day-after", "2024-06-01")
    until(page, "new URLSearchParams(location.search).get('after') === '2024-06-01'")
    # The address changes before the new results are there.
    until(page, "[...document.querySelectorAll('.meta time')].every((day) => day.innerText >= '2024-06-01')")
    page.wait_for_selector(".meta time")
    assert min(page.locator(".meta time").all_inner_texts()) >= "2024-06-01"


def test_many_filters_are_cleared_at_once(open_page):
    page = open_page(q="文化", source="文化走廊", after="2020-01-01", within="的")
    assert page.locator("#chips .chip").count() == 3
    page.click("#chips button:has-text('去掉全部筛选')")
    until(page, "location.search === '?q=' + encodeURIComponent('文化')")


def test_on_a_phone_the_panel_opens_on_demand_and_chips_stay_in_sight(open_page):
    page = open_page(context={"viewport": PHONE, "has_touch": True, "is_mobile": True}, q="文化", source="文化走廊")
    assert page.locator("#chips .chip").is_visible()
    assert page.locator("#narrow").is_hidden()
    assert page.inner_text("#filter-count") == "1"
    page.tap("#filter-toggle")
    assert page.locator("#narrow").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_counts_are_those_of_the_page_that_is_shown(open_page):
    asked = []
    page = open_page(lambda page: page.on("request", lambda request: asked.append(request.url)), q="云汀", page="3")
    page.wait_for_selector("#facets .facet")
    assert [parse_qs(urlsplit(url).query)["offset"] for url in asked if "/facets?" in url] == [["20"]]
