"""Candidates -> an order."""
