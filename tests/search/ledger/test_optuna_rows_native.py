"""A stage's study serves Optuna's own tools as one does that Optuna wrote, of the same trials."""

import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import optuna
import optuna_dashboard
import pytest
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from optuna.visualization import (
    plot_contour,
    plot_edf,
    plot_intermediate_values,
    plot_optimization_history,
    plot_parallel_coordinate,
    plot_param_importances,
    plot_rank,
    plot_slice,
    plot_timeline,
)
from werkzeug.test import Client

from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, RecordedTrial, Search, TrialResult
from search.ledger.trial_rows import TRIALS
from search.objective.report import Report
from search.plan.samplers import distributions
from tests.search.ledger.conftest import SCORE

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")

Figures = Callable[[int, float], Report]
Plot = Callable[[optuna.Study], Any]

COARSE = "digits/1-coarse"
STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "diverged": TrialState.FAIL}
PLOTS: dict[str, Plot] = {
    "history": plot_optimization_history,
    "intermediate values": plot_intermediate_values,
    "parallel coordinates": plot_parallel_coordinate,
    "slice": plot_slice,
    "contour": plot_contour,
    "distribution": plot_edf,
    "rank": plot_rank,
    "timeline": plot_timeline,
    "importances": lambda study: plot_param_importances(
        study, evaluator=PedAnovaImportanceEvaluator()
    ),
}


@pytest.fixture
def study(
    ledger: Ledger,
    search: Search,
    open_next: Callable[..., PlanningClaim],
    claim_next: Callable[..., CohortClaim],
    figures: Figures,
    optuna_storage: RDBStorage,
) -> optuna.Study:
    """Optuna's study of a stage of klayer's: one trial was pruned, and one diverged."""
    open_next(2)
    for _ in range(2):
        claim = claim_next("a")
        for step in (1, 2, 3):
            going = [n for n in claim.numbers if n != 1 or step < 3]
            ledger.record_reports(claim, {n: figures(step, n / 7 + step / 9) for n in going})
        told = [TrialResult(n, n / 7 + 3 / 9) for n in claim.numbers if n not in (1, 4)]
        told += [TrialResult(1, 1 / 7 + 2 / 9, pruned_after=2)] if 1 in claim.numbers else []
        told += [TrialResult(4, None, "diverged")] if 4 in claim.numbers else []
        ledger.hand_in(claim, told)
    return optuna.load_study(study_name=COARSE, storage=optuna_storage)


@pytest.fixture
def native(ledger: Ledger, search: Search, study: optuna.Study) -> optuna.Study:
    """A study that Optuna has made of what the ledger has."""
    made = optuna.create_study(direction="maximize", study_name=COARSE)
    made.set_metric_names([search.study.objective.score.name])
    kept = ledger.read.trials(search)
    curves = ledger.read.curves(search)
    with ledger.database.reading() as connection:
        started = {row.id: row.started_at for row in connection.execute(TRIALS)}
    made.add_trials([_frozen(one, curves[one.id], started[one.id]) for one in kept])
    return made


def _frozen(trial: RecordedTrial, curve: tuple[Report, ...], started: float) -> FrozenTrial:
    space = distributions((trial.box,))
    assert trial.finished_at is not None
    return FrozenTrial(
        number=trial.number,
        state=STATES[trial.state],
        value=trial.value,
        datetime_start=datetime.fromtimestamp(started),
        datetime_complete=datetime.fromtimestamp(trial.finished_at),
        params=dict(trial.parameters),
        distributions=space,
        user_attrs={},
        system_attrs={},
        intermediate_values={one.step: one.metrics[SCORE] for one in curve},
        trial_id=trial.number,
    )


def test_every_plot_is_that_of_a_native_study(study: optuna.Study, native: optuna.Study) -> None:
    for name, plot in PLOTS.items():
        ours, theirs = (_plain(plot(one)) for one in (study, native))
        assert ours == theirs, name
        assert ours["data"], name


def _plain(figure: Any) -> dict[str, Any]:
    """A figure without what Optuna draws anew each time, such as the jitter of a rank plot."""
    found: dict[str, Any] = json.loads(figure.to_json())
    for trace in found["data"]:
        trace.pop("hovertext", None)  # user attributes, of which ours has more
        trace.pop("text", None)
    return found


def test_best_trial_and_importances_are_those_of_a_native_study(
    study: optuna.Study, native: optuna.Study
) -> None:
    assert (study.best_trial.number, study.best_value) == (5, native.best_value)
    assert study.metric_names == native.metric_names
    evaluator = PedAnovaImportanceEvaluator()
    ours, theirs = (get_param_importances(one, evaluator=evaluator) for one in (study, native))
    assert ours == theirs


def test_a_copy_says_all_that_the_study_says(
    study: optuna.Study, optuna_storage: RDBStorage
) -> None:
    memory = optuna.storages.InMemoryStorage()
    optuna.copy_study(
        from_study_name=COARSE, from_storage=optuna_storage, to_storage=memory, to_study_name="copy"
    )
    copy = optuna.load_study(study_name="copy", storage=memory)
    assert copy.user_attrs == study.user_attrs
    assert copy.user_attrs["klayer:boxes"][0]["learning_rate"]
    for one, other in zip(copy.get_trials(), study.get_trials(), strict=True):
        one._trial_id = other._trial_id
        assert one == other


def test_optunas_command_lists_it(
    study: optuna.Study,
    optuna_storage: RDBStorage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from optuna import cli

    monkeypatch.setattr(cli, "_get_storage", lambda *_: optuna_storage)  # its own is never closed

    def told(command: str) -> Any:
        asked = ["optuna", command, "--storage", "x", "--study-name", COARSE, "-f", "json"]
        monkeypatch.setattr("sys.argv", asked)
        assert cli.main() == 0
        return json.loads(capsys.readouterr().out)

    assert told("best-trial")["number"] == 5
    listed = told("trials")  # the rows of `trials_dataframe`, which needs pandas
    assert [one["state"] for one in listed].count("COMPLETE") == 4
    assert listed[1]["user_attrs"]["klayer:pruned_after"] == 2
    assert listed[4]["user_attrs"]["klayer:reason"] == "diverged"
    assert {one["user_attrs"]["klayer:worker"] for one in listed} == {"a"}


def test_a_plain_dashboard_has_curves_notes_and_names(
    study: optuna.Study, optuna_storage: RDBStorage, search: Search
) -> None:
    client = Client(optuna_dashboard.wsgi(optuna_storage))
    found = client.get(f"/api/studies/{study._study_id}").json
    assert found is not None
    assert found["has_intermediate_values"]
    assert found["objective_names"] == [search.study.objective.score.name]
    assert "    as the study file says" in found["note"]["body"]
    states = [one["state"] for one in found["trials"]]
    assert states == ["Complete", "Pruned", "Complete", "Complete", "Fail", "Complete"]
    assert [len(one["intermediate_values"]) for one in found["trials"]] == [3, 2, 3, 3, 3, 3]
    assert math.isclose(found["trials"][1]["values"][0], 1 / 7 + 2 / 9)
