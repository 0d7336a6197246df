"""The MCP server: the same search for language models. A thin face over the engine."""
