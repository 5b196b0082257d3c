"""Optuna's dashboard on a klayer database, with notes and figures of klayer's woven into it.

It reads through Optuna's own storage. Unless editing is allowed, the connections of that cannot
write, whatever a request should come to. Where it is allowed, trials of klayer's are told nothing:
what they are worth comes from their training alone. It has no artifact store, so there are no files
to reach.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from optuna.storages import RDBStorage
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from search.errors import KlayerError
from search.ledger import optuna_rows
from search.ledger.faults import reported
from search.ledger.location import Location
from search.ledger.sqlite import BUSY_SECONDS
from search.views.dashboard.answers import Answer
from search.views.dashboard.woven import Weave, Woven, WovenAttributes, plain

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from optuna.study._frozen import FrozenStudy

# What is woven in is drawn again after so long: an open page asks every few seconds.
FRESH_SECONDS = 5.0
MOST_KEPT = 32  # studies

_INTO_A_TRIAL = re.compile(r"/*api/trials/+(-?\d+)/.*", re.DOTALL)  # as Bottle reads paths

_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET default_transaction_read_only = on",
}


class WovenStorage(RDBStorage):
    """Optuna's storage of a ledger's database, whose studies have more attributes than it holds.

    Args:
        location: Where the database is; it is known to hold a ledger's tables.
        weave: What to weave into a study, by its name.
        edit: Whether it may write.

    Raises:
        DatabaseFaultError: The database failed.
    """

    def __init__(self, location: Location, weave: Weave, *, edit: bool) -> None:
        self._weave = _kept(weave)
        settings: dict[str, Any] = {"pool_pre_ping": True}
        if location.kind == "sqlite":
            settings["connect_args"] = {"timeout": BUSY_SECONDS}
        with reported(location.shown):
            super().__init__(
                location.url.render_as_string(hide_password=False),
                engine_kwargs=settings,
                skip_compatibility_check=True,  # the ledger has checked it
                skip_table_creation=True,
            )
        if not edit:
            statement = _READ_ONLY[location.kind]

            @event.listens_for(self.engine, "connect")
            def _connected(connection: Any, _: Any) -> None:
                connection.cursor().execute(statement)
                connection.commit()

            self.engine.dispose()  # the connection that was opened before

    def close(self) -> None:
        """Close the connections."""
        self.remove_session()
        self.engine.dispose()

    def holds_ours(self, trial_id: int) -> bool:
        """Whether a trial is of a study of klayer's."""
        with self.engine.connect() as connection:
            return optuna_rows.is_ours(connection, trial_id)

    def get_all_studies(self) -> "list[FrozenStudy]":
        """All studies, klayer's with what is woven in."""
        studies = super().get_all_studies()
        for study in studies:
            study.system_attrs = self._woven(study.study_name, study.system_attrs)
        return studies

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """The attributes of one study, with what is woven in."""
        stored = super().get_study_system_attrs(study_id)
        return self._woven(self.get_study_name_from_id(study_id), stored)

    def _woven(self, name: str, stored: dict[str, Any]) -> dict[str, Any]:
        woven = WovenAttributes(stored, lambda: self._weave(name))
        return cast(dict[str, Any], woven)  # it is only read


def optuna_app(storage: WovenStorage) -> "WSGIApplication":
    """Optuna's dashboard of a database as a WSGI application, for the root of a server.

    It is imported when it is first asked for, which takes a second: klayer's own pages do not wait.
    """
    lock = threading.Lock()
    made: list[WSGIApplication] = []

    def bearing(asked: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        told = _INTO_A_TRIAL.fullmatch(asked.get("PATH_INFO", ""))
        if asked["REQUEST_METHOD"] == "POST" and told and storage.holds_ours(int(told[1])):
            reason = "This study is klayer's: its trials are told what they are worth by it alone."
            return Answer(HTTPStatus.FORBIDDEN, reason).send(asked, start)
        with lock:
            if not made:
                import optuna
                import optuna_dashboard

                optuna.logging.set_verbosity(optuna.logging.WARNING)
                made.append(optuna_dashboard.wsgi(storage))
        asked.setdefault("HTTP_ACCEPT_ENCODING", "identity")  # it fails where nothing is said
        return made[0](asked, start)

    return bearing


def _kept(weave: Weave, clock: Callable[[], float] = time.monotonic) -> Weave:
    """The same, where what was made for a study a moment ago is not made again."""
    made: dict[str, tuple[float, Woven | None]] = {}
    lock = threading.Lock()

    def kept(name: str) -> Woven | None:
        with lock:
            before = made.get(name)
        if before is not None and clock() - before[0] < FRESH_SECONDS:
            return before[1]
        try:
            woven = weave(name)
        except (KlayerError, SQLAlchemyError) as error:
            return Woven(f"klayer cannot tell of this stage: {plain(str(error))}")
        with lock:
            made.pop(name, None)
            made[name] = clock(), woven
            while len(made) > MOST_KEPT:
                del made[next(iter(made))]
        return woven

    return kept
