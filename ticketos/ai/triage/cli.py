"""`ticketos triage`: one message per line in, one judgement per line out."""

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import IO, Annotated, Any

import typer

from ticketos.ai.triage.rules import triage as judge

_LISTED = ("attachments", "client_lines", "languages")


def triage(
    file: Annotated[
        str, typer.Argument(help='One message per line: plain text, or JSON with "text". - is stdin.')
    ] = "-",
    json_output: Annotated[bool, typer.Option("--json", help="One JSON object per message.")] = False,
) -> None:
    """Judge messages: service line, ticket type, priority, language, sentiment."""
    try:
        with nullcontext(sys.stdin) if file == "-" else open(file, encoding="utf-8") as lines:
            for text, options in _messages(lines):
                result = judge(text, **options)
                if json_output:
                    typer.echo(result.model_dump_json())
                else:
                    typer.echo(
                        f"{result.decision:6}  {result.service_line:19}  {result.confidence:.2f}  "
                        f"{result.priority}  {result.language:7}  "
                        f"{result.sentiment:8}  {' '.join(text.split())[:60]}"
                    )
    except (OSError, UnicodeDecodeError) as error:
        typer.echo(f"Cannot read {file}: {error}", err=True)
        raise typer.Exit(1) from error
    except _BadLineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


class _BadLineError(ValueError):
    """A line that looks like a JSON message and is none."""


def _messages(lines: IO[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if not stripped:
            continue
        if not stripped.startswith("{"):
            yield stripped, {}
            continue
        try:
            data = json.loads(stripped)
        except json.JSONDecodeError:
            yield stripped, {}  # a plain message may begin with a brace
            continue
        if not isinstance(data.get("text"), str):
            raise _BadLineError(f'Line {number}: a JSON message needs "text".')
        options: dict[str, Any] = {k: str(data[k]) for k in ("subject", "sender") if data.get(k)}
        for name in _LISTED:
            value = data.get(name)
            if value is None:
                continue
            if not isinstance(value, list):
                raise _BadLineError(f'Line {number}: "{name}" must be a list.')
            options[name] = [str(item) for item in value]
        yield data["text"], options
