"""Which mail must not be answered by a machine, and what a bounce says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticketos.domain.intake_types import Attachment, SuppressReason

LOOP_HEADER = "X-TicketOS-Loop"
"""Stands on every mail we send; a mail that carries it came from us."""

_OUT_OF_OFFICE = re.compile(
    r"^\s*(?:re:\s*)?(?:out of (?:the )?office|ooo\b|autoreply|"
    r"auto(?:matic|mated)?[ -]?(?:reply|response|antwort)|"
    r"away from (?:my )?(?:mail|office|desk)|abwesenheit|automatische (?:antwort|abwesenheit)|"
    r"ich bin (?:derzeit )?nicht im büro|réponse automatique|absence du bureau|respuesta automática|"
    r"fuera de la oficina|risposta automatica|automatisch antwoord|"
    r"i am on (?:leave|vacation)|vacation reply)",
    re.IGNORECASE,
)
_MACHINE_SENDER = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon)@?", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|delayed)|returned mail|failure notice|mail delivery|"
    r"could not be delivered|delivery incomplete|unzustellbar|nicht zustellbar|non remis|no se pudo entregar",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"delayed|warning|will be retried|still trying|incomplete|verzögert", re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])([245])\.\d{1,3}\.\d{1,3}(?![\d.])")
_ACTION = re.compile(r"^action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_STATUS_FIELD = re.compile(r"^status:\s*([245])\.", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mail:
    """What the guards look at. Header names are lower case; values are decoded, first mention each."""

    headers: Mapping[str, str]
    envelope_sender: str | None
    sender: str
    subject: str
    content_type: str
    report_type: str
    body: str
    reports: Sequence[Attachment]


def suppress_reason(mail: Mail, own_domain: str) -> SuppressReason | None:
    """Why a mail must not be answered automatically, the most telling reason first; None when it may be."""
    return (
        _bounce(mail)
        or _loop(mail, own_domain)
        or _out_of_office(mail)
        or ("null-sender" if _null_sender(mail) else None)
        or _automatic(mail)
        or _list_or_bulk(mail)
    )


def _bounce(mail: Mail) -> SuppressReason | None:
    if mail.content_type == "multipart/report" and mail.report_type in ("", "delivery-status"):
        told = [
            _told(report.content)
            for report in mail.reports
            if report.content_type == "message/delivery-status"
        ]
        verdicts = [verdict for verdict in told if verdict]
        if verdicts:
            return _worst(verdicts)
        return _guess(mail)
    from_machine = bool(_MACHINE_SENDER.match(mail.sender)) or _null_sender(mail)
    return _guess(mail) if from_machine and _BOUNCE_SUBJECT.search(mail.subject) else None


def _told(report: bytes) -> SuppressReason | None:
    text = report.decode("utf-8", "replace")
    actions = {action.lower() for action in _ACTION.findall(text)}
    classes = set(_STATUS_FIELD.findall(text))
    if "failed" in actions or (not actions and "5" in classes):
        return "bounce-permanent"
    if "delayed" in actions or "4" in classes:
        return "bounce-temporary"
    return "auto-submitted" if actions or classes else None


def _worst(verdicts: Iterable[SuppressReason]) -> SuppressReason:
    order: tuple[SuppressReason, ...] = ("bounce-permanent", "bounce-temporary", "auto-submitted")
    return min(verdicts, key=order.index)


def _guess(mail: Mail) -> SuppressReason:
    """A bounce without a machine-readable part: the enhanced status code in its text, else its wording."""
    if _DELAYED.search(mail.subject):
        return "bounce-temporary"
    codes = set(_STATUS.findall(mail.body[:20_000]))
    codes = codes or set(re.findall(r"\b([45])\d\d[ -]", mail.body[:20_000]))
    return "bounce-temporary" if "4" in codes and "5" not in codes else "bounce-permanent"


def _loop(mail: Mail, own_domain: str) -> SuppressReason | None:
    own = f"@{own_domain.lower()}" if own_domain else None
    if LOOP_HEADER.lower() in mail.headers:
        return "loop"
    if own and (
        mail.sender.lower().endswith(own) or (mail.envelope_sender or "").lower().strip("<>").endswith(own)
    ):
        return "loop"
    return "loop" if "x-loop" in mail.headers else None


def _out_of_office(mail: Mail) -> SuppressReason | None:
    replied = mail.headers.get("auto-submitted", "").lower().startswith("auto-replied")
    precedence = mail.headers.get("precedence", "").lower()
    marked = any(name in mail.headers for name in ("x-autoreply", "x-autorespond", "x-autoreply-from"))
    said = bool(_OUT_OF_OFFICE.match(mail.subject))
    return "out-of-office" if replied or marked or said or precedence == "auto_reply" else None


def _null_sender(mail: Mail) -> bool:
    if mail.envelope_sender is not None:
        return mail.envelope_sender.strip() in ("", "<>")
    return mail.headers.get("return-path", "").replace(" ", "") == "<>"


def _automatic(mail: Mail) -> SuppressReason | None:
    submitted = mail.headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    notification = mail.content_type == "multipart/report"
    suppressed = mail.headers.get("x-auto-response-suppress", "").lower() not in ("", "none")
    machine = bool(_MACHINE_SENDER.match(mail.sender))
    return "auto-submitted" if submitted not in ("no", "") or notification or suppressed or machine else None


def _list_or_bulk(mail: Mail) -> SuppressReason | None:
    precedence = mail.headers.get("precedence", "").strip().lower()
    if "list-id" in mail.headers or "list-post" in mail.headers or precedence == "list":
        return "list"
    return "bulk" if precedence in ("bulk", "junk") or "list-unsubscribe" in mail.headers else None
