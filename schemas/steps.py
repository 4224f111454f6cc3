"""Steps of a request's workflow that do not get through, over HTTP."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from schemas.http import View


class StepTrouble(View):
    """A step that is being retried, runs for long, or waits for a person to try it again."""

    step: str = Field(examples=["data_entry.read", "quality"])
    state: str = Field(examples=["retrying", "running", "stopped"])
    cause: str = Field(
        examples=["database", "network", "worker_gone", "too_long", "refused", "model", "unknown"]
    )
    attempt: int | None = Field(default=None, description="How often it was tried, this time included")
    most: int | None = Field(default=None, description="How often it is tried at most, where that is bounded")
    next_at: datetime | None = Field(default=None, description="When it is tried again by itself")
    since: datetime | None = None
    rule: str = Field(default="", description="The rule that refused it")
    detail: str = Field(default="", description="The cause in one line, for operations")
    count: int = 1


class StepTroubles(View):
    """What of a request's workflow does not get through. ``reachable`` is False where the workflow service did not
    answer: then only what the request itself keeps is known."""

    reachable: bool
    troubles: list[StepTrouble]
