"""What a trial may train: one room for each kind of objective, and what they share."""
