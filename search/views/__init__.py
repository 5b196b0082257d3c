"""What people see of a search: read for pictures, drawn, printed, reported, browsed."""
