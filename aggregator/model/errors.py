"""The few exceptions that this program raises on purpose.

Trouble that we expect becomes a value at the edge (`model.Problem`); what is raised here ends a
command with a message for its user, or crosses one border on its way to becoming a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.model import Problem
    from aggregator.model.mistakes import Mistake


class AggregatorError(Exception):
    """The base of everything that this program raises on purpose; its text is for the user."""

    #: Exit status of a command that ends with this error (sysexits.h).
    exit_status = 1


class ConfigError(AggregatorError):
    """The configuration cannot be used; `lines` holds every mistake, one `file:line: …` each.

    `mistakes` are the same as values, line for line; none for files that it names (templates).
    """

    exit_status = 78

    def __init__(self, lines: tuple[str, ...], mistakes: tuple[Mistake, ...] = ()) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.mistakes = mistakes


class StoreError(AggregatorError):
    """The database cannot be used: foreign, newer than this program, damaged, or not now."""

    exit_status = 78


class StoreUnavailableError(StoreError):
    """The database cannot be used now: locked, no room, an I/O error, a disk that is read-only.

    Such things pass: a caller that can wait tries again.
    """

    exit_status = 74


class StoreDamagedError(StoreError):
    """Pages of the database are damaged, or the file is none; no second try makes it well."""


class StoreOutgrownError(StoreError):
    """A newer version has changed the tables so that this program cannot go on beside it."""


class NoStoreError(StoreError):
    """There is no database yet; only `run` and `poll` make one."""

    exit_status = 69


class BusyError(AggregatorError):
    """Another process holds the database; the text names its pid."""

    exit_status = 75


class UnreadableError(AggregatorError):
    """A body is not a document that we can read; `problem` is what the source shows."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem

    def __reduce__(self) -> tuple[type[UnreadableError], tuple[Problem]]:
        """Keep the problem when the error leaves a worker process."""
        return type(self), (self.problem,)
