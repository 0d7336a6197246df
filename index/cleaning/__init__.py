"""Raw text -> display text and metadata."""
