"""From codes to HTTP: status, words and RFC 9457 documents. The domain says what is wrong, here is how it
sounds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from schemas.http import FieldError, Problem
from ticketos.domain.errors import DomainError

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[str, int] = {
    "request-malformed": 400,
    "cursor-invalid": 400,
    "unauthenticated": 401,
    "sign-in-refused": 401,
    "code-needed": 401,
    "oidc-refused": 401,
    "oidc-expired": 401,
    "oidc-answer-invalid": 401,
    "oidc-email-unverified": 403,
    "oidc-no-account": 403,
    "oidc-unavailable": 503,
    "code-refused": 401,
    "form-expired": 403,
    "factor-already-on": 409,
    "forbidden": 403,
    "scope-missing": 403,
    "cross-site-request": 403,
    "role-not-allowed": 403,
    "not-allowed": 403,
    "task-assigned-to-other": 403,
    "task-offered-to-other": 403,
    "person-not-eligible": 403,
    "session-required": 403,
    "own-work": 403,
    "expert-required": 403,
    "grant-not-yours": 403,
    "not-found": 404,
    "client-unknown": 404,
    "object-missing": 404,
    "measure-unknown": 404,
    "task-unknown": 404,
    "link-expired": 404,
    "link-invalid": 404,
    "method-not-allowed": 405,
    "idempotency-in-flight": 409,
    "task-not-open": 409,
    "password-not-asked": 409,
    "task-not-offered": 409,
    "ticket-closed": 409,
    "ticket-cancelled": 409,
    "ticket-paused": 409,
    "ticket-not-finished": 409,
    "reopen-window-over": 409,
    "email-taken": 409,
    "already-exists": 409,
    "version-stale": 409,
    "approval-not-open": 409,
    "nothing-to-retry": 409,
    "client-inactive": 409,
    "already-paused": 409,
    "not-paused": 409,
    "not-pausable": 409,
    "too-late-to-cancel": 409,
    "priority-unchanged": 409,
    "stale-version": 409,
    "no-open-task": 409,
    "already-judged": 409,
    "triage-asked": 409,
    "work-begun": 409,
    "not-started-yet": 409,
    "period-not-locked": 409,
    "period-not-soft": 409,
    "period-not-open": 409,
    "period-is-open": 409,
    "period-not-over": 409,
    "period-closed": 409,
    "document-not-held": 409,
    "schedule-running": 409,
    "month-end-missing": 404,
    "month-end-under-way": 409,
    "invoice-own-draft": 403,
    "invoice-approved": 409,
    "invoice-not-approved": 409,
    "invoice-issued": 409,
    "invoice-not-issued": 409,
    "invoice-cancelled": 409,
    "invoice-is-credit-note": 409,
    "invoice-fully-credited": 409,
    "usage-already-credited": 409,
    "usage-not-held": 409,
    "dispute-not-agreed": 409,
    "dispute-too-late": 409,
    "dispute-standing": 409,
    "dispute-nothing-charged": 409,
    "dispute-answered": 409,
    "dispute-line-whole": 409,
    "calibration-complete": 409,
    "calibration-scored": 409,
    "rules-incomplete": 409,
    "version-mismatch": 412,
    "body-too-large": 413,
    "vendor-file-too-large": 413,
    "account-file-too-large": 413,
    "account-needed": 409,
    "account-kind-fixed": 409,
    "account-in-use": 409,
    "file-too-large": 413,
    "too-many-files": 413,
    "workbook-full": 413,
    "paper-full": 413,
    "media-type-unsupported": 415,
    "if-match-required": 428,
    "rate-limited": 429,
    "internal-error": 500,
    "overloaded": 503,
    "database-unavailable": 503,
    "workflows-unavailable": 503,
}
"""HTTP status of a code; any other code is a rule refusing its input: 422."""

_NO_LINK = (
    "Link not valid",
    "This link is unknown or has expired. Your newest mail from us has one that works; or reply to any of our mails, and"
    " we help you there.",
)
_OF_A_LIST: Mapping[str, tuple[str, str]] = {
    "too-large": ("File too large", "The file is larger than {limit_mb} MB; split it."),
    "too-long": ("Too many rows", "A file holds at most {limit} rows; split it."),
    "no-text": (
        "No text",
        "The file is no UTF-8 text. Save it as “CSV UTF-8” and send it again.",
    ),
    "unreadable": ("File not readable", "From line {line} on the file cannot be read as CSV."),
    "columns": (
        "Columns not known",
        "The first row names the columns {columns}; code and name are needed. Missing: {missing}. Not known:"
        " {unknown}. Named twice: {twice}.",
    ),
    "missing": ("No file", "Choose a file first."),
}
"""What is said of a file with a client's own list."""

