"""Each retriever in its framework's own pipeline, on the sample articles."""

import asyncio

import pytest

from index.errors import BadOption
from search.engine import SearchEngine
from search.integrations.passages import filters_of, find
from tests.conftest import need_bundled_encoder

QUESTION = "老房子装电梯要多少户同意"


@pytest.fixture(scope="module")
def samples_engine(samples_index):
    need_bundled_encoder()
    with SearchEngine.open(samples_index) as engine:
        yield engine


def check(engine, passages):
    """`passages`: (text, metadata) each; verbatim, with fields."""
    assert passages
    for text, metadata in passages:
        article = engine.article(metadata["article_id"]).article
        assert text == article.text[metadata["start"] : metadata["end"]]
        assert metadata["title"] == article.title
        assert metadata.get("published") == article.published
    assert "电梯" in passages[0][1]["title"]


def test_passages_come_in_order_and_no_more_than_asked_for(samples_engine):
    found = find(samples_engine, QUESTION, k=4)
    assert len(found) == 4
    check(samples_engine, [(one.text, one.metadata) for one in found])


def test_filters_are_passed_on_and_wrong_ones_refused(samples_engine):
    found = find(samples_engine, "通知", k=10, filters={"after": "2024-01-01", "before": "2024-12-31"})
    assert found
    assert {one.metadata["published"][:4] for one in found} == {"2024"}
    assert filters_of({"source": "甲", "tag": ["乙", "丙"]}).tag == ("乙", "丙")
    with pytest.raises(TypeError, match="colour"):
        filters_of({"colour": "red"})
    with pytest.raises(BadOption):
        filters_of({"after": "yesterday"})


def test_a_server_is_asked_as_an_index_is(samples_engine, samples_index):
    """Over the API's client: the same passages, fields and filters."""
    from starlette.testclient import TestClient

    from search.api.app import create_app
    from search.client import Client
    from search.live import LiveEngine

    client = Client("http://testserver")
    client._http = TestClient(create_app(LiveEngine(samples_index)))
    for filters in (None, {"after": "2024-01-01", "before": "2024-12-31"}, {"tag": ["通知"]}):
        here, there = (find(one, QUESTION, k=4, filters=filters) for one in (samples_engine, client))
        assert [one.text for one in there] == [one.text for one in here]
        assert [one.metadata for one in there] == [one.metadata for one in here]
    with pytest.raises(BadOption):
        find(client, QUESTION, k=1, filters={"after": "yesterday"})


def test_langchain_in_a_chain(samples_engine):
    pytest.importorskip("langchain_core", reason="langchain-core is not installed")
    from langchain_core.runnables import RunnableLambda

    from search.integrations.langchain import WensouRetriever

    retriever = WensouRetriever(searcher=samples_engine, k=3)
    chain = retriever | RunnableLambda(lambda documents: [(d.page_content, d.metadata) for d in documents])
    check(samples_engine, chain.invoke(QUESTION))
    assert asyncio.run(chain.ainvoke(QUESTION)) == chain.invoke(QUESTION)
    narrowed = WensouRetriever(searcher=samples_engine, k=3, filters={"before": "2000-01-01"})
    assert narrowed.invoke(QUESTION) == []


def test_llamaindex_in_a_query_engine(samples_engine):
    pytest.importorskip("llama_index.core", reason="llama-index-core is not installed")
    from llama_index.core.llms import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine

    from search.integrations.llamaindex import WensouRetriever

    retriever = WensouRetriever(samples_engine, k=3)
    nodes = retriever.retrieve(QUESTION)
    check(samples_engine, [(n.node.text, n.node.metadata) for n in nodes])
    assert [(n.node.start_char_idx, n.node.end_char_idx) for n in nodes] == [
        (n.node.metadata["start"], n.node.metadata["end"]) for n in nodes
    ]
    assert nodes[0].node.source_node.node_id == nodes[0].node.metadata["article_id"]
    again = asyncio.run(retriever.aretrieve(QUESTION))
    assert [n.node.id_ for n in again] == [n.node.id_ for n in nodes]
    answer = RetrieverQueryEngine.from_args(retriever, llm=MockLLM()).query(QUESTION)
    assert [n.node.id_ for n in answer.source_nodes] == [n.node.id_ for n in nodes]


def test_haystack_in_a_pipeline(samples_engine):
    pytest.importorskip("haystack", reason="haystack-ai is not installed")
    from haystack import Pipeline
    from haystack.components.joiners import DocumentJoiner

    from search.integrations.haystack import WensouRetriever

    def pipeline(kind):
        made = kind()
        made.add_component("find", WensouRetriever(samples_engine, top_k=3))
        made.add_component("join", DocumentJoiner())
        made.connect("find.documents", "join.documents")
        return made

    found = pipeline(Pipeline).run({"find": {"query": QUESTION}})["join"]["documents"]
    check(samples_engine, [(d.content, d.meta) for d in found])
    some = pipeline(Pipeline).run({"find": {"query": QUESTION, "top_k": 1, "filters": {"before": "2000-01-01"}}})
    assert some["join"]["documents"] == []
    again = asyncio.run(pipeline(Pipeline).run_async({"find": {"query": QUESTION}}))["join"]["documents"]
    assert [d.id for d in again] == [d.id for d in found]
