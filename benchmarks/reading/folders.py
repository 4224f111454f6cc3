"""Labelled folders of several shapes as cases: a file as it would arrive, and what is known to be true of it.

A field that the truth does not speak of is not scored. A field whose truth is None is known to be absent: a value
for it is wrong.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pypdf
import pypdfium2

from ticketos.ai.extract.values import days

Regime = Literal["as_is", "text", "rendered"]
REGIMES: tuple[Regime, ...] = ("as_is", "text", "rendered")
_DPI = 200


@dataclass(frozen=True)
class Line:
    """One true line; amounts as decimal strings, None where the truth does not say."""

    description: str | None
    quantity: str | None
    net: str | None


@dataclass(frozen=True)
class Case:
    """One document and its truth. `load` gives the bytes, made from the file where the regime asks for it."""

    name: str
    filename: str
    load: Callable[[], bytes]
    fields: dict[str, str | None]
    lines: tuple[Line, ...] | None = None
    type: str | None = None
    also_right: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Other values of a field that are as right as the first."""
    printed: Callable[[], str] | None = None
    """The text of pages that were made into pictures."""


def cases(folder: Path, regime: Regime = "as_is") -> Iterator[Case]:
    """The labelled documents of a folder, whichever of the known shapes it has. Raises ValueError for none."""
    if (folder / "key").is_dir():
        yield from _receipts(folder)
    elif (folder / "truth.json").is_file():
        yield from _listed(folder, regime)
    elif any(folder.rglob("*.truth.json")):
        yield from _einvoices(folder, regime)
    elif any(_beside(folder)):
        yield from _each_beside(folder, regime)
    else:
        raise ValueError(f"{folder} holds no labelled documents")


def _receipts(folder: Path) -> Iterator[Case]:
    """Pictures in img/, one JSON of company, date, address and total each in key/."""
    for picture in sorted((folder / "img").iterdir()):
        key = json.loads((folder / "key" / f"{picture.stem}.json").read_text(encoding="utf-8"))
        truth: dict[str, str | None] = {
            "supplier_name": key.get("company"),
            "supplier_address": key.get("address"),
            "issue_date": _day(key.get("date")),
            "total": _plain(key.get("total")),
        }
        known: dict[str, str | None] = {name: value for name, value in truth.items() if value}
        yield Case(picture.stem, picture.name, picture.read_bytes, known)


def _einvoices(folder: Path, regime: Regime) -> Iterator[Case]:
    """Files with `NAME.truth.json` beside them, read mechanically from an e-invoice."""
    for labels in sorted(folder.rglob("*.truth.json")):
        stem = labels.name.removesuffix(".truth.json")
        file = next(
            (
                it
                for it in (labels.parent / f"{stem}{end}" for end in (".pdf", ".xml", ".XML"))
                if it.is_file()
            ),
            None,
        )
        truth = json.loads(labels.read_text(encoding="utf-8"))
        if file is None or truth.get("number") is None or (regime != "as_is" and file.suffix != ".pdf"):
            continue
        fields = {
            "number": truth["number"],
            "issue_date": truth["issue_date"],
            "due_date": truth.get("due_date"),
            "supplier_name": truth["seller"],
            "buyer_name": truth.get("buyer"),
            "currency": truth.get("currency"),
            "net_total": truth.get("net_total"),
            "tax_total": truth.get("tax_total"),
            "total": truth.get("gross_total") or truth.get("payable"),
            "po_number": truth.get("order_ref"),
        }
        also = {}
        ids = truth.get("seller_tax_ids") or []
        if ids:
            fields["supplier_tax_id"] = ids[0]
            also["supplier_tax_id"] = tuple(ids[1:])
        lines = tuple(
            Line(it["name"], it["qty"], it["net"])
            for it in truth.get("lines", ())
            if it["net"] and it["name"]
        )
        name = str(labels.relative_to(folder)).removesuffix(".truth.json")
        load, filename = _in_regime(file, regime)
        known = {key: value for key, value in fields.items() if value is not None}
        yield Case(
            name, filename, load, known, lines or None, also_right=also, printed=_printed(file, regime)
        )


