"""What every engine's writer must do: random sequences of changes, held to a reference that indexes all by brute force.

To test an engine: derive a class from `WriterContract` and give it a `place` fixture: a function that gives, for a new
index each time, a function that makes handles of it.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.analysis.names import normal
from index.backend import Backend, IndexHandle, TitleFinder, Writer
from index.connect import open_backend, open_writer
from index.errors import BadOption, IndexMissing, NotFound, WriterBusy
from index.models import AllOf, AnyOf, Article, Filters, HasValue, Holds, Not, Within, article_of
from tests.conftest import article, article_builder, prepared, recipe
from tests.contract.backend_contract import ANY, EVERYTHING, Reference, lexical_query, vector_of

PIECES = (
    "海岛上的灯塔亮了。", "电梯补贴到年底截止。", "馒头要用酵母。", "守塔人坐电梯上山。", "酵母放久了会失效。",
    "C919今天首飞。", "《民法典》第3.5%条另有规定。", "雲汀市的夜市今晚開門。",
)  # fmt: skip
QUESTIONS = ("海岛灯塔", "电梯补贴", "馒头酵母", "夜市")
NAMES = [f"a{n}" for n in range(10)]
At = Callable[[], IndexHandle]
"""Makes a new handle of one and the same index."""


def grown(address: str | Path, articles: Iterable[Article], commits: int) -> Backend:
    """A new index at `address` that got `articles` in so many commits, opened."""
    articles = list(articles)
    step = -(-len(articles) // commits)
    with open_writer(address, recipe()) as writer:
        for start in range(0, len(articles), step):
            writer.upsert(*prepared(articles[start : start + step]))
            writer.commit()
    return open_backend(address)


def opened(at: At) -> Backend:
    return at().reader()


@contextmanager
def writing(at: At, *, fresh: bool = False) -> Iterator[Writer]:
    handle = at()
    with handle.lock():
        writer = handle.writer(recipe(), fresh=fresh)
        try:
            yield writer
        finally:
            writer.close()


def random_article(rng: random.Random, name: str) -> Article:
    text = "".join(rng.choices(PIECES, k=rng.randint(1, 9))) + f"第{rng.randint(0, 99)}版。"
    more = {
        "source": rng.choice(["海岛报", "電梯報", None]),
        "tags": tuple(rng.sample(["海", "山", "城"], rng.randint(0, 2))),
    }
    return article(
        name, text, title=rng.choice(PIECES)[:6], published=rng.choice([None, "2024-05-01", "2025-11-30"]), **more
    )


def assert_equal(backend, articles: list[Article], *, lexical: bool = True) -> None:
    """Ids and values of both legs are those of the reference."""
    assert backend.stats().articles == len(articles)
    assert set(backend.article_ids()) == {one.article_id for one in articles}
    for one in articles:
        assert backend.article(one.article_id).article == one
    if not articles:
        return
    reference = Reference(articles)
    assert backend.stats().chunks == len(reference.chunks)
    for question in QUESTIONS:
        query, vector = lexical_query(question), vector_of(question)
        if lexical:
            want = reference.lexical(query)
            hits = backend.lexical(query, k=EVERYTHING, filters=ANY)
            assert [hit.chunk_id for hit in hits] == [chunk_id for chunk_id, _ in want]
            assert [hit.score for hit in hits] == pytest.approx([score for _, score in want], abs=1e-5)
        near = reference.dense(vector)
        hits = backend.dense(vector, k=EVERYTHING, filters=ANY)
        assert dict(hits) == pytest.approx(dict(near), abs=1e-5)
        ids = [chunk_id for chunk_id, _ in near]
        for item in backend.evidence(query, vector, ids):
            assert item.bm25 == pytest.approx(sum(reference.terms(item.chunk_id, query).values()), abs=1e-5)
            assert item.cosine == pytest.approx(reference.cosine(item.chunk_id, vector), abs=1e-5)


class WriterContract:
    """Derive, and give `place`; see the module."""

    lexical = True  # whether the engine has the lexical leg

    @pytest.mark.parametrize("seed", [1, 2])
    def test_whatever_is_changed_the_index_is_that_of_the_articles_it_holds(self, place, seed):
        at, rng = place(), random.Random(seed)
        state: dict[str, Article] = {}
        commit = 0
        for _ in range(5):
            with writing(at) as writer:
                for _ in range(rng.randint(1, 3)):
                    names = rng.sample(NAMES, rng.randint(1, 4))
                    if rng.random() < 0.35 and state:
                        assert writer.delete([*names, "nobody"]) == len(set(names) & set(state))
                        state = {name: one for name, one in state.items() if name not in names}
                    else:
                        new = {name: random_article(rng, name) for name in names}
                        writer.upsert(*prepared([*new.values()]))
                        state |= new
                assert writer.ids() == set(state)
                assert writer.counts()[0] == len(state)
                assert writer.commit() >= commit
                commit = writer.commit()
            backend = opened(at)
            assert_equal(backend, [*state.values()], lexical=self.lexical)
            backend.close()

    def test_nothing_is_seen_before_the_commit_and_what_is_not_committed_is_dropped(self, place):
        at, rng = place(), random.Random(3)
        first = [random_article(rng, name) for name in NAMES[:4]]
        with writing(at) as writer:
            writer.upsert(*prepared(first))
            writer.commit()
        before = opened(at)
        with writing(at) as writer:
            writer.upsert(*prepared([random_article(rng, NAMES[0]), random_article(rng, NAMES[5])]))
            writer.delete([NAMES[1]])
            assert_equal(before, first, lexical=self.lexical)
            preview = writer.preview()
            assert preview.stats().articles == 4
            with pytest.raises(NotFound):
                preview.article(NAMES[1])
        assert_equal(opened(at), first, lexical=self.lexical)
        with writing(at) as writer:
            assert writer.ids() == {one.article_id for one in first}
            assert writer.commit() == before.commit
        assert_equal(opened(at), first, lexical=self.lexical)

    def test_a_reader_stays_on_its_commit(self, place):
        at, rng = place(), random.Random(4)
        first = [random_article(rng, name) for name in NAMES[:4]]
        later = random_article(rng, NAMES[0])
        handle = at()
        with writing(at) as writer:
            writer.upsert(*prepared(first))
            writer.commit()
            mark = handle.mark()
            old = opened(at)
            writer.upsert(*prepared([later]))
            writer.delete([NAMES[1]])
            writer.commit()
        assert at().mark() != mark
        assert_equal(old, first, lexical=self.lexical)
        assert_equal(opened(at), [later, *first[2:]], lexical=self.lexical)

    def test_an_earlier_commit_can_be_restored_and_gone_on_from(self, place):
        at, rng = place(), random.Random(5)
        state = {name: random_article(rng, name) for name in NAMES[:5]}
        with writing(at) as writer:
            writer.upsert(*prepared([*state.values()]))
            first = writer.commit()
            writer.delete(NAMES[:2])
            writer.upsert(*prepared([random_article(rng, NAMES[3]), random_article(rng, NAMES[7])]))
            second = writer.commit()
        handle = at()
        assert [one.commit for one in handle.commits()] == [first, second]
        assert handle.restore(first) == second + 1
        assert_equal(opened(at), [*state.values()], lexical=self.lexical)
        with pytest.raises(BadOption, match="77"):
            handle.restore(77)
        state[NAMES[8]] = random_article(rng, NAMES[8])
        with writing(at) as writer:
            writer.upsert(*prepared([state[NAMES[8]]]))
            assert writer.delete([NAMES[4]]) == 1
            writer.commit()
        del state[NAMES[4]]
        assert_equal(opened(at), [*state.values()], lexical=self.lexical)
        assert at().damaged() == []

    def test_a_fresh_writer_replaces_all_at_once(self, place):
        at, rng = place(), random.Random(6)
        first = [random_article(rng, name) for name in NAMES[:4]]
        later = [random_article(rng, name) for name in NAMES[3:7]]
        with writing(at) as writer:
            writer.upsert(*prepared(first))
            writer.commit()
        with writing(at, fresh=True) as writer:
            assert writer.ids() == set()
            writer.upsert(*prepared(later[:2]))
            writer.checkpoint()
            assert_equal(opened(at), first, lexical=self.lexical)
        with writing(at, fresh=True) as writer:  # goes on where the other ended
            assert writer.content_hash(later[0].article_id) is not None
            writer.upsert(*prepared(later[2:]))
            writer.commit()
        assert_equal(opened(at), later, lexical=self.lexical)

    def test_compacting_changes_nothing_but_what_is_dead(self, place):
        at, rng = place(), random.Random(7)
        state = {name: random_article(rng, name) for name in NAMES}
        with writing(at) as writer:
            for name in NAMES:
                writer.upsert(*prepared([state[name]]))
                writer.commit()
            writer.delete(NAMES[:3])
            writer.compact()
            writer.commit()
        backend = opened(at)
        assert backend.stats().dead_chunks == 0
        assert_equal(backend, [state[name] for name in NAMES[3:]], lexical=self.lexical)

    def test_paths_hashes_vectors_and_calibration_are_kept(self, place):
        at = place()
        items = [
            article("in", "海岛上的灯塔亮了。", path="/a/b/in.txt"),
            article("out", "馒头要用酵母。", path="/a/bc/out.txt"),
            article("none", "电梯补贴到年底截止。"),
        ]
        stored, terms, vectors = prepared(items)
        with writing(at) as writer:
            writer.upsert(stored, terms, vectors)
            writer.boilerplate = frozenset({"版权所有"})
            writer.calibrate("measured", {"version": 0})
            writer.commit()
            assert writer.paths(["/a/b"]) == {"in": "/a/b/in.txt"}
        with writing(at) as writer:
            assert writer.paths(["/a"]) == {"in": "/a/b/in.txt", "out": "/a/bc/out.txt"}
            assert writer.paths(["/a/bc/out.txt"]) == {"out": "/a/bc/out.txt"}
            assert writer.content_hash("out") == stored[1].content_hash
            assert writer.content_hash("nobody") is None
            assert writer.boilerplate == {"版权所有"}
            assert writer.calibration["measured"] == {"version": 0}
        handle = at()
        commit = handle.set_calibration("tuned", {"weight": 0.25, "encoder": "x"})
        backend = opened(at)
        assert backend.commit == commit
        assert backend.calibration["tuned"] == {"weight": 0.25, "encoder": "x"}
        assert backend.calibration["measured"] == {"version": 0}
        found = [row for one in items for row in backend.chunk_vectors(one.article_id)]
        assert (found == vectors.astype("float16")).all()
        assert {one.article.article_id for one in backend.sample(2, random.Random(1))} <= {"in", "out", "none"}
        assert len(backend.sample(9, random.Random(1))) == 3
        handle.set_calibration("tuned", None)
        assert "tuned" not in opened(at).calibration

    def test_one_writes_at_a_time(self, place):
        at = place()
        with writing(at) as writer:
            writer.upsert(*prepared([article("a", "海岛上的灯塔亮了。")]))
            writer.commit()
            with pytest.raises(WriterBusy), writing(at):
                pass
        with writing(at) as writer:
            assert writer.ids() == {"a"}

    def test_where_there_is_no_index_it_says_so(self, place):
        handle = place()()
        assert handle.state() == "missing"
        for ask in (handle.describe, handle.reader, handle.commits, lambda: handle.set_calibration("tuned", None)):
            with pytest.raises(IndexMissing):
                ask()

    def test_conditions_let_through_what_they_say(self, place):
        at, rng = place(), random.Random(8)
        items = {name: random_article(rng, name) for name in NAMES}
        with writing(at) as writer:
            writer.upsert(*prepared([*items.values()]))
            writer.commit()
        backend = opened(at)
        terms = article_builder().tokenizer.terms
        cases = {
            Holds("海岛上的灯塔"): lambda a: "海岛上的灯塔" in a.text or "海岛上的灯塔" in a.title,
            Holds("c919"): lambda a: "C919" in a.text or "C919" in a.title,
            Holds("《民法典》第3.5%"): lambda a: "《民法典》第3.5%" in a.text,
            Holds("夜市今晚开门"): lambda a: "夜市今晚開門" in a.text,
            Holds("电梯补", title=True): lambda a: "电梯补" in a.title,
            Holds("电梯 酵母", ("电梯", "酵母")): lambda a: {"电梯", "酵母"} <= {*terms(a.text), *terms(a.title)},
            Not(Holds("灯塔")): lambda a: "灯塔" not in a.text + a.title,
            HasValue("source", "电梯报"): lambda a: a.source == "電梯報",
            AllOf((HasValue("tag", "海"), Holds("酵母"))): lambda a: "海" in a.tags and "酵母" in a.text + a.title,
            AnyOf((Within(after=None, before=None), Holds("没有这句话"))): lambda a: a.published is not None,
        }  # fmt: skip
        for condition, want in cases.items():
            hits = backend.dense(vector_of("灯塔"), k=EVERYTHING, filters=Filters(where=condition))
            found = {hit.chunk_id.rpartition(":")[0] for hit in hits}
            assert found == {name for name, one in items.items() if want(one)}, condition

    def test_a_phrase_is_found_across_the_gaps_that_recognition_and_editors_leave(self, place):
        at = place()
        texts = {
            "whole": "新修的溢洪道将在汛期前完工，《防洪法》第三条另有规定。",
            "blanks": "新 修 的 溢 洪 道 将在汛期前完工，《防 洪 法》 第三条另有规定。",
            "lines": "新修的溢\n洪道将在汛期前完工，《防洪\n法》第三条另有规定。",
            "other": "新修的水道将在汛期前完工，溢出的洪水另有去处。",
        }
        items = [
            article(name, text, title="水 库 报 告" if name == "blanks" else "通知") for name, text in texts.items()
        ]
        with writing(at) as writer:
            writer.upsert(*prepared(items))
            writer.commit()
        backend = opened(at)
        for condition, want in {
            Holds("溢洪道将在"): {"whole", "blanks", "lines"},
            Holds(" 溢 洪 道 "): {"whole", "blanks", "lines"},
            Holds("《防洪法》第三条"): {"whole", "blanks", "lines"},
            Holds("水库报告", title=True): {"blanks"},
            AllOf((Not(Holds("溢洪道")), Holds("汛期"))): {"other"},
        }.items():
            hits = backend.dense(vector_of("水"), k=EVERYTHING, filters=Filters(where=condition))
            assert {article_of(hit.chunk_id) for hit in hits} == want, condition

    def test_a_value_is_found_in_either_script(self, place):
        at = place()
        items = [
            article("jian", "海岛上的灯塔亮了。", source="电梯报", meta={"city": "云汀"}),
            article("fan", "馒头要用酵母。", source="電梯報", tags=("Ａ级",)),
        ]
        with writing(at) as writer:
            writer.upsert(*prepared(items))
            writer.commit()
        backend = opened(at)
        for filters, want in (
            (Filters(where=HasValue("source", "电梯报")), {"jian", "fan"}),
            (Filters(where=Not(HasValue("source", "電梯報"))), set()),
            (Filters(source=("电梯报",)), {"jian", "fan"}),
            (Filters(tag=("a級",)), {"fan"}),
            (Filters(meta=(("city", "雲汀"),)), {"jian"}),
        ):
            hits = backend.dense(vector_of("灯塔"), k=EVERYTHING, filters=filters)
            assert {article_of(hit.chunk_id) for hit in hits} == want, filters

    def test_articles_are_found_by_their_names(self, place):
        at = place()
        items = [
            article("one", "海岛上的灯塔亮了。", title="灯塔管理办法（试行）", source="甲"),
            article("two", "守塔人坐电梯上山。", title="《灯塔管理办法》", source="乙"),
            article("three", "馒头要用酵母。", title="面点周刊第十期"),
        ]
        with writing(at) as writer:
            writer.upsert(*prepared(items))
            writer.commit()
        backend = opened(at)
        names = [normal(text) for text in ("灯塔管理办法", "面点周刊 第10期", "没有这个名字")]
        found = backend.named(names, 2, Filters())
        assert {name: sorted(ids) for name, ids in found.items()} == {names[0]: ["one", "two"], names[1]: ["three"]}
        assert backend.named(names, 1, Filters()) == {names[1]: ["three"]}
        assert backend.named(names + names, 2, Filters()) == backend.named(names, 2, Filters())
        assert backend.named(names, 1, Filters(source=("乙",))) == {names[0]: ["two"]}
        assert backend.named(names, 1, Filters(where=Holds("酵母"))) == {names[1]: ["three"]}
        assert backend.titles_of(["three", "one"]) == ["面点周刊第十期", "灯塔管理办法（试行）"]
        with pytest.raises(NotFound):
            backend.titles_of(["four"])

    def test_articles_are_found_by_most_of_their_titles(self, place):
        at = place()
        titles = {"one": "灯塔管理办法（试行）", "two": "灯塔", "three": "面点周刊第十期", "gone": "灯塔管理办法"}
        items = [article(name, "守塔人坐电梯上山。", title=title, source=name) for name, title in titles.items()]
        with writing(at) as writer:
            writer.upsert(*prepared(items))
            writer.commit()
            writer.delete(["gone"])
            writer.commit()
        backend = opened(at)
        if not isinstance(backend, TitleFinder):
            pytest.skip("without a lexical leg the titles of candidates are looked at instead")
        words = {"灯塔": 2.0, "管理": 1.0, "办法": 1.0, "没有": 3.0}  # the last of which is in no title
        assert backend.titled(words, 0.5, 5, Filters()) == ["one", "two"]
        assert backend.titled(words, 0.5, 1, Filters()) == ["one"]
        assert backend.titled(words, 0.6, 5, Filters()) == ["one"]
        assert backend.titled(words, 0.5, 5, Filters(source=("two",))) == ["two"]
        assert backend.titled({"灯塔": 1.0, "面点": 1.0}, 0.6, 5, Filters()) == []
        assert backend.titled({"没有": 1.0}, 0.5, 5, Filters()) == []
        assert backend.titled({}, 0.5, 5, Filters()) == []
