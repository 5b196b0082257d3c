"""What is handed to an engine: a function and its job, of which nothing is shown."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Task(Generic[T]):
    """A call of a function, which travels to a worker.

    It is a function without arguments, for what clusters print, log or show of a task is its
    arguments: a job may hold a password.
    """

    def __init__(self, serve: Callable[[T], None], job: T) -> None:
        self._serve, self._job = serve, job

    def __call__(self) -> None:
        """Run it."""
        self._serve(self._job)

    def __repr__(self) -> str:
        return "klayer_worker"


def call(task: Task[T]) -> None:
    """Run a task."""
    task()
