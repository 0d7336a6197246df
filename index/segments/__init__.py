"""One immutable segment: what some articles became."""
