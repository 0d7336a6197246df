"""The overview and the health view, in a browser."""

import re

import pytest

from tests.search.web.conftest import DESK, PHONE, in_address, until


def test_the_overview_says_the_same_in_points_and_in_lists(open_page):
    page = open_page(view="overview")
    page.wait_for_selector(".plane circle")
    assert page.locator(".plane circle").count() == int(re.search(r"\d+", page.inner_text("#holdings"))[0])
    assert 0 < page.locator(".plane text").count() <= page.locator(".themes > li").count()
    page.locator(".themes summary").first.click()
    page.locator(".themes li a").first.click()
    page.wait_for_selector(".page h2")
    assert in_address(page, "view") == ["overview"]
    page.go_back()
    assert page.locator("#reader").is_hidden()
    assert page.locator(".plane").is_visible()


def test_hits_of_the_question_are_lit_up_and_a_source_too(open_page):
    page = open_page(view="overview", q="加装电梯")
    page.wait_for_selector(".plane circle")
    lit = page.locator(".plane circle:not(.off)").count()
    assert lit > 0
    assert page.locator("#view .alike a").count() > 0
    page.click("#view button:has-text('看全部')")
    page.wait_for_selector(".themes")
    value = page.locator(".legend button").first
    value.click()
    page.wait_for_selector(".plane circle.off")
    assert len(in_address(page, "source")) == 1


def test_points_are_one_stop_of_the_tab_key_and_arrows_go_through_them(open_page):
    page = open_page(view="overview")
    page.wait_for_selector(".plane circle")
    assert page.locator(".plane a[tabindex='0']").count() == 1
    page.focus(".plane a[tabindex='0']")
    names = [page.evaluate("document.activeElement.getAttribute('aria-label')")]
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert len(set(names)) == 3
    assert names[1] == names[3]
    page.locator(".themes summary").first.click()
    page.focus(".plane a[tabindex='0']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".page .body")
    assert page.inner_text(".page h2") in names[1]
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == names[1]
    assert page.locator(".themes details[open]").count() == 1  # the view beside stays as it was


def test_a_month_is_one_click(open_page):
    page = open_page(view="overview")
    page.locator(".stack").last.click()
    page.wait_for_selector(".plane circle.off")
    assert in_address(page, "after")[0][:7] == in_address(page, "before")[0][:7]


def test_typing_leaves_for_the_list_and_back_returns(open_page):
    page = open_page(view="overview")
    page.wait_for_selector(".plane")
    page.fill("#q", "馒头")
    page.wait_for_selector("#hits .hit")
    assert page.locator("#view").is_hidden()
    page.go_back()
    page.wait_for_selector(".plane")


def test_health_names_the_commit_the_encoder_and_the_builds(open_page):
    page = open_page(view="health")
    page.wait_for_selector(".health table")
    text = page.inner_text(".health")
    assert "索引完好" in text
    assert "bundled" in text
    assert page.locator(".health tbody tr").count() >= 1
    page.keyboard.press("Escape")
    assert "home" in page.get_attribute("body", "class")


def test_views_fit_a_phone(open_page):
    for view in ("overview", "health"):
        page = open_page(context={"viewport": PHONE, "has_touch": True, "is_mobile": True}, view=view)
        page.wait_for_selector("#view h2")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_a_closed_article_gives_the_focus_back_to_what_opened_it(open_page):
    page = open_page(context={"viewport": PHONE, "has_touch": True, "is_mobile": True}, view="overview")
    page.wait_for_selector(".themes")
    page.tap(".themes summary >> nth=0")
    link = page.locator(".themes li a").first
    name = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".page .body")
    until(page, "document.querySelector('#reader').contains(document.activeElement)")
    page.keyboard.press("Escape")
    until(page, "name => document.activeElement.innerText === name", name)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_no_name_of_a_theme_stands_on_another_or_beyond_the_plane(open_page, viewport):
    page = open_page(context={"viewport": viewport}, view="overview")
    page.wait_for_selector(".plane text")
    plane, *names = page.evaluate(
        """[...document.querySelectorAll(".plane, .plane text")].map((node) => {
          const { left, right, top, bottom, height } = node.getBoundingClientRect();
          const blank = node.matches("text") ? height / 5 : 0; // of a line above and below its letters
          return [left, right, top + blank, bottom - blank];
        })"""
    )
    for i, one in enumerate(names):
        assert plane[0] <= one[0] <= one[1] <= plane[1]
        assert plane[2] <= one[2] <= one[3] <= plane[3]
        assert all(one[1] <= n[0] or n[1] <= one[0] or one[3] <= n[2] or n[3] <= one[2] for n in names[:i])


def test_the_views_offer_no_ways_to_search_that_change_nothing_there(open_page):
    page = open_page(view="health")
    page.wait_for_selector(".health table")
    assert page.locator("#q").is_visible()
    assert page.locator(".modes").is_hidden()
    assert page.locator("#sort").is_hidden()
