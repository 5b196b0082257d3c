"""Optuna's tables are named as Optuna makes them."""

from datetime import UTC, datetime

from optuna.storages._rdb import models
from sqlalchemy import Enum

from search.ledger import optuna_tables


def test_every_table_and_column_is_one_of_optunas() -> None:
    made = models.BaseModel.metadata.tables
    for table in (optuna_tables.studies, optuna_tables.trials, *optuna_tables.OF_TRIALS):
        for column in table.columns:
            theirs = made[table.name].columns[column.name]
            if isinstance(column.type, Enum):
                assert isinstance(theirs.type, Enum)
                assert set(column.type.enums) == set(theirs.type.enums)
                assert column.type.name == theirs.type.name


def test_all_tables_of_trials_are_known() -> None:
    made = models.BaseModel.metadata.tables
    of_trials = {name for name, one in made.items() if "trial_id" in one.columns}
    assert {table.name for table in optuna_tables.OF_TRIALS} == of_trials - {"trials"}


def test_times_are_in_utc() -> None:
    assert optuna_tables.datetime_of(1.8e9 + 1 / 8) == datetime(
        2027, 1, 15, 8, 0, 0, 125000, UTC
    ).replace(tzinfo=None)
