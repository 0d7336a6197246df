"""Fields that cleaning takes out of a text: found by plain words, and filters to hold articles to."""

import pytest

from index.builder import update_index
from index.connect import open_backend
from index.models import Article
from search.engine import SearchEngine
from search.models import SearchOptions
from search.query.filters import make_filters
from tests.conftest import HashEncoder

NOTICE = """江城市人民政府关于做好防汛工作的通知
——确保安全度汛
发文字号：江政发〔2023〕17号
责任编辑：欧阳小雨

各乡镇人民政府：
请认真落实值班制度，备足物资，及时报告险情，让群众放心。
"""
OTHER = "东湖县人民政府办公室关于调整收费的通知\n\n各单位：\n自下月起调整停车收费，请遵照执行，让群众满意。\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    path = tmp_path_factory.mktemp("fields") / "index"
    articles = [Article("flood", "", NOTICE), Article("fees", "", OTHER)]
    update_index(articles, path, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder()) as opened:
        yield opened


def found(engine, query, **options):
    return [result.article_id for result in engine.search(query, SearchOptions(mode="bm25", **options)).results]


def test_the_fields_are_out_of_the_text(engine):
    article = engine.article("flood").article
    assert article.text.startswith("各乡镇人民政府：")
    assert article.meta == {
        "issuing_body": "江城市人民政府",
        "subtitle": "确保安全度汛",
        "document_number": "江政发〔2023〕17号",
        "editor": "欧阳小雨",
    }


@pytest.mark.parametrize("words", ["江政发〔2023〕17号", "江政發[2023]17號", "欧阳小雨", "度汛", "歐陽小雨"])
def test_what_a_field_says_is_found_by_plain_words(engine, words):
    assert found(engine, words) == ["flood"]


@pytest.mark.parametrize(
    ("operator", "want"),
    [
        ("issuer:江城市人民政府", ["flood"]),
        ("issuer:東湖縣人民政府辦公室", ["fees"]),
        ("number:江政发〔2023〕17号", ["flood"]),
        ("editor:欧阳小雨", ["flood"]),
        ("meta.subtitle:确保安全度汛", ["flood"]),
        ("-issuer:江城市人民政府", ["fees"]),
        ("issuer:江城市人民政府 issuer:东湖县人民政府办公室", ["fees", "flood"]),
    ],
)
def test_metadata_can_be_asked_for_by_its_operator(engine, operator, want):
    assert sorted(found(engine, f"群众 {operator}")) == want


def test_a_field_can_be_filtered_by(engine):
    filters = make_filters(meta=["issuing_body=东湖县人民政府办公室"])
    assert found(engine, "群众", filters=filters) == ["fees"]
