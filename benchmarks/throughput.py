"""Part 2: trials on all cores, klayer's cohorts beside one network a process."""

import statistics

from benchmarks.machine import klayer_kernels
from benchmarks.one_network import PYTORCH, SCIKIT
from benchmarks.report import Section, Table
from benchmarks.rounds import Spread, counted, ratio, take_turns
from benchmarks.setting import Setting, say
from benchmarks.timing import Work

EPOCHS = 2
COHORTS = (1, 4, 5, 8, 16)
STANDARD = 8


def cohort(members: int) -> str:
    """What the tables call a cohort."""
    return f"klayer, cohort of {members}" if members > 1 else "klayer, one at a time"


PEERS = {PYTORCH: Work(PYTORCH, "pytorch"), SCIKIT: Work(SCIKIT, "scikit_learn")}


def run(setting: Setting) -> Section:
    """Seconds that a process needs for a trial's epoch while all cores are busy."""
    ours = {cohort(m): (klayer(m), m) for m in COHORTS}
    contenders = ours | {label: (work, 1) for label, work in PEERS.items()}

    def each(label: str) -> float:
        work, members = contenders[label]
        taken = setting.seconds(work, setting.processes, EPOCHS)
        return statistics.mean(map(statistics.mean, taken)) / members

    measured = take_turns(list(contenders), setting.rounds, each, say)
    standard = measured.of(cohort(STANDARD))

    def cells(_: str, seconds: list[float]) -> list[str]:
        rate = 60 * setting.processes / statistics.median(seconds)
        return [Spread.of(seconds).text(4), f"{rate:.0f}", ratio(seconds, standard).text(2)]

    figures = {
        f"throughput / {label}": ratio(measured.figures[label], standard).median
        for label in PEERS
        if label in measured.figures
    }
    columns = [
        "",
        "seconds of a process a trial and epoch",
        "trial epochs a minute, all cores",
        f"times a cohort of {STANDARD}",
    ]
    title = f"2. Trials on all cores: {setting.processes} processes, one thread each"
    return Section(
        title,
        [Table(columns, measured.rows(contenders, cells, len(columns)))],
        figures,
        [f"{counted(measured.rounds)}."],
    )


def klayer(members: int) -> Work:
    """A cohort with the kernels that the command would choose."""
    return Work(cohort(members), "klayer", {"members": members}, klayer_kernels())
