"""Several indexes behind one page, in a browser."""

import pytest

from search.api.app import create_app
from search.live import LiveEngine
from tests.conftest import CORPUS, PLAIN, HashEncoder
from tests.search.web.conftest import Site, in_address, until


@pytest.fixture(scope="module")
def both(samples_index, tmp_path_factory):
    from index.builder import update_index

    other = tmp_path_factory.mktemp("other") / "index"
    update_index(CORPUS, other, PLAIN, encoder=HashEncoder())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.engine.load_encoder", lambda name: HashEncoder())
        second = LiveEngine(other)
    site = Site(create_app({"样本": LiveEngine(samples_index), "旧闻": second}))
    yield site
    site.stop()


def test_all_are_asked_one_can_be_chosen_and_an_article_is_read_from_its_own(open_page, both):
    page = open_page()
    page.goto(both.url(q="C919"))
    page.wait_for_selector("#hits .hit")
    assert page.locator("#index option").all_inner_texts() == ["全部索引", "样本", "旧闻"]
    page.wait_for_selector("#facets .facet .value")  # counts of all of them together
    page.click("#hits h2 a:has-text('C919首飞')")
    page.wait_for_selector(".page h2:has-text('C919首飞')")
    assert in_address(page, "of") == ["旧闻"]
    page.keyboard.press("Escape")
    assert "旧闻" in page.locator("#hits .meta").first.inner_text()
    page.select_option("#index", "样本")
    until(page, "!document.querySelector('#hits')?.innerText.includes('C919首飞')")
    assert in_address(page, "index") == ["样本"]
    page.go_back()
    page.wait_for_selector("#hits h2 a:has-text('C919首飞')")


def test_the_overview_of_several_asks_which(open_page, both):
    page = open_page()
    page.goto(both.url(view="overview"))
    page.click("#view .choices button:has-text('样本')")
    page.wait_for_selector(".plane")
    assert page.input_value("#index") == "样本"
    page.go_back()
    page.wait_for_selector("#view .choices")
    assert page.input_value("#index") == ""
