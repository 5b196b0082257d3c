"""What can go wrong that the user can mend: one base class, one message, exit status 2."""


class KlayerError(Exception):
    """A fault in what klayer was given: where, what was found, and what would be right."""


class StudyFileError(KlayerError):
    """A study file that cannot be read or does not say a valid search."""


class LedgerError(KlayerError):
    """A database that cannot be opened, or that does not hold what was asked for."""


class DataError(KlayerError):
    """A data set that is missing, broken or not what it claims to be."""


class FailedTrialsError(KlayerError):
    """A search came to its end, but trials of it failed; exit status 3."""


class UnforeseenError(KlayerError):
    """A fault that nothing in what was given explains; exit status 1."""
