"""The last line of every benchmark: one JSON object with keys that stay, and the file that keeps lines."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "docs" / "measured.jsonl"

KEYS: Mapping[str, tuple[str, ...]] = {
    "lifecycle": (
        "ratio",
        "tickets_per_s",
        "floor_per_s",
        "p50_s",
        "p95_s",
        "transitions",
        "events",
        "bytes",
    ),
    "intake": ("sent", "lost", "p50_ms", "p99_ms", "refused"),
    "chaos": (
        "kills",
        "tickets",
        "lost",
        "doubled",
        "double_billed",
        "journals_zero",
        "audit_ok",
        "recover_p95_s",
    ),
    "lists": ("tickets", "rows_p95_ms", "counts_p95_ms", "search_p95_ms", "board_p95_ms", "rows_worst_ms"),
    "printing": ("longest_s", "rows_6", "rows_16"),
    "pages": ("tickets", "list_p95_ms", "ticket_p95_ms", "act_p95_ms", "first_load_kb"),
    "big_ticket": (
        "documents",
        "seconds",
        "docs_per_s",
        "runs",
        "largest_run_events",
        "progress_seen",
        "state",
        "broken_named",
    ),
    "newcomer": (
        "total_s",
        "ready_s",
        "machine_s",
        "human_s",
        "clicks",
        "typed",
        "pages",
        "billed",
    ),
    "networks": ("ratio", "openvino_ms", "onnxruntime_ms", "openvino_mb"),
    "speed": ("text_per_cpu_s", "text_per_s", "scans_per_cpu_s", "scans_per_s", "worker_ready_s"),
    "extraction": (
        "fields",
        "line_f1",
        "auto_right",
        "auto_cover",
        "cover_at_99",
        "pages_per_s",
        "rss_mb",
    ),
}
"""Benchmark → keys its line always has. Keys may be added, never renamed or taken away: scripts read them."""

Figure = int | float | str | bool | None | Mapping[str, object] | Sequence[object]


@dataclass(frozen=True)
class Asked:
    """One promised figure: ``value`` must be at most (with ``at_least``: no less than) ``limit``."""

    name: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"  {'kept' if self.kept else 'MISSED':<7}{self.name}: {self.value:g} (asked {sign} {self.limit:g})"


def line(benchmark: str, figures: Mapping[str, Figure]) -> str:
    """The JSON line: the promised keys first, in their order. Raises ``ValueError`` when one is missing."""
    promised = KEYS[benchmark]
    missing = [key for key in promised if key not in figures]
    if missing:
        raise ValueError(f"the line of {benchmark} lacks {', '.join(missing)}")
    ordered = {key: figures[key] for key in promised} | dict(figures)
    return json.dumps(ordered, ensure_ascii=False, allow_nan=False)


def record(benchmark: str, written: str, *, commit: str, at: datetime, file: Path = MEASURED) -> None:
    """Append a line to the kept measurements, with what was measured, on which commit and when."""
    entry = {
        "benchmark": benchmark,
        "commit": commit,
        "date": at.astimezone(UTC).isoformat(timespec="seconds"),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as kept:
        kept.write(json.dumps(entry | json.loads(written), ensure_ascii=False) + "\n")


def commit_of(root: Path = ROOT) -> str:
    """The commit of the working tree, with ``+`` when files differ from it; ``unknown`` without a repository."""
    asked = ("git", "-C", str(root))
    head = subprocess.run([*asked, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    if head.returncode != 0:
        return "unknown"
    changed = subprocess.run(
        # What was kept by the run before is no difference to what is measured.
        [
            *asked,
            "status",
            "--porcelain",
            "--untracked-files=no",
            "--",
            ".",
            f":!{MEASURED.relative_to(ROOT)}",
        ],
        capture_output=True,
        text=True,
    )
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that ``percent`` of all values do not exceed (nearest rank); 0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--record", action="store_true", help=f"append the line to {MEASURED.relative_to(ROOT)}"
    )
    return parser


def say(text: str) -> None:
    """One line of progress, to stderr."""
    print(text, file=sys.stderr, flush=True)


def finish(benchmark: str, figures: Mapping[str, Figure], asked: Sequence[Asked], *, keep: bool) -> int:
    """Say which promises hold, keep the line when wanted, print it last. Returns 1 when one is missed."""
    written = line(benchmark, figures)
    for promise in asked:
        say(str(promise))
    if keep:
        record(benchmark, written, commit=commit_of(), at=datetime.now(UTC))
    print(written, flush=True)
    return 0 if all(promise.kept for promise in asked) else 1
