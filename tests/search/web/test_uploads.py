"""Files dropped on the page, in a browser: only where writing is allowed, each with its own end."""

import json
import re

import httpx
import pytest

from search.api.app import Options, create_app
from search.live import LiveEngine
from tests.search.web.conftest import Site, until

DROP = """async (files) => {
  const data = new DataTransfer();
  for (const [name, text] of files) data.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture(scope="module")
def locked(samples_index):
    site = Site(create_app(LiveEngine(samples_index), Options(key="secret")))
    yield site
    site.stop()


def test_dropped_files_are_read_written_and_told_of(open_page, locked):
    """The writing itself is the server's; what it is sent is looked at."""
    written = []

    def writes(page):
        def take(route):
            if route.request.method != "POST":
                route.continue_()
                return
            written.append(json.loads(route.request.post_data))
            route.fulfill(content_type="application/json", body='{"job": "1", "state": "done"}')

        page.route(re.compile(r"/articles\?wait=true"), take)
        page.add_init_script("sessionStorage.setItem('wensou.key', 'secret')")

    page = open_page(writes)
    page.goto(locked.url())
    page.wait_for_selector("body.writable")
    many = "\n".join(json.dumps({"id": f"n{n}", "text": f"第{n}篇，灯亮了。"}) for n in range(150))
    page.evaluate(DROP, [["灯.txt", "渡口的灯亮了，船还没有回来。"], ["坏.exe", "MZ"], ["many.jsonl", many]])
    until(page, "document.querySelector('#upload progress')?.value === 3")
    told = page.locator("#upload li").all_inner_texts()
    assert told[0] == "灯.txt 收进 1 篇"
    assert told[1] == "坏.exe 跳过：不读这种文件"
    assert told[2] == "many.jsonl 收进 150 篇"
    assert [len(batch) for batch in written] == [1, 100, 50]
    assert written[0][0]["text"].startswith("渡口的灯")


def test_where_nothing_may_be_written_a_dropped_file_does_nothing(open_page):
    page = open_page()
    page.evaluate(DROP, [["灯.txt", "灯"]])
    assert page.locator("dialog#upload").is_hidden()
    assert page.evaluate("!document.body.classList.contains('dropping')")


def _with_job(outcomes, asked):
    """A server that does not wait for the writing; `outcomes` are its answers about the job, one after the other."""

    def prepare(page):
        def take(route):
            if route.request.method == "POST":
                route.fulfill(status=202, content_type="application/json", body='{"job": "7", "state": "pending"}')
            else:
                route.continue_()

        def tell(route):
            asked.append(route.request.headers["authorization"])
            found = outcomes.pop(0)
            if found is None:
                route.abort()
            else:
                route.fulfill(content_type="application/json", body=json.dumps({"job": "7", **found}))

        page.route(re.compile(r"/articles\?wait=true"), take)
        page.route(re.compile(r"/jobs/7$"), tell)
        page.add_init_script("sessionStorage.setItem('wensou.key', 'secret')")
        page.add_init_script(
            """window.said = [];
            new MutationObserver(() => {
              const line = document.querySelector("#upload li span")?.textContent;
              if (line && said.at(-1) !== line) said.push(line);
            }).observe(document, { childList: true, subtree: true, characterData: true });"""
        )

    return prepare


def _drop_one(page, locked):
    page.goto(locked.url())
    page.wait_for_selector("body.writable")
    page.evaluate(DROP, [["灯.txt", "渡口的灯亮了，船还没有回来。"]])
    until(page, "document.querySelector('#upload progress')?.value === 1")
    return page.evaluate("said")


def test_a_job_that_outlasts_the_request_is_asked_after_until_it_is_done(open_page, locked):
    asked = []
    at_work = {"state": "running", "progress": {"jobs": ["7"], "articles": 1, "chunks": 2}}
    outcomes = [{"state": "pending", "progress": None}, None, at_work, {"state": "done", "result": {}}]
    said = _drop_one(open_page(_with_job(outcomes, asked)), locked)
    assert asked == ["Bearer secret"] * 4
    assert "连不上服务" in said  # and it went on when the server was back
    assert "正在写，1 / 1 篇……" in said
    assert said[-1] == "收进 1 篇"


@pytest.mark.parametrize(
    ("end", "line"),
    [
        ({"state": "failed", "error": {"code": "bad_article", "message": "no text", "hint": ""}}, "没有做成：no text"),
        ({"state": "cancelled"}, "没有做成：中途被取消"),
    ],
)
def test_a_job_that_ends_badly_is_not_told_as_taken(open_page, locked, end, line):
    asked = []
    assert _drop_one(open_page(_with_job([{"state": "running"}, end], asked)), locked)[-1] == line
    assert len(asked) == 2


def test_where_a_key_is_needed_a_feed_has_an_address_that_needs_none(open_page, locked):
    page = open_page(
        lambda page: page.add_init_script("sessionStorage.setItem('wensou.key', 'secret')"),
        context={"permissions": ["clipboard-read", "clipboard-write"]},
    )
    page.goto(locked.url(q="加装电梯"))
    page.wait_for_selector("#hits .hit")
    page.click("#take summary")
    page.click("#take button:has-text('Atom')")
    page.wait_for_selector("#take .said:has-text('已复制')")
    address = page.evaluate("navigator.clipboard.readText()")
    assert "secret" not in address
    assert httpx.get(address).status_code == 200
    assert httpx.get(address.replace("format=atom", "format=json")).status_code == 401
