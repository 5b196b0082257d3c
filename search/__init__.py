"""The search service: study files, plans, zooms, the ledger, workers and what people see."""
