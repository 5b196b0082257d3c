"""What people see of a search: progress, summaries, tables and exports."""
