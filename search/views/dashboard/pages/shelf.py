"""The searches of one database as pages read them: one digest a search, for all who look."""

import re
import threading
from collections import OrderedDict

from search.errors import LedgerError
from search.ledger.ledger import Ledger
from search.study.table import NAME_LENGTH, NAME_PATTERN
from search.views.reading.digest import Digest
from search.views.reading.overview import Overviews

KEPT = 8  # searches whose trials stay in memory
_NAME = re.compile(f"(?=.{{1,{NAME_LENGTH}}}$){NAME_PATTERN}")


class Shelf:
    """Keeps what was read of the searches that were looked at last. May be used by many threads.

    Args:
        ledger: The database.

    Attributes:
        overviews: How all searches stand.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._lock = threading.Lock()
        self._digests: OrderedDict[str, Digest] = OrderedDict()
        self.overviews = Overviews(ledger)

    def digest(self, name: str) -> Digest:
        """The digest of a search.

        Raises:
            LedgerError: There is no search of that name.
        """
        if not _NAME.fullmatch(name):  # no database is asked for what can be the name of none
            raise LedgerError("there is no search of this name")
        with self._lock:
            known = self._digests.get(name)
            if known is not None and known.gone:
                del self._digests[name]  # another search may have its name
                known = None
        digest = known or Digest(self.ledger, name)
        with self._lock:
            digest = self._digests.setdefault(name, digest)
            self._digests.move_to_end(name)
            while len(self._digests) > KEPT:
                self._digests.popitem(last=False)
            return digest
