"""A retriever for LlamaIndex: `WensouRetriever(engine, k=5)`. Needs `wensou[llamaindex]`."""

import asyncio
from collections.abc import Mapping
from typing import Any

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

from search.integrations.passages import Searcher, find
from search.models import Mode


class WensouRetriever(BaseRetriever):
    """Passages as nodes: `start_char_idx` and `end_char_idx` are characters of the article, which is their source."""

    def __init__(
        self,
        searcher: Searcher,
        *,
        k: int = 5,
        mode: Mode = "hybrid",
        filters: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """`filters`: `source`, `author`, `tag`, `meta` (one or several each), `after`, `before`."""
        super().__init__(**kwargs)
        self._searcher, self._k, self._mode, self._filters = searcher, k, mode, filters

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = find(self._searcher, query_bundle.query_str, k=self._k, filters=self._filters, mode=self._mode)
        return [
            NodeWithScore(
                node=TextNode(
                    id_=one.chunk_id,
                    text=one.text,
                    start_char_idx=one.start,
                    end_char_idx=one.end,
                    metadata=one.metadata,
                    relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=str(one.metadata["article_id"]))},
                ),
                score=one.score,
            )
            for one in found
        ]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)
