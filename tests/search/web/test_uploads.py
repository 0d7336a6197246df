"""Files dropped on the page, in a browser: only where writing is allowed, each with its own end."""

import json
import re

import pytest

from search.api.app import Options, create_app
from search.live import LiveEngine
from tests.search.web.conftest import Site

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
    page.wait_for_function("document.querySelector('#upload progress')?.value === 3")
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
