"""What a person needs to see of a document beside its fields: the picture of a page, the words and where they
stand, other values a field could have, and what stands in a box somebody drew.

Like reading, this runs on hostile input and belongs inside the sandbox (``SandboxedReader.look``).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ticketos.ai.extract import doctype
from ticketos.ai.extract.candidates import candidates
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.scoring.offered import Offered
from ticketos.ai.extract.sniff import kind_of
from ticketos.ai.ocr.engines import OcrEngine, read_page
from ticketos.ai.ocr.images import image_pages
from ticketos.ai.ocr.page import Page, Word

if TYPE_CHECKING:
    from PIL import Image

SIDE = 1800
"""Longest side of a page's picture, in pixels."""
READ_PAGES = 8
MOST_WORDS = 3_000
_MARGIN = 0.004
_SMALLEST = 24
_LARGE_DPI = 300


def picture(data: bytes, filename: str, number: int, limits: Limits) -> tuple[dict[str, Any], bytes]:
    """Page ``number`` (from 1) as PNG, with its size and how many pages there are. Raises Quarantined, also
    ``no-page`` for a page that is not there and for a file that has none."""
    image, pages = _image(data, filename, number, limits)
    image.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=4)
    return {"pages": pages, "width": image.width, "height": image.height}, buffer.getvalue()


def reading(
    data: bytes, filename: str, limits: Limits, engine: OcrEngine, first: int = 1, last: int | None = None
) -> dict[str, Any]:
    """The words of the first pages and, per field, what else it could be, the likeliest first. Pages count from
    ``first``, where a document begins that is one of several in the file."""
    pages = list(_pages(data, filename, limits, engine, first, last))
    words = [
        {"page": page.number, "text": word.text, "box": [round(edge, 4) for edge in word.box]}
        for page in pages
        for word in page.words
    ]
    return {"words": words[:MOST_WORDS], "candidates": _candidates(pages)}


def _candidates(pages: list[Page]) -> dict[str, list[dict[str, Any]]]:
    if not pages:
        return {}
    paper = Paper(pages)
    return candidates(Offered(paper, doctype.type_of(paper)[0]))


def region(
    data: bytes,
    filename: str,
    number: int,
    box: tuple[float, float, float, float],
    limits: Limits,
    engine: OcrEngine,
) -> dict[str, Any]:
    """What stands in a box of a page: the words of the text layer, else the picture read again, enlarged."""
    found = [word for word in _layer(data, filename, number, limits) if _inside(word, box)]
    source = "text"
    if not found:
        source = engine.name
        found = list(engine.page(_cut(data, filename, number, box, limits), number, turn=0).words)
    return {"text": _lines(found), "source": source}


def unlocked(data: bytes, filename: str, password: str, limits: Limits) -> bytes:
    """A protected PDF as one that opens for everybody. Raises Quarantined, ``wrong-password`` among the rest."""
    if kind_of(data, filename, limits) != "pdf":
        raise Quarantined("unsupported", "only a PDF is opened by a password")
    file = PdfFile(data, limits, password)
    try:
        copy = file.unprotected()
    finally:
        file.close()
    if len(copy) > limits.bytes:
        raise Quarantined("too-large", f"{len(copy)} bytes without protection")
    return copy


def _image(data: bytes, filename: str, number: int, limits: Limits) -> tuple[Image.Image, int]:
    kind = kind_of(data, filename, limits)
    if kind == "pdf":
        file = PdfFile(data, limits)
        try:
            if not 1 <= number <= file.pages:
                raise Quarantined("no-page", f"{number} of {file.pages}")
            return file.picture(number), file.pages
        finally:
            file.close()
    if kind == "image":
        pages = list(image_pages(data, limits))
        if not 1 <= number <= len(pages):
            raise Quarantined("no-page", f"{number} of {len(pages)}")
        return pages[number - 1], len(pages)
    raise Quarantined("no-page", "structured data")


def _pages(
    data: bytes, filename: str, limits: Limits, engine: OcrEngine, first: int, last: int | None
) -> Iterator[Page]:
    kind = kind_of(data, filename, limits)
    end = first + READ_PAGES - 1 if last is None else min(last, first + READ_PAGES - 1)
    if kind == "image":
        for number, image in enumerate(image_pages(data, limits), start=1):
            if first <= number <= end:
                yield read_page(engine, image, number - first + 1)
    if kind == "pdf":
        file = PdfFile(data, limits)
        try:
            for number in range(first, min(file.pages, end) + 1):
                page = file.text_page(number) or read_page(engine, file.picture(number), number)
                yield replace(page, number=number - first + 1)
        finally:
            file.close()


def _layer(data: bytes, filename: str, number: int, limits: Limits) -> tuple[Word, ...]:
    if kind_of(data, filename, limits) != "pdf":
        return ()
    file = PdfFile(data, limits)
    try:
        page = file.text_page(number) if 1 <= number <= file.pages else None
        return page.words if page else ()
    finally:
        file.close()


def _inside(word: Word, box: tuple[float, float, float, float]) -> bool:
    """A word belongs to a box when its middle lies in it."""
    across, down = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
    return box[0] <= across <= box[2] and box[1] <= down <= box[3]


def _cut(
    data: bytes, filename: str, number: int, box: tuple[float, float, float, float], limits: Limits
) -> Image.Image:
    image, _ = _image(data, filename, number, limits)
    left, top = (max(0.0, edge - _MARGIN) for edge in box[:2])
    right, bottom = (min(1.0, edge + _MARGIN) for edge in box[2:])
    part = image.crop(
        (
            int(left * image.width),
            int(top * image.height),
            int(right * image.width),
            int(bottom * image.height),
        )
    )
    if min(part.size) < 1:
        raise Quarantined("no-page", "an empty box")
    # Readers do badly on a few pixels: a small cut is enlarged and gets the white edge a page would have.
    scale = max(1.0, min(4.0, _LARGE_DPI / limits.render_dpi, 64 / max(part.height, 1) * 2))
    part = part.resize((max(_SMALLEST, int(part.width * scale)), max(_SMALLEST, int(part.height * scale))))
    from PIL import ImageOps

    return ImageOps.expand(part, border=_SMALLEST, fill="white")


def _lines(words: Iterable[Word]) -> str:
    """Words in reading order, line by line."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda one: ((one.y0 + one.y1) / 2, one.x0)):
        middle = (word.y0 + word.y1) / 2
        if rows and abs(middle - (rows[-1][0].y0 + rows[-1][0].y1) / 2) < word.height * 0.6:
            rows[-1].append(word)
        else:
            rows.append([word])
    return "\n".join(" ".join(one.text for one in sorted(row, key=lambda one: one.x0)) for row in rows)
