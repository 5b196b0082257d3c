"""Searches as values: a small one, a large one, a hostile one, and a real one that is finished."""

from dataclasses import replace
from typing import Any

import pytest

from search.ledger.ledger import Ledger
from search.objectives.network.portrait import to_bytes
from search.views.plots.data import SearchData
from tests.search.views.plots.made import HOSTILE, build, portrait


@pytest.fixture(scope="session")
def small() -> SearchData:
    """32 trials of three stages, finalists and a test report."""
    return build()


@pytest.fixture(scope="session")
def wide() -> SearchData:
    """As `small`, with widths and a choice searched as well."""
    more = {
        "width_1": {"low": 10, "high": 200, "log": False, "step": 1},
        "width_2": [16, 32, 64],
        "activation": ["relu", "elu"],
    }
    return build((120, 40, 40), more=more)


@pytest.fixture(scope="session")
def large() -> SearchData:
    """10,000 trials, with curves of 60 and 100 epochs."""
    more = {
        "width_1": {"low": 10, "high": 200, "log": False, "step": 1},
        "activation": ["relu", "elu"],
    }
    return build((6000, 2500, 1500), more=more, epochs=100, shown=30)


@pytest.fixture(scope="session")
def unplanned() -> SearchData:
    """Nothing is planned yet."""
    return build(planned=0, finished=False)


@pytest.fixture(scope="session")
def diverged(small: SearchData) -> SearchData:
    """Every trial of the first stage diverged."""
    trials = tuple(
        replace(trial, state="diverged", value=None, reason="NaN in epoch 1", pruned_after=None)
        for trial in small.trials
        if trial.stage == "coarse"
    )
    first = replace(small.stages[0], diverged=len(trials))
    rest = build(planned=1, finished=False).stages[1:]
    return replace(
        small,
        search=replace(small.search, result=None, finished_at=None),
        trials=trials,
        stages=(first, *rest),
        curves={},
        bands={},
        importances={},
        attachments={},
        stints=(),
    )


@pytest.fixture(scope="session")
def hostile() -> SearchData:
    """Every text that a study brings along is an attack."""
    data = build((60, 20, 20), more={"width_1": [8, 16], HOSTILE: [HOSTILE, "b"]})
    study = data.search.study.model_copy(update={"name": HOSTILE})

    def bad(stage: str) -> str:
        return HOSTILE + stage

    trials = tuple(
        replace(t, stage=bad(t.stage), reason=None if t.reason is None else HOSTILE)
        for t in data.trials
    )
    stages = tuple(
        replace(s, step=replace(s.step, name=bad(s.step.name)), explanation=HOSTILE)
        for s in data.stages
    )
    return replace(
        data,
        stints=[replace(one, worker=HOSTILE, stage=bad(one.stage)) for one in data.stints],
        search=replace(data.search, study=study),
        trials=trials,
        stages=stages,
        bands={bad(name): band for name, band in data.bands.items()},
        importances={bad(name): {HOSTILE: 0.6, "b": 0.4} for name in data.importances},
        attachments={key: to_bytes(portrait(HOSTILE, "b")) for key in data.attachments},
    )


@pytest.fixture(scope="session")
def real(tiny_run: Any) -> SearchData:
    """The tiny search as its database has it."""
    with Ledger(f"sqlite:///{tiny_run.folder}/klayer.db") as ledger:
        read = ledger.read
        search = read.search(read.names()[0])
        return SearchData(
            search,
            tuple(read.stages(search)),
            tuple(read.trials(search)),
            read.clock(),
            read.curves(search),
            stints=read.stints(search),
        )
