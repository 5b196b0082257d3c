"""What people see of a search: read for plots, drawn, printed, reported, browsed."""
