"""A retriever for Haystack: `WensouRetriever(engine, top_k=5)`. Needs `wensou[haystack]`."""

import asyncio
from collections.abc import Mapping
from typing import Any

from haystack import Document, component

from search.integrations.passages import Searcher, find
from search.models import Mode


@component
class WensouRetriever:
    """Passages as documents: `content` is verbatim, `meta` has article, fields, `start` and `end`."""

    def __init__(
        self,
        searcher: Searcher,
        *,
        top_k: int = 5,
        mode: Mode = "hybrid",
        filters: Mapping[str, Any] | None = None,
    ) -> None:
        """`filters`: `source`, `author`, `tag`, `meta` (one or several each), `after`, `before`."""
        self._searcher, self._top_k, self._mode, self._filters = searcher, top_k, mode, filters

    @component.output_types(documents=list[Document])
    def run(self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None) -> dict[str, Any]:
        """The passages found for `query`; `filters` and `top_k` take the place of those of the component."""
        wanted = self._filters if filters is None else filters
        found = find(self._searcher, query, k=top_k or self._top_k, filters=wanted, mode=self._mode)
        return {
            "documents": [
                Document(id=one.chunk_id, content=one.text, meta=one.metadata, score=one.score) for one in found
            ]
        }

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, Any]:
        """`run`, beside the event loop."""
        return await asyncio.to_thread(self.run, query, filters, top_k)
