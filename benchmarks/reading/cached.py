"""An optical reader that remembers: understanding can then be scored again in seconds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from PIL import Image

from ticketos.ai.ocr.engines import OcrEngine
from ticketos.ai.ocr.page import Page, Word


class CachedOcr:
    """Answers from a folder of JSON files where the same picture was read before by the same engine."""

    def __init__(self, engine: OcrEngine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self.name = engine.name

    def page(self, image: Image.Image, number: int, turn: int | None = None) -> Page:
        """The page of the picture, read now or earlier."""
        file = self.file(image, turn)
        if file.is_file():
            kept = json.loads(file.read_text(encoding="utf-8"))
            words = tuple(
                Word(text, x0, y0, x1, y1, tuple(box), sure)
                for text, x0, y0, x1, y1, box, sure in kept["words"]
            )
            return Page(number, kept["width"], kept["height"], words, "ocr", kept["turn"])
        page = self._engine.page(image, number, turn)
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [[it.text, it.x0, it.y0, it.x1, it.y1, it.box, it.confidence] for it in page.words]
        kept = {"width": page.width, "height": page.height, "turn": page.turn, "words": rows}
        file.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        return page

    def file(self, image: Image.Image, turn: int | None = None) -> Path:
        """Where what was read of a picture is kept."""
        digest = hashlib.sha256(image.tobytes() + repr((image.size, turn)).encode()).hexdigest()[:32]
        return self._folder / self.name / f"{digest}.json"
