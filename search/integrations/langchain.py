"""A retriever for LangChain: `WensouRetriever(searcher=engine, k=5)`. Needs `wensou[langchain]`."""

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables.config import run_in_executor

from search.integrations.passages import find
from search.models import Mode


class WensouRetriever(BaseRetriever):
    """Passages as documents: `page_content` is verbatim, `metadata` has article, fields, `start` and `end`.

    `filters`: `source`, `author`, `tag`, `meta` (one or several each), `after`, `before`.
    """

    searcher: Any
    k: int = 5
    mode: Mode = "hybrid"
    filters: Mapping[str, Any] | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return self._find(query)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return await run_in_executor(None, self._find, query)

    def _find(self, query: str) -> list[Document]:
        found = find(self.searcher, query, k=self.k, filters=self.filters, mode=self.mode)
        return [
            Document(page_content=one.text, metadata={**one.metadata, "score": one.score}, id=one.chunk_id)
            for one in found
        ]
