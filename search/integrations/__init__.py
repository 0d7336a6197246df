"""Retrievers for frameworks that build on language models: a few lines each over an engine or a client."""
