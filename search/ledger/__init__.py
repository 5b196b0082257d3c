"""The database: what was asked, what is planned, who works on it, and what came out."""

DEFAULT_STORAGE = "sqlite:///klayer.db"  # a file in the current folder
