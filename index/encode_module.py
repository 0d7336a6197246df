"""Encoders that were saved before the module moved name it so: see index.encoders.sentence_transformers_module."""

from typing import Any


def __getattr__(name: str) -> Any:
    """What the module of today has."""
    from index.encoders import sentence_transformers_module

    return getattr(sentence_transformers_module, name)
