"""Planning what is to be planned next in a search: a stage, its next rung, its next generation.

Whoever does it makes the same plan; the ledger lets one of them put it into effect.
"""

from search.errors import KlayerError
from search.ledger.claims import LostLeaseError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import PlanningClaim, Search
from search.plan.generations import plan_generation
from search.plan.halving import plan_rung
from search.plan.plan import plan, step_of, trials_in_all
from search.plan.samplers import distributions
from search.plan.stopping import ending
from search.workers.heartbeat import Heartbeat


def plan_next(ledger: Ledger, search: Search, owner: str, heartbeat: Heartbeat) -> None:
    """Plan what is to be planned next, if anything is now and nobody else does it.

    Args:
        ledger: The search's database.
        search: Which search.
        owner: Who does it.
        heartbeat: Keeps its lease.

    Raises:
        KlayerError: There is no plan: all trials of an earlier stage diverged.
    """
    task = ledger.next_work(search, owner, heartbeat.lease_seconds, only="planning")
    if isinstance(task, PlanningClaim):
        with heartbeat.holding(task):
            make_plan(ledger, search, task)


def make_plan(ledger: Ledger, search: Search, claim: PlanningClaim) -> None:
    """Make a plan that was claimed, and put it into effect.

    Raises:
        KlayerError: There is none; nobody works on the search any more, which remembers why.
        LostLeaseError: Somebody else has made it.
    """
    study = search.study
    step = step_of(study, claim.stage.number)
    try:
        if claim.rung:
            standings = ledger.read.standings(claim)
            ledger.open_rung(claim, plan_rung(study, step, claim.rung, standings))
        elif claim.generation:
            before = ledger.read.finished_trials(search, claim.stage.id)
            if ended := ending(study, step, before):
                ledger.end_stage(claim, ended)
                return
            boxes = ledger.read.boxes(claim)
            following = plan_generation(study, step, claim.generation, boxes, before)
            space = distributions(boxes, listed=step.kind != "search")
            ledger.open_generation(claim, following, space)
        else:
            made = plan(study, step, ledger.read.finished_trials(search))
            each = 0.0 if step.known else study.objective.steps(step.training)
            in_all = trials_in_all(study, made)
            space = distributions(made.boxes, listed=step.kind != "search")
            ledger.open_stage(search, claim, made, space, each, in_all)
    except (DatabaseFaultError, LostLeaseError):
        raise
    except KlayerError as error:
        ledger.fail(search, str(error), claim)
        raise
