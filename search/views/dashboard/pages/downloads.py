"""What pages offer to take away: the data of each plot as CSV."""

from flask import Flask, Response, request

from search.errors import KlayerError
from search.ledger.faults import DatabaseFaultError
from search.views.dashboard.pages import address, drawing
from search.views.dashboard.pages.address import Address
from search.views.dashboard.pages.shelf import Shelf


def register(server: Flask, shelf: Shelf) -> None:
    """Answer /data/<search>/<plot>.csv; with a trial's stage and number as a query."""

    @server.get("/data/<name>/<key>.csv")
    def data(name: str, key: str) -> Response:
        try:
            plot = drawing.draw(shelf, _where(name), key, _options())
        except DatabaseFaultError as error:
            return Response(f"{error}\n", 503, mimetype="text/plain")
        except KlayerError as error:
            return Response(f"{error}\n", 404, mimetype="text/plain")
        return Response(
            plot.table.csv(),
            mimetype="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{plot.key}.csv"'},
        )


def _options() -> drawing.Options:
    return drawing.Options.read(*(request.args.get(one) for one in ("first", "second", "pin")))


def _where(name: str) -> Address:
    """The page that such a plot stands on.

    Raises:
        KlayerError: There is none of so many searches.
    """
    stage, number = request.args.get("stage"), address.whole(request.args.get("number", ""))
    if stage is not None and number is not None:
        return Address("trial", (name,), stage, number)
    names = tuple(name.split(",", address.MOST_COMPARED))
    if len(set(names)) < len(names) or len(names) > address.MOST_COMPARED:
        most = address.MOST_COMPARED
        raise KlayerError(f"one search has plots, or two to {most} different ones have")
    return Address("search" if len(names) == 1 else "compare", names)
