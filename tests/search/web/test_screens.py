"""Pictures of the page for people to look at, in a folder that is printed: light, dark, a phone, reader, overview."""

import pytest

from tests.search.web.conftest import DESK, PHONE

POCKET = {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True}
QUESTION = "老小区加装电梯谁出钱"
SCREENS = {
    "home": ({}, {}, "#q"),
    "light": ({"q": QUESTION}, {}, "#hits .hit"),
    "dark": ({"q": QUESTION}, {"color_scheme": "dark"}, "#hits .hit"),
    "phone": ({"q": QUESTION}, POCKET, "#hits .hit"),
    "reader": ({"q": QUESTION}, {}, "#hits .hit"),
    "reader-dark": ({"q": QUESTION}, {"color_scheme": "dark"}, "#hits .hit"),
    "overview": ({"view": "overview"}, {}, ".plane"),
    "overview-phone": (
        {"view": "overview"},
        {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True},
        ".plane",
    ),
    "health": ({"view": "health"}, {}, ".health table"),
    "nothing": ({"q": QUESTION, "after": "1999-01-01", "before": "1999-01-02"}, {}, ".state"),
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_picture(open_page, tmp_path_factory, name):
    state, context, there = SCREENS[name]
    page = open_page(context={"viewport": DESK} | context, **state)
    page.wait_for_selector(there)
    if name.startswith("reader"):
        page.click("#hit-0")
        page.wait_for_selector(".minimap .tick", state="attached")
    path = tmp_path_factory.getbasetemp() / f"screen-{name}.png"
    page.screenshot(path=path)
    print(path)
    assert path.stat().st_size > 10_000
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
