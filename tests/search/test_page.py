"""The page: what its files may not contain, colours that can be read, and what a browser makes of an answer.

The browser tests ask chromium for the finished DOM and are skipped where there is none.
"""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

import search
from index.errors import EncoderUnavailable, SelfCheckFailed
from search.api.app import STATUS

WEB = Path(search.__file__).parent / "web"
HTML, CSS = (WEB.joinpath(name).read_text(encoding="utf-8") for name in ("index.html", "app.css"))
JS = "\n".join(file.read_text(encoding="utf-8") for file in sorted(WEB.glob("*.js")))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def test_no_address_outside_is_named():
    for name in WEB.iterdir():
        addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", name.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org"}, name
    assert "@import" not in CSS
    assert "url(" not in CSS


def test_nothing_is_ever_parsed_as_html():
    assert not re.search(r"(inner|outer)HTML|insertAdjacentHTML|document\.write|eval\(|DOMParser|srcdoc", JS)


def test_a_strict_content_security_policy_would_hold():
    assert "<style" not in HTML
    assert not re.search(r"<script(?![^>]*\bsrc=)", HTML)
    assert not re.search(r"\s(on\w+|style)=", HTML)


def test_every_id_the_script_asks_for_is_there():
    made = set(re.findall(r'\bid: "([\w-]+)"', JS))
    asked = set(re.findall(r'\$\("([\w-]+)"\)', JS)) | set(re.findall(r'(?:for|aria-controls|list)="([\w-]+)"', HTML))
    assert asked <= set(re.findall(r'\bid="([\w-]+)"', HTML)) | made


def test_every_error_a_reader_can_meet_has_words():
    codes = {error.code for error in STATUS} | {SelfCheckFailed.code, EncoderUnavailable.code}
    known = re.search(r"const MESSAGES = \{(.*?)\n\};", JS, re.DOTALL)[1]
    assert codes - {"bad_article", "writer_busy"} <= set(re.findall(r"^  (\w+):", known, re.MULTILINE))


def _palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
    values = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in (light, dark)]
    return {"light": values[0], "dark": values[0] | values[1]}


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *((front, back, 4.5) for front in ("ink", "soft", "red") for back in ("paper", "sheet", "hover")),
        ("mark-ink", "mark", 4.5),
        ("ink", "passage", 4.5),
        ("on-red", "red", 4.5),
        ("warn", "warn-ground", 4.5),
        ("line-strong", "paper", 3),  # the edge of a box one can type in
        ("lexical", "track", 3),
        ("dense", "track", 3),
    ],
)
def test_contrast(scheme: str, front: str, back: str, least: float):
    colours = _palettes()[scheme]
    high, low = sorted((_luminance(colours[front]), _luminance(colours[back])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= least


# ---- in a browser ----

ARTICLE = {
    "article_id": "a/1",
    "title": "<img src=x onerror=alert(1)>的标题",
    "text": "第一段。\n😀𠮷野家在这里。<b>不是粗体</b>\n第三段。",
    "source": "测试报",
    "author": None,
    "published": "2025-01-02",
    "tags": ["标签"],
    "url": "javascript:alert(1)",
}
# Characters 5 to 24 of the text: its second line, in which two characters take two UTF-16 units each.
PASSAGE = {
    "chunk_id": "a/1:1",
    "start": 5,
    "end": 24,
    "text": ARTICLE["text"][5:24],
    "highlights": [[1, 4]],
    "score": 1,
}
EXPLAIN = {
    "bm25": {"score": 3.0, "rank": 1, "terms": {"野家": 3.0}},
    "dense": {"score": 0.5, "rank": 2},
    "weight": 0.6,
    "normalised": {"bm25": 1.0, "dense": 0.5},
}
ERROR = {"error": {"code": "bad_query", "message": "a long sentence", "hint": "ask otherwise"}}


TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        address = urlsplit(self.path)
        file = WEB / (address.path.strip("/") or "index.html")
        if file.is_file():
            return self._send(200, file.read_bytes(), TYPES[file.suffix])
        status, body = self._answer(address.path, parse_qs(address.query))
        return self._send(status, json.dumps(body, ensure_ascii=False).encode(), "application/json")

    def _answer(self, path: str, asked: dict[str, list[str]]) -> tuple[int, object]:
        if path == "/stats":
            return 200, {"articles": 1234, "chunks": 5, "committed_at": "2025-02-03T04:05:06+00:00"}
        if path == "/articles/a%2F1":
            return 200, ARTICLE
        if path != "/search" or asked["q"] == ["坏"]:
            return 400, ERROR
        result = {k: v for k, v in ARTICLE.items() if k != "text"} | {"duplicates": [], "passages": [PASSAGE]}
        found = [] if asked["q"] == ["无"] else [result | {"score": 1, "explain": EXPLAIN}]
        page = {"k": 10, "offset": int(asked["offset"][0]), "total": 25 * len(found), "took_ms": 1.5, "commit": 1}
        return 200, {"query": asked["q"][0], "mode": "hybrid", **page, "warnings": ["小心"], "results": found}

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)  # no failure may keep the run waiting
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def dom(base: str, tmp_path: Path):
    if CHROMIUM is None:
        pytest.skip("no chromium here")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync".split()
    flags += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path}"]

    def load(address: str) -> str:
        command = [
            CHROMIUM,
            *flags,
            "--window-size=1300,900",
            "--virtual-time-budget=5000",
            "--dump-dom",
            base + address,
        ]
        done = subprocess.run(command, capture_output=True, timeout=60, check=True)
        return done.stdout.decode("utf-8")

    return load


def test_results_in_a_browser(dom):
    page = dom(f"?q={quote('野家')}")
    assert "<mark>𠮷野家</mark>在这里" in page  # offsets are code points, not UTF-16 units
    assert "&lt;b&gt;不是粗体" in page
    assert "<img" not in page
    assert "javascript:" not in page
    assert re.search(r'role="status"[^>]*>共 25 篇，这里是第 1 至 1 篇，用时 1\.5 毫秒', page)
    assert '<p class="note">小心</p>' in page
    assert re.search(r'href="\?q=[^"]*&amp;page=2"', page)
    assert "1,234 篇文章" in page
    assert f"<title>{'野家'} · 文搜</title>" in page


def test_reading_in_a_browser(dom):
    page = dom(f"?q={quote('野家')}&read={quote('a/1', safe='')}&at=5-24")
    assert "<h2>&lt;img src=x onerror=alert(1)&gt;的标题</h2>" in page
    assert re.search(r'<span class="found now" data-places="0">😀<mark>𠮷野家</mark>在这里。', page)
    assert "<p>第一段。</p>" in page


def test_errors_and_emptiness_in_a_browser(dom):
    assert re.search("这个问题没法查.*a long sentence.*ask otherwise", dom(f"?q={quote('坏')}"), re.DOTALL)
    assert "没有找到“无”" in dom(f"?q={quote('无')}")
    assert "home" in re.search(r'<body class="([^"]*)"', dom(""))[1]
