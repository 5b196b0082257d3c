"""What `model` raises: one base class, messages that state the rule and the value received."""


class ModelError(ValueError):
    """An argument that breaks a rule of this package."""


class DataFileError(ModelError):
    """A data file that is missing, truncated, oversized, mislabelled, foreign or hostile."""
