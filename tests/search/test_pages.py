"""Page numbers from the file to the answer."""

from index.builder import update_index
from index.connect import open_backend
from index.models import Article
from search.engine import SearchEngine
from tests.conftest import PLAIN, HashEncoder

TEXTS = ["渡口的木船每天清晨六点开。", "茶棚由三户人家轮流照看。", "码头的石阶年底修补。"]


def test_a_hit_says_on_which_page_it_stands(tmp_path):
    text, starts = "".join(TEXTS), (0, len(TEXTS[0]), len(TEXTS[0] + TEXTS[1]))
    paged = Article("paged", "渡口志", text, pages=starts)
    other = Article("plain", "别的", "码头上的石阶很滑，走路要当心。")
    update_index([paged, other], tmp_path / "index", PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(tmp_path / "index"), HashEncoder()) as engine:
        for word, page in (("木船", 1), ("茶棚", 2), ("石阶", 3)):
            results = {result.article_id: result for result in engine.search(word).results}
            assert results["paged"].passages[0].page == page
        answer = engine.search("石阶").to_json()
        pages = {result["article_id"]: result["passages"][0].get("page", "none") for result in answer["results"]}
        assert pages == {"paged": 3, "plain": "none"}
        assert engine.article("paged").article.pages == starts
