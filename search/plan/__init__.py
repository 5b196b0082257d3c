"""Decisions as pure functions: where to sample, where to zoom, who is trained with whom."""
