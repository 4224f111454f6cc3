"""Progress while the day runs: bars on a terminal, plain lines elsewhere. Everything goes to stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_LINE_EVERY_S = 10.0


class Board:
    """Named bars. ``show`` sets one; ``say`` prints a line of news above them."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars: dict[str, TaskID] = {}
        self._values: dict[str, str] = {}
        self._last = 0.0
        self._progress = (
            Progress(
                TextColumn("{task.description:<22}"),
                BarColumn(),
                TextColumn("{task.fields[count]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            if sys.stderr.isatty()
            else None
        )

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, name: str, done: int, total: int | None = None) -> None:
        """Set a bar; one that has not been shown yet appears. Without a total nobody knows how many there will be."""
        count = self._values[name] = str(done) if total is None else f"{done}/{total}"
        if self._progress is None:
            self._line()
            return
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=total, count=count)
        self._progress.update(self._bars[name], completed=done, total=total, count=count)

    def say(self, text: str) -> None:
        """A line of news."""
        if self._progress is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._progress.console.print(f"  {text}", markup=False)

    def _line(self) -> None:
        now = time.monotonic()
        if now - self._last < _LINE_EVERY_S:
            return
        self._last = now
        told = ", ".join(f"{name.lower()} {count}" for name, count in self._values.items())
        print(told, file=sys.stderr, flush=True)
