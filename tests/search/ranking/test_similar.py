"""Articles like a given one, in Python, over HTTP and on the command line."""

import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

from index.analysis.tokenizer import Tokenizer
from index.builder import update_index
from index.connect import open_backend
from index.errors import BadOption, NotFound
from index.models import Filters
from search.api.app import create_app
from search.engine import SearchEngine
from search.live import LiveEngine
from search.ranking.similar import telling_words
from tests.conftest import CORPUS, PLAIN, HashEncoder, article

NEWS = (
    article("lift-1", "老旧小区加装电梯，业主同意才能动工。电梯补贴每台十八万元。" * 2, title="加装电梯补贴"),
    article("lift-2", "老舊小區加裝電梯的補貼標準公布。電梯每台補貼十八萬元，業主同意後申報。", title="電梯補貼標準"),
    article("bread", "馒头发不起来，多半是酵母放久了。面团要发到两倍大。", title="馒头"),
    article("a/b", "馒头要用新酵母，面团发到两倍大才好。", title="发面", source="生活报", published="2025-01-02"),
)


@pytest.fixture(scope="module")
def news_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("news") / "index"
    update_index(NEWS[:2], path, PLAIN, encoder=HashEncoder())
    update_index(NEWS[2:], path, encoder=HashEncoder())
    return path


@pytest.fixture
def news(news_path):
    with SearchEngine(open_backend(news_path), HashEncoder()) as engine:
        yield engine


@pytest.mark.parametrize(
    ("asked", "first"), [("lift-1", "lift-2"), ("lift-2", "lift-1"), ("bread", "a/b"), ("a/b", "bread")]
)
def test_the_article_on_the_same_matter_comes_first_in_either_script(news, asked, first):
    found = news.similar(asked)
    assert found[0].article_id == first
    assert asked not in [one.article_id for one in found]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 < one.score <= 1 for one in found)
    assert len(news.similar(asked, 1)) == 1


def test_fields_are_the_other_articles(news):
    one = news.similar("bread", 1)[0]
    assert (one.title, one.source, one.published) == ("发面", "生活报", "2025-01-02")


def test_an_unknown_article_or_a_bad_k_is_an_error(news):
    with pytest.raises(NotFound, match="nobody"):
        news.similar("nobody")
    with pytest.raises(BadOption, match="k: got 0"):
        news.similar("bread", 0)


def test_a_lone_article_has_none_like_it(tmp_path):
    update_index([NEWS[0]], tmp_path / "index", PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(tmp_path / "index"), HashEncoder()) as engine:
        assert engine.similar("lift-1") == []


def test_telling_words_are_rare_long_and_frequent_in_the_text(news):
    words = telling_words(news._backend, Tokenizer(), "电梯电梯电梯的的的的酵母，老旧")
    assert words["电梯"] == pytest.approx(1 + np.log(3))
    assert words["酵母"] == 1.0
    assert "的" not in words
    assert len(telling_words(news._backend, Tokenizer(), "".join(a.text for a in CORPUS))) == 20


def test_the_vector_of_an_article_is_the_mean_of_its_passages(news):
    backend = news._backend
    stored = backend.article("lift-1")
    assert len(stored.spans) > 1
    vector = backend.article_vector("lift-1")
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-3)
    near = {hit.chunk_id: hit.score for hit in backend.dense(vector, k=50, filters=Filters())}
    own = [near[f"lift-1:{i}"] for i in range(len(stored.spans))]
    assert min(own) > max(score for chunk_id, score in near.items() if not chunk_id.startswith("lift"))
    with pytest.raises(NotFound):
        backend.article_vector("nobody")


def test_over_http_by_an_id_with_a_slash_too(news_path, news, hash_bundled):
    with TestClient(create_app(LiveEngine(news_path))) as client:
        for asked in ("bread", "a/b"):
            body = client.get(f"/articles/{asked}/similar", params={"k": 2}).json()
            assert [one["article_id"] for one in body["results"]] == [o.article_id for o in news.similar(asked, 2)]
            assert set(body["results"][0]) == {"article_id", "title", "source", "published", "score"}
        assert client.get("/articles/a/b").json()["title"] == "发面"
        assert client.get("/articles/nobody/similar").status_code == 404
        assert client.get("/articles/bread/similar", params={"k": 0}).status_code == 400


def test_on_the_command_line(news_path, hash_bundled, wensou):
    code, out, _ = wensou("similar", "bread", "--index", news_path, "--json")
    assert (code, json.loads(out)["results"][0]["article_id"]) == (0, "a/b")
    code, out, _ = wensou("similar", "bread", "-k", 1, "--index", news_path)
    assert code == 0
    assert out.split()[1:] == ["a/b", "发面", "生活报", "2025-01-02"]
    assert wensou("similar", "nobody", "--index", news_path)[0] == 2
