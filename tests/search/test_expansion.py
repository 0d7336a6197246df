"""Other names of what is asked for are looked for beside it, as the corpus itself defines them, and only on wish."""

import json
from contextlib import closing

import pytest

from index.builder import update_index
from index.connect import open_backend, open_handle
from index.models import Filters
from search.engine import SearchEngine
from search.models import SearchOptions
from tests.conftest import PLAIN, HashEncoder, article
from tests.search.api.conftest import asking

ITEMS = [
    article("rules", "对申请最低生活保障（以下简称低保）的家庭，村里每年核查一次。", title="核查办法", source="县报"),
    article("apply", "申领最低生活保障金要带户口本和收入证明。", title="办事须知", source="市报"),
    article("other", "渡口早上六点开船，晚上九点停航。", title="船期", source="市报"),
]
ASKED = SearchOptions(mode="bm25", explain=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    where = tmp_path_factory.mktemp("expansion") / "index"
    update_index(ITEMS, where, PLAIN, encoder=HashEncoder())
    return where


@pytest.fixture
def engine(path):
    with SearchEngine(open_backend(path), HashEncoder()) as opened:
        yield opened


def found(engine, text, **options):
    return [r.article_id for r in engine.search(text, SearchOptions(mode="bm25", **options)).results]


def test_a_short_form_finds_what_has_only_the_full_one_and_the_reverse(engine):
    assert found(engine, "低保") == ["rules", "apply"]
    assert found(engine, "低保", expand=False) == ["rules"]
    assert "rules" in found(engine, "最低生活保障")


def test_it_is_explained(engine):
    first, second = engine.search("低保", ASKED).results
    assert set(second.explain.expanded) == {"低保"}
    assert 0 < min(second.explain.expanded["低保"].values()) <= 0.5
    assert "写有低保的另一种说法" in second.explain.reason
    assert "问题里的词" not in second.explain.reason
    assert first.score > second.score
    plain = engine.search("渡口", ASKED)
    assert "expanded" not in plain.to_json()["results"][0]["explain"]


def test_the_measure_of_a_question_is_its_own_words(engine):
    with_others, without = (engine.ranking("低保", SearchOptions(expand=wanted)) for wanted in (True, False))
    assert with_others.idf == without.idf


def test_who_may_not_see_the_article_learns_nothing_of_it(engine):
    narrowed = engine.narrowed(Filters(source=("市报",)))
    assert narrowed.search("低保", ASKED).results == ()


def test_learned_forms_stay_with_the_index_and_grow(path):
    update_index([article("new", "科学技术普及（以下简称科普）下乡。")], path, PLAIN, encoder=HashEncoder())
    with closing(open_backend(path)) as backend:
        assert set(backend.calibration["short_forms"]) == {"低保", "科普"}
    before = open_handle(path).describe().commit
    update_index([], path, PLAIN, encoder=HashEncoder())
    assert open_handle(path).describe().commit == before


def test_command_and_api_ask_alike(path, hash_bundled, engine, wensou):
    wanted = {flag: found(engine, "低保", expand=flag) for flag in (True, False)}
    assert wanted[True] != wanted[False]
    with asking(path) as client:
        for flag, option in ((True, "--expand"), (False, "--no-expand")):
            code, out, _ = wensou("query", "低保", "--index", str(path), "--mode", "bm25", "--json", option)
            assert code == 0
            assert [r["article_id"] for r in json.loads(out)["results"]] == wanted[flag]
            answer = client.get("/search", params={"q": "低保", "mode": "bm25", "expand": flag}).json()
            assert [r["article_id"] for r in answer["results"]] == wanted[flag]
