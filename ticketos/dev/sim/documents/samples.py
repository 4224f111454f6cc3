"""Sample documents on request: one, a copy, a second sending, a batch, a folder full."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from ticketos.dev.sim.documents import einvoice, facts, layouts, page, receipts, scans
from ticketos.dev.sim.documents.canvas import faces
from ticketos.dev.sim.documents.truth import (
    COUNTRIES,
    FORMS,
    KINDS,
    LANGUAGES,
    Country,
    Form,
    Kind,
    Language,
    Request,
    SampleDocument,
)
from ticketos.dev.sim.documents.wording import wording

HOME_LANGUAGE: dict[Country, Language] = {"IN": "en", "DE": "de", "FR": "fr", "GB": "en"}
_STRUCTURED_KINDS = ("invoice", "credit_note")
_FILES: dict[Form, tuple[str, str]] = {
    "text_pdf": ("pdf", "application/pdf"),
    "scan_pdf": ("pdf", "application/pdf"),
    "image_png": ("png", "image/png"),
    "image_jpeg": ("jpg", "image/jpeg"),
    "einvoice_pdf": ("pdf", "application/pdf"),
    "einvoice_xml_cii": ("xml", "application/xml"),
    "einvoice_xml_ubl": ("xml", "application/xml"),
}


def generate(
    kind: Kind,
    seed: int,
    *,
    layout: int | None = None,
    language: Language | None = None,
    country: Country = "IN",
    form: Form = "text_pdf",
    pages: int = 1,
    damage: float = 0.0,
    vendor_seed: int | None = None,
    buyer_seed: int | None = None,
) -> SampleDocument:
    """One document; equal arguments give equal bytes on one machine and equal truth on every machine.

    ``vendor_seed`` fixes the supplier: name, address, tax number, layout, wording and number pattern recur
    with it. ``buyer_seed`` does the same for the buyer. Both default to values drawn from ``seed``.
    ``layout`` overrides the supplier's own face; ``language`` defaults to the country's.
    ``damage`` from 0 (clean) to 1 (hard to read) counts for scans and images alone.

    Raises ``ValueError`` for what does not exist: structured forms of other kinds than invoices and credit
    notes, receipts or images of several pages, pages below one, damage outside 0 to 1.
    """
    request = Request(
        kind=kind,
        seed=seed,
        layout=layout,
        language=language or HOME_LANGUAGE[country],
        country=country,
        form=form,
        pages=pages,
        damage=damage,
        vendor_seed=seed % 997 if vendor_seed is None else vendor_seed,
        buyer_seed=seed % 89 if buyer_seed is None else buyer_seed,
    )
    _check(request)
    return _make(request)


def _check(request: Request) -> None:
    if request.form.startswith("einvoice") and request.kind not in _STRUCTURED_KINDS:
        raise ValueError(f"there is no {request.form} of a {request.kind}")
    if request.pages < 1:
        raise ValueError(f"a document has at least one page, not {request.pages}")
    if request.pages > 1 and (request.kind == "receipt" or request.form.startswith("image")):
        raise ValueError(f"a {request.kind} as {request.form} has one page, not {request.pages}")
    if not 0 <= request.damage <= 1:
        raise ValueError(f"damage lies between 0 and 1, not at {request.damage}")


def _make(request: Request) -> SampleDocument:
    content_facts = facts.draw(request)
    truth = facts.truth(content_facts, structured=request.form.startswith("einvoice"))
    suffix, content_type = _FILES[request.form]
    number = "".join(char if char.isalnum() else "_" for char in content_facts.number)
    name = f"{request.kind}_{number}{f'_copy{request.copy}' if request.copy else ''}.{suffix}"
    return SampleDocument(name, content_type, _content(request, content_facts), truth, request)


def _content(request: Request, content: facts.Facts) -> bytes:
    if request.form == "einvoice_xml_cii":
        return einvoice.cii(content)
    if request.form == "einvoice_xml_ubl":
        return einvoice.ubl(content)
    pdf = _text_pdf(request, content)
    if request.form == "text_pdf":
        return pdf
    if request.form == "einvoice_pdf":
        return einvoice.hybrid(pdf, content)
    seed = f"{request.seed}/{request.copy}"
    if request.form == "scan_pdf":
        return scans.scanned_pdf(pdf, seed, request.damage)
    return scans.image(pdf, seed, request.damage, jpeg=request.form == "image_jpeg")


def _text_pdf(request: Request, content: facts.Facts) -> bytes:
    # An order, a goods receipt and a stock list wear the face of the buyer, who writes them.
    owner = request.vendor_seed if content.issuer is content.supplier else request.buyer_seed + 100_003
    layout = layouts.choose(owner, request.layout)
    manner = owner if request.layout is None else request.layout
    family = (
        receipts.FAMILIES[manner % len(receipts.FAMILIES)] if request.kind == "receipt" else layout.family
    )
    glyphs = faces(family)[0].characters & faces(family)[1].characters
    words = wording(request.language, request.country, content.currency, owner, glyphs=glyphs)
    if request.kind == "receipt":
        return receipts.draw(content, manner, words, copy=request.copy)
    return page.draw(content, layout, words, owner, copy=request.copy)


def duplicate_of(document: SampleDocument) -> SampleDocument:
    """The very same file, sent again under another name."""
    stem, _, suffix = document.filename.rpartition(".")
    return dataclasses.replace(document, filename=f"{stem}_1.{suffix}")


def resend_of(document: SampleDocument) -> SampleDocument:
    """The same transaction in other bytes: a marked copy, or the XML as a PDF. Raises for broken files."""
    if document.request is None:
        raise ValueError("a broken file has no second sending")
    request = document.request
    form: Form = "text_pdf" if request.form.startswith("einvoice_xml") else request.form
    return _make(dataclasses.replace(request, copy=request.copy + 1, form=form))


def batch(
    n: int, seed: int, *, country: Country | None = None, kind: Kind = "invoice"
) -> Iterator[SampleDocument]:
    """``n`` distinct text PDFs, each made when it is asked for; countries in turn unless one is given."""
    for index in range(n):
        yield generate(kind, seed * 1_000_003 + index, country=country or COUNTRIES[index % len(COUNTRIES)])


def write_samples(folder: Path | str, n: int, seed: int) -> list[Path]:
    """Writes ``n`` documents of all kinds and forms and ``truth.json`` (file name → truth) into the folder.

    The folder is created; files of the same name are overwritten. Returns the document paths.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    truths: dict[str, object] = {}
    for index in range(n):
        document = _varied(index, seed * 1_000_003 + index)
        name = f"{index:04d}_{document.filename}"
        (target / name).write_bytes(document.content)
        truths[name] = document.truth.as_dict()
    text = json.dumps(truths, ensure_ascii=False, indent=1, sort_keys=True)
    (target / "truth.json").write_text(text + "\n", encoding="utf-8")
    return [target / name for name in truths]


def _varied(index: int, seed: int) -> SampleDocument:
    """The ``index``-th of a mixed pile: the strides are coprime, so kinds, forms and countries all meet."""
    kind = KINDS[index % len(KINDS)]
    form = FORMS[index * 5 // 6 % len(FORMS)]
    if form.startswith("einvoice") and kind not in _STRUCTURED_KINDS:
        form = "text_pdf"
    country = COUNTRIES[index % len(COUNTRIES)]
    single = kind == "receipt" or form.startswith("image")
    return generate(
        kind,
        seed,
        country=country,
        language=LANGUAGES[index // 3 % len(LANGUAGES)] if country != "IN" and index % 5 == 0 else None,
        form=form,
        pages=1 if single or index % 7 else 2,
        damage=0.0 if form == "text_pdf" else (index * 37 % 100) / 125,
    )
