"""The database: what was asked, what is planned, who works on it, and what came out."""
