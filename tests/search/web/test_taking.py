"""Taking away, in a browser."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest


@pytest.mark.parametrize("kind", ["csv", "json", "ris"])
def test_results_are_saved_as_a_file(open_page, kind):
    page = open_page(q="加装电梯")
    page.click("#take summary")
    with page.expect_download() as download:
        page.click(f"#take button:has-text('{kind.upper()}')")
    assert download.value.suggested_filename == f"加装电梯.{kind}"
    assert page.locator("#take details[open]").count() == 1  # what came of it is said there
    data = Path(download.value.path()).read_bytes()
    first = page.inner_text("#hit-0")
    if kind == "csv":
        assert next(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))["title"] == first
    elif kind == "json":
        assert json.loads(data)["results"][0]["title"] == first
    else:
        assert f"TI  - {first}\r\n" in data.decode()


def test_the_address_of_a_feed_is_copied(open_page):
    page = open_page(context={"permissions": ["clipboard-read", "clipboard-write"]}, q="加装电梯")
    page.click("#take summary")
    page.click("#take button:has-text('Atom')")
    page.wait_for_selector("#take .said:has-text('已复制')")  # not yet while it says that it is looking
    assert page.locator("#take details[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#take details[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    address = page.evaluate("navigator.clipboard.readText()")
    feed = ElementTree.fromstring(httpx.get(address).content)
    assert feed.tag.endswith("feed")
    assert len(feed) > 4
