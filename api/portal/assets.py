"""The portal's own styles and scripts: read once, compressed once, addressed by what is in them.

A file's address carries a hash of its content, so a browser keeps it for a year and a new version is a new
address. Only files that lie in ``static`` when the process starts are served.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True)
class Asset:
    """One file, as it is and compressed."""

    content: bytes
    packed: bytes
    media: str
    mark: str


class Assets:
    """Every file by its path below ``static``."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            file.relative_to(folder).as_posix(): _asset(file)
            for file in sorted(folder.rglob("*"))
            if file.suffix in _TYPES
        }
        # Scripts import each other by relative address: one mark for all keeps them of one version.
        self.mark = hashlib.sha256("".join(one.mark for one in self._files.values()).encode()).hexdigest()[
            :12
        ]

    def url(self, name: str) -> str:
        """Where a file is served. Raises ``KeyError`` for one that is not there."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.mark}/{name}"

    def get(self, name: str) -> Asset | None:
        """The file, if it is one of ours."""
        return self._files.get(name)


def _asset(file: Path) -> Asset:
    content = file.read_bytes()
    return Asset(
        content,
        gzip.compress(content, 9, mtime=0),
        _TYPES[file.suffix],
        hashlib.sha256(content).hexdigest()[:12],
    )
