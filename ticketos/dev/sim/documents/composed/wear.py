"""What happens to paper and pictures: faded print, crumples, shadows, pens, slants, poor cameras.

Everything is drawn from a generator that is handed in: the same one gives the same picture on one machine.
"""

from __future__ import annotations

import io
import math
import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Grey = NDArray[np.float32]


def worn(page: Image.Image, rng: random.Random, damage: float, *, slip: bool, photo: bool) -> Image.Image:
    """A grey page after its life at that damage (0 to 1), as a scan or as a photograph.

    `slip` papers are thermal prints and may lie on a larger sheet, as receipts do when they are filed.
    """
    if damage <= 0:
        return page
    if slip and rng.random() < 0.75:
        page = _printed_thin(page, rng, damage)
    if rng.random() < 0.5 * damage:
        page = _folded(page, rng, damage)
    if rng.random() < 0.12 + 0.2 * damage:
        page = _written_on(page, rng)
    if rng.random() < 0.2 * damage:
        page = _stained(page, rng)
    if slip and rng.random() < 0.45:
        page = _on_a_sheet(page, rng)
    if rng.random() < 0.35 * damage:
        page = _crumpled(page, rng, damage)
    if photo:
        page = _slanted(page, rng, damage)
    page = page.rotate(
        rng.gauss(0, 1) * 2.2 * damage, Image.Resampling.BICUBIC, fillcolor=rng.randint(225, 255)
    )
    page = _lit(page, rng, damage * (1.0 if photo else 0.5))
    page = _softened(page, rng, damage)
    if not photo and rng.random() < 0.12 * damage:
        return page.point(lambda value: 255 if value > 150 else 0)  # a fax or a black-and-white scan
    return page


def compressed(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """The page after a lossy picture format."""
    out = io.BytesIO()
    page.save(out, "JPEG", quality=max(round(92 - 62 * damage * rng.uniform(0.5, 1)), 18))
    return Image.open(io.BytesIO(out.getvalue())).convert("L")


def _array(page: Image.Image) -> Grey:
    return np.asarray(page, dtype=np.float32)


def _image(values: Grey) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "L")


