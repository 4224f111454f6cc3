"""Clients, their contracts and calendars."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

ANSWERS: Mapping[str, Answer] = {
    "client-unknown": Answer("Not found", "There is no such client, or it is not yours to see.", 404),
    "client-inactive": Answer("Client not active", "The client is {status}; no new requests are taken.", 409),
    "name-needed": Answer("Name needed", "Give your company its own name."),
    "short-name-needed": Answer(
        "Short name needed",
        "No short name can be made from “{name}”; please choose short name and number prefix yourself.",
    ),
    "contract-unknown": Answer("Unknown contract", "The client has no such contract."),
    "contract-other-line": Answer("Another line", "The work is {wanted}; contract {number} is for {given}."),
    "contract-not-in-force": Answer("Not in force", "Contract {number} was not in force on {day}."),
    "terms-invalid": Answer("Contract terms not valid", "Section {section}: {cause}"),
    "dates-crossed": Answer("Dates crossed", "The contract ends before it starts."),
    "calendar-unknown": Answer("Unknown calendar", "The client has no such calendar."),
    "zone-unknown": Answer("Unknown time zone", "{zone} is not in the tz database."),
    "measure-unknown": Answer("Unknown measure", "There is no measure called {measure}.", 404),
}
