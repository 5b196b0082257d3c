"""Fully connected k-layer networks, trained as stacks. Needs NumPy and the standard library."""
