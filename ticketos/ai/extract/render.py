"""Pages with the fields drawn on them: green where a field may skip a person, amber where a person must look."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from schemas.extraction import ExtractedField, Extraction
from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.sniff import kind_of
from ticketos.ai.ocr.images import image_pages

_AUTO, _UNSURE = (0, 130, 60), (205, 95, 0)
_WIDEST = 1700


def pictures(data: bytes, filename: str, read: Extraction, limits: Limits | None = None) -> list[Image.Image]:
    """Every page of a trusted document with a box and a name around each field that has a place; none for XML.

    A document that cannot be shown gives no pictures: why it was not read is in the extraction.
    """
    limits = limits or Limits()
    try:
        pages = _pages(data, filename, limits)
    except Quarantined:
        return []
    first = read.first_page if read.parts > 1 else 1
    for number, page in enumerate(pages, start=2 - first):
        _draw(page, number, read)
    return pages


def _draw(page: Image.Image, number: int, read: Extraction) -> None:
    for name, field in read.fields.items():
        if field.page == number and field.box is not None:
            _mark(page, name, field)


class Viewer(Protocol):
    """Who makes pictures of pages out of foreign bytes: a process of its own (``SandboxedReader``)."""

    def look(
        self, what: str, data: bytes, filename: str, asked: Mapping[str, object]
    ) -> tuple[dict[str, Any], bytes]: ...

    def unlock(self, data: bytes, filename: str, password: str) -> tuple[str | None, bytes]: ...


def write(
    viewer: Viewer, data: bytes, read: Extraction, folder: Path, stem: str, password: str | None = None
) -> list[Path]:
    """The document's own pages as `STEM-PAGE.png` in the folder, PAGE as the file counts them; the paths written.

    None for XML, and for pages that cannot be shown. The foreign bytes are opened by the viewer alone.
    """
    if password is not None:
        refused, opened = viewer.unlock(data, read.file, password)
        data = data if refused else opened
    first = read.first_page if read.parts > 1 else 1
    written = []
    for number in range(first, first + max(read.pages, 1)):
        _, png = viewer.look("picture", data, read.file, {"page": number})
        if png:
            with Image.open(io.BytesIO(png)) as image:
                page = _bounded(image)
            _draw(page, number - first + 1, read)
            path = folder / f"{stem}-{number}.png"
            page.save(path, "PNG")
            written.append(path)
    return written


def _pages(data: bytes, filename: str, limits: Limits) -> list[Image.Image]:
    kind = kind_of(data, filename, limits)
    if kind == "xml":
        return []
    if kind != "pdf":
        return [_bounded(image) for image in image_pages(data, limits)]
    file = PdfFile(data, limits)
    try:
        return [_bounded(file.picture(number)) for number in range(1, file.pages + 1)]
    except pypdfium2.PdfiumError as error:
        raise Quarantined("unreadable", str(error)) from error
    finally:
        file.close()


def _bounded(image: Image.Image) -> Image.Image:
    if image.width > _WIDEST:
        image = image.resize((_WIDEST, round(image.height * _WIDEST / image.width)))
    return image.convert("RGB")


def _mark(page: Image.Image, name: str, field: ExtractedField) -> None:
    assert field.box is not None
    left, top, right, bottom = field.box
    colour = _AUTO if field.auto else _UNSURE
    draw = ImageDraw.Draw(page)
    line = max(2, page.width // 600)
    box = (
        left * page.width - line,
        top * page.height - line,
        right * page.width + line,
        bottom * page.height + line,
    )
    draw.rectangle(box, outline=colour, width=line)
    font = ImageFont.load_default(size=max(11, page.width // 85))
    text = f"{name} {field.confidence:.2f}"
    x0, y0, x1, y1 = draw.textbbox((0, 0), text, font=font)
    # Above the box, or below where it touches the top of the page.
    y = box[1] - (y1 - y0) - 2 * line
    y = y if y >= 0 else box[3] + line
    x = max(0.0, min(box[0], page.width - (x1 - x0)))
    draw.rectangle((x, y, x + x1 - x0, y + y1 - y0 + line), fill=colour)
    draw.text((x - x0, y - y0), text, fill="white", font=font)
