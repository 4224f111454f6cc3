"""An optical reader that remembers: understanding can then be scored again in seconds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from PIL import Image

from ticketos.ai.ocr.engines import OcrEngine
from ticketos.ai.ocr.page import Word


class CachedOcr:
    """Answers from a folder of JSON files where the same picture was read before by the same engine."""

    def __init__(self, engine: OcrEngine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self.name = engine.name

    def words(self, image: Image.Image) -> list[Word]:
        """The words of the picture, read now or earlier."""
        file = self.file(image)
        if file.is_file():
            rows = json.loads(file.read_text(encoding="utf-8"))
            return [Word(text, x0, y0, x1, y1, tuple(box), sure) for text, x0, y0, x1, y1, box, sure in rows]
        words = self._engine.words(image)
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [[it.text, it.x0, it.y0, it.x1, it.y1, it.box, it.confidence] for it in words]
        file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        return words

    def file(self, image: Image.Image) -> Path:
        """Where the words of a picture are kept."""
        digest = hashlib.sha256(image.tobytes() + repr(image.size).encode()).hexdigest()[:32]
        return self._folder / self.name / f"{digest}.json"
