"""What a trial may train; the port that each fulfils is `search.objective`."""
