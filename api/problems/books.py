"""Entries, months of a book and their month-end."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

ANSWERS: Mapping[str, Answer] = {
    "journal-empty": Answer("Empty entry", "An entry needs at least two sides."),
    "journal-unbalanced": Answer(
        "Entry not balanced", "The sides of the entry differ by {difference} {currency}."
    ),
    "entry-unknown": Answer("Unknown entry", "The book holds no such entry."),
    "entry-reversed": Answer("Reversed already", "The entry was reversed before."),
    "period-invalid": Answer("No such month", "A month is written like 2026-10; {given} is none."),
    "period-not-begun": Answer(
        "Month not begun", "{period} lies in the future; the present month is {present}."
    ),
    "period-not-over": Answer("Month not over", "{period} has not ended yet where the client is.", 409),
    "period-not-locked": Answer(
        "Month open", "Lock {period} first, so that no usage enters it while it is invoiced.", 409
    ),
    "period-not-open": Answer("Month shut", "{period} of this book is shut already.", 409),
    "period-not-soft": Answer(
        "Not soft-closed", "{period} is closed for good only after its month-end soft-closed it.", 409
    ),
    "period-is-open": Answer("Month open", "{period} of this book is open.", 409),
    "period-closed": Answer(
        "Month closed",
        "{period} of the client's book is closed: choose the first open month, or open it again first.",
        409,
    ),
    "period-decision-unknown": Answer("Unknown decision", "{given} is not among {allowed}."),
    "document-not-held": Answer(
        "Nothing to decide", "{document} does not wait for a month of the book.", 409
    ),
    "not-a-clients-book": Answer("Not a client's book", "Months are closed in the books of clients."),
    "month-end-under-way": Answer(
        "Month-end under way",
        "A run of {period} is under way that treats open documents otherwise; ask again when it is done.",
        409,
    ),
    "month-end-missing": Answer("No month-end", "No month-end was run for {period} yet.", 404),
    "schedule-running": Answer("Running", "Its run is under way; look again in a moment.", 409),
    "day-not-begun": Answer("Day not begun", "{day} lies in the future."),
}
