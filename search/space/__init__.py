"""The search space: ranges, boxes of ranges, points of boxes."""
