"""The mails we send by ourselves: one function a template, words in one place, values as plain strings.

Every mail says which ticket it is about and what the reader can do next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

PARK_REASONS = {
    "contract-missing": "no contract of yours covers this kind of work",
    "contract-not-in-force": "the contract for this kind of work is not in force on that day",
    "contract-volume-exceeded": "the volume agreed for this month is used up",
}
NOT_PROCESSED = {
    "empty": "it holds nothing to read",
    "encrypted": "it is protected by a password and none came in time",
    "wrong-password": "the password does not open it",
    "truncated": "its end is missing",
    "wrong-type": "its content is not what its name says",
    "unsupported": "this kind of file cannot be read; we read PDF, PNG, JPEG, TIFF and e-invoice XML",
    "too-many-pages": "it has more pages than one document may have",
    "too-large": "it is larger than a document may be",
    "too-heavy": "reading it took more time or memory than a document may take",
    "hostile": "it contains constructs that documents do not need and attackers use",
    "unreadable": "it is damaged or cannot be made out",
    "no-page": "it has no page to read",
    "duplicate": "we have it already",
    "not_a_document": "it is not a document that we enter",
    "out_of_scope": "the contract does not cover this kind of document",
    "client_request": "you asked us to leave it out",
    "rework-limit": "it could not be corrected and was taken out",
}
"""Why a document was not processed, as its client reads it."""
AI_TERMS = {
    "mode.triage": "Classifying requests",
    "mode.reading": "Reading documents",
    "mode.coding": "Coding documents",
    "mode.duplicates": "Rejecting doubles",
    "engine.reading": "Who reads documents",
    "spend_cap": "What models outside may cost in a month",
    "bar.triage": "A request is routed from",
    "bar.reading": "A field passes from",
    "bar.coding": "A learnt coding counts from",
    "asks.amount_over": "A person is asked over",
    "asks.new_supplier": "A person is asked of a new supplier",
    "asks.words": "A person is asked at the words",
    "asks.confidence_below": "A person is asked under",
    "accountable": "Who answers for it",
}
"""Terms of AI, as a client reads them."""


@dataclass(frozen=True)
class Words:
    """Subject and text of a mail, without any markup."""

    subject: str
    text: str


@dataclass(frozen=True)
class About:
    """What a mail is about: the ticket's number and subject, the client's name and zone, and a signed link."""

    number: str
    subject: str
    client: str
    zone: str
    link: str = ""
    repeat: str = ""
    """Where the requester says that the matter is not settled, in mails that end contact work."""


def render(template: str, values: Mapping[str, Any], about: About) -> Words:
    """The words of a template; raises ``KeyError`` for one that does not exist."""
    return TEMPLATES[template](values, about)


def _acknowledged(values: Mapping[str, Any], about: About) -> Words:
    due = _when(values.get("due"), about.zone)
    promise = f"We expect to be done by {due}." if due else "We are working on it."
    return _mail(
        about,
        "We have your request",
        f"Thank you, your request is with our team as {about.number}.\n\n{promise}\n\n"
        "You can reply to this mail; your reply reaches the same request.",
    )


def _parked(values: Mapping[str, Any], about: About) -> Words:
    why = PARK_REASONS.get(str(values.get("reason")), "the contract could not be confirmed")
    return _mail(
        about,
        "Your request is waiting",
        f"Request {about.number} is waiting because {why}.\n\n"
        "Our service desk looks after it. Reply to this mail if you can settle it.",
    )


def _approval(values: Mapping[str, Any], about: About) -> Words:
    deemed = _when(values.get("deemed_at"), about.zone)
    many = values.get("documents") or 0
    counted = f": {values.get('units', 0)} of {many} document{'' if many == 1 else 's'}" if many else ""
    lines = [f"The work of request {about.number} is done{counted}."]
    if note := (values.get("work") or {}).get("note"):
        lines += ["", "What was done:", str(note)]
    left_out = [
        f"Not processed: {one.get('file')} ({_why_not(one)})." for one in values.get("not_delivered", ())
    ]
    lines += ["", *left_out] if note and left_out else left_out
    lines += ["", "Please look at the result, then accept it or return it with a reason:", about.link, ""]
    if deemed:
        lines.append(f"Without an answer it counts as accepted on {deemed}.")
    return _mail(about, "Ready for your approval", "\n".join(lines))


def _not_processed(values: Mapping[str, Any], about: About) -> Words:
    named = "\n".join(f"- {item.get('file')}: {_why_not(item)}." for item in values.get("files", ()))
    some = "these files" if values.get("delivered") else "any file"
    return _mail(
        about,
        "Files we could not process",
        f"We could not process {some} of request {about.number}:\n\n{named}\n\n"
        "Please reply to this mail with files that can be read; they reach the same team. What was not processed is "
        "not billed.",
    )


def _why_not(item: Mapping[str, Any]) -> str:
    code = str(item.get("reason") or item.get("state") or "")
    return NOT_PROCESSED.get(code, code.replace("_", " ").replace("-", " "))


def _password(values: Mapping[str, Any], about: About) -> Words:
    until = _when(values.get("until"), about.zone)
    where = (
        f"Please open this page and enter the password there, or say that you have none:\n{about.link}\n\n"
        if about.link
        else f"Please sign in to the portal, open request {about.number} and enter the password there.\n\n"
    )
    return _mail(
        about,
        "A document needs its password",
        f"The file {values.get('file')} of request {about.number} is protected by a password, so we cannot read it.\n\n"
        f"{where}Do not send it by mail: it is used once to open the file and kept nowhere.\n\n"
        f"Without an answer by {until} we go on without this file.",
    )


def _survey(values: Mapping[str, Any], about: About) -> Words:
    return _mail(
        about,
        "How did we do?",
        f"Request {about.number} is closed. Three short questions, one minute:\n{about.link}\n\n"
        f"Thank you; your answer goes to the people who did the work.{_come_back(about)}",
    )


def _closed(values: Mapping[str, Any], about: About) -> Words:
    return _mail(about, "Your request is closed", f"Request {about.number} is closed.{_come_back(about)}")


def _dispute_answered(values: Mapping[str, Any], about: About) -> Words:
    what = f"“{values.get('line')}”" + (f", {values['file']}," if values.get("file") else "")
    if values.get("state") == "accepted":
        note = values.get("credit_note")
        done = f"Credit note {note} takes it back." if note else "Earlier credit notes took it back already."
        told = f"We agree with your dispute of {what} on invoice {about.number}. {done}"
    else:
        told = f"We looked at your dispute of {what} on invoice {about.number} and do not agree. It is payable again."
    text = f"{told}\n\nOur answer:\n{values.get('answer')}\n\nYou find it in the portal, on the page of the invoice."
    return _mail(about, "Your dispute is answered", text)


def _ai_changed(values: Mapping[str, Any], about: About) -> Words:
    changes = "\n".join(
        f"- {AI_TERMS.get(what, _plain_term(what))}: {before or 'nothing'} → {after or 'nothing'}"
        for what, before, after in values.get("changes", ())
    )
    text = (
        f"What AI may do under contract {about.number} ({values.get('name')}) is agreed anew:\n\n{changes}\n\n"
        "It counts from the next step of each request on; what was decided stays decided. The portal shows all of it "
        "under “How AI is used”. If you did not agree to this, write to your contact."
    )
    return _mail(about, "AI under your contract has changed", text)


def _plain_term(what: str) -> str:
    group, _, name = what.partition(".")
    return f"{'Bar of ' if group == 'field' else ''}{name.replace('_', ' ')}"


def _reply(values: Mapping[str, Any], about: About) -> Words:
    """A person's own words; nothing is added but how to answer."""
    subject = about.subject or f"Request {about.number}"
    answered = subject if subject.casefold().startswith("re:") else f"Re: {subject}"
    return Words(
        f"{answered[:150]} [{about.number}]",
        f"{values['text']}\n\n--\n{about.number}. Reply to this mail; your answer reaches the same people.\n",
    )


def _come_back(about: About) -> str:
    return (
        f"\n\nNot settled, or back again? Tell us here, without writing it all anew:\n{about.repeat}"
        if about.repeat
        else ""
    )


TEMPLATES: Mapping[str, Callable[[Mapping[str, Any], About], Words]] = {
    "acknowledged": _acknowledged,
    "parked": _parked,
    "approval": _approval,
    "not_processed": _not_processed,
    "password": _password,
    "survey": _survey,
    "closed": _closed,
    "reply": _reply,
    "dispute_answered": _dispute_answered,
    "ai_changed": _ai_changed,
}

LINKED = {"approval": "a", "survey": "s", "password": "p"}
"""Templates that carry a signed link, and the page it leads to."""


def _mail(about: About, title: str, text: str) -> Words:
    subject = f"{title}: {about.subject}" if about.subject else title
    return Words(f"{subject[:150]} [{about.number}]", f"Dear {about.client},\n\n{text}\n")


def _when(value: Any, zone: str) -> str:
    if not value:
        return ""
    return datetime.fromisoformat(str(value)).astimezone(ZoneInfo(zone)).strftime("%d %b %Y, %H:%M %Z")
