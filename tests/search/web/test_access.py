"""axe-core finds nothing serious, in light and dark, on a desk and on a phone. It is fetched by npm, for tests only."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.search.web.conftest import DESK, PHONE

VERSION = "4.10.3"
VIEWS = {
    "home": ({}, "#q"),
    "list": ({"q": "老小区加装电梯"}, "#hits .hit"),
    "reader": ({"q": "老小区加装电梯"}, ".page mark"),
    "overview": ({"view": "overview"}, ".plane"),
    "health": ({"view": "health"}, ".health table"),
    "nothing": ({"q": "电梯", "after": "1999-01-01", "before": "1999-01-02"}, ".state"),
}


@pytest.fixture(scope="session")
def axe() -> str:
    folder = Path.home() / ".cache" / "wensou-tests" / f"axe-core-{VERSION}"
    file = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not file.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("needs npm to fetch axe-core")
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            npm,
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(folder),
            f"axe-core@{VERSION}",
        ]
        if subprocess.run(command, capture_output=True, check=False).returncode or not file.exists():
            pytest.skip("npm could not fetch axe-core")
    return file.read_text("utf-8")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_serious(open_page, axe, view, scheme, viewport):
    state, there = VIEWS[view]
    page = open_page(context={"viewport": viewport, "color_scheme": scheme, "bypass_csp": True}, **state)
    if view == "reader":
        page.click("#hit-0")
    elif view == "list":
        page.click("[data-kind=why] >> nth=0")
        page.wait_for_selector(".sum")
    page.wait_for_selector(there)
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [
        (rule["id"], [node["html"][:120] for node in rule["nodes"]][:3])
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    ]
    assert bad == []
