"""One step: read the facts, ask the rule, write its changes and its verdict in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schemas.acts import ActorRef
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from ticketos.domain import deadline, offers
from ticketos.domain.changes import Emit, SetTicket, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import Step, StepKey, Store
from ticketos.domain.state import SYSTEM, Actor

Rule = Callable[[Step], Verdict]


def actor_of(ref: ActorRef) -> Actor:
    """The domain's view of who acts."""
    return Actor(ref.kind, ref.id, frozenset(ref.roles), ref.origin)


def record(
    store: Store,
    command: StageCommand,
    step: str,
    rule: Rule,
    actor: Actor = SYSTEM,
    *,
    ended_too: bool = False,
) -> StageVerdict:
    """Do a stage's step once; a repeat returns the verdict that was recorded.

    A step that was under way while the ticket was cancelled is refused (``ticket-closed``): it must not open tasks
    or stages on a ticket that has ended. ``ended_too`` is for steps that look for themselves. A step that runs ahead
    of its workflow is refused on a paused ticket (``ticket-paused``): there the workflow waits."""
    key = StepKey(command.ticket_id, command.life, step, command.subject, command.round)
    with store.step(key, command.client_id, actor) as work:
        if work.prior is not None:
            return StageVerdict.model_validate(work.prior)
        if work.ticket().closed_at is not None and not ended_too:
            raise DomainError("ticket-closed", number=work.ticket().number)
        if command.ahead and deadline.is_paused(work.ticket()):
            raise DomainError("ticket-paused", number=work.ticket().number)
        return _write(work, rule)


def record_act(store: Store, command: ActCommand, rule: Rule) -> StageVerdict:
    """Do a person's act once. A refusal is an answer (``outcome = refused`` with its code), not a failure,
    and writes nothing."""
    key = StepKey(command.ticket_id, command.life, f"act.{command.kind}", command.key, 0)
    try:
        with store.step(key, command.client_id, actor_of(command.actor)) as work:
            if work.prior is not None:
                return StageVerdict.model_validate(work.prior)
            return _write(work, lambda step: _named(rule(step), command))
    except DomainError as error:
        return StageVerdict(
            outcome="refused", code=error.code, params={k: _plain(v) for k, v in error.params.items()}
        )


def _write(work: Step, rule: Rule) -> StageVerdict:
    verdict = _with_offers(work, _with_stage_clocks(work, rule(work)))
    work.apply(verdict.changes)
    result = StageVerdict(outcome=verdict.outcome, next_at=verdict.next_at, facts=dict(verdict.facts))
    kept = work.finish(result.model_dump(mode="json", exclude={"then"}))
    return result if work.prior is None else StageVerdict.model_validate(kept)


def _named(verdict: Verdict, command: ActCommand) -> Verdict:
    """The act's key stands in the trail: an act whose workflow died before it heard of it can be told again."""
    named = tuple(
        replace(c, after={**(c.after or {}), "act": command.key, "act_kind": command.kind})
        if isinstance(c, Emit)
        else c
        for c in verdict.changes
    )
    return Verdict(verdict.outcome, named, verdict.next_at, verdict.facts)


def _with_stage_clocks(work: Step, verdict: Verdict) -> Verdict:
    """A change of stage moves the internal clocks; so does standing still in one (MF16). Until a contract is known the
    defaults apply."""
    ticket, stays = work.ticket(), verdict.outcome in deadline.STAYS
    entered = next(
        (str(c.values["stage"]) for c in verdict.changes if isinstance(c, SetTicket) and "stage" in c.values),
        ticket.stage,
    )
    if entered == ticket.stage and not (stays and verdict.changes):
        return verdict
    timing = deadline.timing_of(work.contract())
    paused = deadline.is_paused(ticket) and verdict.outcome != "resumed"
    moved = deadline.stage_moved(ticket.stage, entered, stays, work.clocks(), timing, work.now, paused)
    next_at = deadline.first_due(moved, timing, work.now, verdict.next_at)
    return Verdict(verdict.outcome, (*verdict.changes, *moved), next_at, verdict.facts)


def _with_offers(work: Step, verdict: Verdict) -> Verdict:
    """Tasks of a queue that asks for it are offered, and the deadline is no later than the first answer that is due.
    While the ticket is paused nobody is hurried."""
    asked = offers.queues(work.contract(), work.client)
    if not asked:
        return verdict
    verdict = offers.opened(verdict, asked, work.now)
    if verdict.next_at is None or verdict.outcome == "paused":
        return verdict
    if deadline.is_paused(work.ticket()) and verdict.outcome != "resumed":
        return verdict
    tasks = work.tasks()
    if verdict.outcome == "resumed":
        later = offers.put_off(work.ticket(), tasks, work.now)
        verdict = replace(verdict, changes=(*verdict.changes, *later))
    return offers.sooner(verdict, tasks)


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, bool, list, dict, type(None))) else str(value)
