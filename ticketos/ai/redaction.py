"""AG5: personal data taken out of a text before it leaves the installation, and put back into what comes home.

Each datum becomes a mark such as ``[EMAIL-1]``, the same datum the same mark. Numbers are told by their checksums
(python-stdnum) where their scheme has one; a telephone number by its country code or by what stands before it, a
person's name by what announces it. Names and numbers of companies are what a document is read for and stay.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from stdnum import iban, luhn
from stdnum.de import idnr
from stdnum.in_ import aadhaar, pan
from stdnum.us import ssn

MARK = re.compile(r"\[(?:EMAIL|PAYMENT ID|IBAN|CARD|PERSONAL ID|ACCOUNT|PHONE|PERSON)-\d+\]")
"""What stands in place of a datum."""

_BEFORE = r"(?<![A-Za-z0-9])"
_AFTER = r"(?![A-Za-z0-9])"
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_PAYMENT_ID = re.compile(r"[\w.-]{2,}@[A-Za-z]{2,}\b")
_IBAN = re.compile(rf"{_BEFORE}[A-Z]{{2}}\d{{2}}(?: ?[A-Z0-9]){{11,30}}{_AFTER}")
_CARD = re.compile(rf"{_BEFORE}\d(?:[ -]?\d){{12,18}}{_AFTER}")
_AADHAAR = re.compile(rf"{_BEFORE}\d{{4}} ?\d{{4}} ?\d{{4}}{_AFTER}")
_PAN = re.compile(rf"{_BEFORE}[A-Z]{{5}}\d{{4}}[A-Z]{_AFTER}")
_SSN = re.compile(rf"{_BEFORE}\d{{3}}-\d{{2}}-\d{{4}}{_AFTER}")
_IDNR = re.compile(rf"{_BEFORE}\d{{2}} ?\d{{3}} ?\d{{3}} ?\d{{3}}{_AFTER}")
_ACCOUNT_LABEL = (
    r"a/?c(?:\s*(?:no|number|nr))?|acc(?:oun)?t(?:\s*(?:no|number|nr))|bank\s*account|konto(?:\s*-?\s*nr|nummer)?"
    r"|compte(?:\s*n[o°º])?|cuenta|conto(?:\s*corrente)?|rib"
)
_ACCOUNT = re.compile(
    rf"{_BEFORE}(?:{_ACCOUNT_LABEL})[\s.:#°º-]*(?P<datum>\d(?:[ -]?\d){{5,19}}){_AFTER}", re.I
)
_PHONE_LABEL = (
    r"tel(?:ephone|efon|éfono|efono|\.?\s*n[or]\.?|éphone)?|phone|ph|mob(?:ile|il)?|cell|fax|telefax|handy|whatsapp|portable"
    r"|móvil|cellulare"
)
_PHONE_DIGITS = r"\+?\(?\d(?:[ \t().\-/]{0,3}\d){6,15}"
_PHONE = re.compile(rf"{_BEFORE}(?:{_PHONE_LABEL})[\s.:#)-]*(?P<datum>{_PHONE_DIGITS}){_AFTER}", re.I)
_ABROAD = re.compile(r"(?<![\w+])(?P<datum>\+\d{1,3}(?:[ \t().\-/]{0,3}\d){6,14})(?!\d)")
_PERSON_LABEL = (
    r"(?:kind\s+)?attn|(?:for\s+the\s+)?attention(?:\s+of)?|contact(?:\s+(?:person|name))?|prepared\s+by|sales\s*(?:person|rep)"
    r"|issued\s+by|signed\s+by|cashier|patient|employee|ansprechpartner(?:in)?|sachbearbeiter(?:in)?|bearbeiter(?:in)?"
    r"|z\.?\s?h(?:d|nd)\.?|à\s+l['’]attention\s+de|interlocuteur|a\s+la\s+atención\s+de|contacto|alla\s+c\.?\s?a\.?"
    r"|referente"
)
_TITLE = r"(?:Mr|Mrs|Ms|Dr|Shri|Smt|Herrn?|Frau|M|Mme|Sr|Sra|Sig)"
_OTHER = r"(?:Tel|Phone|Ph|Mob|Mobile|E-?[Mm]ail|Fax|Date|Datum|Invoice|No)\b"
_PART = rf"(?!{_OTHER})[^\W\d_a-zß-öø-ÿ][^\W\d_]*(?:['’-][^\W\d_]+)*"
"""A name is written with a capital, so that “contact us” holds none."""
_NAME = rf"(?:{_TITLE}\.?[ \t]+)?{_PART}\.?(?:[ \t]{{1,2}}{_PART}){{0,3}}"
_PERSON = re.compile(rf"{_BEFORE}(?i:{_PERSON_LABEL})[ \t]*[.:\-]?[ \t]*:?[ \t]+(?P<datum>{_NAME})")

_Known = tuple[str, re.Pattern[str], Callable[[str], bool]]


def _always(_: str) -> bool:
    return True


_KINDS: tuple[_Known, ...] = (
    ("EMAIL", _EMAIL, _always),
    ("PAYMENT ID", _PAYMENT_ID, _always),
    ("IBAN", _IBAN, iban.is_valid),
    ("ACCOUNT", _ACCOUNT, _always),
    ("PHONE", _PHONE, _always),
    ("PHONE", _ABROAD, _always),
    ("PERSONAL ID", _AADHAAR, aadhaar.is_valid),
    ("PERSONAL ID", _PAN, pan.is_valid),
    ("PERSONAL ID", _SSN, ssn.is_valid),
    ("PERSONAL ID", _IDNR, idnr.is_valid),
    ("CARD", _CARD, lambda text: luhn.is_valid(re.sub(r"[ -]", "", text))),
    ("PERSON", _PERSON, _always),
)


@dataclass(frozen=True)
class Redacted:
    """A text without its personal data, and what each mark stands for."""

    text: str
    marks: Mapping[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """How many different data of each kind were taken out."""
        return dict(sorted(Counter(mark[1:].rpartition("-")[0].lower() for mark in self.marks).items()))

    def restored(self, text: str) -> str:
        """The text with its data back in their places."""
        return MARK.sub(lambda found: self.marks.get(found[0], found[0]), text)


def redact(text: str) -> Redacted:
    """Take personal data out of a text. A mark that stands in the text already is taken out too, so that no paper can
    ask for another's datum by its mark."""
    marks: dict[str, str] = {}
    known: dict[tuple[str, str], str] = {}
    text = MARK.sub(" ", text)
    for kind, pattern, right in _KINDS:
        text = "".join(_replaced(text, kind, pattern, right, marks, known))
    return Redacted(text, marks)


def _replaced(
    text: str,
    kind: str,
    pattern: re.Pattern[str],
    right: Callable[[str], bool],
    marks: dict[str, str],
    known: dict[tuple[str, str], str],
) -> Iterator[str]:
    begun = 0
    for found in pattern.finditer(text):
        start, end = found.span("datum" if "datum" in pattern.groupindex else 0)
        datum = text[start:end]
        if "[" in datum or not right(datum):
            continue
        mark = known.get((kind, datum))
        if mark is None:
            mark = f"[{kind}-{1 + sum(one.startswith(f'[{kind}-') for one in marks)}]"
            marks[mark], known[(kind, datum)] = datum, mark
        yield text[begun:start]
        yield mark
        begun = end
    yield text[begun:]
