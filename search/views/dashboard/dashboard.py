"""A dashboard as it is asked for: what has to be installed, its address, who may look, and serving.

All that may be wrong in what was given is found before anything is served.
"""

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.errors import KlayerError
from search.ledger import DEFAULT_STORAGE
from search.ledger.ledger import Ledger

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from search.views.dashboard.guard import Rules

HOST, PORT = "127.0.0.1", 8080
_NEEDED = ("dash", "dash_ag_grid", "optuna_dashboard", "waitress", "werkzeug")


@dataclass(frozen=True)
class Settings:
    """What a dashboard is asked for with.

    Attributes:
        storage: The ledger's URL.
        host: Where to listen, a name or an address of this machine.
        port: 0 for any that is free.
        allowed_hosts: More names under which it answers.
        allow_edit: Whether Optuna's dashboard may change and delete studies.
    """

    storage: str = DEFAULT_STORAGE
    host: str = HOST
    port: int = PORT
    allowed_hosts: tuple[str, ...] = ()
    allow_edit: bool = False


def check_installed() -> None:
    """Whether the libraries of the extra are there.

    Raises:
        KlayerError: One is not.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise KlayerError(
            f"the dashboard needs libraries that are not installed here: {', '.join(missing)}; "
            "pip install 'klayer[dashboard]'"
        )


def run_dashboard(
    settings: Settings,
    on_ready: Callable[[str], None],
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Serve a dashboard until a signal asks to stop.

    Args:
        settings: What is asked for.
        on_ready: Told the address, once requests are answered.
        environment: Where the password is, if there is one.

    Raises:
        KlayerError: Something that was given is wrong, or something is not installed.
    """
    check_installed()
    from search.views.dashboard import server
    from search.views.dashboard.access import Access, needed_password
    from search.views.dashboard.guard import Rules
    from search.views.dashboard.hosts import hosts
    from search.views.dashboard.tries import Tries

    wanted = server.find(settings.host, settings.port)
    password = needed_password(
        settings.host, loopback=wanted.only_here, environment=environment
    )  # before anything listens
    own = hosts(settings.host, wanted.host, settings.allowed_hosts)
    with Ledger(settings.storage) as ledger, server.listening(wanted) as (listener, place):
        access = None if password is None else Access(password, place.port, Tries())
        rules = Rules(own, access, edit=settings.allow_edit)
        with _whole(ledger, rules) as app:
            server.serve(app, listener, lambda: on_ready(place.url))


@contextmanager
def _whole(ledger: Ledger, rules: "Rules") -> "Iterator[WSGIApplication]":
    """Our pages and Optuna's, guarded. Their libraries take more than a second to be imported."""
    from search.views.dashboard.optuna_side import WovenStorage, optuna_app
    from search.views.dashboard.pages import pages_app
    from search.views.dashboard.site import site

    pages = pages_app(ledger)
    with closing(WovenStorage(ledger.database.location, pages.weave, edit=rules.edit)) as storage:
        yield site(pages.app, optuna_app(storage), rules, pages.policy)
