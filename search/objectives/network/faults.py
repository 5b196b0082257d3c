"""What `model` raises, as the errors that the command line prints."""

from collections.abc import Iterator
from contextlib import contextmanager

from model.errors import DataFileError, ModelError
from search.errors import DataError, KlayerError


@contextmanager
def faults_as_klayer_errors() -> Iterator[None]:
    """Raise DataError for faulty files, KlayerError for any other fault that `model` finds."""
    try:
        yield
    except DataFileError as error:
        raise DataError(str(error)) from error
    except ModelError as error:
        raise KlayerError(str(error)) from error
