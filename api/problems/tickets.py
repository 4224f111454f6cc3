"""Requests: raising, steering, linking and opening them again, the client's sign-off, what AI did."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

_NO_LINK = Answer(
    "Link not valid",
    "This link is unknown or has expired. Your newest mail from us has one that works; or reply to any of our mails, and"
    " we help you there.",
    404,
)

ANSWERS: Mapping[str, Answer] = {
    "ticket-empty": Answer("Empty request", "Send a subject, a text or a file."),
    "ticket-closed": Answer("Ticket closed", "The ticket has ended; reopen it first.", 409),
    "ticket-cancelled": Answer("Ticket cancelled", "The ticket was cancelled.", 409),
    "ticket-paused": Answer("Ticket paused", "The ticket is paused; resume it first.", 409),
    "ticket-not-finished": Answer(
        "Ticket not finished", "Only a closed ticket can be reopened; please send a new request.", 409
    ),
    "ticket-not-request": Answer(
        "Not a request", "This act belongs to the request, not to a ticket of its tree."
    ),
    "reopen-window-over": Answer(
        "Too late to reopen", "A ticket can be reopened within {days} days; please send a new request.", 409
    ),
    "reason-missing": Answer("Reason missing", "Say why."),
    "already-paused": Answer("Paused already", "The ticket is paused.", 409),
    "pause-until-invalid": Answer(
        "End of pause not valid", "A pause ends in the future, by {latest} at the latest."
    ),
    "not-paused": Answer("Not paused", "The ticket is not paused.", 409),
    "not-pausable": Answer("Cannot be paused", "A ticket that is {state} cannot be paused.", 409),
    "too-late-to-cancel": Answer("Too late to cancel", "The work is done and accepted (stage {stage}).", 409),
    "priority-unchanged": Answer("Same priority", "The ticket has priority {priority} already.", 409),
    "not-started-yet": Answer(
        "Not started yet", "The work has not started; try again in a moment.", 409, retry_after=1
    ),
    "nothing-to-retry": Answer("Nothing to retry", "The ticket does not need attention.", 409),
    "nothing-chosen": Answer("Nothing chosen", "Choose at least one line first."),
    "link-to-itself": Answer("Same ticket", "A ticket cannot be linked to itself."),
    "link-across-clients": Answer("Another client", "Both tickets must belong to one client."),
    "link-expired": _NO_LINK,
    "link-invalid": _NO_LINK,
    "approval-not-open": Answer("Nothing to decide", "This version has been decided or withdrawn.", 409),
    "version-stale": Answer("Version replaced", "Another version is before you now; look at it first.", 409),
    "decision-missing": Answer("No decision", "Choose to accept all, accept a part or return all."),
    "unit-unknown": Answer("Unknown document", "These documents are not part of the version: {units}"),
    "units-missing": Answer(
        "Documents left out",
        "To accept a part, say accept or return for every document: {missing} of {of} have no choice, {units}",
    ),
    "partial-units-missing": Answer("Documents missing", "A partial decision names the documents."),
    "survey-empty": Answer("Nothing answered", "Answer at least one question or write a comment."),
    "repeat-empty": Answer("Nothing written", "Tell us in a few words what is still open."),
    "not-an-ai-act": Answer("No act of AI", "People judge what AI did; this was something else."),
    "triage-asked": Answer(
        "A person is asked already",
        "What the request is of is an open question: its task in the queue answers it.",
        409,
    ),
    "work-begun": Answer(
        "Work has begun",
        "Somebody, or the machine, works on {number} where it is, so it goes to no other line. Cancel it and raise the"
        " request again on the right line; what you say here is still worth keeping as a correction.",
        409,
    ),
    "already-judged": Answer("Judged already", "Somebody has agreed with it before.", 409),
    "correction-missing": Answer("What is right?", "Say what would have been right, or why it is wrong."),
}
