"""What people look at: a search read from the ledger, again and again, at little cost."""
