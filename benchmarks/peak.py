"""Part 3: what share of the machine's product peak a training takes, and what the BLAS leaves it.

Between the peak, products of large square matrices, and the training stand the training step's own
products: what they miss of the peak is the BLAS at these sizes, and what the training misses of
them is the trainer's own. All take turns in the same rounds.
"""

import statistics

from benchmarks.contenders import products, step_products
from benchmarks.machine import kernel_settings, kernels, klayer_kernels
from benchmarks.one_network import PYTORCH
from benchmarks.report import Section, Table
from benchmarks.rounds import Spread, counted, ratio, take_turns
from benchmarks.setting import Setting, say
from benchmarks.throughput import EPOCHS, PEERS, STANDARD, cohort, klayer
from benchmarks.timing import Work

PRODUCTS, QUICK_PRODUCTS = 20, 5
SIZE, QUICK_SIZE = 2048, 128

# The trainings, the products that a step of them makes, and how many members each has.
COHORT, ONE = (f"{cohort(members)}, training alone" for members in (STANDARD, 1))
COHORT_PRODUCTS = f"the step's products alone, cohort of {STANDARD}"
ONE_PRODUCTS = "the step's products alone, one network"
PEER = "PyTorch, training alone"
MEMBERS = {COHORT_PRODUCTS: STANDARD, ONE_PRODUCTS: 1, COHORT: STANDARD, ONE: 1, PEER: 1}
OWN_PRODUCTS = {COHORT: COHORT_PRODUCTS, ONE: ONE_PRODUCTS}


def run(setting: Setting) -> Section:
    """GFLOP/s of a process while all cores are busy, and what shares they come to."""
    size = QUICK_SIZE if setting.quick else SIZE
    best_of = QUICK_PRODUCTS if setting.quick else PRODUCTS
    problem, bare = setting.problem, setting.without_validation()
    squares, own = _squares(size), _own_products()
    trainings = {COHORT: klayer(STANDARD), ONE: klayer(1), PEER: PEERS[PYTORCH]}

    def rate(label: str) -> float:
        if label in squares:
            taken = setting.seconds(squares[label], setting.processes, best_of)
            return statistics.mean(products.operations(size) / min(one) for one in taken) / 1e9
        work = own.get(label) or trainings[label]
        taken = setting.seconds(work, setting.processes, EPOCHS, bare)
        done = (
            step_products.operations(problem, MEMBERS[label])
            if label in own
            else MEMBERS[label] * problem.epoch_operations
        )
        return done / statistics.mean(map(statistics.mean, taken)) / 1e9

    labels = [*squares, *own, *trainings]
    measured = take_turns(labels, setting.rounds, rate, say)
    numpy_only = [measured.of(label) for label in squares if "NumPy" in label]
    best = [max(one) for one in zip(*numpy_only, strict=True)]
    training = ratio(measured.of(COHORT), best).median
    limit = ratio(measured.of(COHORT_PRODUCTS), best).median

    def cells(label: str, rates: list[float]) -> list[str]:
        of_own = ""
        if label in OWN_PRODUCTS:
            of_own = _percent(ratio(rates, measured.of(OWN_PRODUCTS[label])).median)
        return [Spread.of(rates).text(0), _percent(ratio(rates, best).median), of_own]

    columns = ["", "GFLOP/s a process", "share of the best product", "share of its products alone"]
    return Section(
        "3. Share of the machine's float32 matrix-product peak",
        [Table(columns, measured.rows(labels, cells, len(columns)))],
        {"share of peak": training, "share of peak, products alone": limit},
        [
            f"Products of ({size}, {size}) matrices, the best of {best_of}; of a training step, "
            f"the linear layers' products count: {problem.epoch_operations / 1e9:.2f} GFLOP a "
            "network and epoch. All processes at once, one thread each; "
            f"{counted(measured.rounds)}.",
            _gap(problem.batch_size, problem.inputs, problem.widths[0], training, limit),
        ],
    )


def _squares(size: int) -> dict[str, Work]:
    found = {
        f"product, NumPy, {_shown(one)}": Work("", "products", {"size": size}, one)
        for one in kernel_settings()
    }
    found["product, PyTorch"] = Work("", "products", {"size": size, "library": "torch"})
    return found


def _own_products() -> dict[str, Work]:
    return {
        label: Work(label, "step_products", {"members": MEMBERS[label]}, klayer_kernels())
        for label in OWN_PRODUCTS.values()
    }


def _gap(rows: int, inputs: int, units: int, training: float, limit: float) -> str:
    """What is missing of the peak, in points, and whose it is."""
    m = STANDARD * units
    return (
        f"The step's products are the first layer's: ({rows}, {inputs}) by ({inputs}, {m}), and "
        f"({inputs}, {rows}) by ({rows}, {m}), for a cohort of {STANDARD}. They reach "
        f"{_percent(limit)} of the peak. So of what the training misses of it, "
        f"{100 * (1 - limit):.0f} points are the BLAS at these sizes, and "
        f"{100 * (limit - training):.0f} points are klayer's own, between the products."
    )


def _shown(coretype: str) -> str:
    if coretype:
        return f"OPENBLAS_CORETYPE={coretype}"
    return f"its own choice ({kernels().split()[-1]})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
