"""Image files as upright RGB pages, within limits that are checked before anything is decoded."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator

from PIL import Image, ImageOps, UnidentifiedImageError

from ticketos.ai.extract.limits import Limits, Quarantined

_FORMATS = ("PNG", "JPEG", "TIFF")


def image_pages(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    """The pages of a PNG, JPEG or TIFF. Raises Quarantined: truncated, unreadable, too-heavy,
    too-many-pages.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield from _frames(data, limits)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Quarantined("too-heavy", "pixels") from error
    except UnidentifiedImageError as error:
        raise Quarantined("unreadable" if len(data) > 64 else "truncated", "no image") from error
    except (OSError, struct.error, SyntaxError, EOFError, ValueError) as error:
        # Pillow reports a missing end in several words; only a decoder that failed mid-way says none of them.
        short = any(word in str(error).lower() for word in ("truncated", "not enough", "unpack", "eof"))
        raise Quarantined("truncated" if short else "unreadable", str(error)) from error


def _frames(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        count = getattr(image, "n_frames", 1)
        if count > limits.pages:
            raise Quarantined("too-many-pages", str(count))
        for index in range(count):
            if index:
                image.seek(index)
            if image.width * image.height > limits.pixels:
                raise Quarantined("too-heavy", f"{image.width} × {image.height} pixels")
            image.load()
            yield _flat(ImageOps.exif_transpose(image))


def _flat(image: Image.Image) -> Image.Image:
    """RGB on white: transparent paper would come out black."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(paper, layered).convert("RGB")
    if image.mode.startswith(("I", "F")):
        # Sixteen bits and more: stretched to the paper's own range, or everything but black is white.
        grey = image.convert("F")
        low, high = (float(value) for value in grey.getextrema() if not isinstance(value, tuple))
        span = max(high - low, 1.0)
        return grey.point(lambda value: value * (255 / span) - low * 255 / span).convert("L").convert("RGB")
    return image.convert("RGB")
