"""Steps that follow one another without waiting for anybody, run within one local activity.

Each stays a step of its own: its own transaction, key and verdict, recorded when it is done. The workflow names
in its command what follows (``StageCommand.then``); the answer carries the verdicts of what was run
(``StageVerdict.then``), and the workflow takes them when it comes to those stages. A local activity costs worker
and server more than the step in it (ADR 0008).

A step runs ahead only when the rule lets the ticket go on after the one before (``stages.GOES_ON``) and the ticket
is neither paused nor ended. When it cannot be done, what was done until then is answered; the workflow runs it
itself, with its retries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain.stages import GOES_ON

Run = Callable[[StageCommand], StageVerdict]

_ALONE = {"subject": "", "facts": {}, "then": (), "ahead": True}
"""What of a command is not for the step that follows."""


def following(activities: Sequence[Callable[..., Any]]) -> Sequence[Callable[..., Any]]:
    """The same activities; those that may be followed run what their command names."""
    steps = {name_of(one): one for one in activities}
    return [_leading(name, one, steps) if name in GOES_ON else one for name, one in steps.items()]


def name_of(method: Callable[..., Any]) -> str:
    """The name an activity is known by in histories."""
    return str(getattr(method, "__temporal_activity_definition").name)


def goes_on(method: Callable[..., Any], verdict: StageVerdict) -> bool:
    """Whether the ticket goes on to the next step after that verdict of ``method``."""
    return _on(name_of(method), verdict)


def _on(step: str, verdict: StageVerdict) -> bool:
    return GOES_ON[step](verdict.outcome, verdict.facts)


def _leading(name: str, first: Run, steps: Mapping[str, Run]) -> Run:
    @activity.defn(name=name)
    def run(command: StageCommand) -> StageVerdict:
        verdict = first(command)
        before, done = (name, verdict), []
        for after in command.then:
            if not _on(*before):
                break
            try:
                reached = steps[after](command.model_copy(update=_ALONE))
            except ApplicationError:
                break
            done.append((after, reached))
            before = after, reached
        return verdict.model_copy(update={"then": tuple(done)}) if done else verdict

    return run
