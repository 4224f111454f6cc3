"""Timeouts and retries by kind of work, each with its reason. Call sites read ``**DB_WRITE``."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy


class Local(TypedDict):
    """Options of a local activity."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    local_retry_threshold: timedelta


class Remote(TypedDict):
    """Options of an ordinary activity."""

    task_queue: str
    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


class Once(TypedDict):
    """Options of an ordinary activity that is one transaction, so has nothing to say while it runs."""

    task_queue: str
    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy


DB_WRITE = Local(
    # A stage is one short transaction; a large ticket's bulk write stays well under a minute.
    start_to_close_timeout=timedelta(seconds=60),
    # A database that is away for longer than this needs a person: the ticket then says so.
    schedule_to_close_timeout=timedelta(minutes=10),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200),
        backoff_coefficient=2.0,
        maximum_interval=timedelta(seconds=5),
    ),
    local_retry_threshold=timedelta(seconds=30),
)

ATTENTION = Local(
    # The note that something is wrong must get through whenever the database is back.
    start_to_close_timeout=timedelta(seconds=60),
    schedule_to_close_timeout=timedelta(days=2),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=20)),
    local_retry_threshold=timedelta(seconds=30),
)

READ_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=20),
    maximum_attempts=6,
)


def reading(queue: str) -> Remote:
    """OCR and extraction: the parser itself is stopped after a minute, so five cover a queue at its busiest attempt;
    a silent worker is noticed after 20 seconds. Waiting in the queue is bounded by a day, for batches."""
    return Remote(
        task_queue=queue,
        start_to_close_timeout=timedelta(minutes=5),
        schedule_to_close_timeout=timedelta(days=1),
        heartbeat_timeout=timedelta(seconds=20),
        retry_policy=READ_RETRY,
    )


def period_run(queue: str) -> Once:
    """A day or a month of a client: one transaction of minutes at most; a database that is away is waited for a day."""
    return Once(
        task_queue=queue,
        start_to_close_timeout=timedelta(minutes=10),
        schedule_to_close_timeout=timedelta(days=1),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1),
            backoff_coefficient=2.0,
            maximum_interval=timedelta(minutes=2),
        ),
    )


def learning_run(queue: str) -> Remote:
    """A night's learning: minutes of work, heard of at every paper and tree; a worker that is gone is noticed soon."""
    return Remote(
        task_queue=queue,
        start_to_close_timeout=timedelta(minutes=20),
        schedule_to_close_timeout=timedelta(days=1),
        heartbeat_timeout=timedelta(minutes=1),
        retry_policy=period_run(queue)["retry_policy"],
    )


CONTINUE_EVENTS = 2_000
"""A run continues as new after this many events, so that none nears the server's limits."""

NOT_BEFORE = timedelta(seconds=1)
"""Least pause between two looks at the deadline."""
