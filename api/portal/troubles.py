"""What of a request's workflow does not get through, as the stage bar tells it: what, why, how often, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from api.errors import words_of
from api.portal.catalogue import Texts
from api.portal.formats import Formats
from schemas.steps import StepTrouble, StepTroubles
from ticketos.domain.state import STAGES


@dataclass(frozen=True)
class Told:
    """One trouble in words: ``title`` names the step and what happens to it, ``cause`` what went wrong in words a person
    can act on, ``then`` what comes next, ``detail`` the cause as it was kept."""

    tone: str
    icon: str
    title: str
    cause: str
    then: str
    detail: str


def troubled(found: StepTroubles, t: Texts, f: Formats) -> list[Told]:
    """Each in words, what waits for a person first."""
    return [_told(one, t, f) for one in sorted(found.troubles, key=lambda one: one.state != "stopped")]


def state_of(found: StepTroubles) -> str:
    """How the present step of the bar is marked: ``stopped``, ``retrying`` or empty."""
    states = {one.state for one in found.troubles}
    return "stopped" if "stopped" in states else "retrying" if states else ""


def _told(one: StepTrouble, t: Texts, f: Formats) -> Told:
    step = t.word("stage", one.step) if one.step in STAGES else t.word("machine_step", one.step)
    cause = t(f"trouble.cause.{one.cause}", rule=words_of(one.rule, {})[0] if one.rule else "")
    if one.state == "stopped":
        return Told(
            "bad", "alert", t("trouble.stopped", step=step), cause, t("trouble.then_person"), one.detail
        )
    if one.state == "running":
        begun = f.ago(one.since) if one.since else ""
        return Told("warn", "clock", t("trouble.running", begun=begun), t("trouble.long"), "", one.detail)
    tried = (one.attempt or 2) - 1
    then = [t("trouble.then_at", at=f.full_text(one.next_at)) if one.next_at else t("trouble.then_now")]
    if one.most:
        then.append(t("trouble.at_most", n=one.most))
    title = t("trouble.retrying", step=step, n=tried)
    if one.count > 1:
        title += " " + t("trouble.many", n=one.count)
    return Told("warn", "retry", title, cause, " ".join(then), one.detail)
