"""How a failure travels: a rule's refusal never retries; a lost database does; a defect of ours asks a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from ticketos.domain.engines import AskLaterError
from ticketos.domain.errors import DomainError

P = ParamSpec("P")
R = TypeVar("R")

TRANSIENT = (
    "OperationalError",
    "InterfaceError",
    "ConnectionError",
    "TimeoutError",
    "PoolTimeout",
    "DBAPIError",
)
"""Names of error classes worth trying again: the database or the network was away. Named, so that no driver is imported."""
ATTEMPTS = 3
LONGEST = 500


def told(error: BaseException) -> str:
    """The cause in one bounded line: an endless message must not fill a history."""
    return f"{type(error).__name__}: {error}"[:LONGEST]


def transient(error: BaseException) -> bool:
    """Worth trying again as it is."""
    return any(cls.__name__ in TRANSIENT for cls in type(error).__mro__)


def guarded(run: Callable[P, R]) -> Callable[P, R]:
    """Turn what an activity raises into what Temporal should do about it."""

    @wraps(run)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return run(*args, **kwargs)
        except DomainError as error:
            raise ApplicationError(
                str(error), dict(error.params), type=error.code, non_retryable=True
            ) from error
        except ApplicationError:
            raise
        except Exception as error:  # the edge of our code: everything else becomes a cause a person can read
            final = not transient(error) and activity.info().attempt >= ATTEMPTS
            after = error.after_s if isinstance(error, AskLaterError) else None
            raise ApplicationError(
                told(error),
                type=type(error).__name__,
                non_retryable=final,
                next_retry_delay=None if after is None else timedelta(seconds=after),
            ) from error

    return call