WORDS: Mapping[str, tuple[str, str]] = {
    "request-malformed": ("Request cannot be read", "The body is not what its Content-Type says: {reason}"),
    "request-invalid": ("Request is not valid", "Some values are missing or wrong; see errors."),
    "cursor-invalid": ("Unknown cursor", "Use the next_cursor of the page before, with the same filters."),
    "unauthenticated": ("Not signed in", "Send a valid session token or API key as Authorization: Bearer."),
    "sign-in-refused": (
        "Sign-in refused",
        "E-mail or password is wrong, or the account is locked for a while.",
    ),
    "code-needed": ("Code needed", "This login has a second factor: send its code too."),
    "code-refused": ("Code refused", "The code is wrong, was used before, or is too old."),
    "oidc-refused": ("Sign-in refused", "{provider} did not sign you in."),
    "oidc-expired": (
        "Begin again",
        "This sign-in took too long, or was begun in another browser. Begin again.",
    ),
    "oidc-answer-invalid": (
        "Answer not believed",
        "What {provider} answered could not be verified, so nobody was signed in. Begin again; if it stays so, tell"
        " your administrator.",
    ),
    "oidc-email-unverified": (
        "Address not verified",
        "{provider} names no e-mail address that it has verified as yours. Verify it there, or use your password.",
    ),
    "oidc-no-account": (
        "No account here",
        "There is no account for {email}. Your administrator can make one; signing in makes none.",
    ),
    "oidc-unavailable": (
        "Cannot be reached",
        "{provider} cannot be reached just now. Try again in a moment, or sign in with your password.",
    ),
    "factor-already-on": ("On already", "A second factor is set up; switch it off first to change it."),
    "form-expired": ("Form expired", "The form was opened in another session; open the page again."),
    "forbidden": ("Not allowed", "Your role does not allow this."),
    "scope-missing": ("Key not allowed", "The API key lacks the scope {scope}."),
    "cross-site-request": ("Cross-site request refused", "A page of another site sent this request."),
    "role-not-allowed": ("Not allowed", "Your role does not allow this."),
    "task-assigned-to-other": (
        "Somebody else's task",
        "The task is with another person; a lead can reassign it.",
    ),
    "task-offered-to-other": (
        "Offered to somebody else",
        "The task is offered to another person, who may still take it.",
    ),
    "task-not-offered": (
        "Not offered",
        "The task is not offered: it was given to somebody, or lies in its queue.",
    ),
    "person-not-eligible": ("Not eligible", "This person may not do this task: {reasons}"),
    "person-unknown": ("Unknown person", "There is no such active person."),
    "session-required": ("Session required", "An API key is no session."),
    "grant-not-yours": ("Grant not allowed", "You cannot give the role {role} there."),
    "grant-outside-company": (
        "Grant not allowed",
        "Somebody of a client has roles over their own company alone; {role} was to reach beyond it.",
    ),
    "not-found": ("Not found", "There is no such {what}, or it is not yours to see."),
    "client-unknown": ("Not found", "There is no such client, or it is not yours to see."),
    "object-missing": ("File gone", "The file is no longer kept."),
    "link-expired": _NO_LINK,
    "method-not-allowed": ("Method not allowed", "This address does not take that method."),
    "idempotency-key-reused": ("Idempotency-Key reused", "This key came before with a different request."),
    "idempotency-key-invalid": ("Idempotency-Key not valid", "Use 1 to 255 visible ASCII characters."),
    "idempotency-in-flight": ("Still working on it", "The first request with this key is not finished yet."),
    "task-not-open": ("Task not open", "The task is {state}."),
    "ticket-closed": ("Ticket closed", "The ticket has ended; reopen it first."),
    "ticket-cancelled": ("Ticket cancelled", "The ticket was cancelled."),
    "ticket-paused": ("Ticket paused", "The ticket is paused; resume it first."),
    "ticket-not-finished": (
        "Ticket not finished",
        "Only a closed ticket can be reopened; please send a new request.",
    ),
    "ticket-not-request": ("Not a request", "This act belongs to the request, not to a ticket of its tree."),
    "reopen-window-over": (
        "Too late to reopen",
        "A ticket can be reopened within {days} days; please send a new request.",
    ),
    "address-invalid": ("No address", "Give one e-mail address, such as name@company.example."),
    "reason-missing": ("Reason missing", "Say why."),
    "journal-empty": ("Empty entry", "An entry needs at least two sides."),
    "journal-unbalanced": (
        "Entry not balanced",
        "The sides of the entry differ by {difference} {currency}.",
    ),
    "entry-unknown": ("Unknown entry", "The book holds no such entry."),
    "entry-reversed": ("Reversed already", "The entry was reversed before."),
    "defect-missing": ("Nothing marked", "Mark what is not right, or accept the work."),
    "defect-on-pass": (
        "Marked, and accepted",
        "Something is marked as not right. Take the marks away, or fail the work.",
    ),
    "note-missing": ("Note missing", "Say what was done."),
    "note-too-long": ("Note too long", "A note has at most {most} characters."),
    "file-unknown": ("Unknown file", "These are no files of this request: {files}"),
    "name-needed": ("Name needed", "Give your company its own name."),
    "short-name-needed": (
        "Short name needed",
        "No short name can be made from “{name}”; please choose short name and number prefix yourself.",
    ),
    "nothing-chosen": ("Nothing chosen", "Choose at least one line first."),
    "email-taken": ("Address taken", "A login with this e-mail address exists."),
    "already-exists": ("Already exists", "Something with this {what} exists."),
    "version-stale": ("Version replaced", "Another version is before you now; look at it first."),
    "stale-version": ("Changed meanwhile", "The task was changed since you read it; read it again."),
    "already-paused": ("Paused already", "The ticket is paused."),
    "pause-until-invalid": (
        "End of pause not valid",
        "A pause ends in the future, by {latest} at the latest.",
    ),
    "not-paused": ("Not paused", "The ticket is not paused."),
    "not-pausable": ("Cannot be paused", "A ticket that is {state} cannot be paused."),
    "too-late-to-cancel": ("Too late to cancel", "The work is done and accepted (stage {stage})."),
    "priority-unchanged": ("Same priority", "The ticket has priority {priority} already."),
    "task-unknown": ("Not found", "There is no such task."),
    "expert-required": ("An expert's work", "Only a subject expert or a lead may do this task."),
    "own-work": ("Own work", "Nobody reviews their own work."),
    "not-allowed": ("Not allowed", "Your role does not allow this kind of task."),
    "unit-unknown": ("Unknown document", "These documents are not part of the version: {units}"),
    "units-missing": (
        "Documents left out",
        "To accept a part, say accept or return for every document: {missing} of {of} have no choice, {units}",
    ),
    "decision-missing": ("No decision", "Choose to accept all, accept a part or return all."),
    "page-unavailable": ("Nothing to show", "{reason}"),
    "password-wrong": ("Wrong password", "The password does not open {file}. Mind capitals and spaces."),
    "password-not-asked": (
        "No password asked",
        "{document} does not wait for a password: it was opened, left out, or nobody asked in time.",
    ),
    "password-missing": ("Password missing", "Enter the password, or say that there is none."),
    "box-empty": ("Empty box", "The box has no size; draw it larger."),
    "survey-empty": ("Nothing answered", "Answer at least one question or write a comment."),
    "repeat-empty": ("Nothing written", "Tell us in a few words what is still open."),
    "link-invalid": _NO_LINK,
    "approval-not-open": ("Nothing to decide", "This version has been decided or withdrawn."),
    "nothing-to-retry": ("Nothing to retry", "The ticket does not need attention."),
    "client-inactive": ("Client not active", "The client is {status}; no new requests are taken."),
    "not-started-yet": ("Not started yet", "The work has not started; try again in a moment."),
    "version-mismatch": ("Changed meanwhile", "Somebody changed it since you read it; read it again."),
    "if-match-required": ("If-Match required", "Send the ETag you read as If-Match."),
    "body-too-large": ("Too large", "The request is larger than {limit_mb} MB."),
    "file-too-large": ("File too large", "{filename} is larger than {limit_mb} MB."),
    "workbook-full": (
        "Too many rows for a workbook",
        "It takes {most} rows. Narrow the list, or take it as CSV.",
    ),
    "paper-full": (
        "Too many rows for paper",
        "It takes {most} rows. Narrow the list, or take it as CSV or Excel.",
    ),
    "too-many-files": ("Too many files", "This takes at most {limit} files."),
    "ticket-empty": ("Empty request", "Send a subject, a text or a file."),
    "media-type-unsupported": ("Content type not supported", "Send {accepted}."),
    "rate-limited": ("Too many requests", "Try again in {retry_after} seconds."),
    "internal-error": ("Internal error", "Something went wrong on our side. Please quote the trace id."),
    "overloaded": ("Busy", "Too many requests are being worked on; try again in a moment."),
    "database-unavailable": (
        "Temporarily unavailable",
        "The database cannot be reached; try again in a moment.",
    ),
    "workflows-unavailable": (
        "Temporarily unavailable",
        "Acts cannot be taken at the moment; nothing was changed.",
    ),
    "result-malformed": ("Result not understood", "{name} must be {wanted}."),
    "amount-unreadable": ("Not an amount", "{field}: “{given}” is not an amount."),
    "amount-too-fine": ("Too many decimals", "An amount has at most 4 digits after its point."),
    "amount-too-large": (
        "Amount too large",
        "{field}: “{given}” has more than {limit} digits before its point; no book takes it.",
    ),
    "currency-unreadable": (
        "Not a currency",
        "{field}: “{given}” is no currency code. Write its three letters, such as INR.",
    ),
    "coding-missing": (
        "Coding missing",
        "The contract has a person decide the coding: give account, cost centre and tax code.",
    ),
    "terms-invalid": ("Contract terms not valid", "Section {section}: {cause}"),
    "dates-crossed": ("Dates crossed", "The contract ends before it starts."),
    "calendar-unknown": ("Unknown calendar", "The client has no such calendar."),
    "measure-unknown": ("Unknown measure", "There is no measure called {measure}."),
    "zone-unknown": ("Unknown time zone", "{zone} is not in the tz database."),
    "expiry-in-the-past": ("Expiry in the past", "The key would have expired already."),
    "period-not-locked": (
        "Month open",
        "Lock {period} first, so that no usage enters it while it is invoiced.",
    ),
    "period-not-begun": ("Month not begun", "{period} lies in the future; the present month is {present}."),
    "period-invalid": ("No such month", "A month is written like 2026-10; {given} is none."),
    "period-not-over": ("Month not over", "{period} has not ended yet where the client is."),
    "period-not-open": ("Month shut", "{period} of this book is shut already."),
    "period-not-soft": (
        "Not soft-closed",
        "{period} is closed for good only after its month-end soft-closed it.",
    ),
    "period-is-open": ("Month open", "{period} of this book is open."),
    "period-closed": (
        "Month closed",
        "{period} of the client's book is closed: choose the first open month, or open it again first.",
    ),
    "period-decision-unknown": ("Unknown decision", "{given} is not among {allowed}."),
    "document-not-held": ("Nothing to decide", "{document} does not wait for a month of the book."),
    "not-a-clients-book": ("Not a client's book", "Months are closed in the books of clients."),
    "month-end-under-way": (
        "Month-end under way",
        "A run of {period} is under way that treats open documents otherwise; ask again when it is done.",
    ),
    "schedule-running": ("Running", "Its run is under way; look again in a moment."),
    "month-end-missing": ("No month-end", "No month-end was run for {period} yet."),
    "day-not-begun": ("Day not begun", "{day} lies in the future."),
    "contract-unknown": ("Unknown contract", "The client has no such contract."),
    "gst-state-missing": ("State missing", "Give {party} a GSTIN or a state code: the tax depends on it."),
    "invoice-own-draft": ("Your own draft", "Whoever drafted an invoice cannot approve it; a colleague can."),
    "invoice-approved": ("Approved", "An approved invoice is changed no more; withdraw it, or issue it."),
    "invoice-not-approved": ("Not approved", "An invoice is issued after a second person approved it."),
    "invoice-issued": ("Issued", "Invoice {number} was issued: it is changed by a credit note alone."),
    "invoice-not-issued": (
        "Not issued",
        "A credit note belongs to an issued invoice; withdraw this one instead.",
    ),
    "invoice-cancelled": ("Withdrawn", "The invoice was withdrawn."),
    "invoice-is-credit-note": ("A credit note", "{number} is a credit note itself."),
    "invoice-fully-credited": ("Nothing left", "All of this invoice was credited before."),
    "credit-nothing-charged": (
        "Nothing charged",
        "These units were within the included volume: nothing was charged for them.",
    ),
    "credit-nothing-chosen": (
        "Nothing chosen",
        "Name the usage events to credit, or none for all that is left.",
    ),
    "usage-not-on-invoice": ("Not on this invoice", "These usage events are not on it: {usage}."),
    "usage-already-credited": ("Credited before", "These usage events were credited before: {usage}."),
    "days-crossed": ("Days crossed", "{since} is after {until}."),
    "span-too-long": ("Too long", "A statement covers at most {days} days."),
    "dispute-not-agreed": (
        "No disputes agreed",
        "The contract has no disputes of invoices; write to your contact.",
    ),
    "dispute-too-late": ("Too late", "An invoice may be disputed for {days} days: this one until {until}."),
    "dispute-standing": ("In dispute already", "This line or unit is in dispute; it waits for its answer."),
    "dispute-nothing-charged": (
        "Nothing charged",
        "Nothing is charged here any more: there is nothing to dispute.",
    ),
    "dispute-answered": ("Settled before", "The dispute is {state}: it is answered once."),
    "dispute-line-whole": (
        "No units to credit",
        "This line has no single units. Credit all that is left of the invoice, or refuse with the reason.",
    ),
    "dispute-units-others": ("Not in dispute", "These units are not what the client disputes: {usage}."),
    "usage-not-held": ("Not held", "This usage is {state}: only held usage is settled by hand."),
    "contract-other-line": ("Another line", "The work is {wanted}; contract {number} is for {given}."),
    "contract-not-in-force": ("Not in force", "Contract {number} was not in force on {day}."),
    "calibration-complete": ("Scored by both", "Two people have scored this unit already."),
    "calibration-scored": ("Scored already", "You have scored this unit; a score is not changed."),
    "question-unknown": ("Not asked", "These are no questions of this unit: {questions}."),
    "link-to-itself": ("Same ticket", "A ticket cannot be linked to itself."),
    "link-across-clients": ("Another client", "Both tickets must belong to one client."),
    "no-open-task": ("Nothing to give", "No task of {number} is open; there is nobody to give it to."),
    "not-an-ai-act": ("No act of AI", "People judge what AI did; this was something else."),
    "triage-asked": (
        "A person is asked already",
        "What the request is of is an open question: its task in the queue answers it.",
    ),
    "work-begun": (
        "Work has begun",
        "Somebody, or the machine, works on {number} where it is, so it goes to no other line. Cancel it and raise the"
        " request again on the right line; what you say here is still worth keeping as a correction.",
    ),
    "already-judged": ("Judged already", "Somebody has agreed with it before."),
    "correction-missing": ("What is right?", "Say what would have been right, or why it is wrong."),
    "account-unknown": ("Unknown account", "Account {account} is not in the client's chart of accounts."),
    "too-many-rules": ("Too many rules", "A client has at most {limit} coding rules."),
    "rules-incomplete": (
        "Not all rules",
        "The order names {given} of {of} rules. Read them again and name each once.",
    ),
    "account-inactive": (
        "Account switched off",
        "Account {account} is switched off in the client's chart of accounts.",
    ),
    "account-code-invalid": (
        "Not a code",
        "“{account}” is no code of an account: letters, digits and . - _ / between them, at most {limit}.",
    ),
    "account-needed": (
        "Account is needed",
        "Entries go to account {account} by themselves. Name another in the client's settings first.",
    ),
    "account-kind-fixed": ("Kind stays", "Account {account} has entries as {kind}; its kind stays."),
    "account-in-use": (
        "Account is in use",
        "Account {account} is named by {used_by}. Switch it off instead: what names it keeps its name.",
    ),
    "too-many-accounts": ("Too many accounts", "A chart holds at most {limit} accounts."),
    **{f"{noun}-file-{code}": words for noun in ("vendor", "account") for code, words in _OF_A_LIST.items()},
    "partial-units-missing": ("Documents missing", "A partial decision names the documents."),
}
"""Title and detail of a code. A code that is not here speaks for itself."""

