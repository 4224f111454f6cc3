"""Triage by weighted words: transparent, without a model, in about a millisecond.

A message is data. Nothing in it is obeyed: an order to the machine counts for the ordinary words it is made
of, the same as in any other sentence.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from schemas.triage import TriageResult
from ticketos.ai.triage.language import DEFAULT_LANGUAGES, detect
from ticketos.ai.triage.sentiment import sentiment
from ticketos.ai.triage.vocabulary import URGENT, VOCABULARY
from ticketos.domain.triage_labels import from_machine
from ticketos.lines import KEYS, line_of

ENGINE = "rules-1"
AUTO_CONFIDENCE = 0.8
"""Belief from which a message is routed without a person; see the golden set for what that is worth."""
_MIN_EVIDENCE = 1.9
_MIN_LEAD = 0.9
_READ = 8_000
_SUBJECT_FACTOR = 1.3
_LINE_CAP = 8.0
# Weights to log odds: one term of weight 2 is just enough for AUTO_CONFIDENCE against five silent lines.
_SHARPNESS = 1.6
# Without any sign it is most often somebody who wants something: the line that can ask back.
_PRIOR = {"customer_support": 0.2}
# Each further term of a line adds less: long mails mention many things.
_FADE = 0.75
_LITTLE_TEXT_WORDS = 25
_FEW_WORDS = 3

_DOCUMENT = re.compile(r"\.(?:pdf|xml|tiff?|jpe?g|png|heic|webp|bmp)$")
_CV = re.compile(
    r"(?:^|[^a-z])(?:cv|resume|resumé|résumé|lebenslauf|bewerbung|biodata|curriculum)(?:[^a-z]|$)"
)
_SCREENSHOT = re.compile(r"screen ?shot|bildschirmfoto|screen ?grab|error|fehler|\.(?:log|dmp|evtx)$")
_BANK = re.compile(r"\.(?:sta|mt940|ofx)$|camt|bank[_ -]?statement|kontoauszug|ledger|trial[_ -]?balance")
_SHEET = re.compile(r"\.(?:xlsx?|csv|ods)$")
# "I must report a stolen card" asks for no report.
_REPORT_AS_VERB = re.compile(
    r"\b(to|must|i|we|should|want|can|could) report (?=(?:a|an|my|it|this|that|them|him|her|fraud\w*|stolen|"
    r"lost|some\w*|suspicious|unauthori[sz]ed|the (?:issue|problem|incident|theft|loss|error|fault))\b)"
)
_INLINE_IMAGE = re.compile(r"^(?:image\d{3}|logo|signature)\b.*\.(?:png|jpe?g|gif)$")


@dataclass(slots=True)
class _Evidence:
    """What was found: for each line its terms' weights, for each ticket type of a line the sum."""

    weights: dict[str, list[float]] = field(default_factory=lambda: {line: [] for line in KEYS})
    types: dict[str, dict[str, float]] = field(default_factory=lambda: {line: {} for line in KEYS})

    def add(self, line: str, kind: str, weight: float) -> None:
        self.weights[line].append(weight)
        self.types[line][kind] = self.types[line].get(kind, 0.0) + weight

    def score(self, line: str) -> float:
        ranked = sorted(self.weights[line], reverse=True)
        return min(_LINE_CAP, sum(weight * _FADE**rank for rank, weight in enumerate(ranked)))

    def kind(self, line: str) -> str:
        return max(self.types[line].items(), key=lambda item: item[1], default=("general", 0.0))[0]


@cache
def _matchers() -> Mapping[str, tuple[tuple[str, float, re.Pattern[str]], ...]]:
    return {
        line: tuple(
            (kind, weight, re.compile(rf"(?<!\w)(?:{term})(?!\w)"))
            for kind, terms in (VOCABULARY.get(line) or line_of(line).words).items()
            for weight, term in terms
        )
        for line in KEYS
    }


@cache
def _urgency() -> Mapping[str, re.Pattern[str]]:
    return {level: re.compile(rf"(?<!\w)(?:{words})(?!\w)") for level, words in URGENT.items()}


