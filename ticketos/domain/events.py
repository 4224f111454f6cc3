"""The one catalogue of what can happen. Audit trail, timeline, live updates and webhooks all read it.

A name is a contract: it may be added, never renamed. ``money`` events are chained at once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One kind of event: ``name`` is dotted, ``title`` is what a person reads in the timeline."""

    name: str
    title: str
    version: int = 1
    money: bool = False


CATALOGUE: tuple[Event, ...] = (
    Event("ticket.received", "Request received"),
    Event("ticket.reply_received", "Reply received"),
    Event("ticket.replied", "Reply to the client"),
    Event("ticket.noted", "Internal note"),
    Event("ticket.triaged", "Service line and type decided"),
    Event("ticket.triage_needed", "A person is asked to classify"),
    Event("ticket.contract_checked", "Contract checked"),
    Event("ticket.parked", "Parked: the contract check failed"),
    Event("ticket.released", "Released after the contract check"),
    Event("ticket.assigned", "Team assigned"),
    Event("ticket.delivery_started", "Work started"),
    Event("ticket.delivered", "Work finished"),
    Event("ticket.quality_started", "Quality control started"),
    Event("ticket.quality_passed", "Quality control passed"),
    Event("ticket.rework_started", "Returned for rework"),
    Event("ticket.rework_escalated", "Rework limit reached"),
    Event("ticket.approval_requested", "Sent to the client for approval"),
    Event("ticket.approved", "Client accepted"),
    Event("ticket.partially_approved", "Client accepted a part"),
    Event("ticket.returned", "Client returned"),
    Event("ticket.deemed_accepted", "Accepted by lapse of time"),
    Event("ticket.billed", "Accepted units recorded for billing", money=True),
    Event("ticket.closed", "Closed"),
    Event("ticket.cancelled", "Cancelled"),
    Event("ticket.reopened", "Reopened"),
    Event("ticket.paused", "Paused"),
    Event("ticket.resumed", "Resumed"),
    Event("ticket.priority_changed", "Priority changed"),
    Event("ticket.linked", "Linked to another ticket"),
    Event("ticket.edited", "Details edited"),
    Event("ticket.needs_attention", "Needs attention"),
    Event("ticket.retried", "Retried after attention"),
    Event("clock.warning", "Clock warning"),
    Event("clock.breached", "Clock breached"),
    Event("clock.escalated", "Escalated"),
    Event("document.received", "Document received"),
    Event("document.read", "Document read"),
    Event("document.quarantined", "Document put in quarantine"),
    Event("document.duplicate", "Duplicate found"),
    Event("document.keyed", "Fields keyed or confirmed"),
    Event("document.rejected", "Document rejected"),
    Event("document.posted", "Posted to the ERP", money=True),
    Event("document.unposted", "ERP posting reversed", money=True),
    Event("document.downloaded", "Document opened"),
    Event("model.promoted", "Learnt version in use"),
    Event("model.refused", "Learnt version not used"),
    Event("model.rolled_back", "Learnt version taken back"),
    Event("ai.approved", "A person agreed with the AI"),
    Event("ai.corrected", "A person corrected the AI"),
    Event("quality.level_1", "Checked automatically"),
    Event("quality.level_2", "Checked by a second person"),
    Event("defect.opened", "Defect opened"),
    Event("defect.closed", "Defect closed"),
    Event("task.opened", "Task opened"),
    Event("task.completed", "Task completed"),
    Event("task.cancelled", "Task withdrawn"),
    Event("task.assigned", "Task assigned"),
    Event("task.offered", "Task offered"),
    Event("task.offer_accepted", "Offer accepted"),
    Event("task.offer_refused", "Offer refused"),
    Event("task.offer_lapsed", "Offer not answered in time"),
    Event("task.offers_ended", "Nobody took the task: the lead has it"),
    Event("survey.asked", "Survey sent"),
    Event("survey.answered", "Survey answered"),
    Event("mail.queued", "Mail queued"),
    Event("mail.sent", "Mail sent"),
    Event("mail.failed", "Mail could not be sent"),
    Event("usage.recorded", "Usage recorded", money=True),
    Event("usage.reversed", "Usage reversed", money=True),
    Event("usage.contract_given", "Held usage given a contract", money=True),
    Event("usage.waived", "Held usage waived", money=True),
    Event("period.locked", "Billing period locked", money=True),
    Event("invoice.drafted", "Invoice drafted", money=True),
    Event("invoice.approved", "Invoice approved", money=True),
    Event("invoice.issued", "Invoice issued", money=True),
    Event("invoice.cancelled", "Invoice cancelled", money=True),
    Event("credit_note.issued", "Credit note issued", money=True),
    Event("payout.recorded", "Payout recorded", money=True),
    Event("journal.posted", "Journal posted", money=True),
    Event("reconciliation.run", "Daily reconciliation run"),
    Event("reconciliation.difference", "Reconciliation found a difference"),
    Event("calibration.drawn", "Calibration drawn"),
    Event("calibration.scored", "Calibration scored"),
    Event("calibration.closed", "Calibration closed"),
    Event("seal.exported", "Signed head exported"),
    Event("access.signed_in", "Signed in"),
    Event("access.sign_in_failed", "Sign-in refused"),
    Event("access.signed_out", "Signed out"),
    Event("access.refused", "Action refused"),
    Event("access.key_created", "API key created"),
    Event("access.key_revoked", "API key revoked"),
    Event("access.session_ended", "Session ended from another place"),
    Event("access.factor_on", "Second factor switched on"),
    Event("access.factor_off", "Second factor switched off"),
    Event("access.recovery_used", "Recovery code used"),
    Event("access.decoded", "Workflow payload decoded"),
    Event("admin.client_saved", "Client saved"),
    Event("admin.contract_saved", "Contract saved"),
    Event("admin.calendar_saved", "Calendar saved"),
    Event("admin.user_saved", "User saved"),
)

BY_NAME: dict[str, Event] = {event.name: event for event in CATALOGUE}
