"""What a study file says, as frozen and validated values."""
