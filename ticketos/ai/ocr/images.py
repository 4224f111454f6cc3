"""Image files as upright RGB pages, within limits that are checked before anything is decoded."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageOps, UnidentifiedImageError

from schemas.extraction import Box
from ticketos.ai.extract.limits import Limits, Quarantined

_FORMATS = ("PNG", "JPEG", "TIFF")
# A page photographed with more than this is shrunk: letters are high enough, and memory is not without end.
_ENOUGH_PIXELS = 12_000_000


class ImageFile:
    """The pages of a PNG, JPEG or TIFF, decoded one by one.

    Raises Quarantined here and in `picture`: truncated, unreadable, too-heavy, too-many-pages.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        with _told(short=len(data) <= 64):
            self._image = Image.open(io.BytesIO(data), formats=_FORMATS)
            self.pages = int(getattr(self._image, "n_frames", 1))
        if self.pages > limits.pages:
            raise Quarantined("too-many-pages", str(self.pages))

    def text_page(self, _number: int) -> None:
        """An image has no text layer."""

    def code_pictures(self, number: int) -> Iterator[tuple[Image.Image, Box]]:
        """The whole of page `number`: a picture does not tell where it has a code."""
        yield self.picture(number), (0.0, 0.0, 1.0, 1.0)

    def picture(self, number: int) -> Image.Image:
        """Page `number`, from 1."""
        with _told(), warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = self._image
            if self.pages > 1:
                image.seek(number - 1)
            pixels = image.width * image.height
            if pixels > self._limits.pixels or min(image.size) < 1:
                raise Quarantined("too-heavy", f"{image.width} × {image.height} pixels")
            if image.format == "JPEG":
                # The decoder itself can leave out what would be thrown away.
                image.draft(None, _fitting(image))
            image.load()
            if image.width * image.height > _ENOUGH_PIXELS and image.mode not in ("P", "1"):
                return _flat(ImageOps.exif_transpose(image.resize(_fitting(image), Image.Resampling.BOX)))
            return _flat(ImageOps.exif_transpose(image))

    def close(self) -> None:
        self._image.close()


def image_pages(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    """The pages of an image file in order; raises as `ImageFile`."""
    file = ImageFile(data, limits)
    try:
        for number in range(1, file.pages + 1):
            yield file.picture(number)
    finally:
        file.close()


def is_blank(image: Image.Image) -> bool:
    """Whether a page holds no ink worth reading: paper, its shadows and some dust."""
    small = image.convert("L")
    small.thumbnail((400, 400))
    counts = small.histogram()
    total = small.width * small.height
    paper = max(range(256), key=counts.__getitem__)
    # Ink is far from the paper's own shade on either side; a grey scan's gradient is near it.
    ink = sum(counts[shade] for shade in range(256) if abs(shade - paper) > 60)
    return ink < total * 0.0004


@contextmanager
def _told(short: bool = False) -> Iterator[None]:
    """Pillow's many ways to fail as the few words a client understands."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Quarantined("too-heavy", "pixels") from error
    except UnidentifiedImageError as error:
        raise Quarantined("truncated" if short else "unreadable", "no image") from error
    except (OSError, struct.error, SyntaxError, EOFError, ValueError, TypeError, OverflowError) as error:
        # Pillow reports a missing end in several words; only a decoder that failed mid-way says none of them.
        cut = short or any(
            word in str(error).lower() for word in ("truncated", "not enough", "unpack", "eof")
        )
        raise Quarantined("truncated" if cut else "unreadable", str(error)) from error


def _fitting(image: Image.Image) -> tuple[int, int]:
    """The size at which an image has at most the pixels that are enough."""
    scale = min(1.0, (_ENOUGH_PIXELS / (image.width * image.height)) ** 0.5)
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


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
