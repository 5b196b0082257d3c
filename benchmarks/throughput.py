"""Parts 2 and 3: trials on all cores, and what share of the machine's peak their training takes.

Both come from the same rounds, so that the peak is measured between the trainings.
"""

import statistics

from benchmarks.contenders.products import operations
from benchmarks.machine import kernel_settings, kernels, klayer_kernels
from benchmarks.one_network import PYTORCH, SCIKIT
from benchmarks.report import Section, Table
from benchmarks.rounds import Measured, Spread, ratio, take_turns
from benchmarks.setting import Setting, say
from benchmarks.timing import Work

EPOCHS = 2
COHORTS = (1, 4, 5, 8, 16)
STANDARD = 8
PRODUCTS, QUICK_PRODUCTS = 20, 5
SIZE = 2048


def cohort(members: int) -> str:
    """What the tables call a cohort."""
    return f"klayer, cohort of {members}" if members > 1 else "klayer, one at a time"


TRAINING_ALONE = f"{cohort(STANDARD)}, training alone"
PEERS = {PYTORCH: Work(PYTORCH, "pytorch"), SCIKIT: Work(SCIKIT, "scikit_learn")}


def throughput(setting: Setting) -> Section:
    """Part 2: seconds that a process needs for a trial's epoch while all cores are busy."""
    ours = {cohort(m): (_klayer(m), m) for m in COHORTS}
    contenders = ours | {label: (work, 1) for label, work in PEERS.items()}

    def each(label: str) -> float:
        work, members = contenders[label]
        taken = setting.seconds(work, setting.processes, EPOCHS)
        return statistics.mean(map(statistics.mean, taken)) / members

    measured = take_turns(list(contenders), setting.rounds, each, say)
    standard = measured.figures[cohort(STANDARD)]
    rows = []
    for label in contenders:
        if label in measured.reasons:
            rows.append([label, f"does not run here: {measured.reasons[label]}", "", ""])
            continue
        seconds = measured.figures[label]
        rate = 60 * setting.processes / statistics.median(seconds)
        rows.append(
            [label, Spread.of(seconds).text(), f"{rate:.0f}", ratio(seconds, standard).text(2)]
        )
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
    return Section(title, [Table(columns, rows)], figures)


def peak(setting: Setting) -> Section:
    """Part 3: training steps beside products of large square matrices, in the same rounds."""
    size = 128 if setting.quick else SIZE
    products = QUICK_PRODUCTS if setting.quick else PRODUCTS
    problem = setting.problem
    bare = setting.without_validation()
    trainings = {
        TRAINING_ALONE: (_klayer(STANDARD), STANDARD),
        "klayer, one at a time, training alone": (_klayer(1), 1),
        "PyTorch, training alone": (PEERS[PYTORCH], 1),
    }
    squares = {
        f"product, NumPy, {_shown(one)}": Work("", "products", {"size": size}, one)
        for one in kernel_settings()
    }
    squares["product, PyTorch"] = Work("", "products", {"size": size, "library": "torch"})

    def rate(label: str) -> float:
        """GFLOP/s of a process while all cores are busy."""
        if label in squares:
            taken = setting.seconds(squares[label], setting.processes, products)
            return statistics.mean(operations(size) / min(one) for one in taken) / 1e9
        work, members = trainings[label]
        taken = setting.seconds(work, setting.processes, EPOCHS, bare)
        seconds = statistics.mean(map(statistics.mean, taken))
        return members * problem.epoch_operations / seconds / 1e9

    measured = take_turns([*squares, *trainings], setting.rounds, rate, say)
    numpy_only = [measured.figures[label] for label in squares if "NumPy" in label]
    best = [max(one) for one in zip(*numpy_only, strict=True)]
    ours = ratio(measured.figures[TRAINING_ALONE], best)
    return Section(
        "3. Share of the machine's float32 matrix-product peak",
        [
            Table(
                ["", "GFLOP/s a process", "share of the best product"],
                _rate_rows([*squares, *trainings], measured, best),
            )
        ],
        {"share of peak": ours.median},
        [
            f"Products of ({size}, {size}) matrices, the best of {products}; of a training step, "
            f"the linear layers' products count: {problem.epoch_operations / 1e9:.2f} GFLOP a "
            "network and epoch. All processes at once, one thread each."
        ],
    )


def _rate_rows(labels: list[str], measured: Measured[float], best: list[float]) -> list[list[str]]:
    rows = []
    for label in labels:
        if label in measured.reasons:
            rows.append([label, f"does not run here: {measured.reasons[label]}", ""])
            continue
        rates = measured.figures[label]
        share = ratio(rates, best)
        rows.append([label, Spread.of(rates).text(0), f"{100 * share.median:.0f} %"])
    return rows


def _klayer(members: int) -> Work:
    return Work(cohort(members), "klayer", {"members": members}, klayer_kernels())


def _shown(coretype: str) -> str:
    if coretype:
        return f"OPENBLAS_CORETYPE={coretype}"
    return f"its own choice ({kernels().split()[-1]})"
