"""The published experiments, run again: each figure beside the one that was published."""
