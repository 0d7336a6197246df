"""Text -> terms, for articles and questions alike."""
