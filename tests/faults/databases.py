"""Which of both databases a fault is tried on: the other one's is for `make faults`."""

import pytest

_LATER = pytest.mark.long

mostly_sqlite = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=_LATER)], indirect=True
)
mostly_postgresql = pytest.mark.parametrize(
    "database", [pytest.param("sqlite", marks=_LATER), "postgresql"], indirect=True
)