def _beside(folder: Path) -> Iterator[tuple[Path, Path]]:
    for labels in sorted(folder.glob("*.json")):
        for file in sorted(folder.glob(f"{_escaped(labels.stem)}.*")):
            if file.suffix.lower() in (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".xml"):
                yield labels, file


def _escaped(stem: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", stem)


def _each_beside(folder: Path, regime: Regime) -> Iterator[Case]:
    """`NAME.ext` with `NAME.json`: truths of our own generator, or lists of a template project's expected output."""
    for labels, file in _beside(folder):
        truth = json.loads(labels.read_text(encoding="utf-8"))
        if isinstance(truth, list):
            yield _expected(truth[0], file)
        elif regime == "as_is" or file.suffix == ".pdf":
            yield _own(truth, file, regime)


def _expected(truth: dict[str, Any], file: Path) -> Case:
    fields = {
        "number": str(truth["invoice_number"]).lstrip("#") if "invoice_number" in truth else None,
        "issue_date": truth.get("date"),
        "total": _plain(str(truth["amount"])) if "amount" in truth else None,
        "currency": truth.get("currency"),
    }
    return Case(
        file.name, file.name, file.read_bytes, {name: value for name, value in fields.items() if value}
    )


def _listed(folder: Path, regime: Regime) -> Iterator[Case]:
    """A folder of generated documents with one `truth.json`: file name to truth."""
    for name, truth in json.loads((folder / "truth.json").read_text(encoding="utf-8")).items():
        if truth["type"] != "broken" and (regime == "as_is" or name.endswith(".pdf")):
            yield _own(truth, folder / name, regime)


def _own(truth: dict[str, Any], file: Path, regime: Regime) -> Case:
    load, filename = _in_regime(file, regime)
    lines = tuple(Line(it["description"], it["quantity"], it["net"]) for it in truth["lines"])
    return Case(
        file.name,
        filename,
        load,
        dict(truth["fields"]),
        lines or None,
        truth["type"],
        printed=_printed(file, regime),
    )


def _in_regime(file: Path, regime: Regime) -> tuple[Callable[[], bytes], str]:
    if regime == "text":
        return (lambda: _without_attachments(file.read_bytes())), file.name
    if regime == "rendered":
        return (lambda: _pictures(file.read_bytes())), f"{file.stem}.tiff"
    return file.read_bytes, file.name


def _printed(file: Path, regime: Regime) -> Callable[[], str] | None:
    """For what was rendered, what the text layer says."""
    return (lambda: _text(file.read_bytes())) if regime == "rendered" else None


def _text(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def _without_attachments(data: bytes) -> bytes:
    """The same pages, with nothing attached."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    for key in ("/AF", "/Metadata"):
        writer.root_object.pop(key, None)
    names = writer.root_object.get("/Names")
    if names is not None:
        names.get_object().pop("/EmbeddedFiles", None)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _pictures(data: bytes) -> bytes:
    """All pages as pictures in one TIFF."""
    document = pypdfium2.PdfDocument(data)
    images = [page.render(scale=_DPI / 72).to_pil().convert("RGB") for page in document]
    document.close()
    target = io.BytesIO()
    images[0].save(
        target, "TIFF", save_all=True, append_images=images[1:], compression="tiff_lzw", dpi=(_DPI, _DPI)
    )
    return target.getvalue()


def _day(text: str | None) -> str | None:
    """The date of a receipt's key as ISO 8601; compact forms are year first, or day first with two digits."""
    if not text:
        return None
    compact = re.fullmatch(r"((?:19|20)\d{2})([01]\d)(\d{2})", text)
    if compact:
        return "-".join(compact.groups())
    compact = re.fullmatch(r"(\d{2})(\d{2})(\d{4})", text)
    if compact:
        return "-".join(reversed(compact.groups()))
    found = days(text)
    return found[0].value.isoformat() if found else None


def _plain(text: str | None) -> str | None:
    """A decimal string without currency and thousands separators."""
    if not text:
        return None
    match = re.search(r"-?\d[\d,]*(?:\.\d+)?", text)
    return match[0].replace(",", "") if match else None
