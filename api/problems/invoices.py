"""Invoices, credit notes, statements, disputes and usage."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

ANSWERS: Mapping[str, Answer] = {
    "gst-state-missing": Answer(
        "State missing", "Give {party} a GSTIN or a state code: the tax depends on it."
    ),
    "invoice-own-draft": Answer(
        "Your own draft", "Whoever drafted an invoice cannot approve it; a colleague can.", 403
    ),
    "invoice-approved": Answer(
        "Approved", "An approved invoice is changed no more; withdraw it, or issue it.", 409
    ),
    "invoice-not-approved": Answer(
        "Not approved", "An invoice is issued after a second person approved it.", 409
    ),
    "invoice-issued": Answer(
        "Issued", "Invoice {number} was issued: it is changed by a credit note alone.", 409
    ),
    "invoice-not-issued": Answer(
        "Not issued", "A credit note belongs to an issued invoice; withdraw this one instead.", 409
    ),
    "invoice-cancelled": Answer("Withdrawn", "The invoice was withdrawn.", 409),
    "invoice-is-credit-note": Answer("A credit note", "{number} is a credit note itself.", 409),
    "invoice-fully-credited": Answer("Nothing left", "All of this invoice was credited before.", 409),
    "credit-nothing-charged": Answer(
        "Nothing charged", "These units were within the included volume: nothing was charged for them."
    ),
    "credit-nothing-chosen": Answer(
        "Nothing chosen", "Name the usage events to credit, or none for all that is left."
    ),
    "usage-not-on-invoice": Answer("Not on this invoice", "These usage events are not on it: {usage}."),
    "usage-already-credited": Answer(
        "Credited before", "These usage events were credited before: {usage}.", 409
    ),
    "usage-not-held": Answer("Not held", "This usage is {state}: only held usage is settled by hand.", 409),
    "days-crossed": Answer("Days crossed", "{since} is after {until}."),
    "span-too-long": Answer("Too long", "A statement covers at most {days} days."),
    "dispute-not-agreed": Answer(
        "No disputes agreed", "The contract has no disputes of invoices; write to your contact.", 409
    ),
    "dispute-too-late": Answer(
        "Too late", "An invoice may be disputed for {days} days: this one until {until}.", 409
    ),
    "dispute-standing": Answer(
        "In dispute already", "This line or unit is in dispute; it waits for its answer.", 409
    ),
    "dispute-nothing-charged": Answer(
        "Nothing charged", "Nothing is charged here any more: there is nothing to dispute.", 409
    ),
    "dispute-answered": Answer("Settled before", "The dispute is {state}: it is answered once.", 409),
    "dispute-line-whole": Answer(
        "No units to credit",
        "This line has no single units. Credit all that is left of the invoice, or refuse with the reason.",
        409,
    ),
    "dispute-units-others": Answer(
        "Not in dispute", "These units are not what the client disputes: {usage}."
    ),
}
