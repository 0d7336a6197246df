"""Reading in a browser: marks where the API says, places, jumps, the other script, citation, print, a phone."""

import json
import re

import pytest

from tests.search.web.conftest import PHONE, in_address, until

QUESTION = "老小区加装电梯"
HOSTILE = "<img src=x onerror=alert(1)>的标题"
TEXT = "第一段，写在前面。\n😀𠮷野家在这里。<b>不是粗体</b>𠮷野家又来了。\n第三段。"
ARTICLE = {
    "article_id": "a/1", "title": HOSTILE, "text": TEXT, "source": "测试报", "author": None, "published": "2025-01-02",
    "tags": ["标签"], "url": "javascript:alert(1)", "path": "/x/原件.pdf", "chunks": [],
    "meta": {"document_number": "测发〔2025〕1号"},
}  # fmt: skip
MARKS = [[found.start(), found.end()] for found in re.finditer("𠮷野家", TEXT)]
PASSAGE = {
    "chunk_id": "a/1:1",
    "start": 10,
    "end": 29,
    "text": TEXT[10:29],
    "highlights": [[1, 4]],
    "score": 1,
    "page": 7,
}


def answer(results, **more):
    head = {"query": "野家", "mode": "hybrid", "k": 10, "offset": 0, "total": len(results), "took_ms": 1.5, "commit": 1}
    return head | {"warnings": [], "offers": [], "suggestions": [], "results": results} | more


def made_up(page):
    """A server that answers with what no honest one would."""
    result = {k: v for k, v in ARTICLE.items() if k not in ("text", "meta", "chunks")}
    result |= {
        "score": 1,
        "duplicates": [{"article_id": "b", "title": HOSTILE, "source": "抄报", "published": None}],
        "passages": [PASSAGE],
    }

    def give(body):
        return lambda route: route.fulfill(content_type="application/json", body=json.dumps(body))

    page.route(re.compile(r"/search\?"), give(answer([result])))
    page.route(re.compile(r"/facets\?"), give({"source": {HOSTILE: 1}, "month": {}}))
    page.route(re.compile(r"/articles/"), give(ARTICLE))
    page.route(re.compile(r"/similar"), give({"results": []}))
    page.route(re.compile(r"/marks\?"), give({"title": [], "text": MARKS}))


def test_marks_stand_where_the_api_says(open_page):
    page = open_page(q=QUESTION)
    page.click("#hit-0")
    page.wait_for_selector(".page mark")
    read = in_address(page, "read")[0]
    at = page.evaluate(
        """async ([id, q]) => {
          const get = async (path) => (await fetch(path)).json();
          const article = await get(`articles/${encodeURIComponent(id)}`);
          const marks = await get(`marks?${new URLSearchParams({ id, q })}`);
          const chars = Array.from(article.text);
          return marks.text.map(([s, e]) => chars.slice(s, e).join(""));
        }""",
        [read, QUESTION],
    )
    shown: dict[str, str] = {}
    for node in page.locator(".body mark").all():
        number = node.get_attribute("data-mark")
        shown[number] = shown.get(number, "") + node.inner_text()
    assert [shown[str(n)] for n in range(len(at))] == at
    passages = page.evaluate(
        """async (q) => {
          const answer = await (await fetch("search?" + new URLSearchParams({ q }))).json();
          return answer.results[0].passages;
        }""",
        QUESTION,
    )
    now = "".join(page.locator(".found.now").all_inner_texts())
    assert re.sub(r"\s", "", now) == re.sub(r"\s", "", passages[0]["text"])


def test_offsets_are_code_points_and_nothing_is_parsed_as_html(open_page):
    page = open_page(made_up, q="野家")
    assert page.locator(".passage mark").all_inner_texts() == ["𠮷野家"]
    assert page.locator("#hits img, #reader img, #narrow img").count() == 0
    assert page.inner_text("#hit-0") == HOSTILE
    assert page.locator(".leaf").inner_text() == "第 7 页"
    page.click("#hit-0")
    page.wait_for_selector(".page h2")
    assert page.locator(".body mark").all_inner_texts() == ["𠮷野家", "𠮷野家"]
    assert "<b>不是粗体</b>" in page.inner_text(".body")
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.locator("#reader img").count() == 0
    assert "测发〔2025〕1号" in page.inner_text(".fields")
    page.click("[data-kind=reprints]")
    assert "抄报" in page.inner_text("#reprints-0")


def test_an_article_opened_by_its_address_shows_its_place(open_page):
    page = open_page(q=QUESTION)
    page.click("#hit-1")
    page.wait_for_selector(".found.now")
    place = page.inner_text(".found.now >> nth=0")
    address = page.url
    other = page.context.new_page()
    other.goto(address)
    other.wait_for_selector(".found.now")
    assert other.inner_text(".found.now >> nth=0") == place
    other.reload()
    other.wait_for_selector(".found.now")
    other.close()


def test_the_minimap_stands_beside_long_articles_and_jumps(open_page):
    long = ARTICLE | {"text": "开头。\n" + "不相干的一段话，说了很多。\n" * 300 + "野家在末尾。"}
    end = len(long["text"]) - 6

    def serve(page):
        made_up(page)
        page.route(
            re.compile(r"/articles/"),
            lambda route: route.fulfill(content_type="application/json", body=json.dumps(long)),
        )
        page.route(
            re.compile(r"/marks\?"),
            lambda route: route.fulfill(
                content_type="application/json", body=json.dumps({"title": [], "text": [[end, end + 2]]})
            ),
        )

    page = open_page(serve, q="野家", read="a/1")
    page.wait_for_selector(".minimap .tick")
    strip = page.locator(".minimap").bounding_box()
    tick = page.locator(".minimap .tick").first.bounding_box()
    assert (tick["y"] - strip["y"]) / strip["height"] > 0.7
    page.mouse.click(tick["x"] + 3, tick["y"] + 1)
    page.wait_for_selector("mark.here")
    assert page.locator("mark.here").is_visible()
    assert page.evaluate("document.querySelector('.scroll').scrollTop") > 1000


