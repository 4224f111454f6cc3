"""Reading a labelled folder: exact match per field, lines, what passes without a person and whether that is right.

    python -m benchmarks.extraction FOLDER [--regime as_is|text|rendered] [--html FILE] [--pages DIR]

A folder holds receipts (`img/` and `key/`), e-invoices with `NAME.truth.json`, documents with `NAME.json` beside
them, or a `truth.json` of generated samples. Regimes of PDFs: as they are; what is attached removed, text layer
alone; pages rendered at 200 dpi. With `--pages` the words of pictures are kept in that folder and read from there
the next time: understanding is then scored without optical reading, and pages_per_s says nothing about it. With `--model`
the model outside that the environment names (`TICKETOS_MODEL_…`) is asked beside the reader, up to `--cap`.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from benchmarks.figures import Figure, arguments, finish, say
from benchmarks.reading.cached import CachedOcr
from benchmarks.reading.folders import REGIMES, Case, cases
from benchmarks.reading.measures import LineCounts, Verdict, coverage, judge, reliability, share
from benchmarks.reading.outside import Beside
from benchmarks.reading.report import Shown, worst_as_html
from ticketos.ai.extract.reader import Reader
from ticketos.ai.ocr.engines import OcrEngine, RapidOcr, Tesseract
from ticketos.domain import engines
from ticketos.settings import Settings
from workers.wiring import model_outside

WORST = 10


@dataclass
class Score:
    """What was measured over a folder."""

    verdicts: list[Verdict] = field(default_factory=list)
    lines: LineCounts = field(default_factory=LineCounts)
    types: list[bool] = field(default_factory=list)
    pages: int = 0
    seconds: float = 0.0
    quarantined: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Figure]:
        """For the line."""
        by_field: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in self.verdicts:
            by_field[verdict.field].append(verdict)
        auto = [it for it in self.verdicts if it.auto]
        # A value where none is printed is no chance to cover anything.
        printed = [it for it in self.verdicts if it.true is not None]
        return {
            "fields": {name: round(share(found), 4) for name, found in by_field.items()},
            "line_f1": round(self.lines.f1, 4),
            "auto_right": round(share(auto), 4) if auto else None,
            # Of what the pages say: an e-invoice's data may say something else, and no reader of pages can be right there.
            "auto_right_printed": round(share(told), 4) if (told := [it for it in auto if it.told]) else None,
            # Wrong by an e-invoice's data that the pages do not say.
            "auto_not_told": sum(not it.right and not it.told for it in auto),
            "auto_cover": round(sum(it.auto for it in printed) / max(len(printed), 1), 4),
            "cover_at_99": round(coverage(self.verdicts), 4),
            "pages_per_s": round(self.pages / max(self.seconds, 1e-9), 2),
            "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "auto": {
                name: [len(passed), round(share(passed), 4)]
                for name, found in by_field.items()
                if (passed := [it for it in found if it.auto])
            },
            "type": round(sum(self.types) / len(self.types), 4) if self.types else None,
            "documents": len({it.case for it in self.verdicts}),
            "quarantined": len(self.quarantined),
        }


def score(found: Sequence[Case], reader: Reader | Beside, today: date | None) -> tuple[Score, list[Shown]]:
    """Read every case and compare."""
    total, shown = Score(), []
    for case in found:
        data = case.load()
        started = time.perf_counter()
        result = reader.read(data, case.filename, today)
        total.seconds += time.perf_counter() - started
        if isinstance(reader, Beside):
            reader.heard(case)
        total.pages += max(result.pages, 1)
        if result.status == "quarantined":
            total.quarantined.append(f"{case.name}: {result.reason}")
        verdicts = judge(case, result)
        total.verdicts += verdicts
        if case.lines is not None:
            total.lines.add(case.lines, result.lines)
        if case.type is not None:
            total.types.append(result.type == case.type)
        shown.append(Shown(case, data, result, tuple(verdicts)))
    return total, shown


def tell(total: Score, *, wrong: bool) -> None:
    """The figures for people, to stderr."""
    for low, high, count, mean, right in reliability(total.verdicts):
        say(f"  confidence {low:.3f}-{high:.3f}: {count:5} fields, mean {mean:.3f}, right {right:.3f}")
    by_field: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in total.verdicts:
        by_field[verdict.field].append(verdict)
    say(f"  {'field':<18}{'n':>5}{'right':>8}{'auto':>7}{'auto right':>12}{'cover at 99 %':>15}")
    for name, found in by_field.items():
        auto = [it for it in found if it.auto]
        rate = f"{share(auto):.3f}" if auto else "-"
        say(
            f"  {name:<18}{len(found):>5}{share(found):>8.3f}{len(auto) / len(found):>7.2f}{rate:>12}"
            f"{coverage(found):>15.2f}"
        )
    for line in total.quarantined:
        say(f"  quarantined: {line}")
    if wrong:
        for it in total.verdicts:
            if not it.right:
                mark = ("AUTO " if it.auto else "") + ("" if it.told else "not on the pages: ")
                say(f"  {mark}{it.case} {it.field}: {it.true!r} read as {it.read!r} ({it.confidence:.3f})")


def main(argv: Sequence[str] | None = None) -> int:
    """Score a folder; exit code 2 when it holds nothing labelled."""
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--regime", choices=REGIMES, default="as_is")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the worst ten with pictures")
    parser.add_argument("--pages", type=Path, metavar="DIR", help="keep the words of pictures here")
    parser.add_argument(
        "--second", action="store_true", help="ask tesseract where the first reader is unsure"
    )
    parser.add_argument(
        "--model", choices=engines.USES[1:], help="ask the model of TICKETOS_MODEL_… beside it"
    )
    parser.add_argument("--cap", type=Decimal, default=Decimal(1), help="what the model may cost in all")
    parser.add_argument("--today", type=date.fromisoformat, help="the day dates are judged on")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="the first N documents alone")
    parser.add_argument("--wrong", action="store_true", help="list what was wrong")
    asked = parser.parse_args(argv)
    engine: OcrEngine = RapidOcr()
    second: OcrEngine | None = Tesseract() if asked.second else None
    if asked.pages:
        engine = CachedOcr(engine, asked.pages)
        second = CachedOcr(second, asked.pages) if second else None
    try:
        found = list(cases(asked.folder, asked.regime))[: asked.most or None]
    except (ValueError, OSError) as error:
        say(str(error))
        return 2
    local = Reader(ocr=engine, second=second)
    reader: Reader | Beside = local
    if asked.model:
        settings = Settings()
        if (model := model_outside(settings)) is None:
            say("TICKETOS_MODEL_URL and TICKETOS_MODEL_NAME say which model")
            return 2
        reader = Beside(local, model, asked.model, asked.cap, settings.model_reliability, asked.today)
    total, shown = score(found, reader, asked.today)
    tell(total, wrong=asked.wrong)
    if asked.html:
        asked.html.write_text(worst_as_html(shown, WORST), encoding="utf-8")
    figures: dict[str, Figure] = {"folder": asked.folder.name, "regime": asked.regime, **total.figures()}
    if isinstance(reader, Beside):
        figures["outside"] = reader.figures()
    return finish("extraction", figures, [], keep=asked.record)


if __name__ == "__main__":
    sys.exit(main())
