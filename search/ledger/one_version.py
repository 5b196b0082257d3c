"""All who work on a search run one version of klayer, on tables of the revision that it knows.

Another version may plan and compute otherwise: a search of both would be neither's. What takes a
search up (`klayer run`, `klayer submit`) lets its own version work on it from then on.

Each function is part of a transaction.
"""

from sqlalchemy import Connection, or_, select, update

from search.errors import LedgerError
from search.ledger import migrations
from search.ledger.records import Search
from search.ledger.states import TO_BE_PLANNED
from search.ledger.tables import cohorts, searches, stages, workers
from search.runtime.environment import code_version


class OtherVersionError(LedgerError):
    """Another version of klayer works on the search."""


def check(search: Search, klayer: str, revision: str | None) -> None:
    """Whether this process may work on a search.

    Args:
        search: Which search.
        klayer: The version that works on it.
        revision: That of the tables.

    Raises:
        OtherVersionError: This is another version, or knows other tables.
    """
    name = search.study.name
    if revision != migrations.revisions()[-1]:
        raise OtherVersionError(migrations.unusable(f"the database of {name}", revision))
    if klayer != code_version():
        raise OtherVersionError(
            f"{name}: klayer {klayer} works on this search, and this is klayer {code_version()}: "
            "install that version here, or stop its workers and let this version take the search "
            "up with `klayer run` or `klayer submit`"
        )


def take_over(connection: Connection, search: Search, time: float) -> None:
    """Let this version of klayer work on a search from now on.

    Raises:
        OtherVersionError: Processes of another version are at work on it.
    """
    mine = searches.c.id == search.id
    if connection.scalar(select(searches.c.klayer).where(mine)) == code_version():
        return
    its_stages = stages.c.search_id == search.id
    trains = (
        select(cohorts.c.owner)
        .join(stages, stages.c.id == cohorts.c.stage_id)
        .where(its_stages, cohorts.c.state == "claimed")
    )
    plans = select(stages.c.owner).where(its_stages, stages.c.state.in_(TO_BE_PLANNED))
    others = select(workers.c.host, workers.c.klayer).where(
        workers.c.klayer != code_version(),
        workers.c.seen_at + workers.c.lease_seconds >= time,
        or_(
            workers.c.search_id == search.id,
            workers.c.name.in_(trains),
            workers.c.name.in_(plans),
        ),
    )
    other = connection.execute(others.order_by(workers.c.id)).first()
    if other is not None:
        raise OtherVersionError(
            f"{search.study.name}: klayer {other.klayer} is at work on this search, on "
            f"{other.host}, and this is klayer {code_version()}: install that version here, or "
            f"stop its workers first: klayer stop {search.study.name}"
        )
    connection.execute(update(searches).where(mine).values(klayer=code_version()))
