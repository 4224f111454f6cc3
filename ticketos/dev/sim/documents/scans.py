"""Paper again: pages rendered, turned, blurred, unevenly lit, noised and compressed, by seed and damage."""

from __future__ import annotations

import io
import random
import time

import pypdfium2 as pdfium
from PIL import Image, ImageChops, ImageDraw, ImageFilter

PAPER = 250


def render(pdf: bytes, dpi: int) -> list[Image.Image]:
    """The pages of a PDF as grey images."""
    document = pdfium.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L") for page in document]
    finally:
        document.close()


def scanned_pdf(pdf: bytes, seed: str, damage: float) -> bytes:
    """A PDF of page images without a text layer, 150 to 200 dpi."""
    rng = random.Random(f"scan/{seed}")
    dpi = _resolution(rng, damage)
    pages = [_worn(page, rng, damage) for page in render(pdf, dpi)]
    out = io.BytesIO()
    # A fixed date keeps equal requests equal; a scanner's clock says nothing about the document.
    stamp = time.gmtime(1_735_725_600)
    pages[0].save(
        out,
        "PDF",
        save_all=True,
        append_images=pages[1:],
        resolution=float(dpi),
        quality=_quality(damage),
        creationDate=stamp,
        modDate=stamp,
    )
    return out.getvalue()


def image(pdf: bytes, seed: str, damage: float, *, jpeg: bool) -> bytes:
    """The first page as a picture; a JPEG is a photograph, keystoned as a hand-held camera does."""
    rng = random.Random(f"image/{seed}")
    dpi = _resolution(rng, damage)
    page = _worn(render(pdf, dpi)[0], rng, damage)
    out = io.BytesIO()
    if jpeg:
        if damage > 0:
            page = _photographed(page, rng, damage)
        page.save(out, "JPEG", quality=_quality(damage), dpi=(dpi, dpi))
    else:
        page.save(out, "PNG", dpi=(dpi, dpi), compress_level=4)
    return out.getvalue()


def _resolution(rng: random.Random, damage: float) -> int:
    return 200 - round(50 * damage * rng.uniform(0.5, 1))


def _quality(damage: float) -> int:
    return 90 - round(55 * damage)


def _worn(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """The page after the paper's life: nothing at damage 0, hard to read at 1."""
    if damage <= 0:
        return page
    angle = rng.choice((-1, 1)) * rng.uniform(0.3, 1) * 3 * damage
    page = page.point(lambda value: value * PAPER // 255)
    page = page.rotate(angle, Image.Resampling.BICUBIC, fillcolor=PAPER)
    page = _specks(page, rng, damage)
    page = page.filter(ImageFilter.GaussianBlur(0.2 + 0.9 * damage * rng.uniform(0.5, 1)))
    page = _lit(page, rng, damage)
    return _grained(page, rng, 6 + round(44 * damage))


def _lit(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """Light falls off towards one side or the corners."""
    shade = (
        Image.radial_gradient("L")
        if rng.random() < 0.5
        else Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270)))
    )
    depth = 0.45 * damage * rng.uniform(0.4, 1)
    shade = shade.point(lambda value: 255 - int(value * depth)).resize(page.size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(page, shade)


def _grained(page: Image.Image, rng: random.Random, spread: int) -> Image.Image:
    """Sensor noise of the given width in grey levels, drawn from our own generator to be repeatable."""
    width, height = page.size
    noise = Image.frombytes("L", page.size, rng.randbytes(width * height)).point(
        lambda value: value * spread // 255
    )
    return ImageChops.add(page, noise, 1, -spread // 2)


def _specks(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """Dust, a fold, and now and then a punched hole at the left edge."""
    pen = ImageDraw.Draw(page)
    width, height = page.size
    for _ in range(round(60 * damage)):
        x, y, size = rng.randrange(width), rng.randrange(height), rng.uniform(0.5, 2.2)
        pen.ellipse((x, y, x + size, y + size), fill=rng.randint(40, 160))
    if damage > 0.3 and rng.random() < 0.5:
        fold = height * rng.uniform(0.3, 0.7)
        pen.line((0, fold, width, fold + rng.uniform(-6, 6)), fill=205, width=2)
    # Only a full sheet has a margin wide enough for holes that take no text away.
    if damage > 0.2 and rng.random() < 0.4 and width > 1000:
        for centre in (height * 0.37, height * 0.63):
            pen.ellipse((18, centre - 20, 58, centre + 20), fill=70)
    return page


def _photographed(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """Laid on a desk and seen at a slant."""
    border = round(page.width * 0.03)
    desk = Image.new("L", (page.width + 2 * border, page.height + 2 * border), rng.randint(60, 130))
    desk.paste(page, (border, border))
    reach = border * damage
    width, height = desk.size
    corners = [(0, 0), (0, height), (width, height), (width, 0)]
    quad = [
        part
        for x, y in corners
        for part in (x + _inwards(rng, x, width, reach), y + _inwards(rng, y, height, reach))
    ]
    return desk.transform(desk.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)


def _inwards(rng: random.Random, place: int, end: int, reach: float) -> float:
    shift = rng.uniform(0, reach)
    return shift if place == 0 else -shift if place == end else 0.0