RETRY_AFTER: Mapping[str, int] = {
    "overloaded": 1,
    "database-unavailable": 2,
    "workflows-unavailable": 2,
    "idempotency-in-flight": 1,
    "not-started-yet": 1,
}
"""Seconds after which to try again, unless the error brings its own."""

_HIDDEN = frozenset({"internal-error"})


class InvalidRequestError(DomainError):
    """A request whose values are wrong, with each of them named."""

    def __init__(self, errors: Sequence[FieldError], code: str = "request-invalid", **params: object) -> None:
        super().__init__(code, **params)
        self.errors = list(errors)


def status_of(code: str) -> int:
    """The HTTP status of a code."""
    return STATUS.get(code, 422)


def known(code: str) -> bool:
    """Whether it is a code of ours and not the name of some exception."""
    return code in STATUS or code in WORDS


def words_of(code: str, params: Mapping[str, object]) -> tuple[str, str]:
    """Title and detail of a code in words."""
    title, detail = WORDS.get(code, (code.replace("-", " ").capitalize(), ""))
    return title, detail.format_map(_Facts(params))


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"

    def __getitem__(self, key: str) -> object:
        value = super().__getitem__(key)
        return (
            ", ".join(str(one) for one in value)
            if isinstance(value, list | tuple | set | frozenset)
            else value
        )


def problem(error: DomainError, path: str, trace_id: str) -> JSONResponse:
    """The answer to a refused request."""
    status = status_of(error.code)
    title, detail = words_of(error.code, error.params)
    params = {} if error.code in _HIDDEN else jsonable_encoder(error.params)
    body = Problem(
        type=f"urn:ticketos:problem:{error.code}",
        title=title,
        status=status,
        detail=detail,
        instance=path,
        code=error.code,
        params=params,
        errors=getattr(error, "errors", []),
        trace_id=trace_id,
    )
    headers: dict[str, str] = {}
    wait = error.params.get("retry_after", RETRY_AFTER.get(error.code))
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="ticketos"'
    return JSONResponse(body.model_dump(mode="json"), status, headers, MEDIA_TYPE)


def problem_bytes(error: DomainError, path: str, trace_id: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and body of the answer, for keeping."""
    answer = problem(error, path, trace_id)
    headers = {"content-type": MEDIA_TYPE}
    if "retry-after" in answer.headers:
        headers["retry-after"] = answer.headers["retry-after"]
    return answer.status_code, headers, json.loads(bytes(answer.body))
