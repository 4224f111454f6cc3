"""Piles of composed papers: as labelled words for learning, and as labelled files in a folder."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ticketos.dev.sim.documents import scans
from ticketos.dev.sim.documents.composed.compose import Labelled, Paper, compose
from ticketos.dev.sim.documents.composed.wear import compressed, worn
from ticketos.dev.sim.documents.truth import KINDS, Form, Kind, Unbooked

SUFFIXES: dict[str, str] = {
    "text_pdf": "pdf",
    "scan_pdf": "pdf",
    "image_png": "png",
    "image_jpeg": "jpg",
    "words": "words.json",
    "text_words": "words.json",
}


def papers(count: int, seed: int, kinds: Sequence[Kind | Unbooked] = KINDS) -> Iterator[Paper]:
    """`count` papers, each of a maker of its own; kinds in turn."""
    for index in range(count):
        yield compose(kinds[index % len(kinds)], seed * 1_000_003 + index)


def labelled_words(
    count: int,
    seed: int,
    kinds: Sequence[Kind | Unbooked] = KINDS,
    *,
    ocr: float = 0.5,
    damage: float | None = None,
) -> Iterator[Labelled]:
    """`count` papers as words with boxes, made without drawing: a share `ocr` of them as a scan is read.

    `damage` fixes that of every scan; without it each has its own, mostly light.
    """
    rng = random.Random(f"labelled/{seed}")
    for paper in papers(count, seed, kinds):
        if rng.random() < ocr:
            yield paper.ocr_words(seed, rng.random() ** 1.6 if damage is None else damage)
        else:
            yield paper.text_words()


def write_folder(
    folder: Path,
    count: int,
    seed: int,
    kinds: Sequence[Kind | Unbooked] = KINDS,
    form: Form | str | None = None,
    damage: float | None = None,
) -> list[Path]:
    """Writes `count` documents NAME.ext, each with its truth NAME.json; returns the documents' paths.

    Without a form, forms take turns; `words` writes pages of words instead of a document, as an optical reader
    gives them, `text_words` as a text layer does. Files of the same name are overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(f"folder/{seed}")
    written = []
    forms = ("text_pdf", "scan_pdf", "image_png", "image_jpeg") if form is None else (form,)
    for index, paper in enumerate(papers(count, seed, kinds)):
        chosen = forms[index // len(kinds) % len(forms)]
        wear = rng.random() ** 1.6 if damage is None else damage
        path = folder / f"{paper.contents.name}_{seed}_{index:05d}.{SUFFIXES[chosen]}"
        path.write_bytes(content(paper, chosen, f"{seed}/{index}", wear))
        stem = path.name.removesuffix(f".{SUFFIXES[chosen]}")
        truth = paper.truth.as_dict() | {
            "form": chosen,
            "damage": round(wear, 3) if chosen != "text_pdf" else 0.0,
        }
        (folder / f"{stem}.json").write_text(
            json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        written.append(path)
    return written


def content(paper: Paper, form: str, seed: str, damage: float) -> bytes:
    """The paper as a file of the form. Raises `ValueError` for a form that does not exist."""
    if form in ("words", "text_words"):
        read = paper.ocr_words(seed, damage) if form == "words" else paper.text_words()
        pages = [
            {
                "width": page.width,
                "height": page.height,
                "source": page.source,
                "words": [[w.text, w.x0, w.y0, w.x1, w.y1, w.confidence] for w in page.words],
            }
            for page in read.pages
        ]
        return json.dumps({"pages": pages, "marks": read.marks}, ensure_ascii=False).encode()
    if form not in SUFFIXES:
        raise ValueError(f"there is no form {form!r}; there are {', '.join(SUFFIXES)}")
    pdf = paper.pdf()
    return pdf if form == "text_pdf" else _pictured(pdf, paper, form, seed, damage)


def _pictured(pdf: bytes, paper: Paper, form: str, seed: str, damage: float) -> bytes:
    """The pages as pictures after their life: a scan of all, or the first as a picture file."""
    rng = random.Random(f"wear/{seed}")
    dpi = round(200 - 70 * damage * rng.random())
    slip, photo = paper.contents.kind == "receipt", form == "image_jpeg" and rng.random() < 0.6
    pages = scans.render(pdf, dpi)[: None if form == "scan_pdf" else 1]
    pages = [worn(page, rng, damage, slip=slip, photo=photo) for page in pages]
    if damage > 0:
        pages = [compressed(page, rng, damage) for page in pages]
    out = io.BytesIO()
    if form == "scan_pdf":
        stamp = time.gmtime(1_735_725_600)  # a scanner's clock says nothing about the document
        pages[0].save(
            out,
            "PDF",
            save_all=True,
            append_images=pages[1:],
            resolution=float(dpi),
            quality=90,
            creationDate=stamp,
            modDate=stamp,
        )
    elif form == "image_jpeg":
        pages[0].save(out, "JPEG", quality=90, dpi=(dpi, dpi))
    else:
        pages[0].save(out, "PNG", dpi=(dpi, dpi), compress_level=4)
    return out.getvalue()