@pytest.mark.parametrize(("to", "has", "lang"), [("繁", "電梯", "zh-Hant"), ("简", "电梯", "zh-Hans")])
def test_the_other_script_keeps_marks_and_place(open_page, to, has, lang):
    page = open_page(q=QUESTION)
    page.click("#hit-0")
    page.wait_for_selector(".page mark")
    count = page.locator(".body mark").count()
    page.click(f".scripts button:text-is('{to}')")
    page.wait_for_selector(f".page[lang={lang}]")
    assert has in page.inner_text(".body")
    assert page.locator(".body mark").count() == count
    assert in_address(page, "script")
    page.click(".scripts button:text-is('原样')")
    until(page, "!new URLSearchParams(location.search).has('script')")


def test_a_citation_is_copied_with_its_passage(open_page):
    page = open_page(context={"permissions": ["clipboard-read", "clipboard-write"]}, q=QUESTION)
    page.click("#hit-0")
    page.wait_for_selector(".page mark")
    page.keyboard.press("c")
    page.wait_for_selector("dialog#citation blockquote")
    page.click("dialog#citation button:has-text('复制引文')")
    until(page, "document.querySelector('#citation .said').textContent")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"\[[A-Z]+(/OL)?\]", copied)
    page.click("dialog#citation button:has-text('复制原句和引文')")
    until(page, "document.querySelectorAll('#citation .said')[1].textContent")
    both = page.evaluate("navigator.clipboard.readText()")
    assert both.startswith("“")
    assert both.endswith(copied)
    page.keyboard.press("Escape")
    assert page.locator("#reader").is_visible()  # only the dialog was closed


def test_print_shows_the_article_alone(open_page):
    page = open_page(q=QUESTION)
    page.click("#hit-0")
    page.wait_for_selector(".page mark")
    page.emulate_media(media="print")
    assert page.locator(".body").is_visible()
    for part in ("#top", "#results", "#narrow", ".reader-bar", "#foot"):
        assert page.locator(part).is_hidden(), part


def test_on_a_phone_the_article_covers_the_list_and_gives_it_back(open_page):
    page = open_page(context={"viewport": PHONE, "has_touch": True, "is_mobile": True}, q=QUESTION)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.tap("#hit-1")
    page.wait_for_selector(".page mark")
    assert page.get_attribute("#reader", "aria-modal") == "true"
    assert page.evaluate("document.querySelector('#results').inert")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.go_back()
    assert page.locator("#reader").is_hidden()
    assert page.evaluate("!document.querySelector('#results').inert")
    assert page.evaluate("document.activeElement.id") == "hit-1"


def test_the_strip_of_marks_is_a_slider_of_the_keyboard(open_page):
    page = open_page(q="老小区加装电梯谁出钱", context={"viewport": {"width": 1440, "height": 600}})
    page.click("#hit-0")
    page.wait_for_selector(".minimap .tick", state="attached")
    page.focus(".minimap")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("mark.here")
    here = page.get_attribute(".minimap", "aria-valuenow")
    page.keyboard.press("ArrowDown")
    until(page, "here => document.querySelector('.minimap').ariaValueNow === String(Number(here) + 1)", here)
    assert page.get_attribute("mark.here", "data-mark") == here
    said = page.get_attribute(".minimap", "aria-valuetext")
    assert page.inner_text("mark.here") in said  # where it stands, and among what words
    assert said.startswith(page.inner_text("#place"))
    for key, number in (("End", "aria-valuemax"), ("Home", None)):
        page.keyboard.press(key)
        last = page.get_attribute(".minimap", number) if number else "1"
        until(page, "last => document.querySelector('.minimap').ariaValueNow === last", last)
    assert page.evaluate("document.activeElement.className") == "minimap"


def test_the_nearest_sentence_has_its_own_tint_in_the_list_and_in_the_article(open_page):
    page = open_page(q=QUESTION)
    near = page.locator("#hits .nearest").first.inner_text()
    page.click("#hit-0")
    page.wait_for_selector(".body .nearest")
    whole = "".join(page.locator(".body .nearest").all_inner_texts())
    assert near in re.sub(r"\s+", " ", whole)
    assert page.evaluate("getComputedStyle(document.querySelector('.body .nearest')).backgroundColor") != page.evaluate(
        "getComputedStyle(document.querySelector('.body .found:not(.nearest)')).backgroundColor"
    )


def test_after_a_reload_a_closed_article_gives_the_focus_to_its_result(open_page):
    page = open_page(q=QUESTION)
    page.click("#hit-1")
    page.wait_for_selector(".page .body")
    page.reload()
    page.wait_for_selector(".page .body")
    page.wait_for_selector("#hits li:nth-child(2) .hit.current")
    page.keyboard.press("Escape")
    until(page, "document.activeElement.id === 'hit-1'")


def test_a_file_that_is_gone_is_said(open_page):
    page = open_page(made_up, q="野家", read="a/1")
    page.click(".fields button:has-text('打开原始文件')")
    page.wait_for_selector(".fields .said:has-text('原来的文件已经不在了')")
