"""What a call of the API or a portal form gets wrong, and what we cannot do just now."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

ANSWERS: Mapping[str, Answer] = {
    "request-malformed": Answer(
        "Request cannot be read", "The body is not what its Content-Type says: {reason}", 400
    ),
    "request-invalid": Answer("Request is not valid", "Some values are missing or wrong; see errors."),
    "cursor-invalid": Answer(
        "Unknown cursor", "Use the next_cursor of the page before, with the same filters.", 400
    ),
    "method-not-allowed": Answer("Method not allowed", "This address does not take that method.", 405),
    "media-type-unsupported": Answer("Content type not supported", "Send {accepted}.", 415),
    "body-too-large": Answer("Too large", "The request is larger than {limit_mb} MB.", 413),
    "idempotency-key-reused": Answer(
        "Idempotency-Key reused", "This key came before with a different request."
    ),
    "idempotency-key-invalid": Answer("Idempotency-Key not valid", "Use 1 to 255 visible ASCII characters."),
    "idempotency-in-flight": Answer(
        "Still working on it", "The first request with this key is not finished yet.", 409, retry_after=1
    ),
    "if-match-required": Answer("If-Match required", "Send the ETag you read as If-Match.", 428),
    "version-mismatch": Answer(
        "Changed meanwhile", "Somebody changed it since you read it; read it again.", 412
    ),
    "already-exists": Answer("Already exists", "Something with this {what} exists.", 409),
    "not-found": Answer("Not found", "There is no such {what}, or it is not yours to see.", 404),
    "page-unavailable": Answer("Nothing to show", "{reason}"),
    "rate-limited": Answer("Too many requests", "Try again in {retry_after} seconds.", 429),
    "internal-error": Answer(
        "Internal error", "Something went wrong on our side. Please quote the trace id.", 500
    ),
    "overloaded": Answer(
        "Busy", "Too many requests are being worked on; try again in a moment.", 503, retry_after=1
    ),
    "database-unavailable": Answer(
        "Temporarily unavailable",
        "The database cannot be reached; try again in a moment.",
        503,
        retry_after=2,
    ),
    "workflows-unavailable": Answer(
        "Temporarily unavailable",
        "Acts cannot be taken at the moment; nothing was changed.",
        503,
        retry_after=2,
    ),
}
