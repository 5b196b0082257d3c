"""A failed trial's reason."""

import pickle

from search.objectives.faults import TrialError


def test_the_reason_comes_first_and_the_programs_last_lines_after_it() -> None:
    assert str(TrialError("exit status 3", "out of disk")) == "exit status 3\nout of disk"
    assert str(TrialError("exit status 3")) == "exit status 3"


def test_it_passes_between_processes() -> None:
    copy = pickle.loads(pickle.dumps(TrialError("exit status 3", "out of disk")))
    assert (copy.reason, copy.output) == ("exit status 3", "out of disk")
