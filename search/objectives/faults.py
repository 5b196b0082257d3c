"""Why a trial fails by its own fault, as one error that the search stores before it goes on."""

from search.errors import KlayerError


class TrialError(KlayerError):
    """A trial that failed by its own fault.

    Attributes:
        reason: What happened and, where it helps, what would be right. One line.
        output: The last lines that the user's program printed; "" where they say nothing.
    """

    def __init__(self, reason: str, output: str = "") -> None:
        super().__init__(reason, output)  # both, so that the error survives pickling
        self.reason = reason
        self.output = output

    def __str__(self) -> str:
        """The reason, and the program's last lines below it."""
        return f"{self.reason}\n{self.output}" if self.output else self.reason


class DoubtfulError(TrialError):
    """A trial that may have failed by what another one left behind: that costs it no try."""
