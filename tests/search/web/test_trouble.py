"""Trouble in a browser: a stopped and a returning server, slow answers, errors, keys, nothing found, no request out."""

import json
import re
from urllib.parse import urlsplit

import pytest

from index.builder import update_index
from search.api.app import create_app
from search.live import LiveEngine
from tests.conftest import PLAIN, HashEncoder
from tests.search.web.conftest import Site

HITS = "#hits .hit"
EMPTY = {
    "query": "无", "mode": "hybrid", "k": 10, "offset": 0, "total": 0, "took_ms": 1.5, "commit": 1,
    "warnings": [], "results": [], "offers": [], "suggestions": [],
}  # fmt: skip
PASSAGE = {
    "chunk_id": "a:0",
    "start": 0,
    "end": 12,
    "text": "渡口的灯亮了。有人等船。",
    "highlights": [],
    "focus": [7, 12],
}
RESULT = {
    "article_id": "a", "title": "渡口的灯", "score": 0.5, "source": "河口日报", "author": None, "published": None,
    "path": None, "url": None, "tags": [], "duplicates": [], "passages": [PASSAGE | {"score": 0.5}],
}  # fmt: skip


def answering(body, status=200, path=r"/search\?"):
    def prepare(page):
        page.route(
            re.compile(path),
            lambda route: route.fulfill(status=status, content_type="application/json", body=json.dumps(body)),
        )

    return prepare


def test_no_request_leaves_the_host_and_none_is_needed(open_page):
    asked = []

    def watch(page):
        page.on("request", lambda request: asked.append(request.url))

    page = open_page(watch, q="电梯")
    page.click("#hit-0")
    page.wait_for_selector(".page h2")
    page.click("[data-view=overview]")
    page.wait_for_selector(".plane")
    page.click("[data-view=health]")
    page.wait_for_selector(".health table")
    assert len(asked) > 10
    assert {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))} == {"127.0.0.1"}


def test_a_stopped_server_is_said_and_a_returning_one_is_found(open_page, samples_index):
    own = Site(create_app(LiveEngine(samples_index)))
    page = open_page()
    page.goto(own.url(q="电梯"))
    page.wait_for_selector(HITS)
    own.stop()
    page.fill("#q", "馒头")
    page.wait_for_selector(".state h2:has-text('连不上服务')")
    assert page.locator(HITS).count() == 0  # no answer to another question stays on show
    own.start()
    page.wait_for_selector(HITS)  # without a click
    assert page.locator(".state").count() == 0
    assert page.input_value("#q") == "馒头"
    own.stop()


def test_a_slow_answer_says_how_long_it_has_taken_and_is_shown_when_it_comes(open_page):
    held = []

    def hold(page):
        page.route(re.compile(r"/search\?"), lambda route: held.append(route))

    page = open_page(hold, settled=False, q="电梯")
    page.wait_for_selector("#status:has-text('还在找')")
    assert page.get_attribute("#results", "aria-busy") == "true"
    for route in held:
        route.continue_()
    page.wait_for_selector(HITS)
    assert page.get_attribute("#results", "aria-busy") is None


@pytest.mark.parametrize(
    ("status", "code", "title"),
    [
        (400, "bad_query", "这个问题没法查"),
        (429, "too_many", "问得太快了"),
        (503, "index_corrupt", "索引坏了"),
        (503, "anything", "服务还没准备好"),
        (500, "", "服务出了问题"),
    ],
)
def test_errors_are_said_in_words_with_what_the_server_said(open_page, status, code, title):
    page = open_page(
        answering({"error": {"code": code, "message": "a long sentence", "hint": "do this"}}, status), q="电梯"
    )
    assert page.inner_text(".state h2") == title
    assert "a long sentence" in page.inner_text(".state")
    assert "do this" in page.inner_text(".state")


