"""What was perhaps meant."""
