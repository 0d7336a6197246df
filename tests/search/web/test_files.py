"""The page's files: what they may not contain, how large they may be, colours to be read, words for everything."""

import json
import re
from pathlib import Path

import pytest

import search
from index.errors import EncoderUnavailable, SelfCheckFailed
from search.api.app import STATUS

WEB = Path(search.__file__).parent / "web"
HTML = WEB.joinpath("index.html").read_text(encoding="utf-8")
CSS, JS = ("\n".join(file.read_text(encoding="utf-8") for file in sorted(WEB.glob(kind))) for kind in ("*.css", "*.js"))
MOST_BYTES = 120_000


def test_all_of_it_is_small_and_a_concern_a_file():
    sizes = {file.name: file.stat().st_size for file in WEB.iterdir() if file.suffix in (".html", ".css", ".js")}
    assert sum(sizes.values()) <= MOST_BYTES
    assert max(size for name, size in sizes.items() if name.endswith(".js")) <= 12_000
    lines = [line for file in WEB.glob("*.js") for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) / len("\n".join(lines)) > 1 / 80  # as people write, not as a machine packs


def _words() -> dict[str, list[object]]:
    return json.loads(WEB.joinpath("words.json").read_text("utf-8"))


def test_both_languages_have_the_same_gaps():
    for name, words in _words().items():
        if name in ("keys", "signs"):
            assert all(len(row) == 3 for row in words), name
            continue
        assert len(words) in (1, 2), name
        gaps = [set(re.findall(r"\{\d", str(one))) for one in words]
        assert gaps[0] >= gaps[-1] or name == "month", name


def test_every_word_that_is_used_is_there_and_no_other():
    words = set(_words())
    asked = set(re.findall(r'\bt\("(\w+)"', JS)) | set(re.findall(r'data-t(?:-[a-z-]+)?="(\w+)"', HTML))
    assert asked - words == set()
    made = tuple(re.findall(r"`(\w+_)\$\{", JS))
    quoted = set(re.findall(r'"(\w+)"', JS))
    assert {name for name in words - asked - quoted if not name.startswith(made)} == set()


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
    made |= {f"{name}-body" for name in re.findall(r'<dialog id="(\w+)"', HTML)}
    asked = set(re.findall(r'\$\("([\w-]+)"\)', JS)) | set(
        re.findall(r'(?:for|aria-[a-z]*by|aria-controls)="([\w-]+)"', HTML)
    )
    assert asked <= set(re.findall(r'\bid="([\w-]+)"', HTML)) | made


def test_every_error_a_reader_can_meet_has_words():
    codes = {error.code for error in STATUS} | {SelfCheckFailed.code, EncoderUnavailable.code}
    known = {name.removeprefix("trouble_") for name in _words() if name.startswith("trouble_")}
    assert codes - {"bad_article", "writer_busy"} <= known


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
        *(("ink", ground, 4.5) for ground in ("passage", "near")),
        *(("soft", ground, 4.5) for ground in ("near",)),
        ("on-red", "red", 4.5),
        ("warn", "warn-ground", 4.5),
        ("line-strong", "paper", 3),  # the edge of a box one can type in
        ("red", "track", 3),
        ("dense", "track", 3),
    ],
)
def test_contrast(scheme: str, front: str, back: str, least: float):
    colours = _palettes()[scheme]
    high, low = sorted((_luminance(colours[front]), _luminance(colours[back])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= least