def test_a_key_is_asked_for_once_and_an_expired_one_is_said(open_page):
    shown = []

    def locked(page):
        def answer(route):
            given = route.request.headers.get("authorization")
            shown.append(given)
            if given == "Bearer good":
                route.continue_()
            else:
                body = {"error": {"code": "unauthorised", "message": "no such key", "hint": ""}}
                route.fulfill(status=401, content_type="application/json", body=json.dumps(body))

        page.route(re.compile(r"/(search|stats|facets|marks|articles)\b(?!.*\.js)"), answer)

    page = open_page(locked, q="电梯")
    assert page.inner_text(".state h2") == "需要钥匙"
    page.fill("[name=key]", "old")
    page.click(".key-form .go")
    page.wait_for_selector(".state h2:has-text('这把钥匙不能用了')")
    page.fill("[name=key]", "good")
    page.check("[name=keep]")
    page.keyboard.press("Enter") if page.evaluate("document.activeElement.name === 'key'") else page.click(
        ".key-form .go"
    )
    page.wait_for_selector(HITS)
    page.reload()
    page.wait_for_selector(HITS)
    assert shown[-1] == "Bearer good"
    assert "good" not in page.url


def test_nothing_found_offers_ways_on(open_page):
    page = open_page(answering(EMPTY), q="无", source="河口日报", mode="bm25")
    assert page.inner_text(".state h2") == "没有找到“无”"
    assert page.locator(".choices button").all_inner_texts() == ["去掉全部筛选", "换成混合检索"]


WHY = {"chance": True, "explain": {"reason": "段落的意思相近。"}}


def test_not_sure_is_said_above_results_that_are_shown(open_page):
    page = open_page(answering(EMPTY | {"confident": False, "results": [RESULT | WHY]}), q="无")
    assert "不太有把握" in page.inner_text(".unsure")
    assert page.locator(HITS).count() == 1
    assert page.locator(".nearest").inner_text() == "有人等船。"
    assert "意思相近" in page.inner_text(".reason")


def test_a_line_stands_where_chance_begins(open_page):
    results = [RESULT, RESULT | {"article_id": "b", "chance": True}, RESULT | {"article_id": "c", "chance": True}]
    page = open_page(answering(EMPTY | {"total": 1, "results": results}), q="灯")
    assert page.locator(".chance-line").count() == 1
    assert page.locator("#hits > li:nth-child(2) .chance-line").is_visible()
    assert page.inner_text("#status").startswith("共 1 篇")


def test_ten_thousand_results_are_paged_through(open_page):
    def serve(page):
        def answer(route):
            offset = int(re.search(r"offset=(\d+)", route.request.url)[1])
            results = [RESULT | {"article_id": f"a{offset + n}", "title": f"第{offset + n + 1}篇"} for n in range(10)]
            route.fulfill(
                content_type="application/json",
                body=json.dumps(EMPTY | {"total": 10_000, "offset": offset, "results": results}),
            )

        page.route(re.compile(r"/search\?"), answer)

    page = open_page(serve, q="灯")
    assert page.inner_text("#status").startswith("共 10,000 篇，第 1 至 10 篇")
    assert page.locator("#pages a").all_inner_texts() == ["2", "3", "1000", "下一页"]
    page.click("#pages a:has-text('1000')")
    page.wait_for_selector("#hit-0:has-text('第9991篇')")
    assert page.evaluate("scrollY") == 0
    assert page.locator("#pages a[rel=next]").count() == 0
    page.go_back()
    page.wait_for_selector("#hit-0:has-text('第1篇')")


def test_an_empty_index_explains_itself(open_page):
    page = open_page(answering({"articles": 0, "chunks": 0, "committed_at": ""}, path=r"/stats$"))
    page.wait_for_selector(".state:has-text('wensou index')")


def test_an_empty_index_says_so_to_a_question_too(open_page, tmp_path):
    update_index([], tmp_path / "index", PLAIN, encoder=HashEncoder())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.engine.load_encoder", lambda name: HashEncoder())
        own = Site(create_app(LiveEngine(tmp_path / "index")))
    page = open_page()
    page.goto(own.url(q="电梯"))
    page.wait_for_selector(".state h2:has-text('索引里还没有文章')")
    page.goto(own.url(view="overview"))
    page.wait_for_selector("#view p:has-text('文章太少')")
    own.stop()