def _printed_thin(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """Thermal print: pale, paler in bands, with lines the head left out, or made of dots."""
    values = _array(page)
    height, width = values.shape
    ink = 255 - values
    strength = 1 - 0.55 * damage * rng.random()
    rows = np.linspace(0, rng.uniform(1, 9) * math.pi, height, dtype=np.float32)
    fade = strength * (1 - 0.4 * damage * rng.random() * (0.5 + 0.5 * np.sin(rows + rng.random() * 6)))
    ink *= fade[:, None]
    for _ in range(rng.randrange(1 + round(4 * damage))):  # a dead element of the print head
        column = rng.randrange(width)
        ink[:, column : column + rng.randint(1, 2)] *= rng.uniform(0.1, 0.6)
    if rng.random() < 0.3:
        grain = np.random.default_rng(rng.getrandbits(32)).random((height, width), dtype=np.float32)
        ink *= 1 - 0.6 * damage * (grain > 0.7)
    if rng.random() < 0.15:
        step = rng.choice((3, 4))
        dots = (np.arange(height)[:, None] % step != 0) & (np.arange(width)[None, :] % step != 0)
        ink *= np.where(dots, 1.0, 0.35)
    return _image(rng.uniform(232, 252) - ink * rng.uniform(0.85, 1.0))


def _folded(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    pen = ImageDraw.Draw(page)
    width, height = page.size
    for _ in range(rng.randint(1, 3)):
        place = height * rng.uniform(0.15, 0.85)
        pen.line(
            (0, place, width, place + rng.uniform(-9, 9)), fill=rng.randint(170, 225), width=rng.randint(1, 3)
        )
        if rng.random() < 0.5:  # ink broken off along the crease
            pen.line((0, place + 2, width, place + 3), fill=250, width=2)
    return page


def _written_on(page: Image.Image, rng: random.Random) -> Image.Image:
    """Ticks, an initial, an underline, or a number somebody noted."""
    pen = ImageDraw.Draw(page)
    width, height = page.size
    shade = rng.randint(20, 110)
    for _ in range(rng.randint(1, 3)):
        x, y = rng.uniform(0.1, 0.8) * width, rng.uniform(0.05, 0.95) * height
        size = width * rng.uniform(0.04, 0.16)
        stroke = [
            (
                x + size * math.sin(step * rng.uniform(0.4, 0.9)),
                y + size * 0.5 * math.cos(step * 0.7) + step * size * 0.05,
            )
            for step in range(rng.randint(3, 14))
        ]
        pen.line(stroke, fill=shade, width=rng.randint(2, 4), joint="curve")
    return page


def _stained(page: Image.Image, rng: random.Random) -> Image.Image:
    width, height = page.size
    mask = Image.new("L", page.size, 255)
    pen = ImageDraw.Draw(mask)
    x, y, radius = rng.uniform(0, width), rng.uniform(0, height), width * rng.uniform(0.08, 0.3)
    pen.ellipse(
        (x - radius, y - radius, x + radius, y + radius),
        outline=rng.randint(150, 200),
        width=max(int(radius / 9), 3),
    )
    return ImageChops.multiply(page, mask.filter(ImageFilter.GaussianBlur(3)))


def _on_a_sheet(page: Image.Image, rng: random.Random) -> Image.Image:
    """The slip on a scanner's glass or glued to a larger paper, its edge faint or dark."""
    width, height = page.size
    sheet = Image.new(
        "L",
        (round(width * rng.uniform(1.05, 2.0)), round(height * rng.uniform(1.02, 1.35))),
        rng.choice((255, 255, 250, 242)),
    )
    left, top = rng.randint(0, sheet.width - width), rng.randint(0, sheet.height - height)
    if rng.random() < 0.5:
        ImageDraw.Draw(page).rectangle((0, 0, width - 1, height - 1), outline=rng.randint(120, 230), width=1)
    sheet.paste(page, (left, top))
    return sheet


def _crumpled(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """Rows shifted in a slow wave, as paper that does not lie flat."""
    values = _array(page)
    height, width = values.shape
    reach = width * 0.008 * damage * rng.uniform(0.4, 1)
    rows, columns = np.arange(height), np.arange(width)
    wave = reach * np.sin(rows / height * rng.uniform(2, 9) + rng.random() * 6)
    lift = reach * np.sin(columns / width * rng.uniform(1, 5) + rng.random() * 6)
    source_x = np.clip(columns[None, :] + wave[:, None], 0, width - 1).astype(np.int32)
    source_y = np.clip(rows[:, None] + lift[None, :], 0, height - 1).astype(np.int32)
    return _image(values[source_y, source_x])


def _slanted(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """Laid on a desk and photographed from somewhere above it."""
    border = round(min(page.size) * rng.uniform(0.02, 0.12))
    desk = Image.new("L", (page.width + 2 * border, page.height + 2 * border), rng.randint(40, 190))
    desk.paste(page, (border, border))
    reach = border * damage * 0.9
    width, height = desk.size
    quad = [
        value
        for x, y in ((0, 0), (0, height), (width, height), (width, 0))
        for value in (
            x + rng.uniform(0, reach) * (1 if x == 0 else -1),
            y + rng.uniform(0, reach) * (1 if y == 0 else -1),
        )
    ]
    return desk.transform(desk.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)


def _lit(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """Light from one side, and the shadow of a hand or telephone."""
    width, height = page.size
    across, down = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    turn = rng.uniform(0, 2 * math.pi)
    slope = across[None, :] * math.cos(turn) + down[:, None] * math.sin(turn)
    shade = 1 - 0.3 * damage * rng.random() * (slope + 1) / 2
    if rng.random() < 0.4 * damage:
        centre = rng.uniform(-0.8, 0.8)
        edge = 1 / (1 + np.exp(-(slope - centre) * rng.uniform(6, 40)))
        shade = shade * (1 - rng.uniform(0.15, 0.45) * damage * edge)
    return _image(_array(page) * shade.astype(np.float32))


def _softened(page: Image.Image, rng: random.Random, damage: float) -> Image.Image:
    """Out of focus, coarse and noisy."""
    if rng.random() < 0.5 * damage:  # few pixels, blown up again
        factor = 1 - 0.45 * damage * rng.random()
        small = page.resize(
            (max(round(page.width * factor), 8), max(round(page.height * factor), 8)),
            Image.Resampling.BILINEAR,
        )
        page = small.resize(page.size, Image.Resampling.BICUBIC)
    page = page.filter(ImageFilter.GaussianBlur(1.1 * damage * rng.random()))
    noise = np.random.default_rng(rng.getrandbits(32)).normal(
        0, 1 + 14 * damage * rng.random(), page.size[::-1]
    )
    return _image(_array(page) + noise.astype(np.float32))
