"""Any program as an objective: it gets a trial's parameters and appends its reports to a file."""