def triage(
    text: str,
    *,
    subject: str = "",
    attachments: Sequence[str] = (),
    sender: str = "",
    client_lines: Sequence[str] | None = None,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
) -> TriageResult:
    """Judge one message.

    `attachments` are file names. `client_lines` are the lines the client has booked (None: all); a message
    that speaks for another line goes to a person. `sender` is an address: mail from a machine is never routed
    alone.
    """
    body, head = _plain(text), _plain(subject)
    evidence = _words(body, head)
    _files(evidence, attachments, body, head)
    scores = {line: evidence.score(line) + _PRIOR.get(line, 0.0) for line in KEYS}
    chances = _softmax(scores)
    allowed = [line for line in KEYS if client_lines is None or line in client_lines] or list(KEYS)
    ranked = sorted(allowed, key=lambda line: -chances[line])
    best = ranked[0]
    overall = sorted(KEYS, key=lambda line: -chances[line])
    lead = scores[overall[0]] - scores[overall[1]] if len(overall) > 1 else scores[overall[0]]
    sure = (
        best == overall[0]
        and chances[best] >= AUTO_CONFIDENCE
        and scores[best] >= _MIN_EVIDENCE
        and lead >= _MIN_LEAD
        and not from_machine(sender)
    )
    both = f"{subject}\n{text}"
    return TriageResult(
        service_line=best,
        ticket_type=evidence.kind(best),
        priority=_priority(f"{head} {body}"),
        language=detect(both, languages),
        sentiment=sentiment(both),
        confidence=round(chances[best], 4),
        decision="auto" if sure else "review",
        top=[(line, round(chances[line], 4)) for line in ranked[:3]],
        engine=ENGINE,
    )


def _plain(text: str) -> str:
    plain = re.sub(r"\s+", " ", text[:_READ].lower().replace("\u2019", "'").replace("\u2011", "-")).strip()
    return _REPORT_AS_VERB.sub(r"\1 tell ", plain)


def _words(body: str, head: str) -> _Evidence:
    evidence = _Evidence()
    for line, matchers in _matchers().items():
        for kind, weight, pattern in matchers:
            in_head = pattern.search(head)
            different = {m[0] for m in pattern.finditer(body)} | ({in_head[0]} if in_head else set())
            # Other words of one group are further evidence, the same word again is not.
            for rank in range(min(len(different), 3)):
                factor = _SUBJECT_FACTOR if in_head and rank == 0 else 1.0
                evidence.add(line, kind, weight * factor * 0.5**rank)
    return evidence


def _files(evidence: _Evidence, attachments: Sequence[str], body: str, head: str) -> None:
    names = [name.lower() for name in attachments if not _INLINE_IMAGE.search(name.lower())]
    documents = 0
    for name in names:
        if _CV.search(name):
            evidence.add("hr_recruitment", "screening", 3.0)
        elif _SCREENSHOT.search(name):
            evidence.add("it_helpdesk", "incident", 1.5)
        elif _BANK.search(name):
            evidence.add("finance_accounting", "reconciliation", 2.0)
        elif _SHEET.search(name):
            evidence.add("reporting_analytics", "analysis", 0.3)
        elif _DOCUMENT.search(name):
            documents += 1
    if documents:
        # Documents with next to no text are meant to be entered; a long letter says itself what it wants.
        little = len(f"{head} {body}".split()) <= _LITTLE_TEXT_WORDS
        evidence.add("data_entry", _document_type(names), 2.6 if little else 0.8)


def _document_type(names: Sequence[str]) -> str:
    joined = " ".join(re.sub(r"[_\-.]+", " ", name) for name in names)
    for kind, words in (
        ("purchase_order_entry", r"\b(?:po|purchase order|bestellung)\b"),
        ("goods_receipt_entry", r"\b(?:grn|goods receipt|lieferschein|challan)\b"),
        ("receipt_entry", r"\b(?:receipt|quittung)\b"),
        ("inventory_entry", r"\b(?:inventory|stock)\b"),
        ("claim_processing", r"\b(?:claim)\b"),
    ):
        if re.search(words, joined):
            return kind
    return "invoice_entry"


def _softmax(scores: Mapping[str, float]) -> dict[str, float]:
    top = max(scores.values())
    powers = {line: math.exp(_SHARPNESS * (score - top)) for line, score in scores.items()}
    total = sum(powers.values())
    return {line: power / total for line, power in powers.items()}


def _priority(text: str) -> str:
    patterns = _urgency()
    for level in ("P1", "P4", "P2"):
        if patterns[level].search(text):
            return level
    return "P3"
