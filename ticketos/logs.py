"""How a process writes its log: one line per event, and of an error where it happened, never what was in hand there.

The values of an unexpected error's variables are what people typed and what documents say. They belong in no log; and
to draw all of them holds a whole process up for seconds, for everybody.
"""

from __future__ import annotations

import logging
import sys

import structlog


def configure(level: str = "INFO") -> None:
    """Call once, before the first event. ``level`` is the least that is written, as DEBUG, INFO, WARNING, ERROR."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
    )
