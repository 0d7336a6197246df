"""The page in a real browser, over a real server: Debian's Chromium driven by playwright, the samples behind it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn

from search.api.app import create_app
from search.live import LiveEngine

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


class Site:
    """A server in a thread, which can be stopped and started again at the same address."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.start()

    def start(self) -> None:
        """Listen; at the port of the first time."""
        config = uvicorn.Config(
            self.app, port=self.port, log_level="error", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Answer nobody any more."""
        assert self._server
        assert self._thread
        self._server.should_exit = True
        self._thread.join()

    def url(self, **state: str) -> str:
        """The address of the page in some state."""
        return f"http://127.0.0.1:{self.port}/" + (f"?{urlencode(state, doseq=True)}" if state else "")


@pytest.fixture(scope="session")
def site(samples_index: Path) -> Iterator[Site]:
    site = Site(create_app(LiveEngine(samples_index)))
    yield site
    site.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One a module: while it is open no other event loop can run in this thread."""
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install wensou[test]")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, site: Site) -> Iterator[Callable[..., Any]]:
    """`open_page(q="…", at=…)` opens the page in a state, in a fresh profile; nothing may go wrong in its scripts.

    The server's content security policy holds. `prepare` is called with the page before it is loaded, `context` are
    the profile's options, `settled` is whether to wait until nothing more is asked for.
    """
    contexts, faults = [], []

    def load(
        prepare: Callable[[Any], None] | None = None,
        context: dict[str, Any] | None = None,
        settled: bool = True,
        **state: str,
    ) -> Any:
        profile = browser.new_context(**{"viewport": DESK, "locale": "zh-CN"} | (context or {}))
        contexts.append(profile)
        page = profile.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        if prepare:
            prepare(page)
        page.goto(site.url(**state))
        if settled:
            page.wait_for_load_state("networkidle")
        return page

    yield load
    for profile in contexts:
        profile.close()
    assert faults == []


def until(page: Any, expression: str, arg: Any = None) -> None:
    """Wait until an expression holds; playwright's own waiting evaluates strings, which the page's policy forbids."""
    from playwright.sync_api import Error

    end = time.monotonic() + 60
    while True:
        try:
            if page.evaluate(expression, arg):
                return
        except Error as error:  # asked while another page was loading
            if "context was destroyed" not in str(error):
                raise
        assert time.monotonic() < end, expression
        page.wait_for_timeout(30)


def in_address(page: Any, name: str) -> list[str]:
    """Values of a parameter of the page's address."""
    found: list[str] = page.evaluate("name => new URLSearchParams(location.search).getAll(name)", name)
    return found
