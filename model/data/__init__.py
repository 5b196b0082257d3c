"""Data sets: read in their own formats, checked, split, standardised, shared between processes."""
