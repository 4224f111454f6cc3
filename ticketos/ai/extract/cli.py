"""`ticketos extract`: read documents and print what they say."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.extraction import Extraction
from ticketos.ai.extract.answers import quarantine
from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.render import write
from ticketos.ai.extract.sandbox import ChildBounds, SandboxedReader

_TIMEOUT_S = 30.0


def extract(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="PDF, PNG, JPEG, TIFF or e-invoice XML")
    ],
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object per document and line of output")
    ] = False,
    text: Annotated[
        bool, typer.Option("--text", help="The text that was read, row by row, instead of the fields")
    ] = False,
    render: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="Write the pages as PNG, fields boxed: green may skip a person, amber not",
        ),
    ] = None,
    second_reader: Annotated[
        str,
        typer.Option(
            metavar="LANGUAGES", help="Ask tesseract (eng+hin) too where the first reader is unsure"
        ),
    ] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="A file whose first line opens protected PDFs (- for standard input)")
    ] = None,
) -> None:
    """Read documents: type, fields, lines and checks; a file that holds several documents gives one after
    another. Exit code 1 if one could not be read, 2 for a wrong path.
    """
    for path in files:
        if wrong := _unusable(path):
            raise typer.BadParameter(f"{wrong}: {path}", param_hint="FILE")
    password = _password(password_file) if password_file else None
    _require_languages(second_reader)
    if render is not None:
        _require_folder(render)
    processes = max(1, min(len(files), os.cpu_count() or 1))
    failed, stems = 0, _stems(files)
    with (
        SandboxedReader(processes, bounds=ChildBounds(second_reader=second_reader)) as reader,
        ThreadPoolExecutor(max_workers=processes) as threads,
    ):
        for path, stem, results in zip(
            files, stems, threads.map(lambda path: _read(reader, path, password), files), strict=True
        ):
            for result in results:
                failed += result.status == "quarantined"
                if render is not None and result.status == "read":
                    for picture in write(reader, path.read_bytes(), result, render, stem, password):
                        print(picture, file=sys.stderr)
                if json:
                    sys.stdout.write(jsonlib.dumps(result.public(), ensure_ascii=False) + "\n")
                    sys.stdout.flush()
                elif text:
                    print(result.text)
                else:
                    _show(result)
                if result.status == "quarantined":
                    print(f"{result.file}: {result.reason_text} ({result.reason})", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


def _unusable(path: Path) -> str | None:
    """Why a path is no file to read, in words."""
    if path.is_dir():
        return "a folder, name its files"
    if not path.is_file():
        return "no such file"
    return None if os.access(path, os.R_OK) else "no permission to read"


def _require_languages(asked: str) -> None:
    """A language that tesseract has not would leave the first reader alone without a word."""
    if not asked:
        return
    import pytesseract

    try:
        there = set(pytesseract.get_languages())
    except (pytesseract.TesseractNotFoundError, OSError) as error:
        raise typer.BadParameter("tesseract is not installed", param_hint="--second-reader") from error
    if missing := [language for language in asked.split("+") if language not in there]:
        raise typer.BadParameter(
            f"tesseract has no {', '.join(missing)}; it has {', '.join(sorted(there))}",
            param_hint="--second-reader",
        )


def _require_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"cannot be made: {folder}", param_hint="--render") from error


def _stems(files: Sequence[Path]) -> list[str]:
    """What the pictures of each file are called: its name, numbered where two files share one."""
    seen = Counter[str]()
    stems = []
    for path in files:
        seen[path.name] += 1
        stems.append(path.name if seen[path.name] == 1 else f"{path.name}~{seen[path.name]}")
    return stems


def _password(path: Path) -> str:
    """The first line of a file: a password on the command line would be read by every process list."""
    try:
        text = sys.stdin.readline() if str(path) == "-" else path.read_text().partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot be read: {path}", param_hint="--password-file") from error
    return text.rstrip("\r\n")


def _read(reader: SandboxedReader, path: Path, password: str | None) -> list[Extraction]:
    limits = Limits()
    with path.open("rb") as file:
        data = file.read(limits.bytes + 1)
    if len(data) > limits.bytes:
        return [quarantine(str(path), "too-large")]
    return reader.read_all(data, str(path), timeout_s=_TIMEOUT_S, password=password)


def _show(result: Extraction) -> None:
    console = Console()
    if result.status == "quarantined":
        return
    console.print(
        f"{result.file}: {result.type}, {result.pages} pages, {result.engine}", markup=False, soft_wrap=True
    )
    table = Table("field", "value", "confidence", "auto", "page", "source", "why not")
    for name, field in result.fields.items():
        table.add_row(
            name,
            field.value or "",
            f"{field.confidence:.2f}",
            "yes" if field.auto else "no",
            str(field.page or ""),
            field.source,
            "; ".join(field.blocked_because),
        )
    console.print(table)
    if result.lines:
        lines = Table("description", "quantity", "unit", "unit price", "tax %", "net")
        for line in result.lines:
            values = (line.description, line.quantity, line.unit, line.unit_price, line.tax_rate, line.net)
            lines.add_row(*(value or "" for value in values))
        console.print(lines)
    for check in result.checks:
        console.print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}", markup=False)
