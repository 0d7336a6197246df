"""Files -> records -> articles."""
