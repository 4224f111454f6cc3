"""Pages with the fields drawn on them: green where a field may skip a person, amber where a person must look."""

from __future__ import annotations

from pathlib import Path

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
    """Every page of a document with a box and a name around each field that has a place; none for XML.

    A document that cannot be shown gives no pictures: why it was not read is in the extraction.
    """
    limits = limits or Limits()
    try:
        pages = _pages(data, filename, limits)
    except Quarantined:
        return []
    first = read.first_page if read.parts > 1 else 1
    for number, page in enumerate(pages, start=2 - first):
        for name, field in read.fields.items():
            if field.page == number and field.box is not None:
                _mark(page, name, field)
    return pages


def write(data: bytes, filename: str, read: Extraction, folder: Path) -> list[Path]:
    """The pictures as `NAME-PAGE.png` in the folder, which is made; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, picture in enumerate(pictures(data, filename, read), start=1):
        path = folder / f"{Path(filename).name}-{number}.png"
        picture.save(path, "PNG")
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
