"""The two legs over segments: which chunks, and how well."""
