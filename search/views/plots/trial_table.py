"""All trials of a search as a table, a row a trial."""

from search.runtime.formatting import plural_of
from search.views.plots.data import SearchData
from search.views.plots.plot import Table
from search.views.plots.standing import searched


def trial_table(data: SearchData) -> Table:
    """The trials of the stages that search, by stage and number, with their parameters."""
    trials, score = searched(data), data.score
    names = list(dict.fromkeys(name for trial in trials for name in trial.parameters))
    dropped = f"{plural_of(data.objective.step)} until dropped"
    columns = ("stage", "trial", "state", score.heading, dropped, *names)
    rows = [
        (
            trial.stage,
            trial.number,
            trial.state,
            None if trial.value is None else score.shown(trial.value),
            trial.pruned_after,
            *(trial.parameters.get(name) for name in names),
        )
        for trial in trials
    ]
    return Table(columns, rows)
